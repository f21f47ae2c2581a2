"""What was not under the mask comes back bit for bit, whatever the kind of file."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image as PillowImage

from retouch.io.pictures.picture import Picture
from retouch.io.pictures.reading import open_image
from retouch.io.pictures.writing import encode

KINDS = (
    """
1 png|1 tiff group4|1 tiff group3|1 bmp|L png|L tiff lzw|L gif|L bmp|L+key png|RGB+key png|LA png|LA tiff
P png|P+clear png|P+alpha png|P gif|P+clear gif|P tiff|P bmp|RGB png|RGB tiff packbits|RGB bmp|RGB webp
RGBA png|RGBA tiff|RGBA webp|RGBA bmp|CMYK tiff|LAB tiff|YCbCr tiff|I;16 png|I;16 tiff|I tiff|F tiff
2 channels of 16 bits png|3 channels of 16 bits png|4 channels of 16 bits png
3 channels of 16 bits tiff|4 channels of 16 bits tiff|3 channels of floats tiff|4 channels of floats tiff
doubles tiff|grey doubles tiff
""".strip()
    .replace("\n", "|")
    .split("|")
)
"""The keys of the fixture `lossless_files`."""


@pytest.fixture
def block() -> np.ndarray:
    mask = np.zeros((21, 34), bool)
    mask[5:12, 7:20] = True
    return mask


def test_every_kind_is_listed(lossless_files: dict[str, bytes]) -> None:
    assert set(KINDS) == set(lossless_files)


@pytest.mark.parametrize("kind", KINDS)
def test_known_pixels_of_a_lossless_file_come_back_bit_for_bit(
    kind: str, lossless_files: dict[str, bytes], block: np.ndarray
) -> None:
    picture = open_image(lossless_files[kind])
    repaired = picture.with_filled(1 - picture.to_float(), block)
    again = open_image(encode(repaired))
    assert (again.format, again.mode, again.pixels.dtype) == (picture.format, picture.mode, picture.pixels.dtype)
    np.testing.assert_array_equal(again.pixels[~block], picture.pixels[~block])
    np.testing.assert_array_equal(again.pixels, repaired.pixels)
    assert not np.array_equal(again.pixels[block], picture.pixels[block])


@pytest.mark.parametrize("kind", [kind for kind in KINDS if any(word in kind for word in ("A ", "+", "2 ", "4 "))])
def test_known_alpha_comes_back_bit_for_bit(kind: str, lossless_files: dict[str, bytes], block: np.ndarray) -> None:
    picture = open_image(lossless_files[kind])
    again = open_image(encode(picture.with_filled(1 - picture.to_float(), block)))
    assert picture.alpha is not None
    assert again.alpha is not None
    np.testing.assert_array_equal(again.alpha[~block], picture.alpha[~block])


@pytest.mark.parametrize("kind", [kind for kind in KINDS if not kind.startswith(("P+", "2 ", "3 ", "4 ", "grey", "d"))])
def test_our_reading_agrees_with_plain_pillow(kind: str, lossless_files: dict[str, bytes]) -> None:
    """Deep colour is left out, which Pillow cannot read; transparent palettes, since Pillow's arrays have no alpha."""
    picture = open_image(lossless_files[kind])
    plain = PillowImage.open(io.BytesIO(lossless_files[kind]))
    theirs = np.asarray(plain.convert("RGB") if plain.mode == "P" else plain)
    if plain.mode == "LAB":  # bytes around 128 here, signed ones there
        theirs = theirs ^ np.array([0, 128, 128], np.uint8)
    ours = picture.pixels if picture.colour_key is not None or plain.mode == "P" else picture.to_array()
    ours = ours.reshape(theirs.shape)
    np.testing.assert_array_equal(ours > 0 if plain.mode == "1" else ours, theirs)


def test_the_indices_of_a_palette_stay_the_same_numbers(lossless_files: dict[str, bytes], block: np.ndarray) -> None:
    picture = open_image(lossless_files["P+alpha png"])
    again = open_image(encode(picture.with_filled(1 - picture.to_float(), block)))
    assert picture.palette is not None
    assert again.palette is not None
    np.testing.assert_array_equal(again.palette.indices[~block], picture.palette.indices[~block])
    np.testing.assert_array_equal(again.palette.colours, picture.palette.colours)


@pytest.mark.parametrize("compression", ["group3", "group4", "packbits", "tiff_lzw", "tiff_adobe_deflate", "raw"])
def test_a_tiff_keeps_its_compression(compression: str, save_with_pillow: Callable[..., bytes]) -> None:
    image = PillowImage.fromarray(np.eye(20, dtype=bool))
    data = save_with_pillow(image, "TIFF", compression=compression)
    assert open_image(encode(open_image(data))).facts.tiff_compression == compression


def test_a_tiff_compressed_as_jpeg_is_written_without_further_loss(
    make_noise: Callable[..., np.ndarray], save_with_pillow: Callable[..., bytes]
) -> None:
    picture = open_image(save_with_pillow(PillowImage.fromarray(make_noise(3)), "TIFF", compression="jpeg"))
    np.testing.assert_array_equal(open_image(encode(picture)).pixels, picture.pixels)


@pytest.mark.parametrize("kind", ["jpeg", "progressive jpeg", "grey jpeg", "cmyk jpeg"])
def test_a_jpeg_keeps_its_tables_its_subsampling_and_its_scans(kind: str, valid_files: dict[str, bytes]) -> None:
    picture = open_image(valid_files[kind])
    assert picture.facts.jpeg is not None
    assert open_image(encode(picture)).facts.jpeg == picture.facts.jpeg


@pytest.mark.parametrize("quality", [5, 60, 97])
@pytest.mark.parametrize("subsampling", [0, 1, 2])
def test_a_jpeg_of_any_quality_keeps_its_tables(
    quality: int, subsampling: int, make_noise: Callable[..., np.ndarray], save_with_pillow: Callable[..., bytes]
) -> None:
    image = PillowImage.fromarray(make_noise(3))
    picture = open_image(save_with_pillow(image, "JPEG", quality=quality, subsampling=subsampling))
    again = open_image(encode(picture)).facts.jpeg
    assert again == picture.facts.jpeg
    assert again is not None
    assert again.subsampling == subsampling


def test_a_jpeg_stored_as_rgb_stays_so(
    make_noise: Callable[..., np.ndarray], save_with_pillow: Callable[..., bytes]
) -> None:
    picture = open_image(save_with_pillow(PillowImage.fromarray(make_noise(3)), "JPEG", keep_rgb=True))
    again = open_image(encode(picture))
    assert again.facts.jpeg == picture.facts.jpeg
    assert again.facts.jpeg is not None
    assert again.facts.jpeg.stored_as_rgb


def test_a_quality_asked_for_replaces_the_tables_of_a_jpeg(valid_files: dict[str, bytes]) -> None:
    picture = open_image(valid_files["jpeg"])
    asked = open_image(encode(picture, quality=98)).facts.jpeg
    assert asked is not None
    assert picture.facts.jpeg is not None
    assert asked.subsampling == 0
    assert sum(asked.tables[0]) < sum(picture.facts.jpeg.tables[0])  # finer steps


@pytest.mark.parametrize("kind", ["jpeg", "grey jpeg", "cmyk jpeg"])
def test_a_jpeg_saved_five_times_hardly_changes(kind: str, valid_files: dict[str, bytes]) -> None:
    """The same tables give the same coefficients, but for clipping and colour rounding; inverted CMYK would flip."""
    picture = open_image(valid_files[kind])
    again = picture
    for _ in range(5):
        again = open_image(encode(again))
    difference = np.abs(again.pixels.astype(int) - picture.pixels.astype(int))
    assert difference.mean() < 4


def test_an_array_without_tables_becomes_a_fine_jpeg(make_noise: Callable[..., np.ndarray]) -> None:
    coding = open_image(encode(Picture.from_array(make_noise(3)), "JPEG")).facts.jpeg
    assert coding is not None
    # quality 95 scales the standard's luma table (16 11 10 ...) to 200 - 2*95 = 10 per cent: 1.6, 1.1, 1.0, rounded
    assert coding.tables[0][:3] == (2, 1, 1)
    assert coding.subsampling == 0


def test_a_lossy_webp_stays_lossy_and_a_lossless_one_lossless(valid_files: dict[str, bytes]) -> None:
    kinds = {
        kind: open_image(encode(open_image(valid_files[kind]))).facts.lossless for kind in ("lossy webp", "RGB webp")
    }
    assert kinds == {"lossy webp": False, "RGB webp": True}


def test_colour_under_full_transparency_survives_in_webp(make_noise: Callable[..., np.ndarray]) -> None:
    planes = make_noise(4)
    planes[:, :, 3] = 0
    np.testing.assert_array_equal(open_image(encode(Picture.from_array(planes), "WEBP")).to_array(), planes)


@pytest.mark.parametrize("kind", ["animated gif", "animated webp", "animated png", "paged tiff", "mpo"])
def test_of_several_frames_the_first_is_read_and_a_note_says_so(
    kind: str, valid_files: dict[str, bytes], make_noise: Callable[..., np.ndarray]
) -> None:
    picture = open_image(valid_files[kind])
    assert picture.notes == ("the file holds several pictures or frames; only the first one is used",)
    # the frames are unrelated noise of +-50 grey levels, so a mean difference below 25 tells the first from the others
    assert np.abs(picture.pixels.astype(int) - make_noise(3)).mean() < 25
    assert open_image(encode(picture)).notes == ()


def test_a_transparent_grey_of_two_bits_is_scaled_with_the_pixels(write_png: Callable[..., bytes]) -> None:
    """Four pixels 0 1 2 3 in one byte, 1 transparent; 2-bit level 1 is 85 of 255."""
    picture = open_image(write_png([bytes([0b00011011])], 4, 2, 0, chunks={b"tRNS": b"\0\1"}))
    assert picture.pixels[0, :, 0].tolist() == [0, 85, 170, 255]
    assert picture.alpha is not None
    assert picture.alpha[0].tolist() == [255, 0, 255, 255]


def test_the_transparent_colour_of_a_deep_png_is_kept(write_png: Callable[..., bytes]) -> None:
    row = np.array([[1000, 2000, 3000], [1000, 2000, 3001]], ">u2")
    data = write_png([row.tobytes()], 2, 16, 2, chunks={b"tRNS": row[0].tobytes()})
    picture = open_image(encode(open_image(data)))
    assert picture.colour_key == (1000, 2000, 3000)
    assert picture.alpha is not None
    assert picture.alpha[0].tolist() == [0, 65535]
    np.testing.assert_array_equal(picture.pixels[0], row)


def test_a_filled_pixel_never_takes_the_transparent_colour(lossless_files: dict[str, bytes], block: np.ndarray) -> None:
    picture = open_image(lossless_files["RGB+key png"])
    key = np.array(picture.colour_key)
    filled = picture.with_filled(np.broadcast_to((key / 255).astype(np.float32), (21, 34, 3)), block).with_opaque(block)
    again = open_image(encode(filled))
    assert again.alpha is not None
    assert (again.alpha[block] == 255).all()
    assert np.abs(again.pixels[block].astype(int) - key).max() == 1


@pytest.mark.parametrize("depth", ["uint16", "float32", "float64"])
@pytest.mark.parametrize("rows", [1, 64, 65, 130])
def test_deep_writers_work_across_their_bands_of_rows(depth: str, rows: int) -> None:
    rng = np.random.default_rng(rows)
    planes = rng.random((rows, 5, 3))
    planes = (planes * 65535).astype(depth) if depth == "uint16" else planes.astype(depth)
    for file_format in ("PNG", "TIFF") if depth == "uint16" else ("TIFF",):
        np.testing.assert_array_equal(open_image(encode(Picture.from_array(planes), file_format)).pixels, planes)


def test_a_smooth_deep_png_is_compressed_well() -> None:
    """A ramp is what the row filters are for: far below its 2 bytes a sample, and below a plain zlib of the rows."""
    ramp = (np.add.outer(np.arange(200), np.arange(200))[:, :, None] * [40, 50, 60]).astype(np.uint16)
    assert len(encode(Picture.from_array(ramp), "PNG")) < ramp.nbytes / 50


def test_sixteen_bit_cmyk_is_read_with_eight_bits_and_a_note(lossless_files: dict[str, bytes]) -> None:
    """A 1x1 TIFF by hand: photometric 5 (inks), four samples of 16 bits."""
    entries = [(256, 3, 1, 1), (257, 3, 1, 1), (258, 3, 4, 200), (259, 3, 1, 1), (262, 3, 1, 5), (273, 4, 1, 8)]
    entries += [(277, 3, 1, 4), (278, 3, 1, 1), (279, 4, 1, 8)]
    table = struct.pack("<H", len(entries)) + b"".join(struct.pack("<HHII", *entry) for entry in entries) + bytes(4)
    data = struct.pack("<2sHI4H", b"II", 42, 16, 0x1234, 0x5678, 0x9ABC, 0xDEF0) + table
    picture = open_image(data.ljust(200, b"\0") + struct.pack("<4H", 16, 16, 16, 16))
    assert picture.pixels[0, 0].tolist() == [0x12, 0x56, 0x9A, 0xDE]
    assert "read with 8 bits" in picture.notes[0]
