"""A picture saved in another format: as near as that format can hold, and every loss is noted."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as PillowImage

from retouch.errors import FileError, InputError
from retouch.io.pictures.conversion import CAN_HOLD, fit_to_format, kind_of
from retouch.io.pictures.picture import Picture
from retouch.io.pictures.reading import open_image
from retouch.io.pictures.writing import SUFFIXES, encode, save_image

EXACT = {
    ("L png", "TIFF"), ("L png", "BMP"), ("L png", "GIF"), ("L png", "WEBP"), ("P png", "GIF"), ("P png", "BMP"),
    ("P+clear png", "GIF"), ("P+alpha png", "TIFF"), ("RGB png", "WEBP"), ("RGB png", "BMP"), ("RGBA png", "TIFF"),
    ("RGBA png", "BMP"), ("RGBA png", "WEBP"), ("LA png", "WEBP"), ("1 png", "TIFF"), ("1 png", "GIF"),
    ("I;16 png", "TIFF"), ("L+key png", "TIFF"), ("RGB+key png", "WEBP"), ("3 channels of 16 bits png", "TIFF"),
    ("4 channels of 16 bits tiff", "PNG"), ("2 channels of 16 bits png", "TIFF"),
}  # fmt: skip


def in_rgba(picture: Picture) -> np.ndarray:
    """Return (H, W, 4) values, grey repeated, alpha full where there is none."""
    colours = np.broadcast_to(picture.pixels, (*picture.shape, 3))
    alpha = np.full(picture.shape, picture.opaque) if picture.alpha is None else picture.alpha
    return np.dstack([colours, alpha])


def in_rgb_bytes(picture: Picture) -> np.ndarray:
    image = picture.to_pil()
    return np.asarray((image.convert("RGBA") if image.mode == "P" else image).convert("RGB"), np.int64)


@pytest.mark.parametrize(("kind", "file_format"), sorted(EXACT))
def test_a_format_that_can_hold_it_gets_every_value(
    kind: str, file_format: str, lossless_files: dict[str, bytes]
) -> None:
    picture = open_image(lossless_files[kind])
    again = open_image(encode(picture, file_format))
    assert again.format == file_format
    assert fit_to_format(picture, file_format).notes == ()
    np.testing.assert_array_equal(in_rgba(again), in_rgba(picture))


@pytest.mark.parametrize("file_format", CAN_HOLD)
def test_every_kind_of_picture_can_be_written_in_every_format(
    file_format: str, lossless_files: dict[str, bytes]
) -> None:
    for kind, data in lossless_files.items():
        picture = open_image(data)
        again = open_image(encode(picture, file_format))
        assert (again.format, again.size) == (file_format, picture.size), kind
        ours, theirs = in_rgb_bytes(fit_to_format(picture, file_format)), in_rgb_bytes(again)
        assert np.abs(ours - theirs).mean() < 12, kind  # what lossy coding costs on noise; a swapped channel costs 30


@pytest.mark.parametrize(
    ("kind", "file_format", "note"),
    [
        ("CMYK tiff", "PNG", "colours were converted from CMYK to RGB"),
        ("LAB tiff", "PNG", "colours were converted from LAB to RGB"),
        ("YCbCr tiff", "JPEG", "colours were converted from YCbCr to RGB"),
        ("I;16 png", "JPEG", "pixel values were reduced to 8 bits"),
        ("F tiff", "PNG", "pixel values were reduced to 16 bits"),
        ("I tiff", "PNG", "pixel values were reduced to 16 bits"),
        ("RGBA png", "JPEG", "transparent parts were laid on white"),
        ("RGB png", "GIF", "colours were reduced to a palette of 256"),
        ("P+alpha png", "GIF", "colours were reduced to a palette of 256"),
    ],
)
def test_a_loss_is_noted(kind: str, file_format: str, note: str, lossless_files: dict[str, bytes]) -> None:
    assert note in fit_to_format(open_image(lossless_files[kind]), file_format).notes


def test_transparent_parts_become_white_by_their_share() -> None:
    """Black at alpha 255, 51 and 0: 0, 255 * (1 - 0.2) = 204, 255."""
    picture = fit_to_format(Picture.from_array(np.array([[[0, 255], [0, 51], [0, 0]]], np.uint8)), "JPEG")
    assert picture.pixels[0, :, 0].tolist() == [0, 204, 255]
    assert picture.alpha is None


def test_full_alpha_is_dropped_without_a_note() -> None:
    picture = Picture.from_array(np.full((2, 2, 4), 255, np.uint8))
    assert fit_to_format(picture, "JPEG").notes == ()


def test_sixteen_bits_are_rounded_to_eight() -> None:
    """65535 / 255 = 257 levels a step: 128 is 0.498 steps, 129 is 0.502."""
    picture = Picture.from_array(np.array([[128, 129, 65535]], np.uint16))
    assert fit_to_format(picture, "BMP").to_array().tolist() == [[0, 1, 255]]


def test_integers_of_32_bits_within_sixteen_keep_their_values_in_png() -> None:
    picture = Picture.from_pil(PillowImage.fromarray(np.array([[0, 300, 65535]], np.int32)))
    fitted = fit_to_format(picture, "PNG")
    assert fitted.to_array().tolist() == [[0, 300, 65535]]
    assert fitted.notes == ()


def test_a_gif_has_one_transparent_entry_for_what_is_less_than_half_opaque() -> None:
    planes = np.random.default_rng(0).integers(0, 256, (16, 16, 4)).astype(np.uint8)
    again = open_image(encode(Picture.from_array(planes), "GIF"))
    np.testing.assert_array_equal(again.transparent_mask(), planes[:, :, 3] < 128)


def test_white_paper_stays_white_when_inks_become_rgb() -> None:
    paper = PillowImage.frombytes("CMYK", (2, 1), bytes([0, 0, 0, 0, 0, 0, 0, 255]))
    assert fit_to_format(Picture.from_pil(paper), "PNG").pixels[0].tolist() == [[255, 255, 255], [0, 0, 0]]


def test_the_lightness_of_lab_becomes_grey() -> None:
    """L* = 100 is white and 0 black; a and b are 0 where neutral."""
    lab = PillowImage.frombytes("LAB", (2, 1), bytes([255, 0, 0, 0, 0, 0]))
    np.testing.assert_allclose(fit_to_format(Picture.from_pil(lab), "PNG").pixels[0], [[255] * 3, [0] * 3], atol=1)


@pytest.mark.parametrize(
    ("mode", "kind"),
    [("1", "1"), ("L", "L"), ("LA", "LA"), ("CMYK", "CMYK"), ("I;16", "L;16"), ("I", "L;I"), ("F", "L;F")],
)
def test_kinds_are_named(mode: str, kind: str) -> None:
    assert kind_of(Picture.from_pil(PillowImage.new(mode, (2, 2)))) == kind


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_the_suffix_names_the_format(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"picture{suffix.upper()}"
    Picture.from_array(np.zeros((8, 8, 3), np.uint8)).save(path)
    assert open_image(path).format == SUFFIXES[suffix]


def test_without_a_suffix_the_format_of_the_picture_is_kept(valid_files: dict[str, bytes], tmp_path: Path) -> None:
    open_image(valid_files["RGB webp"]).save(tmp_path / "picture")
    assert open_image(tmp_path / "picture").format == "WEBP"
    Picture.from_array(np.zeros((8, 8), np.uint8)).save(tmp_path / "array")
    assert open_image(tmp_path / "array").format == "PNG"


def test_a_format_asked_for_goes_before_the_suffix(tmp_path: Path) -> None:
    save_image(Picture.from_array(np.zeros((8, 8), np.uint8)), tmp_path / "picture.png", format="tiff")
    assert open_image(tmp_path / "picture.png").format == "TIFF"


def test_an_unknown_suffix_or_format_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    picture = Picture.from_array(np.zeros((8, 8), np.uint8))
    with pytest.raises(InputError, match=r"unknown picture suffix '.jpgg'; did you mean '.jpg'\? Known: .png, .jpg"):
        picture.save(tmp_path / "picture.jpgg")
    with pytest.raises(InputError, match="unknown picture format 'PSD'"):
        encode(picture, "psd")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("quality", [0, 101, -5])
def test_a_quality_out_of_range_is_refused(quality: int) -> None:
    with pytest.raises(InputError, match=f"the quality must be from 1 to 100, got {quality}"):
        encode(Picture.from_array(np.zeros((8, 8), np.uint8)), "JPEG", quality=quality)


@pytest.mark.parametrize(("file_format", "side"), [("JPEG", 66_000), ("WEBP", 17_000), ("GIF", 66_000)])
def test_a_picture_too_large_for_its_format_is_refused_in_one_line(file_format: str, side: int) -> None:
    with pytest.raises(FileError, match=f"cannot write the picture as {file_format}: .*; choose another format"):
        encode(Picture.from_array(np.zeros((1, side), np.uint8)), file_format)


def test_lossy_quality_can_be_asked_of_webp_and_avif() -> None:
    planes = np.random.default_rng(0).integers(0, 256, (64, 64, 3)).astype(np.uint8)
    for file_format in ("WEBP", "AVIF"):
        sizes = [len(encode(Picture.from_array(planes), file_format, quality=quality)) for quality in (10, 90)]
        assert sizes[0] < sizes[1]
    with PillowImage.open(io.BytesIO(encode(Picture.from_array(planes), "WEBP", quality=10))) as image:
        assert not np.array_equal(np.asarray(image), planes)
