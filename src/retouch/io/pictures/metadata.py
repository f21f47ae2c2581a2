"""What a file says besides its pixels: ICC profile, DPI, EXIF, and how it was compressed.

Kept by default: the ICC profile, DPI, PNG's colour chunks, and from EXIF the camera, lens, exposure, dates, artist and
copyright. Dropped: GPS, thumbnails, maker notes, serial numbers, comments, XMP. Asked to keep metadata, the whole EXIF
block is kept byte for byte (of a TIFF: its descriptive tags), but for the orientation, which becomes 1.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL import Image as PillowImage

_ORIENTATION, _X_RESOLUTION, _EXIF_IFD, _GPS_IFD = 0x0112, 0x011A, 0x8769, 0x8825
_PUBLIC_TAGS = (0x010F, 0x0110, 0x0132, 0x013B, 0x8298)  # make, model, date, artist, copyright
_PUBLIC_EXIF_TAGS = (
    *(0x829A, 0x829D, 0x8827, 0x920A),  # exposure time, aperture, ISO, focal length
    *(0x9003, 0x9004, 0x9010, 0x9011, 0x9012),  # dates and their time zones
    *(0xA001, 0xA433, 0xA434),  # colour space, lens make, lens model
)
_TIFF_TAGS = (0x010D, 0x010E, 0x010F, 0x0110, 0x011D, 0x0131, 0x0132, 0x013B, 0x013C, 0x02BC, 0x8298)
_EXIF_HEADER = b"Exif\x00\x00"
_PNG_COLOUR_CHUNKS = (b"cHRM", b"gAMA", b"sRGB", b"cICP")
_PNG_SIGNATURE_LENGTH = 8
_DPI_LIMITS = (1e-3, 1e6)


@dataclass(frozen=True, slots=True)
class JpegCoding:
    """How a JPEG was compressed: quantisation tables in natural order, Pillow's number of the subsampling."""

    tables: tuple[tuple[int, ...], ...]
    subsampling: int
    progressive: bool = False
    stored_as_rgb: bool = False


@dataclass(frozen=True, slots=True)
class FileFacts:
    """Facts about a file that are written back with the picture; `lossless` says whether its pixels were exact."""

    icc_profile: bytes | None = None
    dpi: tuple[float, float] | None = None
    exif: bytes = b""
    public_exif: bytes = b""
    png_colour: tuple[tuple[bytes, bytes], ...] = ()
    jpeg: JpegCoding | None = None
    tiff_compression: str | None = None
    lossless: bool = True


def read_facts(image: PillowImage.Image, data: bytes) -> FileFacts:
    """Collect the facts of a loaded Pillow image whose file is `data`."""
    kind = image.format
    icc = image.info.get("icc_profile")
    whole, public = _exif_blocks(image)
    return FileFacts(
        icc_profile=icc if isinstance(icc, bytes) and icc else None,
        dpi=_dpi(image),
        exif=whole,
        public_exif=public,
        png_colour=tuple((name, body) for name, body in png_chunks(data) if name in _PNG_COLOUR_CHUNKS)
        if kind == "PNG"
        else (),
        jpeg=_jpeg_coding(image) if kind in ("JPEG", "MPO") else None,
        tiff_compression=image.info.get("compression") if kind == "TIFF" else None,
        lossless=_is_lossless_webp(data) if kind == "WEBP" else kind in ("PNG", "TIFF", "GIF", "BMP"),
    )


def orientation_of(image: PillowImage.Image) -> int:
    """Return the EXIF (or XMP) orientation, 1 to 8; 1 where there is none or it makes no sense."""
    try:
        value = image.getexif().get(_ORIENTATION, 1)
    except Exception:  # a damaged EXIF block must not cost the picture
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1  # noqa: PLR2004 - the values EXIF defines


def png_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield (name, body) of a PNG's chunks up to the first pixel data."""
    at = _PNG_SIGNATURE_LENGTH
    while at + 8 <= len(data):
        length, name = struct.unpack_from(">I4s", data, at)
        if name == b"IDAT":
            return
        yield name, data[at + 8 : at + 8 + length]
        at += 12 + length


def reset_orientation(exif: bytes) -> bytes:
    """Return the EXIF block with its orientation set to 1 in place, every other byte as it was."""
    start = len(_EXIF_HEADER) if exif.startswith(_EXIF_HEADER) else 0
    order = {b"II": "<", b"MM": ">"}.get(exif[start : start + 2])
    if order is None or len(exif) < start + 10:
        return exif
    first = start + struct.unpack_from(order + "I", exif, start + 4)[0]
    if first + 2 > len(exif):
        return exif
    patched = bytearray(exif)
    for entry in range(struct.unpack_from(order + "H", exif, first)[0]):
        at = first + 2 + 12 * entry
        if at + 12 <= len(exif) and struct.unpack_from(order + "H", exif, at)[0] == _ORIENTATION:
            struct.pack_into(order + "HIHH", patched, at + 2, 3, 1, 1, 0)  # type SHORT, one value, 1
    return bytes(patched)


def _exif_blocks(image: PillowImage.Image) -> tuple[bytes, bytes]:
    """Return the whole EXIF block and the one with the public tags only; both empty if it is absent or damaged."""
    raw = image.info.get("exif")
    try:
        public = _selected_exif(image, _PUBLIC_TAGS, {_EXIF_IFD: _PUBLIC_EXIF_TAGS})
        if image.format == "TIFF":
            return _selected_exif(image, _TIFF_TAGS, {_EXIF_IFD: None, _GPS_IFD: None}), public
        return (reset_orientation(raw) if isinstance(raw, bytes) else b""), public
    except Exception:  # Pillow raises anything here on damaged blocks, and they must not cost the picture
        return b"", b""


def _selected_exif(
    image: PillowImage.Image, tags: tuple[int, ...], folders: dict[int, tuple[int, ...] | None]
) -> bytes:
    """Write an EXIF block of some tags; `folders` gives those of the sub-folders, None for all of them."""
    from PIL import Image as PillowImage  # noqa: PLC0415 - keeps the import of this room cheap

    source, chosen = image.getexif(), PillowImage.Exif()
    for tag in tags:
        if tag in source:
            chosen[tag] = source[tag]
    for folder, wanted in folders.items():
        entries = source.get_ifd(folder)
        kept = {tag: value for tag, value in entries.items() if wanted is None or tag in wanted}
        if kept:
            chosen[folder] = kept
    return chosen.tobytes() if len(chosen) else b""


def _dpi(image: PillowImage.Image) -> tuple[float, float] | None:
    given = image.info.get("dpi")
    if image.format in ("JPEG", "MPO") and image.info.get("jfif_unit", 0) == 0 and _X_RESOLUTION not in _tags(image):
        return None  # Pillow says 72 where the file says nothing
    try:
        x, y = (float(value) for value in given or ())
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    low, high = _DPI_LIMITS
    return (x, y) if all(math.isfinite(value) and low <= value <= high for value in (x, y)) else None


def _tags(image: PillowImage.Image) -> set[int]:
    try:
        return set(image.getexif())
    except Exception:  # as in orientation_of
        return set()


def _jpeg_coding(image: PillowImage.Image) -> JpegCoding | None:
    from PIL import JpegImagePlugin  # noqa: PLC0415 - keeps the import of this room cheap

    tables: dict[int, list[int]] = getattr(image, "quantization", {})
    if not tables:
        return None
    return JpegCoding(
        tuple(tuple(tables[number]) for number in sorted(tables)),
        JpegImagePlugin.get_sampling(image),
        bool(image.info.get("progressive")),
        image.mode == "RGB" and image.info.get("adobe_transform") == 0,
    )


def _is_lossless_webp(data: bytes) -> bool:
    """Look for the first frame's chunk: "VP8L" is exact, "VP8 " is not (frames of an animation lie inside "ANMF")."""
    at = 12
    while at + 8 <= len(data):
        name, length = struct.unpack_from("<4sI", data, at)
        if name in (b"VP8L", b"VP8 "):
            return bool(name == b"VP8L")
        at += 8 + (16 if name == b"ANMF" else length + length % 2)
    return False
