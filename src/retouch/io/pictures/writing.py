"""Writing a picture in kind: the format, depth, alpha, profile, resolution and compression that it came with.

A JPEG keeps the quantisation tables and the subsampling of its file, so that untouched parts hardly change; without
such tables it gets quality 95 without subsampling. Lossless kinds stay bit-equal outside the mask. Departures:
a TIFF that was compressed with loss is written with Deflate; one of deep colour with Deflate or not compressed, and
without EXIF; a JPEG whose subsampling Pillow does not know is written without subsampling.
"""

from __future__ import annotations

import importlib
import io
import os
from pathlib import Path
from typing import Any

import numpy as np

from retouch.errors import FileError, InputError, unknown_name
from retouch.io.atomic import atomic_write
from retouch.io.pictures.conversion import CAN_HOLD, fit_to_format, kind_of
from retouch.io.pictures.encoders import bmp_with_alpha, deep_png, deep_tiff
from retouch.io.pictures.picture import Picture
from retouch.io.pictures.pillow_images import keyed_pixels
from retouch.io.wording import fault

SUFFIXES = {
    ".png": "PNG",
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".jpe": "JPEG",
    ".jfif": "JPEG",
    ".webp": "WEBP",
    ".tif": "TIFF",
    ".tiff": "TIFF",
    ".gif": "GIF",
    ".bmp": "BMP",
    ".avif": "AVIF",
}
"""The format that a file name's suffix asks for."""

_BEST_QUALITY = 95
_FINE_QUALITY = 90  # from here on a JPEG is written without subsampling
_ANY_MODE_COMPRESSIONS = ("raw", "packbits", "tiff_lzw", "tiff_adobe_deflate")
_FAX_COMPRESSIONS = ("group3", "group4", "tiff_ccitt")
_WITH_ICC = ("PNG", "JPEG", "WEBP", "TIFF", "AVIF")


def save_image(
    picture: Picture,
    destination: str | os.PathLike[str],
    *,
    quality: int | None = None,
    keep_metadata: bool = False,
    format: str | None = None,  # noqa: A002 - the word that Pillow and users have for it
) -> None:
    """Write a picture to a file, atomically.

    Parameters
    ----------
    destination : path
        Its suffix names the format; without one, the picture's own format is taken.
    quality : int, 1 to 100, optional
        For JPEG, WebP and AVIF: compress anew at this quality, instead of as the file was.
    keep_metadata : bool
        Keep the whole EXIF block with GPS, thumbnail and maker notes.
    format : str, optional
        Overrides the suffix.

    Raises
    ------
    InputError
        If the suffix or the format is unknown, or the quality out of range.
    FileError
        If the file cannot be written.
    """
    chosen = format or format_for(destination, picture)
    atomic_write(destination, encode(picture, chosen, quality=quality, keep_metadata=keep_metadata))


def format_for(destination: str | os.PathLike[str], picture: Picture) -> str:
    """Return the format that a file name asks for; a name without a suffix leaves it to the picture."""
    suffix = Path(destination).suffix.lower()
    if not suffix:
        return _own_format(picture)
    if suffix not in SUFFIXES:
        raise InputError(unknown_name("picture suffix", suffix, SUFFIXES))
    return SUFFIXES[suffix]


def encode(
    picture: Picture,
    format: str | None = None,  # noqa: A002 - as in save_image
    *,
    quality: int | None = None,
    keep_metadata: bool = False,
) -> bytes:
    """Return the bytes of a picture's file: see `save_image`. Without a format, the picture's own, or PNG.

    What a format cannot hold is converted; `retouch.io.pictures.conversion.fit_to_format` gives notes on that.
    """
    chosen = (format or _own_format(picture)).upper()
    if chosen not in CAN_HOLD:
        raise InputError(unknown_name("picture format", chosen, CAN_HOLD))
    if quality is not None and not 1 <= quality <= 100:  # noqa: PLR2004 - per cent
        raise InputError(f"the quality must be from 1 to 100, got {quality}")
    fitted = fit_to_format(picture, chosen)
    exif = fitted.facts.exif if keep_metadata else fitted.facts.public_exif
    try:
        return _special(fitted, chosen, exif) or _by_pillow(fitted, chosen, exif, quality)
    except Exception as error:  # encoders refuse sizes, profiles and EXIF blocks in many ways
        raise FileError(f"cannot write the picture as {chosen}: {fault(error)}; choose another format") from error


def _own_format(picture: Picture) -> str:
    return picture.format if picture.format in CAN_HOLD else "PNG"


def _special(picture: Picture, chosen: str, exif: bytes) -> bytes | None:
    """Write what Pillow cannot; None for everything else."""
    kind = kind_of(picture)
    if chosen == "BMP" and kind == "RGBA":
        return bmp_with_alpha(picture.to_array(), picture.facts)
    is_wide_grey = chosen == "TIFF" and picture.pixels.dtype == np.float64  # Pillow's floats have 32 bits
    if not (is_wide_grey or kind.startswith(("LA;", "RGB;", "RGBA;"))):
        return None
    key = picture.colour_key
    planes = picture.pixels if picture.alpha is None else picture.to_array()
    planes = planes if key is None else keyed_pixels(picture)
    if chosen == "PNG":
        return deep_png(planes, picture.facts, exif, key)
    return deep_tiff(planes, picture.facts, has_alpha=picture.alpha is not None)


def _by_pillow(picture: Picture, chosen: str, exif: bytes, quality: int | None) -> bytes:
    facts = picture.facts
    options: dict[str, Any] = {"exif": exif} if exif and chosen not in ("GIF", "BMP") else {}
    if facts.icc_profile and chosen in _WITH_ICC:
        options["icc_profile"] = facts.icc_profile
    if facts.dpi is not None:
        options["dpi"] = facts.dpi if chosen in ("PNG", "TIFF") else tuple(round(value) for value in facts.dpi)
    options |= _OPTIONS[chosen](picture, quality)
    importlib.import_module(f"PIL.{_PLUGINS[chosen]}ImagePlugin")
    image = picture.to_pil()
    buffer = io.BytesIO()
    image.save(buffer, chosen, **options)
    return buffer.getvalue()


def _png_options(picture: Picture, _: int | None) -> dict[str, Any]:
    from PIL.PngImagePlugin import PngInfo  # noqa: PLC0415 - only for PNG

    chunks = PngInfo()
    for name, body in picture.facts.png_colour:
        chunks.add(name, body)
    return {"pnginfo": chunks}


def _jpeg_options(picture: Picture, quality: int | None) -> dict[str, Any]:
    coding = picture.facts.jpeg
    if quality is not None:
        return {"quality": quality, "subsampling": 0 if quality >= _FINE_QUALITY else 2}
    if coding is None:
        return {"quality": _BEST_QUALITY, "subsampling": 0}
    return {
        "qtables": [list(table) for table in coding.tables],
        "subsampling": max(coding.subsampling, 0),
        "progressive": coding.progressive,
        "keep_rgb": coding.stored_as_rgb,
    }


def _webp_options(picture: Picture, quality: int | None) -> dict[str, Any]:
    exact = picture.facts.lossless and quality is None
    return {"lossless": exact, "quality": 80 if exact else quality or _BEST_QUALITY, "exact": True, "method": 4}


def _avif_options(_: Picture, quality: int | None) -> dict[str, Any]:
    return {"quality": quality or _BEST_QUALITY, "subsampling": "4:4:4"}


def _tiff_options(picture: Picture, _: int | None) -> dict[str, Any]:
    given = picture.facts.tiff_compression or "tiff_adobe_deflate"
    known = given in _ANY_MODE_COMPRESSIONS or (given in _FAX_COMPRESSIONS and picture.mode == "1")
    chosen = given if known else "tiff_adobe_deflate"
    if picture.mode == "YCbCr":
        chosen = "raw"  # Pillow's compressed YCbCr comes back as RGB
    return {} if chosen == "raw" else {"compression": chosen}


def _no_options(_: Picture, __: int | None) -> dict[str, Any]:
    return {}


_OPTIONS = {
    "PNG": _png_options,
    "JPEG": _jpeg_options,
    "WEBP": _webp_options,
    "AVIF": _avif_options,
    "TIFF": _tiff_options,
    "GIF": _no_options,
    "BMP": _no_options,
}
_PLUGINS = {"PNG": "Png", "JPEG": "Jpeg", "WEBP": "WebP", "AVIF": "Avif", "TIFF": "Tiff", "GIF": "Gif", "BMP": "Bmp"}
