"""Seamless cloning: what a move must keep, and what OpenCV makes of it."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

import retouch
from retouch.arrays.cloning import clone
from retouch.arrays.poisson import blend_poisson
from retouch.errors import InputError


def noise(seed: int, shape: tuple[int, int]) -> np.ndarray:
    return np.random.default_rng(seed).random((*shape, 3), dtype=np.float32)


def piece(shape: tuple[int, int]) -> np.ndarray:
    mask = np.zeros(shape, bool)
    mask[4:11, 3:9] = True
    return mask


@pytest.mark.parametrize("mixed", [False, True])
def test_without_a_move_it_is_the_poisson_blend(mixed: bool) -> None:
    source, target, mask = noise(1, (20, 16)), noise(2, (20, 16)), piece((20, 16))
    expected = blend_poisson(source, target, mask, mixed=mixed)
    np.testing.assert_array_equal(clone(source, target, mask, (0, 0), mixed=mixed), expected)


def test_a_piece_that_moves_takes_its_pixels_along() -> None:
    """A target that is the source moved by the same offset, and brighter by a constant, comes back unchanged."""
    source = noise(1, (20, 16))
    target = np.zeros((30, 40, 3), np.float32)
    target[7:27, 12:28] = source
    moved = clone(source - np.float32(0.2), target, piece((20, 16)), (7, 12))
    np.testing.assert_allclose(moved, target, atol=2e-6)


@pytest.mark.parametrize("offset", [(-6, 0), (12, 3), (0, -5), (2, 10)])
def test_what_lies_outside_the_target_is_cut_off(offset: tuple[int, int]) -> None:
    source, target, mask = noise(1, (20, 16)), noise(2, (20, 16)), piece((20, 16))
    moved = np.zeros_like(mask)
    for r, c in np.argwhere(mask) + np.array(offset):
        if 0 <= r < 20 and 0 <= c < 16:
            moved[r, c] = True
    result = clone(source, target, mask, offset)
    changed = (result != target).any(axis=2)
    np.testing.assert_array_equal(changed, moved)


def test_a_piece_as_large_as_source_and_target_keeps_the_mean_of_the_source() -> None:
    source = noise(1, (12, 12))
    result = clone(source, noise(2, (12, 12)), np.ones((12, 12), bool), (0, 0))
    np.testing.assert_allclose(result.mean(axis=(0, 1)), source.mean(axis=(0, 1)), atol=1e-5)


def test_it_agrees_with_opencv_within_two_grey_levels() -> None:
    """OpenCV wants the middle of the piece's box, and shrinks the mask by three pixels before it solves."""
    source, target = (
        np.rint(255 * np.clip(4 * cv2.GaussianBlur(noise(seed, size), (0, 0), 8) - 1.5, 0, 1)).astype(np.uint8)
        for seed, size in ((1, (81, 81)), (2, (120, 140)))
    )
    rows, columns = np.ogrid[:81, :81]
    disc = ((rows - 40) ** 2 + (columns - 40) ** 2 < 25.5**2).astype(np.uint8)
    theirs = cv2.seamlessClone(source, target, disc * 255, (75, 50), cv2.NORMAL_CLONE)
    shrunk = cv2.erode(disc, np.ones((3, 3), np.uint8), iterations=3).astype(bool)
    ours = clone(source.astype(np.float32) / 255, target.astype(np.float32) / 255, shrunk, (10, 35))
    moved = np.zeros((120, 140), bool)
    moved[10:91, 35:116] = shrunk
    assert np.abs(255 * np.clip(ours, 0, 1) - theirs)[moved].mean() < 2


def test_it_is_public() -> None:
    assert retouch.clone is clone


def test_a_piece_that_misses_the_target_is_refused() -> None:
    with pytest.raises(InputError, match="must lie on the target"):
        clone(noise(1, (20, 16)), noise(2, (20, 16)), piece((20, 16)), (40, 0))


def test_a_mask_of_another_size_is_refused() -> None:
    with pytest.raises(InputError, match="source's height and width"):
        clone(noise(1, (20, 16)), noise(2, (20, 16)), piece((16, 20)), (0, 0))
