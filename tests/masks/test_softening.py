"""Soft masks."""

from __future__ import annotations

import numpy as np
import pytest

from retouch.errors import InputError
from retouch.masks.softening import soften_mask


def test_weights_are_one_in_the_hole_and_fall_linearly_outside() -> None:
    mask = np.zeros((1, 12), dtype=bool)
    mask[0, 2:4] = True
    # distances 2 1 0 0 1 2 3 4 ..., over a radius of 3: 1 - d / 4
    expected = [[0.5, 0.75, 1, 1, 0.75, 0.5, 0.25, 0, 0, 0, 0, 0]]
    soft = soften_mask(mask, 3.0)
    assert soft.dtype == np.float32
    np.testing.assert_array_equal(soft, np.array(expected, np.float32))


def test_distances_are_euclidean() -> None:
    mask = np.zeros((9, 9), dtype=bool)
    mask[4, 4] = True
    # the pixel 3 down and 4 right is 5 away: 1 - 5 / 10
    assert soften_mask(mask, 9.0)[7, 8] == pytest.approx(0.5)


def test_a_radius_of_zero_is_the_hard_mask() -> None:
    mask = np.random.default_rng(0).random((20, 30)) < 0.3
    np.testing.assert_array_equal(soften_mask(mask, 0.0), mask.astype(np.float32))


@pytest.mark.parametrize("value", [False, True])
def test_a_mask_of_one_kind_stays_what_it_is(value: bool) -> None:
    np.testing.assert_array_equal(soften_mask(np.full((5, 4), value), 2.0), np.float32(value))


@pytest.mark.parametrize("radius_px", [-1.0, float("nan")])
def test_a_negative_radius_is_refused(radius_px: float) -> None:
    with pytest.raises(InputError, match="radius of a soft mask"):
        soften_mask(np.eye(3, dtype=bool), radius_px)
