"""The EXIF orientation is applied once, and not written again."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image as PillowImage

from retouch.io.pictures.encoders import deep_png
from retouch.io.pictures.metadata import FileFacts
from retouch.io.pictures.picture import Picture
from retouch.io.pictures.reading import open_image
from retouch.io.pictures.values import upright
from retouch.io.pictures.writing import encode

# Four flat quarters, named by letters, as they are stored; EXIF 2.3, table of tag 0x0112, says which side is up:
#   A B
#   C D
SHOWN = {1: "ABCD", 2: "BADC", 3: "DCBA", 4: "CDAB", 5: "ACBD", 6: "CADB", 7: "DBCA", 8: "BDAC"}
LEVELS = {"A": 20, "B": 90, "C": 160, "D": 230}
FORMATS = ["JPEG", "PNG", "TIFF", "WEBP"]


def quarters(orientation: int, file_format: str) -> bytes:
    stored = np.repeat(np.repeat(np.array([[20, 90], [160, 230]], np.uint8), 16, axis=0), 24, axis=1)
    exif = PillowImage.Exif()
    exif[0x0112] = orientation
    buffer = io.BytesIO()
    PillowImage.fromarray(np.stack([stored] * 3, axis=2)).save(buffer, file_format, exif=exif, dpi=(100, 200))
    return buffer.getvalue()


def letters(pixels: np.ndarray) -> str:
    height, width = pixels.shape[:2]
    corners = [pixels[r, c, 0] for r in (height // 4, 3 * height // 4) for c in (width // 4, 3 * width // 4)]
    return "".join(min(LEVELS, key=lambda letter: abs(LEVELS[letter] - int(corner))) for corner in corners)


@pytest.mark.parametrize("file_format", FORMATS)
@pytest.mark.parametrize("orientation", range(1, 9))
def test_each_orientation_is_applied(orientation: int, file_format: str) -> None:
    picture = open_image(quarters(orientation, file_format))
    assert letters(picture.pixels) == SHOWN[orientation]
    assert picture.size == ((48, 32) if orientation < 5 else (32, 48))


@pytest.mark.parametrize("keep_metadata", [False, True])
@pytest.mark.parametrize("file_format", FORMATS)
@pytest.mark.parametrize("orientation", range(1, 9))
def test_what_is_written_shows_the_same_in_any_viewer(orientation: int, file_format: str, keep_metadata: bool) -> None:
    written = encode(open_image(quarters(orientation, file_format)), keep_metadata=keep_metadata)
    with PillowImage.open(io.BytesIO(written)) as image:
        assert image.getexif().get(0x0112, 1) == 1
    assert letters(open_image(written).pixels) == SHOWN[orientation]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_deep_colour_is_turned_too(orientation: int, make_noise: Callable[..., np.ndarray]) -> None:
    """The eXIf chunk of a PNG holds nothing but the orientation here: 'II', 42, offset 8, one SHORT entry."""
    stored = make_noise(3).astype(np.uint16) * 257
    exif = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0" + bytes([orientation, 0, 0, 0]) + bytes(4)
    picture = open_image(deep_png(stored, FileFacts(), exif, None))
    np.testing.assert_array_equal(picture.pixels, upright(stored, orientation))


def test_indices_of_a_palette_are_turned_with_their_colours(
    make_palette_image: Callable[..., PillowImage.Image], save_with_pillow: Callable[..., bytes]
) -> None:
    exif = PillowImage.Exif()
    exif[0x0112] = 6
    image = make_palette_image(transparency=2)
    picture = open_image(save_with_pillow(image, "PNG", exif=exif))
    assert picture.palette is not None
    np.testing.assert_array_equal(picture.palette.indices, np.rot90(np.asarray(image), -1))  # 6: turned clockwise
    np.testing.assert_array_equal(picture.pixels, picture.palette.colours[picture.palette.indices])
    assert picture.alpha is not None
    np.testing.assert_array_equal(picture.alpha == 0, picture.palette.indices == 2)


def test_resolution_across_and_down_change_places_with_rows_and_columns() -> None:
    assert open_image(quarters(6, "PNG")).facts.dpi == pytest.approx((200, 100), abs=0.02)  # PNG counts per metre
    assert open_image(quarters(3, "PNG")).facts.dpi == pytest.approx((100, 200), abs=0.02)


@pytest.mark.parametrize("nonsense", [0, 9, 65535])
def test_an_orientation_that_does_not_exist_is_ignored(nonsense: int) -> None:
    assert letters(open_image(quarters(nonsense, "JPEG")).pixels) == "ABCD"


def test_a_pillow_image_is_not_turned() -> None:
    """It comes back as it was given, so its rows are its rows."""
    with PillowImage.open(io.BytesIO(quarters(6, "PNG"))) as image:
        assert letters(Picture.from_pil(image).pixels) == "ABCD"
