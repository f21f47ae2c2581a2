"""Opening a picture file: allowlist, size limit before decoding, one error for every fault, orientation applied once.

Departures from plain Pillow: the kind of file is told from its first bytes, so that only one decoder ever sees it, and
its decoder is called directly; our limit of pixels stands in for Pillow's; warnings of decoders are not shown.
"""

from __future__ import annotations

import importlib
import io
import os
from dataclasses import replace
from pathlib import Path
from typing import Protocol, TypeAlias, runtime_checkable

import numpy as np
from PIL import Image as PillowImage

from retouch.errors import InputError, LimitError, RetouchError
from retouch.io.pictures.deep import is_deep_png, read_deep_png, read_deep_tiff, read_tiff_header
from retouch.io.pictures.metadata import orientation_of, read_facts
from retouch.io.pictures.picture import Picture
from retouch.io.pictures.pillow_images import picture_of
from retouch.io.pictures.switches import no_pillow_limit, no_stderr, no_warnings
from retouch.io.pictures.values import upright
from retouch.io.wording import fault, shown


@runtime_checkable
class BinaryStream(Protocol):
    """What can be read from: an open file, `io.BytesIO`, `sys.stdin.buffer`."""

    def read(self, size: int = -1, /) -> bytes:
        """Return at most `size` bytes; all that is left if it is negative."""


PictureSource: TypeAlias = str | os.PathLike[str] | bytes | BinaryStream

MAX_PIXELS = 100_000_000
_READABLE = "PNG, JPEG, WebP, TIFF, GIF, BMP"
_HEAD_LENGTH = 32
_BYTE = 8
_FIRST_SWAPPED_ORIENTATION = 5


def open_image(source: PictureSource, *, max_pixels: int = MAX_PIXELS) -> Picture:
    """Read a picture: upright, native values, with all that is needed to write it back in kind.

    Parameters
    ----------
    source : path, bytes or binary stream
        PNG, JPEG, WebP, TIFF, GIF or BMP, told by content and not by name; AVIF and HEIC where Pillow can read them.
        Of an animation or a file of several pages the first is read, and `Picture.notes` says so.
    max_pixels : int
        Largest width times height, read from the header before anything is decoded.

    Raises
    ------
    InputError
        If the file is missing, unreadable, damaged, cut short or of another kind.
    LimitError
        If the picture is larger than `max_pixels`.
    """
    name = shown(source)
    try:
        data = _read_bytes(source, name)
        kind = _kind_of(data[:_HEAD_LENGTH], name)
        with no_warnings, no_pillow_limit:
            return _decode(data, kind, name, max_pixels)
    except RetouchError:
        raise
    except Exception as error:  # decoders raise a dozen kinds: OSError, ValueError, SyntaxError, struct.error, ...
        raise InputError(f"cannot read {name}: {fault(error)}; give a whole, undamaged picture file") from error


def _read_bytes(source: PictureSource, name: str) -> bytes:
    if isinstance(source, bytes):
        return source
    if not isinstance(source, str | os.PathLike):
        if not isinstance(source, BinaryStream):
            raise InputError(f"a picture must be a path, bytes or a binary stream, got {type(source).__name__}")
        return _read_stream(source, name)
    try:
        with Path(source).open("rb") as stream:
            return _read_stream(stream, name)
    except RetouchError:
        raise
    except (OSError, ValueError) as error:
        raise InputError(f"cannot read {name}: {fault(error)}; give the name of a picture file") from error


def _read_stream(stream: BinaryStream, name: str) -> bytes:
    head = stream.read(_HEAD_LENGTH)
    if not isinstance(head, bytes):
        raise InputError(f"cannot read {name}: the stream gives text; open it in binary mode")
    _kind_of(head, name)  # before the rest is read: an endless device has no picture's first bytes
    return head + stream.read()


def _kind_of(head: bytes, name: str) -> str:
    """Tell the kind of file from its first bytes."""
    if not head:
        raise InputError(f"cannot read {name}: it is empty (0 bytes); give a picture file")
    starts = {b"\x89PNG\r\n\x1a\n": "PNG", b"\xff\xd8": "JPEG", b"GIF8": "GIF", b"BM": "BMP", b"II*\0": "TIFF"}
    starts |= {b"MM\0*": "TIFF", b"II+\0": "TIFF", b"MM\0+": "TIFF"}
    for start, kind in starts.items():
        if head.startswith(start):
            return kind
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WEBP"
    if head[4:8] == b"ftyp":
        return "AVIF" if b"avi" in head[8:] else "HEIF"
    raise InputError(f"cannot read {name}: it is not a picture of a known kind; give {_READABLE}, AVIF or HEIC")


def _decode(data: bytes, kind: str, name: str, max_pixels: int) -> Picture:
    if kind == "TIFF":
        with no_stderr:  # libtiff prints a line for every fault it meets
            return _decode_tiff(data, name, max_pixels)
    return _finished(_loaded(data, kind, name, max_pixels), data, kind)


def _loaded(data: bytes, kind: str, name: str, max_pixels: int) -> PillowImage.Image:
    _load_plugin(kind, name)
    image = PillowImage.OPEN[kind][0](io.BytesIO(data), name)
    _check_size(image.size, name, max_pixels)
    image.load()
    _check_size(image.size, name, max_pixels)  # a GIF frame may lie outside the canvas that its header declares
    return image


def _decode_tiff(data: bytes, name: str, max_pixels: int) -> Picture:
    header = read_tiff_header(data)
    _check_size(header.size, name, max_pixels)
    if header.is_deep:
        return replace(read_deep_tiff(data, header.facts), notes=_frame_notes(_has_second_page(data)))
    picture = _finished(_loaded(data, "TIFF", name, max_pixels), data, "TIFF")
    if header.depth > _BYTE and picture.pixels.dtype == np.uint8:
        note = f"its {header.depth}-bit values were read with 8 bits, since {picture.mode} has no deeper decoder here"
        return replace(picture, notes=(*picture.notes, note))
    return picture


def _finished(image: PillowImage.Image, data: bytes, kind: str) -> Picture:
    """Return the upright picture of a loaded image, with its facts and notes."""
    if kind == "PNG":
        _scale_grey_key(image, depth=data[24])
    picture, notes = picture_of(image), _frame_notes(getattr(image, "is_animated", False))
    if kind == "PNG" and is_deep_png(data):
        deep = read_deep_png(data, image.info.get("transparency"))
        if deep.shape != picture.shape:
            raise ValueError("two decoders disagree about its size")
        picture = deep
    facts = read_facts(image, data)
    orientation = 1 if kind == "TIFF" else orientation_of(image)  # Pillow turns a TIFF by itself
    if orientation >= _FIRST_SWAPPED_ORIENTATION and facts.dpi:
        facts = replace(facts, dpi=facts.dpi[::-1])
    return replace(_turned(picture, orientation), format=kind, facts=facts, notes=(*picture.notes, *notes))


def _scale_grey_key(image: PillowImage.Image, depth: int) -> None:
    """Bring the transparent grey of a PNG of 2 or 4 bits to the 8 bits that its pixels were decoded to."""
    key = image.info.get("transparency")
    if image.mode == "L" and isinstance(key, int) and depth < _BYTE:
        image.info["transparency"] = key * 255 // (2**depth - 1)


def _turned(picture: Picture, orientation: int) -> Picture:
    if orientation == 1:
        return picture
    palette = picture.palette
    return replace(
        picture,
        pixels=upright(picture.pixels, orientation),
        alpha=None if picture.alpha is None else upright(picture.alpha, orientation),
        palette=palette and replace(palette, indices=upright(palette.indices, orientation)),
    )


def _load_plugin(kind: str, name: str) -> None:
    """Import the one decoder that is needed; Pillow's own search would import forty."""
    if kind == "HEIF":
        try:
            importlib.import_module("pillow_heif").register_heif_opener()
        except ImportError as error:
            raise InputError(f"cannot read {name}: HEIC needs a plugin; pip install pillow-heif") from error
    else:
        plugin = {
            "PNG": "Png",
            "JPEG": "Jpeg",
            "WEBP": "WebP",
            "TIFF": "Tiff",
            "GIF": "Gif",
            "BMP": "Bmp",
            "AVIF": "Avif",
        }
        importlib.import_module(f"PIL.{plugin[kind]}ImagePlugin")


def _check_size(size: tuple[int, int], name: str, max_pixels: int) -> None:
    width, height = size
    if width <= 0 or height <= 0:
        raise InputError(
            f"cannot read {name}: it declares a size of {width}x{height}; give a whole, undamaged picture file"
        )
    if width * height > max_pixels:
        raise LimitError(
            f"{name} is {width}x{height} = {width * height} pixels, above the limit of {max_pixels}; "
            f"raise it with --max-pixels (max_pixels in Python) if you trust the file"
        )


def _frame_notes(has_more: bool) -> tuple[str, ...]:
    return ("the file holds several pictures or frames; only the first one is used",) if has_more else ()


def _has_second_page(data: bytes) -> bool:
    from PIL import TiffImagePlugin  # noqa: PLC0415 - only for TIFF files

    try:
        image = TiffImagePlugin.TiffImageFile(io.BytesIO(data))
        image.seek(1)
    except Exception:  # Pillow refuses some deep files outright; whether there is a second page stays unknown then
        return False
    return True
