"""White is the hole, True is missing, and every kind of file and array says so in the same way."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PIL import Image as PillowImage

from retouch.errors import InputError, LimitError
from retouch.io.pictures.mask_files import encode_mask, mask_from_array, read_mask, read_soft_mask


def png(array: Any) -> bytes:
    buffer = io.BytesIO()
    PillowImage.fromarray(np.asarray(array)).save(buffer, "PNG")
    return buffer.getvalue()


def rgba(*pixels: tuple[int, int, int, int]) -> bytes:
    return png(np.array([pixels], np.uint8))


def row(mask: np.ndarray) -> list[bool]:
    assert mask.dtype == np.bool_
    return [bool(value) for value in mask[0]]


def test_levels_above_127_are_holes() -> None:
    assert row(read_mask(png(np.array([[0, 127, 128, 255]], np.uint8)))) == [False, False, True, True]


def test_levels_of_sixteen_bits_above_32767_are_holes() -> None:
    assert row(read_mask(png(np.array([[0, 32767, 32768, 65535]], np.uint16)))) == [False, False, True, True]


def test_a_one_bit_file_is_read() -> None:
    assert row(read_mask(png(np.array([[True, False]])))) == [True, False]


def test_floats_above_one_half_are_holes(save_with_pillow: Callable[..., bytes]) -> None:
    image = PillowImage.fromarray(np.array([[0.0, 0.5, 0.51, 1.0]], np.float32))
    assert row(read_mask(save_with_pillow(image, "TIFF"))) == [False, False, True, True]


def test_every_grey_of_a_colour_file_counts_as_the_same_grey() -> None:
    """Weights that add up to a little more than 1 in floating point would make 127 a hole."""
    greys = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, axis=2)
    assert row(read_mask(png(greys))) == [level > 127 for level in range(256)]


def test_colours_count_by_their_luma() -> None:
    """BT.601: red 0.299, green 0.587, blue 0.114 of 255: 76, 150 and 29; yellow is 226."""
    colours = np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 0]]], np.uint8)
    assert row(read_mask(png(colours))) == [False, True, False, True]


def test_a_palette_counts_by_its_colours() -> None:
    image = PillowImage.fromarray(np.array([[0, 1, 2]], np.uint8))
    image.putpalette([255, 255, 255, 0, 0, 0, 200, 200, 200])
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    assert row(read_mask(buffer.getvalue())) == [True, False, True]


def test_no_ink_is_white(save_with_pillow: Callable[..., bytes]) -> None:
    image = PillowImage.frombytes("CMYK", (2, 1), bytes([0, 0, 0, 0, 0, 0, 0, 255]))
    assert row(read_mask(save_with_pillow(image, "TIFF"))) == [True, False]


@pytest.mark.parametrize("colour", [(255, 255, 255), (0, 0, 0), (255, 0, 0)])
def test_strokes_of_one_colour_on_an_empty_layer_are_the_holes(colour: tuple[int, int, int]) -> None:
    """What is hidden may have any colour: (9, 9, 9) under alpha 0 does not count."""
    assert row(read_mask(rgba((*colour, 255), (9, 9, 9, 0), (*colour, 128), (*colour, 127)))) == [
        True,
        False,
        True,
        False,
    ]


def test_of_several_colours_the_colour_counts_and_clear_pixels_are_known() -> None:
    pixels = ((255, 255, 255, 255), (0, 0, 0, 255), (255, 255, 255, 0), (255, 255, 255, 10))
    assert row(read_mask(rgba(*pixels))) == [True, False, False, True]
    assert row(read_mask(rgba(*pixels), invert=True)) == [False, True, False, False]


def test_with_alpha_that_says_nothing_the_colour_counts() -> None:
    assert row(read_mask(rgba((255, 255, 255, 255), (0, 0, 0, 255)))) == [True, False]
    assert row(read_mask(rgba((255, 255, 255, 255), (255, 255, 255, 255)))) == [True, True]
    assert row(read_mask(rgba((255, 255, 255, 0), (0, 0, 0, 0)))) == [False, False]


def test_inverted_masks_have_black_holes() -> None:
    assert row(read_mask(png(np.array([[0, 255]], np.uint8)), invert=True)) == [True, False]
    assert row(read_mask(rgba((1, 1, 1, 255), (1, 1, 1, 0)), invert=True)) == [False, True]


def test_a_soft_mask_keeps_its_levels() -> None:
    soft = read_soft_mask(png(np.array([[0, 51, 255]], np.uint8)))
    np.testing.assert_allclose(soft, [[0, 0.2, 1]], atol=1e-7)
    assert soft.dtype == np.float32
    np.testing.assert_allclose(read_soft_mask(png(np.array([[0, 51]], np.uint8)), invert=True), [[1, 0.8]], atol=1e-7)


def test_the_orientation_of_a_mask_is_applied() -> None:
    exif = PillowImage.Exif()
    exif[0x0112] = 6  # turned clockwise: the left pixel comes on top
    buffer = io.BytesIO()
    PillowImage.fromarray(np.array([[255, 0]], np.uint8)).save(buffer, "PNG", exif=exif)
    assert read_mask(buffer.getvalue(), shape=(2, 1)).tolist() == [[True], [False]]


@pytest.mark.parametrize("reader", [read_mask, read_soft_mask])
def test_a_mask_of_another_size_is_refused(reader: Callable[..., np.ndarray]) -> None:
    message = "image and mask must have the same width and height, got image 3x2 and mask 2x3"
    with pytest.raises(InputError, match=message):
        reader(png(np.zeros((3, 2), np.uint8)), shape=(2, 3))


def test_a_mask_has_the_limit_of_pixels_too() -> None:
    with pytest.raises(LimitError, match="--max-pixels"):
        read_mask(png(np.zeros((3, 2), np.uint8)), max_pixels=5)


@pytest.mark.parametrize(
    ("array", "expected"),
    [
        (np.array([[False, True]]), [False, True]),
        (np.array([[0, 1]], np.uint8), [False, True]),
        (np.array([[0, 1]]), [False, True]),
        (np.array([[-1, 0, 1]]), [False, False, True]),
        (np.array([[127, 128]], np.uint8), [False, True]),
        (np.array([[127, 128, -5]], np.int32), [False, True, False]),
        (np.array([[1, 2]], np.uint8), [False, False]),
        (np.array([[255, 32767, 32768, 65535]], np.uint16), [False, False, True, True]),
        (np.array([[255, 32768, 1 << 40]]), [False, True, True]),
        (np.array([[0.5, 0.51, 7.0, -3.0, np.inf]]), [False, True, True, False, True]),
        (np.array([[0.25, 1.0]], np.float16), [False, True]),
        (np.array([[[0], [255]]], np.uint8), [False, True]),
        (np.array([[[0, 0, 0], [255, 255, 255]]], np.uint8), [False, True]),
        (np.array([[[7, 7, 7, 0], [7, 7, 7, 255]]], np.uint8), [False, True]),
        (np.array([[[0, 0, 0], [1, 1, 1]]]), [False, True]),
    ],
)
def test_arrays_of_every_type_are_read(array: np.ndarray, expected: list[bool]) -> None:
    assert row(mask_from_array(array)) == expected
    assert row(mask_from_array(array[:, :, None] if array.ndim == 2 else array)) == expected


def test_an_inverted_array_has_its_holes_where_it_is_black() -> None:
    assert row(mask_from_array(np.array([[0, 255]], np.uint8), invert=True)) == [True, False]


def test_the_array_given_is_not_the_mask_that_comes_back() -> None:
    given = np.array([[True, False]])
    mask_from_array(given)[:] = False
    assert given[0, 0]


def test_a_pillow_mask_is_read_like_its_file() -> None:
    image = PillowImage.fromarray(np.array([[0, 127, 128]], np.uint8))
    assert row(mask_from_array(image, (1, 3))) == [False, False, True]
    assert row(mask_from_array(image.convert("RGBA"))) == [False, False, True]


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (np.array([[0.0, np.nan]]), "got NaN"),
        (np.zeros(4), r"an \(H, W\) array"),
        (np.zeros((0, 4)), r"an \(H, W\) array"),
        (np.zeros((2, 2), complex), "got complex128"),
        (np.array([["a"]]), "got <U1"),
        (np.zeros((2, 2, 7), np.uint8), r"got \(2, 2, 7\)"),
    ],
)
def test_what_is_no_mask_is_refused(array: np.ndarray, words: str) -> None:
    with pytest.raises(InputError, match=words):
        mask_from_array(array)


def test_an_array_of_another_size_is_refused() -> None:
    with pytest.raises(InputError, match="got image 3x2 and mask 2x3"):
        mask_from_array(np.zeros((3, 2), bool), (2, 3))


@pytest.mark.parametrize("shape", [(1, 1), (3, 17), (8, 8)])
def test_an_encoded_mask_comes_back(shape: tuple[int, int]) -> None:
    mask = np.random.default_rng(0).random(shape) < 0.4
    np.testing.assert_array_equal(read_mask(encode_mask(mask), shape=shape), mask)
    with PillowImage.open(io.BytesIO(encode_mask(mask))) as image:
        np.testing.assert_array_equal(np.asarray(image.convert("L")) == 255, mask)
