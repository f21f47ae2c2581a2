"""Patches out of a picture and back: plain numpy twins, and what a mean must be."""

from __future__ import annotations

import numpy as np
import pytest

from retouch.arrays.types import Image
from retouch.denoising.patches.pieces import Average, all_corners, take_patches


def picture(shape: tuple[int, int, int] = (9, 11, 3)) -> Image:
    return np.random.default_rng(0).random(shape, np.float32)


def some_corners(n: int = 40, patch_px: int = 4) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    return rng.integers(0, 9 - patch_px + 1, n), rng.integers(0, 11 - patch_px + 1, n)


def test_patches_are_the_squares_at_their_corners() -> None:
    image, (tops, lefts) = picture(), some_corners()
    patches = take_patches(image, tops, lefts, 4)
    for patch, top, left in zip(patches, tops, lefts, strict=True):
        np.testing.assert_array_equal(patch, image[top : top + 4, left : left + 4].ravel())


def test_a_view_gives_the_patches_of_its_copy() -> None:
    view, (tops, lefts) = picture((18, 11, 3))[::2, ::-1], some_corners()
    np.testing.assert_array_equal(take_patches(view, tops, lefts, 4), take_patches(view.copy(), tops, lefts, 4))


@pytest.mark.parametrize("weighted", [False, True])
def test_sums_are_those_of_numpy(weighted: bool) -> None:
    tops, lefts = some_corners()
    patches = np.random.default_rng(2).random((40, 48), np.float32)
    weights = np.random.default_rng(3).random(40, np.float32) if weighted else None
    average = Average.empty((9, 11, 3))
    average.add(patches, tops, lefts, weights)
    totals, total_weights = np.zeros((9, 11, 3)), np.zeros((9, 11))
    for n, (top, left) in enumerate(zip(tops, lefts, strict=True)):
        weight = 1.0 if weights is None else float(weights[n])
        totals[top : top + 4, left : left + 4] += weight * patches[n].reshape(4, 4, 3).astype(np.float64)
        total_weights[top : top + 4, left : left + 4] += weight
    np.testing.assert_allclose(average.totals, totals, rtol=1e-14)
    np.testing.assert_allclose(average.weights, total_weights, rtol=1e-14)


@pytest.mark.parametrize("step_px", [1, 3, 4])
def test_all_patches_back_in_place_give_the_picture(step_px: int) -> None:
    image = picture()
    tops, lefts = all_corners(9, 11, 4, step_px)
    average = Average.empty(image.shape)
    average.add(take_patches(image, tops, lefts, 4), tops, lefts)
    np.testing.assert_array_equal(average.mean(np.full_like(image, np.nan)), image)


def test_many_equal_patches_have_their_value_as_mean() -> None:
    """In float32 the sum of 20,000 times 100 / 255 would be off by more than a thousandth."""
    level = np.float32(100 / 255)
    zeros = np.zeros(20_000, np.int64)
    average = Average.empty((1, 1, 1))
    average.add(np.full((20_000, 1), level), zeros, zeros)
    assert average.mean(np.zeros((1, 1, 1), np.float32)).item() == level


def test_merging_strips_is_adding_to_one() -> None:
    tops, lefts = some_corners()
    patches = np.random.default_rng(2).random((40, 48), np.float32)
    whole = Average.empty((9, 11, 3))
    whole.add(patches, tops, lefts)
    merged = Average.empty((9, 11, 3))
    for chosen, first, last in ((tops < 3, 0, 6), (tops >= 3, 3, 9)):
        strip = Average.empty((last - first, 11, 3))
        strip.add(patches[chosen], tops[chosen] - first, lefts[chosen])
        merged.merge(strip, top=first)
    np.testing.assert_allclose(merged.totals, whole.totals, rtol=1e-14)
    np.testing.assert_array_equal(merged.weights, whole.weights)


def test_grids_begin_and_end_at_the_borders() -> None:
    """Rows 0, 3 and 5 = 9 - 4; columns 0, 3, 6 and 7 = 11 - 4."""
    tops, lefts = all_corners(9, 11, 4, 3)
    np.testing.assert_array_equal(tops, np.repeat([0, 3, 5], 4))
    np.testing.assert_array_equal(lefts, np.tile([0, 3, 6, 7], 3))


def test_a_picture_of_one_patch_has_one_corner() -> None:
    tops, lefts = all_corners(4, 4, 4, 3)
    np.testing.assert_array_equal((tops, lefts), [[0], [0]])
