"""A stamp of warm digits in a corner is found; blue text and text in the middle are not."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from skimage import data

from retouch.arrays.types import Image
from retouch.masks.finding.date_stamps import find_date_stamps


def stamped(colour: tuple[float, ...], at: tuple[int, int]) -> tuple[Image, np.ndarray]:
    picture = (data.astronaut()[100:356, 100:400] / 255 * 0.5).astype(np.float32)
    digits = np.zeros(picture.shape[:2], np.uint8)
    cv2.putText(digits, "12 24 '98", at, cv2.FONT_HERSHEY_SIMPLEX, 0.6, 255, 2)
    picture[digits > 0] = colour
    return picture, digits > 0


@pytest.mark.parametrize("colour", [(1, 0.55, 0.1), (1, 0.15, 0.1), (1, 1, 1)])
def test_a_stamp_in_the_lower_right_corner_is_covered(colour: tuple[float, ...]) -> None:
    picture, digits = stamped(colour, (190, 245))
    found = find_date_stamps(picture)
    assert (found.mask & digits).sum() >= 0.97 * digits.sum()
    assert found.stamps


def test_blue_digits_are_no_stamp() -> None:
    picture, digits = stamped((0.1, 0.3, 1), (190, 245))
    assert not (find_date_stamps(picture).mask & digits).any()


def test_digits_in_the_middle_are_no_stamp() -> None:
    picture, digits = stamped((1, 0.55, 0.1), (100, 130))
    assert not (find_date_stamps(picture).mask & digits).any()
