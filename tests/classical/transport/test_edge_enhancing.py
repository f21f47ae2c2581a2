"""Edge-enhancing diffusion."""

from __future__ import annotations

import numpy as np
import pytest
from tests.classical.transport.pictures import arc, bar_with_gap

from retouch.arrays.types import AnyArray
from retouch.classical.diffusion.edge_enhancing import (
    cells_of,
    diffusion_tensor,
    inpaint_edge_enhancing,
    run_diffusion,
)
from retouch.errors import InputError


def energy(u: AnyArray, tensor: AnyArray) -> float:
    """Return the energy of a picture and its mirror images, for tensors (h + 1, w + 1, 3) at all cells."""
    p = np.pad(u, ((1, 1), (1, 1), (0, 0)), mode="edge")
    nw, ne, sw, se = p[:-1, :-1], p[:-1, 1:], p[1:, :-1], p[1:, 1:]
    down, across, twist = (sw + se - nw - ne) / 2, (ne + se - nw - sw) / 2, nw + se - ne - sw
    rr, rc, cc = (tensor[:, :, k, None] for k in range(3))
    total = rr * down**2 + 2 * rc * down * across + cc * across**2 + 0.05 * (rr + cc) * twist**2
    return float(total.sum())


def drawn(seed: int) -> tuple[AnyArray, AnyArray, AnyArray]:
    """Return a picture of noise, all of its pixels missing, with its cells and their tensors."""
    u = np.random.default_rng(seed).random((7, 6, 2)).astype(np.float32)
    cells = cells_of(np.ones((7, 6), bool))
    return u, cells, diffusion_tensor(u, cells, 0.05, 0.8)


def test_a_step_goes_down_the_gradient_of_the_energy() -> None:
    """The first FSI step is 2/3 of a plain one: -2/3 * 0.45 * half of the gradient, taken here by differences."""
    u, cells, tensor = drawn(0)
    inside = (1, 1), (3, 2), (5, 4)  # at the border the energy also counts mirror images
    moved = u.copy()
    run_diffusion(moved, np.argwhere(np.ones((7, 6), bool)), cells, tensor, 1)
    for y, x in inside:
        ahead, behind = u.astype(np.float64), u.astype(np.float64)
        ahead[y, x, 1] += 1e-4
        behind[y, x, 1] -= 1e-4
        slope = (energy(ahead, tensor.reshape(8, 7, 3)) - energy(behind, tensor.reshape(8, 7, 3))) / 2e-4
        assert moved[y, x, 1] - u[y, x, 1] == pytest.approx(-2 / 3 * 0.45 * slope / 2, abs=1e-5)


def test_a_chessboard_dies_out() -> None:
    """Its cells have no mean gradient: without the twist it would stay as it is."""
    board = (np.indices((12, 12)).sum(axis=0) % 2).astype(np.float32)[:, :, None]
    cells = cells_of(np.ones((12, 12), bool))
    tensor = np.tile(np.array([1, 0, 1], np.float32), (len(cells), 1))
    run_diffusion(board, np.argwhere(np.ones((12, 12), bool)), cells, tensor, 40)
    assert np.ptp(board) < 0.03


def test_the_mean_is_kept_where_nothing_is_known() -> None:
    u, cells, tensor = drawn(1)
    before = u.mean(axis=(0, 1))
    run_diffusion(u, np.argwhere(np.ones((7, 6), bool)), cells, tensor, 40)
    np.testing.assert_allclose(u.mean(axis=(0, 1)), before, atol=1e-5)


def test_the_tensor_of_a_ramp_is_one_along_it_and_small_across() -> None:
    """A slope of 0.02 at a contrast of 0.01: 1 / sqrt(1 + 4) down the rows."""
    ramp = np.repeat(np.arange(30, dtype=np.float32)[:, None] * 0.02, 30, axis=1)[:, :, None]
    tensor = diffusion_tensor(ramp, np.array([[15, 15]]), 0.01, 1.0)[0]
    np.testing.assert_allclose(tensor, [1 / np.sqrt(5), 0, 1], atol=1e-4)


def test_a_gap_narrower_than_the_bar_is_joined_and_a_wider_one_is_not() -> None:
    assert inpaint_edge_enhancing(*bar_with_gap(6))[30, 30, 0] > 0.95
    assert inpaint_edge_enhancing(*bar_with_gap(20))[30, 30, 0] < 0.1


@pytest.mark.parametrize("options", [{"contrast": 0.0}, {"sigma_px": 0.0}, {"rounds": 0}])
def test_senseless_options_are_refused(options: dict[str, float]) -> None:
    image, mask = arc()
    with pytest.raises(InputError, match="must be above 0"):
        inpaint_edge_enhancing(image, mask, **options)  # type: ignore[arg-type]
