"""Thin damage and broad holes, told apart by the half-width."""

from __future__ import annotations

import numpy as np
import pytest

from retouch.arrays.regions import Box
from retouch.methods.planning.survey import survey_holes


def test_a_line_is_thin_and_a_square_is_broad() -> None:
    mask = np.zeros((80, 90), bool)
    mask[3, 2:80] = True
    mask[20:60, 30:71] = True
    survey = survey_holes(mask)
    np.testing.assert_array_equal(survey.thin, mask & (np.arange(80) < 10)[:, None])
    np.testing.assert_array_equal(survey.broad, mask & (np.arange(80) > 10)[:, None])
    assert survey.broad_boxes == (Box(20, 30, 60, 71),)


@pytest.mark.parametrize(("width", "half_width"), [(1, 1.0), (2, 1.0), (3, 2.0), (8, 4.0)])
def test_the_half_width_of_a_bar_is_the_depth_of_its_middle(width: int, half_width: float) -> None:
    """A bar of width 8 has depths 1 2 3 4 4 3 2 1: nine in ten of its pixels are no deeper than 4."""
    mask = np.zeros((40, 400), bool)
    mask[10 : 10 + width] = True
    assert survey_holes(mask).thin_half_width_px == half_width


def test_a_crossing_of_strokes_does_not_make_them_broad() -> None:
    """Two bars of half-width 6 with a knot of radius 14 where they cross: few of the pixels lie deeper than 10."""
    rows, columns = np.mgrid[:300, :300] - 150
    mask = (np.abs(rows) < 6) | (np.abs(columns) < 6) | (rows**2 + columns**2 < 14**2)
    survey = survey_holes(np.pad(mask, 5))
    assert not survey.broad.any()
    assert survey.thin_half_width_px == 6.0


def test_what_touches_the_edge_of_the_picture_is_twice_as_deep() -> None:
    """No known pixel lies beyond the edge: 12 columns at the edge are as deep as 24 in the middle."""
    mask = np.zeros((200, 200), bool)
    mask[:, :12] = True
    assert survey_holes(mask).broad_half_widths_px == (11.0,)  # depths 1 to 12, the 0.9 quantile is the 11th


def test_diagonal_neighbours_are_one_hole() -> None:
    mask = np.zeros((100, 100), bool)
    mask[10:40, 10:40] = mask[40:70, 40:70] = True
    assert survey_holes(mask).broad_boxes == (Box(10, 10, 70, 70),)


def test_every_missing_pixel_is_of_one_kind() -> None:
    rng = np.random.default_rng(5)
    mask = np.kron(rng.random((12, 15)) < 0.4, np.ones((17, 13))).astype(bool)
    survey = survey_holes(mask)
    np.testing.assert_array_equal(survey.thin ^ survey.broad, mask)
    assert survey.thin.any()
    assert survey.broad.any()
