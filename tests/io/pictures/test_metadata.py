"""ICC profile and DPI stay; GPS, thumbnails and maker notes go unless they are asked for."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image as PillowImage
from PIL import ImageCms

from retouch.io.pictures.metadata import reset_orientation
from retouch.io.pictures.picture import Picture
from retouch.io.pictures.reading import open_image
from retouch.io.pictures.writing import encode

PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
MAKE, SOFTWARE, ARTIST, EXIF_IFD, GPS_IFD, EXPOSURE, MAKER_NOTE, SERIAL = (
    *(0x010F, 0x0131, 0x013B, 0x8769, 0x8825, 0x829A, 0x927C, 0xA431),
)


def exif_with_secrets() -> PillowImage.Exif:
    exif = PillowImage.Exif()
    exif[MAKE], exif[ARTIST], exif[SOFTWARE], exif[0x0112] = "Maker", "Artist", "Tracker 1", 3
    exif[EXIF_IFD] = {EXPOSURE: 0.5, MAKER_NOTE: b"secret note", SERIAL: "serial 77"}
    exif[GPS_IFD] = {1: "N", 2: (52.0, 31.0, 12.0)}
    return exif


def file_of(file_format: str, make_noise: Callable[..., np.ndarray], **options: object) -> bytes:
    buffer = io.BytesIO()
    PillowImage.fromarray(make_noise(3)).save(buffer, file_format, **options)
    return buffer.getvalue()


def exif_of(data: bytes) -> PillowImage.Exif:
    with PillowImage.open(io.BytesIO(data)) as image:
        return image.getexif()


@pytest.mark.parametrize("file_format", ["PNG", "JPEG", "WEBP", "TIFF", "AVIF"])
def test_the_icc_profile_is_kept(file_format: str, make_noise: Callable[..., np.ndarray]) -> None:
    data = encode(open_image(file_of(file_format, make_noise, icc_profile=PROFILE)))
    with PillowImage.open(io.BytesIO(data)) as image:
        assert image.info["icc_profile"] == PROFILE


@pytest.mark.parametrize(("file_format", "depth"), [("PNG", "uint16"), ("TIFF", "uint16"), ("TIFF", "float32")])
def test_the_icc_profile_and_dpi_of_deep_colour_are_kept(
    file_format: str, depth: str, make_noise: Callable[..., np.ndarray]
) -> None:
    shallow = open_image(file_of(file_format, make_noise, icc_profile=PROFILE, dpi=(300, 150)))
    deep = Picture.from_array(np.ones((4, 5, 3), depth))
    facts = open_image(encode(replace(deep, facts=shallow.facts), file_format)).facts
    assert facts.icc_profile == PROFILE
    assert facts.dpi == pytest.approx((300, 150), abs=0.02)


@pytest.mark.parametrize("file_format", ["PNG", "JPEG", "TIFF", "BMP"])
def test_dpi_is_kept(file_format: str, make_noise: Callable[..., np.ndarray]) -> None:
    data = encode(open_image(file_of(file_format, make_noise, dpi=(300, 150))))
    with PillowImage.open(io.BytesIO(data)) as image:
        assert image.info["dpi"] == pytest.approx((300, 150), abs=0.02)  # PNG and BMP count pixels per metre


def test_a_jpeg_that_states_no_resolution_gets_none(make_noise: Callable[..., np.ndarray]) -> None:
    exif = PillowImage.Exif()
    exif[MAKE] = "Maker"  # Pillow answers an EXIF block without resolution with 72 dpi
    assert open_image(file_of("JPEG", make_noise, exif=exif)).facts.dpi is None


def test_colour_chunks_of_a_png_are_kept(write_png: Callable[..., bytes]) -> None:
    gamma = struct.pack(">I", 100000)
    data = write_png([b"\1\2\3"], 1, 8, 2, chunks={b"gAMA": gamma, b"tEXt": b"Comment\0secret"})
    written = encode(open_image(data))
    assert b"gAMA" + gamma in written
    assert b"secret" not in written


@pytest.mark.parametrize("file_format", ["PNG", "JPEG", "WEBP", "TIFF"])
def test_secrets_are_dropped_and_the_camera_is_kept(file_format: str, make_noise: Callable[..., np.ndarray]) -> None:
    data = encode(open_image(file_of(file_format, make_noise, exif=exif_with_secrets().tobytes())))
    exif = exif_of(data)
    assert (exif[MAKE], exif[ARTIST]) == ("Maker", "Artist")
    assert exif.get_ifd(EXIF_IFD)[EXPOSURE] == 0.5
    assert exif.get_ifd(GPS_IFD) == {}
    for secret in (b"secret note", b"serial 77", b"Tracker 1"):
        assert secret not in data


@pytest.mark.parametrize("file_format", ["PNG", "JPEG", "WEBP", "TIFF"])
def test_all_of_it_is_kept_when_asked(file_format: str, make_noise: Callable[..., np.ndarray]) -> None:
    picture = open_image(file_of(file_format, make_noise, exif=exif_with_secrets().tobytes()))
    exif = exif_of(encode(picture, keep_metadata=True))
    assert exif.get_ifd(GPS_IFD)[2] == (52.0, 31.0, 12.0)
    assert exif.get_ifd(EXIF_IFD)[MAKER_NOTE] == b"secret note"
    assert exif.get(0x0112, 1) == 1


def test_the_camera_stays_with_a_picture_that_was_turned(valid_files: dict[str, bytes]) -> None:
    picture = open_image(valid_files["progressive jpeg"])
    assert exif_of(encode(picture))[MAKE] == "Maker"


def test_resetting_the_orientation_changes_two_bytes_at_most() -> None:
    raw = exif_with_secrets().tobytes()
    reset = reset_orientation(raw)
    assert len(reset) == len(raw)
    assert sum(a != b for a, b in zip(raw, reset, strict=True)) == 1  # 3 became 1
    again = PillowImage.Exif()
    again.load(reset)
    assert again[0x0112] == 1


@pytest.mark.parametrize(
    "damaged", [b"", b"II", b"Exif\0\0II*\0\xff\xff\xff\xff", b"II*\0\x08\0\0\0\xff\xff", b"nonsense"]
)
def test_a_damaged_exif_block_is_left_as_it_is(damaged: bytes) -> None:
    assert reset_orientation(damaged) == damaged


@pytest.mark.parametrize(
    "damaged", [b"Exif\0\0II*\0\xff\xff\xff\xff", b"Exif\0\0nonsense", b"Exif\0\0MM\0*\0\0\0\x08\xff\xff"]
)
def test_a_damaged_exif_block_does_not_cost_the_picture(damaged: bytes, make_noise: Callable[..., np.ndarray]) -> None:
    picture = open_image(file_of("JPEG", make_noise, exif=damaged))
    assert picture.size == (34, 21)
    for keep_metadata in (False, True):
        assert open_image(encode(picture, keep_metadata=keep_metadata)).size == (34, 21)
