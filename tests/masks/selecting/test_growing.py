"""Masks grown for removal and kept off their neighbours."""

from __future__ import annotations

import numpy as np
import pytest

from retouch.errors import InputError
from retouch.masks.selecting.growing import grow_mask, growth_px, protect_neighbours


@pytest.mark.parametrize(("size", "side"), [((10, 10), 3), ((480, 640), 7), ((1080, 1920), 17)])
def test_the_square_follows_the_longer_side(size: tuple[int, int], side: int) -> None:
    """0.004 * 640 = 2.56, rounds to 3, 2 * 3 + 1 = 7; 0.004 * 1920 = 7.68, rounds to 8, 17."""
    assert growth_px(*size) == side


def test_a_grown_pixel_is_the_square_around_it() -> None:
    mask = np.zeros((480, 640), bool)
    mask[100, 200] = True
    expected = np.zeros_like(mask)
    expected[97:104, 197:204] = True
    np.testing.assert_array_equal(grow_mask(mask), expected)


def test_a_neighbour_is_kept_but_for_a_rim_of_two_pixels() -> None:
    mask, other = np.ones((20, 20), bool), np.zeros((20, 20), bool)
    other[5:15, 5:15] = True
    expected = mask.copy()
    expected[7:13, 7:13] = False
    np.testing.assert_array_equal(protect_neighbours(mask, [other]), expected)
    assert mask.all()


def test_a_neighbour_at_the_border_of_the_picture_has_no_rim_there() -> None:
    mask, other = np.ones((20, 20), bool), np.zeros((20, 20), bool)
    other[:, :10] = True
    assert not protect_neighbours(mask, [other])[:, :8].any()
    assert protect_neighbours(mask, [other])[:, 8:].all()


def test_a_neighbour_of_another_size_is_refused() -> None:
    with pytest.raises(InputError, match="size of the mask"):
        protect_neighbours(np.ones((4, 4), bool), [np.ones((4, 5), bool)])
