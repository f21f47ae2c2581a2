"""Dominant offsets: where a picture repeats itself, and the kernel against its numpy twin."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from retouch.classical.labelling.dominant_offsets import (
    count_offsets,
    cover_hole,
    find_dominant_offsets,
    match_far_patches,
    shifted,
)
from retouch.classical.labelling.matching import MOST_SIDE_PX


def windows(shape: tuple[int, int], period: tuple[int, int], noise: float = 4.0) -> np.ndarray:
    """Draw a facade of windows, each row and column of them the same, with noise of a few levels."""
    rows, columns = (places % step for places, step in zip(np.indices(shape), period, strict=True))
    pane = np.where((rows > period[0] // 4) & (columns > period[1] // 4), 60, 180)
    noisy = pane[:, :, None] + noise * np.random.default_rng(0).standard_normal((*shape, 3))
    return np.clip(noisy, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("period", [(40, 20), (18, 50)])
def test_one_of_the_two_highest_peaks_is_a_period(period: tuple[int, int]) -> None:
    """Figure of the specification: within a pixel. The shorter period is the nearer, and so the more frequent."""
    picture = windows((120, 140), period)
    known = np.ones((120, 140), bool)
    known[40:70, 50:90] = False
    with ThreadPoolExecutor(1) as pool:
        two = find_dominant_offsets(picture, known, 2, pool)
    step = np.array([0, period[1]] if period[1] < period[0] else [period[0], 0])
    assert min(np.abs(sign * two - step).max(axis=1).min() for sign in (1, -1)) <= 1


def best_twin(picture: np.ndarray, known: np.ndarray, corner: tuple[int, int], side: int) -> tuple[int, int]:
    """Return cost and squared length of the best offset of one patch, by trying all."""
    height, width = known.shape
    patch = slice(corner[0], corner[0] + side), slice(corner[1], corner[1] + side)
    best = (2**62, 2**62)
    for y in range(height - side + 1):
        for x in range(width - side + 1):
            there = slice(y, y + side), slice(x, x + side)
            length = (y - corner[0]) ** 2 + (x - corner[1]) ** 2
            if known[there].all() and length >= (max(height, width) / 15) ** 2 and length:
                cost = int(((picture[patch].astype(int) - picture[there]) ** 2).sum())
                best = min(best, (cost, length))
    return best


@pytest.mark.parametrize("shape", [(24, 31), (19, 70)], ids=str)
def test_every_patch_gets_the_best_of_all_far_offsets(shape: tuple[int, int]) -> None:
    picture = np.random.default_rng(1).integers(0, 8, (*shape, 3), dtype=np.uint8)
    picture[8:, 12:24] = picture[: shape[0] - 8, :12]
    known = np.ones(shape, bool)
    known[10:14, 20:23] = False
    with ThreadPoolExecutor(2) as pool:
        offsets = match_far_patches(picture, known, pool)
    whole = np.lib.stride_tricks.sliding_window_view(known, (8, 8)).all(axis=(2, 3))
    corners = np.argwhere(whole)
    assert len(offsets) == len(corners)
    for corner, offset in list(zip(corners, offsets, strict=True))[::7]:
        y, x = corner + offset
        there = picture[y : y + 8, x : x + 8].astype(int)
        cost = int(((picture[corner[0] : corner[0] + 8, corner[1] : corner[1] + 8] - there) ** 2).sum())
        assert (cost, int(offset @ offset)) == best_twin(picture, known, (corner[0], corner[1]), 8)


def test_smaller_patches_are_matched_where_no_whole_one_is_known() -> None:
    """Known strips of 3 rows hold patches of 2x2 pixels only: a strip of 20 px has 2 x 19 of them."""
    picture = np.random.default_rng(2).integers(0, 256, (3, 20, 3), dtype=np.uint8)
    with ThreadPoolExecutor(1) as pool:
        assert len(match_far_patches(picture, np.ones((3, 20), bool), pool)) == 38


def test_offsets_are_counted_where_they_lie() -> None:
    counts = count_offsets(np.array([[3, -4], [3, -4], [-256, 256]]))
    assert counts[MOST_SIDE_PX + 3, MOST_SIDE_PX - 4] == 2
    assert counts[0, 2 * MOST_SIDE_PX] == 1
    assert counts.sum() == 3


def test_a_picture_with_no_two_patches_has_no_offset() -> None:
    with ThreadPoolExecutor(1) as pool:
        assert len(find_dominant_offsets(np.zeros((8, 8, 3), np.uint8), np.ones((8, 8), bool), 60, pool)) == 0


@pytest.mark.parametrize("offset", [(0, 0), (2, -3), (-7, 1), (9, 0), (0, -30)])
def test_shifting_equals_looking_at_each_pixel(offset: tuple[int, int]) -> None:
    known = np.random.default_rng(3).random((7, 9)) < 0.5
    expected = [
        [
            0 <= y + offset[0] < 7 and 0 <= x + offset[1] < 9 and known[y + offset[0], x + offset[1]]
            for x in range(9)
        ]
        for y in range(7)
    ]  # fmt: skip
    np.testing.assert_array_equal(shifted(known, np.array(offset)), expected)


def test_offsets_are_added_until_all_missing_pixels_lead_to_known_ones() -> None:
    """The hole is 20 px wide and reaches the left border, so a given offset of 5 px covers its last 5 columns."""
    known = np.ones((16, 60), bool)
    known[:, :20] = False
    offsets = cover_hole(~known, known, np.array([[0, 5]]))
    assert offsets[0].tolist() == [0, 5]
    covered = np.any([shifted(known, offset) for offset in offsets], axis=0)
    assert covered[~known].all()
    assert offsets[1:].tolist() == [[0, 20]]  # the 15 columns left lead to known ones from 20 px on, all with this one
