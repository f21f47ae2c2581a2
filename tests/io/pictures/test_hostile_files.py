"""Damaged and hostile files: a picture or one RetouchError, nothing else, and nothing on the terminal."""

from __future__ import annotations

import io
import os
import struct
import subprocess
import sys
import threading
import warnings
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as PillowImage
from PIL import ImageFile

from retouch.errors import InputError, LimitError, RetouchError
from retouch.io.pictures.picture import Picture
from retouch.io.pictures.reading import PictureSource, open_image
from retouch.io.pictures.switches import SharedBlock, no_warnings
from retouch.io.pictures.writing import encode

COLOUR_KINDS = ["RGB png", "jpeg", "RGB webp", "RGB tiff packbits", "L gif", "RGB bmp"]


def refusal(source: bytes | str | os.PathLike[str], **options: int) -> str:
    with pytest.raises(RetouchError) as caught:
        open_image(source, **options)
    message = str(caught.value)
    assert "\n" not in message
    assert " object at 0x" not in message
    return message


@given(st.data())
@settings(max_examples=400, deadline=None)
def test_a_damaged_file_gives_a_picture_or_one_of_our_errors(
    valid_files: dict[str, bytes], data: st.DataObject
) -> None:
    """Cuts and changed bytes anywhere; what still decodes must also be writable. Warnings are errors in this run."""
    kind = data.draw(st.sampled_from(sorted(valid_files)))
    damaged = bytearray(valid_files[kind])
    for _ in range(data.draw(st.integers(0, 4))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(damaged)))
    keep_whole = data.draw(st.booleans())
    try:
        picture = open_image(bytes(damaged if keep_whole else damaged[:cut]), max_pixels=100_000)
        encode(picture.with_filled(np.zeros_like(picture.to_float()), np.ones(picture.shape, bool)))
    except RetouchError as error:
        message = str(error)
    else:
        message = ""
    assert "\n" not in message


@pytest.mark.parametrize("kind", COLOUR_KINDS)
@pytest.mark.parametrize("share", [0.02, 0.3, 0.5, 0.8])
def test_a_file_cut_short_is_refused(kind: str, share: float, valid_files: dict[str, bytes]) -> None:
    whole = valid_files[kind]
    assert "cannot read the picture given as bytes" in refusal(whole[: int(share * len(whole))])


def test_a_tiff_whose_strips_end_early_is_refused(
    make_noise: Callable[..., np.ndarray], save_with_pillow: Callable[..., bytes]
) -> None:
    data = save_with_pillow(PillowImage.fromarray(make_noise()), "TIFF")
    taller = data.replace(struct.pack("<HHII", 257, 4, 1, 21), struct.pack("<HHII", 257, 4, 1, 2100))
    assert taller != data
    assert "its strips end before its last row" in refusal(taller)


@pytest.mark.parametrize("kind", COLOUR_KINDS)
def test_a_picture_above_the_limit_is_refused_before_it_is_decoded(
    kind: str, valid_files: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", lambda _: pytest.fail("decoded"))
    monkeypatch.setattr("PIL.WebPImagePlugin.WebPImageFile.load", lambda _: pytest.fail("decoded"))
    with pytest.raises(LimitError, match=r"34x21 = 714 pixels, above the limit of 713; raise it with --max-pixels"):
        open_image(valid_files[kind], max_pixels=713)


def test_a_picture_at_the_limit_is_read(valid_files: dict[str, bytes]) -> None:
    assert open_image(valid_files["RGB png"], max_pixels=34 * 21).size == (34, 21)


def test_pillows_own_limit_neither_fires_nor_changes(
    valid_files: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its warning comes above the limit, its error above twice the limit: 714 pixels are 7 times this one."""
    monkeypatch.setattr(PillowImage, "MAX_IMAGE_PIXELS", 100)
    for kind in COLOUR_KINDS:
        assert open_image(valid_files[kind]).size == (34, 21)
    assert PillowImage.MAX_IMAGE_PIXELS == 100


def test_a_png_that_declares_gigapixels_is_refused_by_its_header(write_png: Callable[..., bytes]) -> None:
    data = bytearray(write_png([b"\0\0\0"], 1, 8, 2, chunks={}))
    data[16:24] = struct.pack(">II", 50001, 49999)
    data[29:33] = struct.pack(">I", zlib.crc32(data[12:29]))
    assert "50001x49999" in refusal(bytes(data))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "it is empty (0 bytes)"),
        (b"Dear diary,\n" * 40, "it is not a picture of a known kind"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n", "it is not a picture of a known kind"),
        (b"\x89PNG\r\n\x1a\n", "cannot read"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\0IEND\xaeB`\x82", "cannot read"),
        (b"\xff\xd8\xff\xd9", "cannot read"),
        (b"GIF89a", "it is damaged or cut short"),
        (b"BM" + bytes(60), "cannot read"),
        (b"II*\0\x08\0\0\0", "its header is damaged"),
        (b"II*\0\xff\xff\xff\xff" + bytes(30), "cannot read"),
        (b"RIFF\x10\0\0\0WEBPVP8 " + bytes(20), "cannot read"),
        (b"\0\0\0\x20ftypheic" + bytes(30), "pip install pillow-heif"),
    ],
)
def test_what_is_no_picture_is_refused_by_name(content: bytes, words: str, tmp_path: Path) -> None:
    path = tmp_path / "picture.png"
    path.write_bytes(content)
    message = refusal(path)
    assert words in message
    assert str(path) in message


def test_a_missing_file_a_folder_and_a_wrong_type_are_refused(tmp_path: Path) -> None:
    assert "No such file" in refusal(tmp_path / "absent.png")
    assert "Is a directory" in refusal(tmp_path)
    assert "cannot read" in refusal("zero\0byte.png")


def test_a_source_of_a_wrong_type_is_refused() -> None:
    """In a process of its own, since types are checked in this one."""
    code = "import io, retouch.io.pictures.reading as r\n"
    code += (
        "for source in (5, io.StringIO('text')):\n    try: r.open_image(source)\n    except r.InputError as e: print(e)"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert "a picture must be a path, bytes or a binary stream, got int" in said
    assert "the stream gives text; open it in binary mode" in said


def test_a_file_that_may_not_be_read_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", denied)
    assert "Permission denied" in refusal("secret.png")


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="no /dev/zero on this system")
def test_an_endless_device_is_refused_at_once() -> None:
    assert "not a picture" in refusal("/dev/zero")


def test_a_name_with_a_line_break_is_shown_in_one_line(tmp_path: Path) -> None:
    assert "two\\nlines" in refusal(tmp_path / "two\nlines.png")


@pytest.mark.parametrize(
    "error",
    [
        *(OSError, ValueError, RuntimeError, NotImplementedError, TypeError, MemoryError, SyntaxError, struct.error),
        *(zlib.error, EOFError, OverflowError, IndexError, KeyError, AttributeError, ZeroDivisionError, RecursionError),
    ],
)
def test_whatever_a_decoder_raises_becomes_one_input_error(
    error: type[Exception], valid_files: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: object) -> None:
        raise error

    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", fail)
    with pytest.raises(InputError, match=r"cannot read the picture given as bytes: .+; give a whole, undamaged"):
        open_image(valid_files["RGB png"])


def test_ctrl_c_while_decoding_passes_through(valid_files: dict[str, bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", interrupted)
    with pytest.raises(KeyboardInterrupt):
        open_image(valid_files["RGB png"])


def test_warnings_of_decoders_are_not_shown_and_filters_come_back(
    valid_files: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A warning is an error in this run: were it let through, the picture would be refused."""
    load = ImageFile.ImageFile.load

    def noisy(image: ImageFile.ImageFile) -> object:
        warnings.warn("noise", stacklevel=2)
        return load(image)

    monkeypatch.setattr(ImageFile.ImageFile, "load", noisy)
    before = list(warnings.filters)
    assert open_image(valid_files["RGB png"]).size == (34, 21)
    assert warnings.filters == before


def test_threads_share_one_silent_block() -> None:
    """Two threads inside at once: the context is entered once, and left after the second has gone."""
    events: list[str] = []

    class Noted:
        def __enter__(self) -> None:
            events.append("in")

        def __exit__(self, *_: object) -> None:
            events.append("out")

    block, inside, leave = SharedBlock(Noted), threading.Event(), threading.Event()

    def other() -> None:
        with block:
            inside.set()
            leave.wait(5)

    thread = threading.Thread(target=other)
    thread.start()
    assert inside.wait(5)
    with block:
        assert events == ["in"]
    assert events == ["in"]
    leave.set()
    thread.join(5)
    assert events == ["in", "out"]


def test_silence_ends_with_an_exception() -> None:
    before = list(warnings.filters)
    with pytest.raises(KeyError), no_warnings:
        raise KeyError
    assert warnings.filters == before


def test_c_libraries_print_nothing(valid_files: dict[str, bytes], capfd: pytest.CaptureFixture[str]) -> None:
    """A fax cut in its data, a TIFF and a deep PNG with a changed byte: libtiff and libpng complain about each."""
    for kind, at in (("1 tiff group4", 40), ("L tiff lzw", 300), ("3 channels of 16 bits png", 900)):
        damaged = bytearray(valid_files[kind])
        damaged[at] ^= 0x5A
        try:
            open_image(bytes(damaged))
        except InputError:
            continue
    assert capfd.readouterr() == ("", "")


def test_sources_of_every_kind_give_the_same_picture(valid_files: dict[str, bytes], tmp_path: Path) -> None:
    data = valid_files["RGB png"]
    path = tmp_path / "a name.dat"  # the name does not matter
    path.write_bytes(data)
    with path.open("rb") as stream:
        sources: list[PictureSource] = [str(path), path, data, io.BytesIO(data), stream]
        arrays = [np.asarray(open_image(source)) for source in sources]
    for array in arrays[1:]:
        np.testing.assert_array_equal(array, arrays[0])


def test_content_and_not_the_name_tells_the_format(valid_files: dict[str, bytes], tmp_path: Path) -> None:
    path = tmp_path / "really.jpg"
    path.write_bytes(valid_files["RGB png"])
    assert open_image(path).format == "PNG"


def test_heic_is_read_where_its_plugin_is_there(
    monkeypatch: pytest.MonkeyPatch, make_noise: Callable[..., np.ndarray]
) -> None:
    """A plugin that answers to Pillow's interface stands in for pillow-heif, which is not installed here."""
    noise = make_noise(3)

    def opened(_: object, __: object) -> PillowImage.Image:
        image = PillowImage.fromarray(noise)
        image.format = "HEIF"
        return image

    class Plugin:
        @staticmethod
        def register_heif_opener() -> None:
            PillowImage.register_open("HEIF", opened)  # type: ignore[arg-type]

    monkeypatch.setitem(sys.modules, "pillow_heif", Plugin)
    monkeypatch.setattr(PillowImage, "OPEN", dict(PillowImage.OPEN))
    monkeypatch.setattr(PillowImage, "ID", list(PillowImage.ID))
    picture = open_image(b"\0\0\0\x20ftypheic" + bytes(30))
    np.testing.assert_array_equal(np.asarray(picture), noise)
    assert (picture.format, open_image(encode(picture)).format) == ("HEIF", "PNG")


def test_reading_imports_neither_numba_nor_scipy_nor_opencv() -> None:
    """Cold start: opencv only comes in for deep colour."""
    code = "import sys; from retouch.io.pictures import mask_files, reading, writing; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert "PIL" in loaded
    assert not {"numba", "scipy", "cv2", "torch"} & set(loaded)


def test_an_array_of_a_wrong_shape_or_type_is_refused() -> None:
    shapes = [np.zeros(3), np.zeros((2, 2, 5)), np.zeros((0, 4))]
    for array in (*shapes, np.zeros((2, 2), np.int64), np.zeros((2, 2), complex)):
        with pytest.raises(InputError):
            Picture.from_array(array)
