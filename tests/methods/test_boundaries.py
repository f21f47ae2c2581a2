"""Lines that the user draws, and the areas that they cut."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from retouch.arrays.types import Mask
from retouch.methods.planning.boundaries import Areas, cut_by_lines

SHAPE = (200, 240)


def stroke(*points: tuple[int, int], width: int = 3, shape: tuple[int, int] = SHAPE) -> Mask:
    """Draw through points (x, y)."""
    canvas = np.zeros(shape, np.uint8)
    cv2.polylines(canvas, [np.array(points, np.int32)], False, 255, width)
    return np.asarray(canvas > 0)


def square(top: int, left: int, side: int, shape: tuple[int, int] = SHAPE) -> Mask:
    mask = np.zeros(shape, bool)
    mask[top : top + side, left : left + side] = True
    return mask


def cut(lines: Mask, mask: Mask) -> Areas:
    found = cut_by_lines(lines, mask)
    assert found is not None
    return found


def n_areas(found: Areas, mask: Mask) -> int:
    return len(np.unique(found.areas[mask]))


@pytest.mark.parametrize("width", [1, 3, 9])
def test_a_stroke_inside_the_hole_alone_cuts_its_surroundings_too(width: int) -> None:
    """It is drawn along row 100 over half of the hole, and goes on straight to both sides."""
    mask = square(70, 90, 60)
    areas = cut(stroke((105, 100), (135, 100), width=width), mask).areas
    above, below = areas[72, 120], areas[128, 120]
    assert above != below
    # The stroke of `width` px is shared; away from it the sides are known exactly.
    assert (areas[20:95, 100:140] == above).all()
    assert (areas[105:180, 100:140] == below).all()


def test_a_slanted_stroke_goes_on_at_its_slant() -> None:
    """Row = 40 + 0.5 column: at column 30 that is row 55, at column 210 row 145, far from the stroke's own ends."""
    areas = cut(stroke((90, 85), (150, 115), width=1), square(70, 90, 60)).areas
    for column, row in ((50, 65), (190, 135)):
        assert areas[row - 4, column] == areas[72, 140]
        assert areas[row + 4, column] == areas[128, 100]
        assert areas[row - 4, column] != areas[row + 4, column]


def test_strokes_that_meet_cut_three_areas() -> None:
    """Two walls and a floor: one line across, and one from above that ends on it."""
    mask = square(60, 80, 80)
    across, down = stroke((60, 110), (180, 110)), stroke((120, 40), (120, 109))
    assert n_areas(cut(across | down, mask), mask) == 3


def test_a_stroke_that_points_at_another_goes_on_to_it_and_not_through() -> None:
    mask = square(60, 80, 80)
    across, down = stroke((60, 110), (180, 110)), stroke((120, 50), (120, 90))
    areas = cut(across | down, mask).areas
    assert areas[80, 100] != areas[80, 140]
    assert areas[130, 100] == areas[130, 140]


def test_a_ring_cuts_what_is_inside_it_from_the_rest_and_no_more() -> None:
    mask = square(50, 70, 100)
    canvas = np.zeros(SHAPE, np.uint8)
    cv2.circle(canvas, (120, 100), 30, 255, 3)
    areas = cut(canvas > 0, mask).areas
    assert areas[100, 120] != areas[55, 75]
    assert n_areas(cut(canvas > 0, mask), mask) == 2


def test_the_seam_is_as_broad_as_a_patch_of_7_px_and_a_pixel_more() -> None:
    seam = cut(stroke((60, 100), (180, 100), width=1), square(70, 90, 60)).seam
    # Two areas meet between two rows; to either side 4 rows belong to the seam.
    assert seam[:, 120].sum() == 8
    assert abs(float(np.flatnonzero(seam[:, 120]).mean()) - 100) <= 0.5


def test_other_holes_and_far_places_stay_out_of_it() -> None:
    shape = (200, 600)
    crossed, other = square(80, 90, 40, shape), square(80, 170, 30, shape)
    areas = cut(stroke((85, 100), (135, 100), shape=shape), crossed | other).areas
    assert (areas[other] == 0).all()
    assert (areas[:, 400:] == 0).all()  # the hole is 40 px broad, what is near is within 64 px
    assert (areas[crossed] > 0).all()


def test_strokes_beside_the_holes_cut_nothing() -> None:
    assert cut_by_lines(stroke((10, 10), (60, 10)), square(70, 90, 60)) is None
    assert cut_by_lines(np.zeros(SHAPE, bool), square(70, 90, 60)) is None


def test_a_stroke_that_hides_the_whole_neighbourhood_cuts_no_areas() -> None:
    found = cut(np.ones((40, 50), bool), square(10, 10, 20, (40, 50)))
    assert not found.areas.any()
    assert not found.seam.any()


def test_a_dot_has_no_direction_and_cuts_nothing_off() -> None:
    mask = square(70, 90, 60)
    assert n_areas(cut(stroke((120, 100), (120, 100), width=1), mask), mask) == 1
