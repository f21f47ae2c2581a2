"""Large pictures in pieces: what whole and cut pictures have in common, and how large a piece may be."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pytest

from retouch.arrays.types import Image, ignore_progress
from retouch.degrade.noise.protocols import noise_rng
from retouch.errors import Cancelled, LimitError
from retouch.methods.denoisers import denoiser_names, find_denoiser, load_denoiser
from retouch.methods.planning.pieces import denoise_in_pieces

SIGMA = 25 / 255
QUICK = [name for name in ("median", "gaussian", "total_variation", "bm3d") if name in denoiser_names()]


def noisy(height: int, width: int, n_channels: int = 1) -> Image:
    """Return waves, an edge and a grid of lines, with noise."""
    rows, columns = np.mgrid[:height, :width]
    waves = 0.5 + 0.2 * np.sin(rows / 13) * np.cos(columns / 17) + 0.15 * (rows > columns) - 0.2 * (columns % 31 == 0)
    noise = noise_rng(0, 0).standard_normal((height, width, n_channels))
    return np.asarray(waves[:, :, None] + SIGMA * noise, np.float32)


def cut(name: str, image: Image, side: int) -> tuple[Image, int]:
    """Denoise with a budget for pieces of that side at most."""
    info = find_denoiser(name)
    budget = 4 * image.size + side**2 * image.shape[2] * info.bytes_per_value
    method = partial(load_denoiser(info), sigma=SIGMA)
    return denoise_in_pieces(method, image, info, budget, ignore_progress)


@pytest.mark.parametrize(("name", "n_channels"), [*((name, 1) for name in QUICK), ("gaussian", 3)])
def test_pieces_give_what_the_whole_gives(name: str, n_channels: int) -> None:
    """Within one level of 8 bits, at every pixel."""
    halo = find_denoiser(name).halo_px
    image = noisy(5 * halo + 1, 7 * halo, n_channels)
    whole = load_denoiser(find_denoiser(name))(image, SIGMA)
    result, n_pieces = cut(name, image, 4 * max(halo, 16))
    assert n_pieces > 1
    assert np.abs(result - whole).max() <= 1 / 255


def test_a_picture_that_fits_is_not_cut() -> None:
    info = find_denoiser("gaussian")
    image = noisy(100, 120)
    result, n_pieces = denoise_in_pieces(
        partial(load_denoiser(info), sigma=SIGMA), image, info, info.bytes_per_value * image.size, ignore_progress
    )
    assert n_pieces == 1
    np.testing.assert_array_equal(result, load_denoiser(info)(image, SIGMA))


def test_pieces_stay_within_the_budget() -> None:
    seen: list[tuple[int, ...]] = []

    def spy(image: Image, **how: Any) -> Image:
        seen.append(image.shape)
        return image.copy()

    info, image = find_denoiser("gaussian"), noisy(500, 700)
    budget = 4 * image.size + 200**2 * info.bytes_per_value
    _, n_pieces = denoise_in_pieces(spy, image, info, budget, ignore_progress)
    assert len(seen) == n_pieces
    assert all(height * width <= 200**2 for height, width, _ in seen)


@pytest.mark.parametrize("name", denoiser_names())
def test_less_than_a_piece_of_four_halos_is_refused(name: str) -> None:
    image = np.zeros((2000, 2000, 1), np.float32)
    info = find_denoiser(name)
    with pytest.raises(LimitError, match=rf"'{name}' must stay within the memory budget, but .* raise --max-memory"):
        denoise_in_pieces(load_denoiser(info), image, info, 4 * image.size + 1000, ignore_progress)


def test_progress_of_pieces_rises_to_its_total_and_can_cancel() -> None:
    info, image = find_denoiser("total_variation"), noisy(300, 600)
    method = partial(load_denoiser(info), sigma=SIGMA)
    budget = 4 * image.size + 256**2 * info.bytes_per_value
    seen: list[tuple[int, int]] = []
    denoise_in_pieces(method, image, info, budget, lambda done, total: seen.append((done, total)))
    assert seen == sorted(seen)
    assert seen[-1][0] == seen[-1][1]
    assert len({total for _, total in seen}) == 1

    def cancel(done: int, total: int) -> None:
        raise Cancelled(f"stopped at {done} of {total}")

    with pytest.raises(Cancelled):
        denoise_in_pieces(method, image, info, budget, cancel)
