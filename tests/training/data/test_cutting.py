"""Scaling and cutting pictures to squares."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from retouch.errors import UsageError
from retouch.training.data.cutting import Cut, check_cutting, choose_cut, fit, fitted_size
from retouch.training.recipes.settings import DataSettings

SETTINGS = DataSettings(size_px=8, resize="none")


def settings(**changes: Any) -> DataSettings:
    return replace(SETTINGS, **changes)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"resize": "none"}, (20, 30)),
        ({"resize": "short"}, (8, 12)),
        ({"resize": "short", "short_px": 10}, (10, 15)),
        ({"resize": "stretch"}, (8, 8)),
    ],
)
def test_a_picture_is_scaled_as_asked(changes: dict[str, Any], expected: tuple[int, int]) -> None:
    assert fitted_size(20, 30, settings(**changes)) == expected


@pytest.mark.parametrize("resize", ["none", "short"])
def test_a_small_picture_is_scaled_up_to_the_square(resize: str) -> None:
    assert fitted_size(4, 5, settings(resize=resize)) == (8, 10)
    assert fitted_size(7, 3, settings(resize=resize)) == (19, 8)  # 7 x 8 / 3 = 18.67


def test_a_picture_that_fits_is_left_as_it_is() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (9, 11, 3), np.uint8)
    assert fit(pixels, SETTINGS) is pixels


def test_making_smaller_averages_what_is_left_out() -> None:
    stripes = np.zeros((64, 64, 1), np.uint8)
    stripes[:, ::2] = 200  # single columns: without averaging a picture at an eighth would be all 0 or all 200
    small = fit(stripes, settings(resize="stretch"))
    assert small.shape == (8, 8, 1)
    assert np.abs(small[:, 1:-1].astype(int) - 100).max() <= 5


def test_random_squares_reach_every_place_and_both_ways() -> None:
    rng = np.random.default_rng(0)
    cuts = {choose_cut((10, 9), SETTINGS, rng) for _ in range(300)}
    assert cuts == {Cut(top, left, 8, way) for top in (0, 1, 2) for left in (0, 1) for way in (False, True)}


def test_validation_squares_are_in_the_middle_and_not_mirrored() -> None:
    assert choose_cut((12, 21), SETTINGS, None) == Cut(2, 6, 8)


def test_centre_squares_are_mirrored_half_of_the_time() -> None:
    rng = np.random.default_rng(0)
    cuts = [choose_cut((12, 21), settings(crop="centre"), rng) for _ in range(400)]
    assert {cut[:3] for cut in cuts} == {(2, 6, 8)}
    assert abs(sum(cut.is_mirrored for cut in cuts) - 200) < 40  # four standard deviations of 10


def test_nothing_is_mirrored_without_flip() -> None:
    rng = np.random.default_rng(0)
    assert not any(choose_cut((8, 8), settings(flip=False), rng).is_mirrored for _ in range(50))


def test_squares_on_a_grid_begin_at_its_multiples() -> None:
    rng = np.random.default_rng(0)
    tops = {choose_cut((20, 20), SETTINGS, rng, grid=4).top for _ in range(200)}
    assert tops == {0, 4, 8, 12}


def test_a_smaller_picture_is_cut_where_the_large_one_is() -> None:
    large = np.arange(16 * 16).reshape(16, 16)
    cut = Cut(4, 8, 8, is_mirrored=True)
    assert np.array_equal(cut.of(large[::4, ::4], 4), large[4:12:4, 8:16:4][:, ::-1])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"channels": 2}, "channels must be 1"),
        ({"size_px": 0}, "size_px must be 1 or more"),
        ({"short_px": 7}, "short_px must be at least size_px = 8"),
    ],
)
def test_settings_that_cannot_be_cut_by_are_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        check_cutting(settings(**changes))
