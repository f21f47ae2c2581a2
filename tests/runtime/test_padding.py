"""Mirrored padding: sizes that networks take, and the picture back."""

from __future__ import annotations

import numpy as np
import pytest

from retouch.errors import InputError
from retouch.runtime.padding import crop_back, pad_mirrored, padded_shape


@pytest.mark.parametrize(
    ("shape", "multiple", "least", "expected"),
    [((1, 1), 8, 1, (8, 8)), ((8, 9), 8, 1, (8, 16)), ((5, 200), 4, 30, (32, 200)), ((7, 3), 1, 1, (7, 3))],
)
def test_sides_become_the_next_multiple_that_is_large_enough(
    shape: tuple[int, int], multiple: int, least: int, expected: tuple[int, int]
) -> None:
    assert padded_shape(shape, multiple, least) == expected


def test_the_padding_is_the_mirror_image_without_the_edge_twice() -> None:
    # by hand: 1 2 3 mirrored at 3 goes on 2 1, mirrored at 1 again 2 3
    padded = pad_mirrored(np.array([[[1], [2], [3]]], np.uint8), multiple=7)
    assert padded[:, :, 0].tolist() == [[1, 2, 3, 2, 1, 2, 3]] * 7
    assert padded.dtype == np.uint8


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (2, 3), (13, 7), (16, 16)])
def test_cropping_gives_the_picture_back_whatever_its_size(size: tuple[int, int]) -> None:
    picture = np.random.default_rng(0).random((*size, 3), np.float32)
    padded = pad_mirrored(picture, multiple=8, least_px=20)
    assert padded.shape[0] % 8 == padded.shape[1] % 8 == 0
    assert min(padded.shape[:2]) >= 20
    np.testing.assert_array_equal(crop_back(padded, size), picture)


def test_a_picture_that_fits_is_not_copied() -> None:
    picture = np.zeros((8, 16, 3), np.float32)
    assert pad_mirrored(picture, multiple=8) is picture


def test_what_cannot_be_padded_or_cropped_is_refused() -> None:
    with pytest.raises(InputError, match="a picture of 3x0"):
        pad_mirrored(np.zeros((0, 3, 1), np.float32), multiple=8)
    with pytest.raises(InputError, match="multiple 0"):
        padded_shape((3, 3), multiple=0)
    with pytest.raises(InputError, match="got 8x4 for 8x5"):
        crop_back(np.zeros((4, 8, 1), np.float32), (5, 8))
