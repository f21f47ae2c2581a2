"""Native values in, unit range inside, native values out: for arrays and Pillow images of every kind."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image as PillowImage

from retouch.errors import InputError
from retouch.io.pictures.picture import Picture

MODES = ["1", "L", "LA", "P", "PA", "RGB", "RGBA", "CMYK", "YCbCr", "LAB", "HSV", "I;16", "I;16B", "I", "F"]
DTYPES = ["bool", "uint8", "uint16", "float16", "float32", "float64"]


def array_of(dtype: str, *shape: int) -> np.ndarray:
    values = np.random.default_rng(3).random(shape)
    if dtype == "bool":
        return values > 0.5
    return (values * np.iinfo(dtype).max).astype(dtype) if dtype.startswith("u") else values.astype(dtype)


def image_of_mode(mode: str) -> PillowImage.Image:
    rng = np.random.default_rng(4)
    channels = {"LA": 2, "PA": 2, "RGB": 3, "YCbCr": 3, "LAB": 3, "HSV": 3, "RGBA": 4, "CMYK": 4}.get(mode, 1)
    planes = rng.integers(0, 256, (9, 12, channels)).astype(np.uint8)
    if mode == "1":
        return PillowImage.fromarray(planes[:, :, 0] > 128)
    if mode.startswith("I;16"):
        order = ">" if mode.endswith("B") else "<"
        return PillowImage.frombytes(mode, (12, 9), rng.integers(0, 65536, (9, 12)).astype(order + "u2").tobytes())
    if mode == "I":
        return PillowImage.fromarray(rng.integers(0, 65536, (9, 12)).astype(np.int32))
    if mode == "F":
        return PillowImage.fromarray((rng.random((9, 12)) * 7 - 3).astype(np.float32))
    image = PillowImage.frombytes(mode, (12, 9), planes.tobytes())
    if mode in ("P", "PA"):
        image.putpalette(rng.integers(0, 256, 768).astype(np.uint8).tobytes())
    return image


@pytest.fixture
def corner() -> np.ndarray:
    mask = np.zeros((9, 12), bool)
    mask[:4, :5] = True
    return mask


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(9, 12), (9, 12, 1), (9, 12, 2), (9, 12, 3), (9, 12, 4)])
def test_an_array_comes_back_in_kind_and_bit_for_bit(dtype: str, shape: tuple[int, ...], corner: np.ndarray) -> None:
    array = array_of(dtype, *shape)
    before = array.copy()
    picture = Picture.from_array(array)
    filled = picture.with_filled(np.zeros_like(picture.to_float()), corner).to_array_like(array)
    assert (filled.dtype, filled.shape) == (array.dtype, array.shape)
    np.testing.assert_array_equal(filled[~corner], array[~corner])
    colours = filled[corner].reshape(20, -1)[:, : {2: 1, 4: 3}.get(array.shape[-1] if array.ndim == 3 else 1)]
    assert not colours.any()
    np.testing.assert_array_equal(array, before)


def test_an_array_of_the_other_byte_order_comes_back_in_it(corner: np.ndarray) -> None:
    array = array_of("uint16", 9, 12).astype(">u2")
    picture = Picture.from_array(array)
    back = picture.with_filled(picture.to_float(), corner).to_array_like(array)
    assert back.dtype == array.dtype
    np.testing.assert_array_equal(back, array)


@pytest.mark.parametrize("mode", MODES)
def test_a_pillow_image_comes_back_in_its_mode_and_bit_for_bit(mode: str, corner: np.ndarray) -> None:
    image = image_of_mode(mode)
    image.info["comment"] = "mine"
    picture = Picture.from_pil(image)
    back = picture.with_filled(1 - picture.to_float(), corner).to_pil_like(image)
    assert (back.mode, back.size, back.info["comment"]) == (mode, image.size, "mine")
    np.testing.assert_array_equal(np.asarray(back)[~corner], np.asarray(image)[~corner])
    assert not np.array_equal(np.asarray(back)[corner], np.asarray(image)[corner])
    assert back.getpalette() == image.getpalette()


@pytest.mark.parametrize("mode", ["RGBX", "RGBa", "La"])
def test_a_mode_that_cannot_be_kept_exact_is_refused_with_the_known_ones(mode: str) -> None:
    with pytest.raises(InputError, match=f"mode {mode} cannot be kept exact; convert it to one of 1, L, LA"):
        Picture.from_pil(PillowImage.new(mode, (3, 3)))


def test_an_empty_pillow_image_is_refused() -> None:
    with pytest.raises(InputError, match="at least one pixel, got 0x3"):
        Picture.from_pil(PillowImage.new("RGB", (0, 3)))


@pytest.mark.parametrize("mode", ["P", "RGB", "L"])
def test_a_transparent_colour_of_a_pillow_image_is_alpha_and_comes_back(mode: str) -> None:
    image = image_of_mode(mode)
    key = {"P": 3, "L": int(np.asarray(image).flat[0]), "RGB": (1, 2, 3)}[mode]
    image.info["transparency"] = key
    picture = Picture.from_pil(image)
    assert picture.alpha is not None
    np.testing.assert_array_equal(
        picture.transparent_mask(), (np.asarray(image).reshape(9, 12, -1) == np.array(key)).all(axis=2)
    )
    back = picture.to_pil()
    assert (back.mode, back.info["transparency"]) == (mode, key)


@given(hnp.arrays(np.uint8, hnp.array_shapes(min_dims=3, max_dims=3, max_side=4).map(lambda s: (*s[:2], 3))))
def test_filling_with_its_own_values_changes_no_byte(array: np.ndarray) -> None:
    picture = Picture.from_array(array)
    everything = np.ones(picture.shape, bool)
    np.testing.assert_array_equal(picture.with_filled(picture.to_float(), everything).pixels, array)


@given(hnp.arrays(np.uint16, (3, 3)))
def test_filling_with_its_own_values_changes_no_sixteen_bits(array: np.ndarray) -> None:
    picture = Picture.from_array(array)
    filled = picture.with_filled(picture.to_float(), np.ones((3, 3), bool))
    np.testing.assert_array_equal(filled.to_array(), array)


@given(hnp.arrays(np.float32, (4, 4), elements=st.floats(-1e6, 1e6, width=32)))
def test_floats_of_any_range_are_seen_in_the_unit_range(array: np.ndarray) -> None:
    seen = Picture.from_array(array).to_float()
    assert seen.min() >= 0
    assert seen.max() <= 1


def test_floats_in_the_unit_range_are_kept_as_they_are() -> None:
    array = np.array([[0.25, 0.5]], np.float32)  # not stretched to 0 and 1
    np.testing.assert_array_equal(Picture.from_array(array).to_float()[:, :, 0], array)


def test_floats_beyond_the_unit_range_are_mapped_linearly() -> None:
    """From -2 to 6: 0 lies a quarter of the way."""
    picture = Picture.from_array(np.array([[-2.0, 0.0, 6.0]]))
    np.testing.assert_allclose(picture.to_float()[0, :, 0], [0, 0.25, 1])
    filled = picture.with_filled(np.full((1, 3, 1), 0.5, np.float32), np.array([[True, False, False]]))
    assert filled.to_array().tolist() == [[2.0, 0.0, 6.0]]


@pytest.mark.parametrize("garbage", [1e30, -9999.0, np.nan, np.inf])
def test_garbage_under_the_mask_changes_no_value_that_a_method_sees(garbage: float) -> None:
    mask = np.array([[True, False, False]])
    seen = []
    for value in (0.0, garbage):
        picture = Picture.from_array(np.array([[value, -1.0, 3.0]])).with_range_of_known(mask)
        seen.append(picture.to_float()[~mask].tolist())
    assert seen[0] == seen[1] == [[0.0], [1.0]]


def test_a_range_that_overflows_is_refused() -> None:
    with pytest.raises(InputError, match="finite range"):
        Picture.from_array(np.array([[-1.7e308, 1.7e308]]))


def test_one_bit_pictures_are_thresholded_at_one_half() -> None:
    picture = Picture.from_array(np.zeros((1, 3), bool))
    filled = picture.with_filled(np.array([[[0.49], [0.5], [0.9]]], np.float32), np.ones((1, 3), bool))
    assert filled.to_array_like(np.zeros((1, 3), bool)).tolist() == [[False, True, True]]


def test_values_are_rounded_and_clipped() -> None:
    """0.5 of 255 is 127.5, even 128; 1/255 less a quarter step rounds back up."""
    picture = Picture.from_array(np.zeros((1, 4), np.uint8))
    unit = np.array([[[0.5], [0.75 / 255], [1.7], [-0.2]]], np.float32)
    assert picture.with_filled(unit, np.ones((1, 4), bool)).to_array().tolist() == [[128, 1, 255, 0]]


def test_a_palette_takes_its_nearest_opaque_colour() -> None:
    """Entries: black, light grey but transparent, white. A light grey gets white, the nearest that can be seen."""
    image = PillowImage.fromarray(np.array([[0, 1, 2]], np.uint8))
    image.putpalette([0, 0, 0, 240, 240, 240, 255, 255, 255])
    image.info["transparency"] = 1
    picture = Picture.from_pil(image)
    filled = picture.with_filled(np.full((1, 3, 3), 0.93, np.float32), np.array([[True, True, False]]))
    assert filled.palette is not None
    assert filled.palette.indices.tolist() == [[2, 2, 2]]
    assert filled.alpha is not None
    assert filled.alpha.tolist() == [[255, 255, 255]]


def test_the_nearest_palette_colour_agrees_with_a_plain_search(
    make_palette_image: Callable[..., PillowImage.Image],
) -> None:
    picture = Picture.from_pil(make_palette_image())
    palette = picture.palette
    assert palette is not None
    colours = np.random.default_rng(0).integers(0, 256, (40_000, 3)).astype(np.uint8)  # more than are compared at once
    distances = [
        ((colours.astype(int) - entry) ** 2).sum(axis=1) for entry in palette.colours[: palette.n_colours].astype(int)
    ]
    np.testing.assert_array_equal(palette.nearest(colours), np.argmin(distances, axis=0))


def test_alpha_is_kept_under_the_mask_until_it_is_made_opaque(corner: np.ndarray) -> None:
    array = array_of("uint8", 9, 12, 4)
    picture = Picture.from_array(array).with_filled(np.zeros((9, 12, 3), np.float32), corner)
    assert picture.alpha is not None
    np.testing.assert_array_equal(picture.alpha, array[:, :, 3])
    opaque = picture.with_opaque(corner).alpha
    assert opaque is not None
    assert (opaque[corner] == 255).all()
    np.testing.assert_array_equal(opaque[~corner], array[:, :, 3][~corner])


@pytest.mark.parametrize(("dtype", "full"), [("uint8", 255), ("uint16", 65535), ("float32", 1.0)])
def test_opaque_is_the_greatest_value_of_the_type(dtype: str, full: float, corner: np.ndarray) -> None:
    picture = Picture.from_array(array_of(dtype, 9, 12, 2)).with_opaque(corner)
    assert picture.alpha is not None
    assert (picture.alpha[corner] == full).all()


def test_a_transparent_palette_pixel_is_made_opaque_in_its_nearest_colour(
    make_palette_image: Callable[..., PillowImage.Image],
) -> None:
    picture = Picture.from_pil(make_palette_image(transparency=2))
    opaque = picture.with_opaque(picture.transparent_mask())
    assert picture.transparent_mask().any()
    assert not opaque.transparent_mask().any()


def test_without_alpha_there_is_no_transparent_mask_and_nothing_to_make_opaque(corner: np.ndarray) -> None:
    picture = Picture.from_array(array_of("uint8", 9, 12, 3))
    assert picture.with_opaque(corner) is picture
    with pytest.raises(InputError, match="no alpha channel"):
        picture.transparent_mask()


def test_the_transparent_mask_is_where_alpha_is_zero() -> None:
    planes = np.array([[[9, 0], [9, 1], [9, 255]]], np.uint8)
    assert Picture.from_array(planes).transparent_mask().tolist() == [[True, False, False]]


def test_numpy_takes_a_picture_for_an_array_with_alpha_last() -> None:
    for shape in ((2, 3), (2, 3, 2), (2, 3, 3), (2, 3, 4)):
        array = array_of("uint8", *shape)
        np.testing.assert_array_equal(np.asarray(Picture.from_array(array)), array)
    assert np.asarray(Picture.from_array(array_of("uint8", 2, 3, 1)), dtype=np.float64).shape == (2, 3)


def test_a_mask_or_filling_of_another_shape_is_refused() -> None:
    picture = Picture.from_array(np.zeros((2, 3), np.uint8))
    with pytest.raises(InputError, match="got image 3x2 and mask 2x3"):
        picture.with_filled(picture.to_float(), np.zeros((3, 2), bool))
    with pytest.raises(InputError, match=r"shaped as the picture, \(2, 3, 1\), got \(2, 3, 3\)"):
        picture.with_filled(np.zeros((2, 3, 3), np.float32), np.zeros((2, 3), bool))


def test_sizes_are_named_in_their_order() -> None:
    picture = Picture.from_array(np.zeros((2, 3), np.uint8))
    assert (picture.size, picture.shape) == ((3, 2), (2, 3))


def test_grey_and_nearly_grey_are_near_in_lab() -> None:
    """As Pillow hands them out, a = -1 is byte 255 and a = 0 is byte 0; their mean must not be 127."""
    lab = PillowImage.frombytes("LAB", (2, 1), bytes([100, 255, 255, 100, 0, 0]))
    seen = Picture.from_pil(lab).to_float()
    np.testing.assert_allclose(seen[0, :, 1:] * 255, [[127, 127], [128, 128]], atol=1e-4)


def test_a_pillow_image_whose_file_is_cut_short_is_refused(valid_files: dict[str, bytes]) -> None:
    with PillowImage.open(io.BytesIO(valid_files["jpeg"][:700])) as image, pytest.raises(InputError, match="truncated"):
        Picture.from_pil(image)
