"""Planes of a prompt."""

from __future__ import annotations

import numpy as np

from retouch.arrays.regions import Box
from retouch.masks.selecting.prompting import DOUBT, N_PLANES, prompt_planes


def picture() -> np.ndarray:
    image = np.full((64, 64, 3), 0.2, np.float32)
    image[20:44, 20:44] = 0.9, 0.4, 0.1
    return image


def test_clicks_are_bumps_of_three_percent() -> None:
    """The spread is 0.03 * 64 = 1.92 px, so two pixels beside the middle it is exp(-(2 / 1.92)^2 / 2) = 0.581."""
    planes = prompt_planes(picture(), [(32, 32), (30, 10)], [(5, 6)])
    assert planes.shape == (64, 64, N_PLANES)
    assert planes[32, 32, 1] == planes[30, 10, 1] == planes[5, 6, 2] == 1
    np.testing.assert_allclose(planes[32, 34, 1], 0.581, atol=1e-3)
    assert planes[5, 6, 1] < 1e-6


def test_without_a_box_its_plane_is_empty_and_the_middle_is_expected() -> None:
    planes = prompt_planes(picture(), [(32, 32)])
    assert not planes[..., 3].any()
    assert planes[32, 32, 0] > 0.9
    assert planes[2, 2, 0] < 0.1


def test_a_box_fills_its_plane_and_is_clipped() -> None:
    planes = prompt_planes(picture(), [], [], Box(-5, 10, 30, 80))
    expected = np.zeros((64, 64), np.float32)
    expected[:30, 10:] = 1
    np.testing.assert_array_equal(planes[..., 3], expected)


def test_the_classical_answer_finds_a_plain_thing_in_its_box() -> None:
    chance = prompt_planes(picture(), [], [], Box(18, 18, 46, 46))[..., 0]
    truth = np.zeros((64, 64), bool)
    truth[20:44, 20:44] = True
    assert ((chance > 0.5) & truth).sum() / ((chance > 0.5) | truth).sum() > 0.9


def test_it_is_never_sure_and_a_click_beside_counts() -> None:
    image = np.full((64, 64, 3), 0.5, np.float32)
    plain, told = prompt_planes(image, [(32, 32)]), prompt_planes(image, [(32, 32)], [(32, 40)])
    assert plain.min() >= 0
    assert plain[..., 0].min() >= np.float32(DOUBT)
    assert plain[..., 0].max() <= np.float32(1 - DOUBT)
    assert told[32, 40, 0] < plain[32, 40, 0]
