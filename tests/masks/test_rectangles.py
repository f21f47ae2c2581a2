"""Rectangular families: sides and shares of the spec sheet."""

from __future__ import annotations

import numpy as np
import pytest

from retouch.arrays.regions import Box, bounding_box, mask_ratio
from retouch.errors import InputError
from retouch.masks.rectangles import (
    draw_center_square,
    draw_half,
    draw_level_square,
    draw_outpaint,
    draw_random_rect,
)


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def is_one_full_box(mask: np.ndarray) -> bool:
    return bool(mask[bounding_box(mask).slices].all())


@pytest.mark.parametrize("side", [2, 64, 128, 256, 510])
def test_the_center_square_is_exactly_a_quarter_and_centred(side: int) -> None:
    mask = draw_center_square(side, side, rng())
    quarter = side // 4 if side % 4 == 0 else (side - side // 2) // 2
    assert bounding_box(mask) == Box(quarter, quarter, quarter + side // 2, quarter + side // 2)
    assert mask_ratio(mask) == 0.25


@pytest.mark.parametrize(
    ("ratio", "side"),
    # 256 sqrt(r): 99.15, 128, 151.45, 171.73, 189.85
    [(0.15, 99), (0.25, 128), (0.35, 151), (0.45, 172), (0.55, 190)],
)
def test_the_center_sweep_has_sides_s_sqrt_r(ratio: float, side: int) -> None:
    mask = draw_center_square(256, 256, rng(), ratio=ratio)
    box = bounding_box(mask)
    assert (box.height, box.width) == (side, side)
    assert is_one_full_box(mask)
    assert abs(box.top - (256 - box.bottom)) <= 1


def test_the_center_square_stays_square_in_a_picture_that_is_not() -> None:
    # sqrt(0.25 * 120 * 480) = 120: just fits
    box = bounding_box(draw_center_square(120, 480, rng()))
    assert (box.height, box.width) == (120, 120)


def test_the_center_square_becomes_a_rectangle_where_the_picture_is_too_narrow() -> None:
    # sqrt(0.25 * 10 * 360) = 30 > 10, so 10 rows and 0.25 * 360 = 90 columns
    box = bounding_box(draw_center_square(10, 360, rng()))
    assert (box.height, box.width) == (10, 90)


@pytest.mark.parametrize("ratio", [0.0, 1.0, -0.1, float("nan")])
def test_an_impossible_share_for_the_center_square_is_refused(ratio: float) -> None:
    with pytest.raises(InputError, match="ratio must be above 0 and below 1"):
        draw_center_square(8, 8, rng(), ratio=ratio)


def test_random_rect_sides_are_even_and_96_to_128_at_256_px() -> None:
    boxes = [bounding_box(draw_random_rect(256, 256, rng(seed))) for seed in range(400)]
    sides = {side for box in boxes for side in (box.height, box.width)}
    assert sides == set(range(96, 129, 2))  # 128 - 2 d, d = 0..16; 800 draws of 17 values miss one with p < 1e-19


def test_random_rect_is_one_box_that_reaches_every_border() -> None:
    masks = [draw_random_rect(256, 256, rng(seed)) for seed in range(1000)]
    assert all(is_one_full_box(mask) for mask in masks)
    # the unshrunk box starts at 0..128, so the box lies in 0..256 and comes near both ends
    assert min(bounding_box(mask).top for mask in masks) <= 4
    assert max(bounding_box(mask).right for mask in masks) >= 252


def test_random_rect_scales_with_the_shorter_side() -> None:
    for seed in range(100):
        box = bounding_box(draw_random_rect(512, 900, rng(seed)))
        assert 192 <= box.height <= 256
        assert 192 <= box.width <= 256


@pytest.mark.parametrize(
    ("side", "missing"),
    [("left", np.s_[:, :4]), ("right", np.s_[:, 5:]), ("top", np.s_[:3]), ("bottom", np.s_[3:])],
)
def test_half_is_the_side_asked_for_and_the_smaller_one_of_an_odd_number(side: str, missing: tuple[slice, ...]) -> None:
    expected = np.zeros((6, 9), dtype=bool)
    expected[missing] = True
    np.testing.assert_array_equal(draw_half(6, 9, rng(), side=side), expected)


def test_a_random_half_takes_each_of_the_four_sides() -> None:
    masks = {draw_half(8, 8, rng(seed)).tobytes() for seed in range(60)}
    assert masks == {draw_half(8, 8, rng(), side=side).tobytes() for side in ("left", "right", "top", "bottom")}


def test_half_of_an_unknown_side_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(InputError, match="unknown side 'lift'; did you mean 'left'"):
        draw_half(8, 8, rng(), side="lift")


@pytest.mark.parametrize("level", [1, 2, 3, 4, 5])
def test_level_square_sides_fill_the_range_of_their_level(level: int) -> None:
    masks = [draw_level_square(64, 64, rng(seed), level=level) for seed in range(200)]
    assert all(is_one_full_box(mask) for mask in masks)
    assert all(bounding_box(mask).height == bounding_box(mask).width for mask in masks)
    sides = {bounding_box(mask).height for mask in masks}
    assert sides == set(range(6 * level - 5, 6 * level + 1))  # 1-6, 7-12, 13-18, 19-24, 25-30


def test_level_square_without_a_level_draws_all_five() -> None:
    sides = [bounding_box(draw_level_square(64, 64, rng(seed))).height for seed in range(200)]
    assert {(side + 5) // 6 for side in sides} == {1, 2, 3, 4, 5}


@pytest.mark.parametrize("level", [-1, 6])
def test_a_level_that_does_not_exist_is_refused(level: int) -> None:
    with pytest.raises(InputError, match="level must be 1 to 5"):
        draw_level_square(64, 64, rng(), level=level)


def test_outpaint_strips_are_4_to_25_percent_of_each_side_and_differ() -> None:
    thicknesses = []
    for seed in range(300):
        mask = draw_outpaint(200, 100, rng(seed))
        inner = bounding_box(~mask)
        assert not mask[inner.slices].any()  # all four strips are straight
        thicknesses.append((inner.top, 200 - inner.bottom, inner.left, 100 - inner.right))
    drawn = np.array(thicknesses)
    # 4 % and 25 % of 200 rows: 8 and 50; of 100 columns: 4 and 25
    assert drawn.min(axis=0).tolist() == [8, 8, 4, 4]
    assert drawn.max(axis=0).tolist() == [50, 50, 25, 25]
    # each strip is drawn on its own
    assert abs(np.corrcoef(drawn.T) - np.eye(4)).max() < 5 / np.sqrt(300)


@pytest.mark.parametrize(("least", "most"), [(0.0, 0.2), (0.3, 0.2), (0.1, 0.5)])
def test_outpaint_bounds_that_leave_nothing_are_refused(least: float, most: float) -> None:
    with pytest.raises(InputError, match="needs 0 < min_share <= max_share"):
        draw_outpaint(64, 64, rng(), min_share=least, max_share=most)
