"""Lines and specks of one level are found; a smooth picture and a step have none."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from retouch.arrays.regions import dilate_mask
from retouch.masks.finding.scratches import find_scratches


@pytest.mark.parametrize("level", [0.0, 1.0])
def test_drawn_scratches_on_a_smooth_picture_are_found(level: float) -> None:
    picture = np.linspace(0.35, 0.65, 256 * 256, dtype=np.float32).reshape(256, 256, 1)
    drawn = np.zeros((256, 256), np.uint8)
    for start, end in (((10, 20), (240, 60)), ((200, 10), (150, 240)), ((30, 220), (120, 130))):
        cv2.line(drawn, start, end, 1, 1)
    scratches = drawn > 0
    picture[scratches] = level
    mask = find_scratches(picture).mask
    assert (scratches & dilate_mask(mask, 2)).sum() >= 0.85 * scratches.sum()
    assert (mask & dilate_mask(scratches, 2)).sum() >= 0.5 * mask.sum()


def test_a_step_between_two_levels_is_no_scratch() -> None:
    step = np.full((64, 64, 1), 0.2, np.float32)
    step[:, 32:] = 0.9
    assert not find_scratches(step).mask.any()


def test_a_single_speck_is_counted() -> None:
    picture = np.full((64, 64, 1), 0.4, np.float32)
    picture[30:32, 40:42] = 1
    found = find_scratches(picture)
    assert (found.n_lines, found.n_specks) == (0, 1)
    assert found.mask[30:32, 40:42].all()


def test_a_broad_bar_is_no_scratch() -> None:
    picture = np.full((64, 64, 1), 0.4, np.float32)
    picture[:, 20:32] = 1
    assert not find_scratches(picture).mask.any()


def test_more_than_the_largest_share_is_refused_with_a_reason() -> None:
    picture = np.full((64, 64, 1), 0.4, np.float32)
    picture[32, 5:60] = 1
    found = find_scratches(picture, most_share=0.01)
    assert not found.mask.any()
    assert "most_share" in found.reason


def test_a_few_dark_lines_among_many_light_ones_are_of_the_picture() -> None:
    picture = np.full((128, 128, 1), 0.5, np.float32)
    picture[20:100:20, 10:120] = 1
    picture[110, 30:110] = 0
    mask = find_scratches(picture).mask
    assert mask[20, 10:120].all()
    assert not mask[110].any()


def test_light_and_dark_lines_are_found_where_there_are_as_many() -> None:
    picture = np.full((128, 128, 1), 0.5, np.float32)
    picture[30, 10:120], picture[80, 10:120] = 1, 0
    mask = find_scratches(picture).mask
    assert mask[30, 10:120].all()
    assert mask[80, 10:120].all()


def test_a_line_of_strong_colour_is_no_scratch() -> None:
    picture = np.full((64, 64, 3), 0.2, np.float32)
    picture[32, 5:60] = (1, 0.9, 0.1)
    assert not find_scratches(picture).mask.any()
