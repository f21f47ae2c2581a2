"""How much of an object a mask covers, and how much else."""

from __future__ import annotations

import numpy as np
import pytest

from retouch.arrays.regions import dilate_mask
from retouch.errors import InputError
from retouch.metrics.labels.mask_overlap import mask_iou, mask_recall, over_cover


def square(top: int, left: int, side: int) -> np.ndarray:
    mask = np.zeros((20, 20), bool)
    mask[top : top + side, left : left + side] = True
    return mask


def test_the_three_measures_of_two_squares() -> None:
    # |M| = 36, |O| = 16, 3 x 3 = 9 in common
    mask, target = square(2, 2, 6), square(5, 5, 4)
    assert mask_recall(mask, target) == 9 / 16
    assert over_cover(mask, target) == 27 / 16
    assert mask_iou(mask, target) == 9 / (36 + 16 - 9)


def test_the_object_itself_is_covered_exactly() -> None:
    target = square(3, 4, 5)
    assert (mask_recall(target, target), over_cover(target, target), mask_iou(target, target)) == (1, 0, 1)


def test_a_dilated_mask_covers_the_object_and_the_price_is_counted() -> None:
    # a 4 x 4 square grown by 1 px: 4 sides of 4 pixels more
    target = square(6, 6, 4)
    grown = dilate_mask(target, 1)
    assert mask_recall(grown, target) == 1
    assert over_cover(grown, target) == 1


def test_an_empty_mask_covers_nothing() -> None:
    empty = np.zeros((20, 20), bool)
    assert (mask_recall(empty, square(1, 1, 3)), over_cover(empty, square(1, 1, 3))) == (0, 0)
    assert mask_iou(empty, square(1, 1, 3)) == 0
    assert mask_iou(empty, empty) == 1


@pytest.mark.parametrize("measure", [mask_recall, over_cover])
def test_a_target_without_pixels_is_refused(measure: object) -> None:
    with pytest.raises(InputError, match="at least one pixel"):
        measure(square(1, 1, 3), np.zeros((20, 20), bool))  # type: ignore[operator]


@pytest.mark.parametrize("measure", [mask_recall, over_cover, mask_iou])
@pytest.mark.parametrize("other", [np.ones((20, 21), bool), np.ones((20, 20), np.uint8)])
def test_masks_of_another_shape_or_dtype_are_refused(measure: object, other: np.ndarray) -> None:
    with pytest.raises(InputError, match="masks must be bool and of one shape"):
        measure(square(1, 1, 3), other)  # type: ignore[operator]
