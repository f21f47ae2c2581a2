"""The size planner: every pixel owned once, crops inside the budget, no crop larger than it must be."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retouch.arrays.regions import Box, find_holes
from retouch.arrays.types import Mask
from retouch.errors import LimitError
from retouch.methods.catalogue import Context, Limits, MethodInfo
from retouch.methods.planning.planner import Budget, Crop, context_px, merge_boxes, plan_holes, plan_tiles

PATCHES = MethodInfo("patches", "exemplar", "", "", "", Limits("", 100, 0), Context(1.0, 16, 64))
BORDER = MethodInfo("border", "interpolation", "", "", "", Limits("", 100, 0), Context(0.0, 16, 16))
AMPLE = Budget(1 << 40, 1 << 40, 3)


def squares(shape: tuple[int, int], *boxes: tuple[int, int, int, int]) -> Mask:
    mask = np.zeros(shape, bool)
    for box in boxes:
        mask[Box(*box).slices] = True
    return mask


def count_owners(crops: list[Crop], shape: tuple[int, int]) -> np.ndarray:
    owners = np.zeros(shape, int)
    for crop in crops:
        owners[crop.box.slices] += crop.owned
    return owners


@given(st.integers(0, 10_000), st.floats(0.001, 0.3))
@settings(max_examples=40, deadline=None)
def test_every_missing_pixel_is_owned_by_one_crop(seed: int, density: float) -> None:
    rng = np.random.default_rng(seed)
    mask = np.kron(rng.random((40, 50)) < density, np.ones((3, 5))).astype(bool)
    mask[0, 0] = True
    tiles = plan_tiles(mask, mask, 3.0, BORDER, AMPLE)
    np.testing.assert_array_equal(count_owners(tiles, mask.shape), mask)
    holes = plan_holes(mask, find_holes(mask), PATCHES, AMPLE)
    np.testing.assert_array_equal(count_owners(holes, mask.shape), mask)


def test_a_crop_holds_its_pixels_and_the_margin_around_them() -> None:
    mask = squares((200, 300), (50, 60, 70, 90))
    (crop,) = plan_holes(mask, find_holes(mask), PATCHES, AMPLE)
    assert crop.core == Box(50, 60, 70, 90)
    assert crop.box == Box(20, 30, 100, 120)  # the longer side is 30, and so is the margin


@pytest.mark.parametrize(("side", "margin"), [(4, 16), (40, 40), (100, 64)])
def test_context_grows_with_the_hole_within_bounds(side: int, margin: int) -> None:
    assert context_px(Box(0, 0, side, 3), PATCHES) == margin


def test_near_holes_share_a_crop_and_far_ones_do_not() -> None:
    near = [Box(100, 100, 120, 120), Box(100, 135, 120, 155)]
    far = Box(400, 400, 420, 420)
    assert merge_boxes([*near, far], PATCHES, (500, 500)) == [Box(100, 100, 120, 155), far]


def test_holes_whose_boxes_meet_are_united_even_where_that_costs() -> None:
    """Two bars that make an L without touching: the box of the long one holds the other."""
    frame, inner = Box(0, 0, 400, 400), Box(380, 390, 390, 398)
    assert merge_boxes([frame, inner], PATCHES, (500, 500)) == [frame]


def test_the_order_of_holes_does_not_change_far_groups() -> None:
    boxes = [Box(r, c, r + 10, c + 10) for r in (0, 200, 400) for c in (0, 200, 400)]
    assert merge_boxes(boxes, BORDER, (500, 500)) == merge_boxes(boxes[::-1], BORDER, (500, 500)) == boxes


def test_a_page_of_small_letters_becomes_few_calls() -> None:
    mask = np.zeros((2160, 3840), bool)
    for row in range(100, 2000, 40):
        for column in range(100, 3700, 24):
            mask[row : row + 12, column : column + 3] = True  # 7,200 letters
    crops = plan_tiles(mask, mask, 2.0, BORDER, AMPLE)
    assert len(crops) <= 40  # tiles of at most 512 pixels: 4 x 8
    assert max(crop.box.height * crop.box.width for crop in crops) <= (512 + 2 * 16) ** 2


def test_one_small_hole_in_a_large_picture_is_a_small_crop() -> None:
    mask = squares((2160, 3840), (1000, 1000, 1010, 1012))
    (crop,) = plan_tiles(mask, mask, 5.0, BORDER, AMPLE)
    assert (crop.box.height, crop.box.width) == (10 + 2 * 25, 12 + 2 * 25)  # five half-widths of 5 px on each side


def test_the_margin_shrinks_before_the_fill_is_refused() -> None:
    mask = squares((500, 500), (200, 200, 264, 264))
    wide, narrow = (64 + 128) ** 2 * 100, (64 + 32) ** 2 * 100  # bytes with the margin wanted, and with the least
    (crop,) = plan_holes(mask, find_holes(mask), PATCHES, Budget(wide, 1 << 30, 3))
    assert crop.box.height == 192
    (crop,) = plan_holes(mask, find_holes(mask), PATCHES, Budget(wide - 1, 1 << 30, 3))
    assert 96 <= crop.box.height < 192
    (crop,) = plan_holes(mask, find_holes(mask), PATCHES, Budget(narrow, 1 << 30, 3))
    assert crop.box.height == 96
    with pytest.raises(LimitError, match="--max-memory"):
        plan_holes(mask, find_holes(mask), PATCHES, Budget(narrow - 1, 1 << 30, 3))


def test_tiles_shrink_before_the_fill_is_refused() -> None:
    mask = squares((600, 600), (0, 300, 600, 302))
    long_tile = (300 + 16) * (2 + 32) * 100  # two tiles of 300 rows, each at an edge of the picture
    assert len(plan_tiles(mask, mask, 1.0, BORDER, Budget(long_tile, 1 << 30, 3))) == 2
    assert len(plan_tiles(mask, mask, 1.0, BORDER, Budget(long_tile - 1, 1 << 30, 3))) == 3
    with pytest.raises(LimitError, match="--max-memory"):
        plan_tiles(mask, mask, 1.0, BORDER, Budget(1000, 1 << 30, 3))


def test_missing_pixels_and_channels_count_in_the_estimate() -> None:
    info = BORDER._replace(limits=Limits("", 10, 100))
    mask = squares((10, 10), (0, 0, 5, 10))
    whole = Box(0, 0, 10, 10)
    needed = 100 * 10 + 50 * 100
    assert Budget(needed, 0, 3).holds(info, whole, mask)
    assert not Budget(needed - 1, 0, 3).holds(info, whole, mask)
    assert not Budget(needed, 0, 4).holds(info, whole, mask)
