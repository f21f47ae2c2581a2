"""The measured jump at a hole's border, against the same fit written with numpy's least squares."""

from __future__ import annotations

import numpy as np
import pytest

from retouch.methods.finishing.jumps import measure_jumps

RADIUS, SIGMA, CORRELATED = 7, 3.0, 10.0


def twin(filled: np.ndarray, mask: np.ndarray, at: tuple[int, int]) -> np.ndarray:
    """Fit level, slopes and jump in the window around one pixel."""
    rows, columns = np.mgrid[: mask.shape[0], : mask.shape[1]]
    down, right = rows - at[0], columns - at[1]
    window = (abs(down) <= RADIUS) & (abs(right) <= RADIUS)
    weights = np.exp(-(down**2 + right**2) / (2 * SIGMA**2))[window]
    design = np.stack([np.ones(weights.shape), down[window], right[window], mask[window]], axis=1)
    values = filled[window].astype(np.float64)
    root = np.sqrt(weights)[:, None]
    fit = np.linalg.lstsq(design * root, values * root, rcond=None)[0]
    spread = (weights[:, None] * (values - design @ fit) ** 2).sum(axis=0) / weights.sum()
    gain = np.linalg.inv(design.T @ (design * weights[:, None]))[3, 3]
    jump = fit[3]
    return np.asarray(jump * np.maximum(1 - CORRELATED * spread * gain / (jump**2 + 1e-12), 0))


@pytest.mark.parametrize("n_channels", [1, 3])
def test_the_kernel_equals_its_twin(n_channels: int) -> None:
    rng = np.random.default_rng(0)
    mask = np.zeros((40, 44), bool)
    mask[10:30, 12:44] = True
    filled = (0.3 + 0.1 * rng.random((40, 44, n_channels)) + 0.2 * mask[:, :, None]).astype(np.float32)
    border = np.array([[9, 12], [9, 43], [20, 11], [30, 30], [9, 11]])
    expected = [twin(filled, mask, (int(y), int(x))) for y, x in border]
    np.testing.assert_allclose(measure_jumps(filled, mask, border), expected, atol=1e-6)


def test_no_jump_is_measured_where_one_side_is_hardly_seen() -> None:
    mask = np.zeros((30, 30), bool)
    mask[15, 15] = True
    filled = np.random.default_rng(0).random((30, 30, 1), dtype=np.float32)
    assert measure_jumps(filled, mask, np.array([[15, 16]])).item() == 0
