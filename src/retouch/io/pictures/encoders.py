"""Writers for what Pillow cannot write: PNG and TIFF deeper than 8 bits, BMP with alpha.

Source: PNG specification, third edition, W3C 2025 (chunks, filter types 1, 2 and 4); TIFF revision 6.0, Aldus 1992
(tags; predictor 2 in section 14); Windows bitmap with BITMAPV4HEADER. Departure: of PNG's filters only Sub, Up and
Paeth are tried, row by row, by the least sum of absolute values. A deep TIFF is written with Deflate or not compressed.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

import numpy as np
from jaxtyping import Num, UInt8

from retouch.io.pictures.metadata import FileFacts

_ROWS_AT_ONCE = 64
_METRES_PER_INCH = 0.0254
_PNG_COLOUR_TYPES = {1: 0, 2: 4, 3: 2, 4: 6}
_SHORT, _LONG, _RATIONAL, _UNDEFINED = 3, 4, 5, 7
_BYTES_OF = {_SHORT: 2, _LONG: 4, _RATIONAL: 8, _UNDEFINED: 1}


def deep_png(planes: Num[np.ndarray, "H W C"], facts: FileFacts, exif: bytes, key: tuple[int, ...] | None) -> bytes:
    """Return a PNG of 16 bits; `key` is the colour that means transparent."""
    height, width, n_channels = planes.shape
    colour_type = _PNG_COLOUR_TYPES[n_channels]
    parts = [b"\x89PNG\r\n\x1a\n", _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 16, colour_type, 0, 0, 0))]
    parts += [_chunk(name, body) for name, body in facts.png_colour]
    if facts.icc_profile:
        parts.append(_chunk(b"iCCP", b"ICC Profile\0\0" + zlib.compress(facts.icc_profile)))
    if key is not None:
        parts.append(_chunk(b"tRNS", struct.pack(f">{len(key)}H", *key)))
    if facts.dpi is not None:
        x, y = (round(value / _METRES_PER_INCH) for value in facts.dpi)
        parts.append(_chunk(b"pHYs", struct.pack(">IIB", x, y, 1)))
    if exif:
        parts.append(_chunk(b"eXIf", exif.removeprefix(b"Exif\0\0")))
    parts += [_chunk(b"IDAT", part) for part in _compressed_rows(planes)]
    return b"".join([*parts, _chunk(b"IEND", b"")])


def deep_tiff(planes: Num[np.ndarray, "H W C"], facts: FileFacts, *, has_alpha: bool) -> bytes:
    """Return a TIFF of 16-bit integers or floats of 32 or 64 bits, one strip, with its ICC profile and resolution."""
    height, width, n_channels = planes.shape
    is_float = planes.dtype.kind == "f"
    plain = facts.tiff_compression == "raw"
    predicts = not (plain or is_float)
    bits = 64 if planes.dtype == np.float64 else 32 if is_float else 16
    data = planes.astype(f"<{'f' if is_float else 'u'}{bits // 8}")
    if predicts:  # TIFF 6.0 section 14: each sample less the one to its left, modulo 2^16
        data[:, 1:] = data[:, 1:] - data[:, :-1]
    strip = data.tobytes() if plain else zlib.compress(data.tobytes())
    tags: list[tuple[int, int, list[int] | bytes]] = [
        (256, _LONG, [width]),
        (257, _LONG, [height]),
        (258, _SHORT, [bits] * n_channels),
        (259, _SHORT, [1 if plain else 8]),
        (262, _SHORT, [1 if n_channels - has_alpha == 1 else 2]),
        (273, _LONG, [8]),  # the strip follows the header
        (277, _SHORT, [n_channels]),
        (278, _LONG, [height]),
        (279, _LONG, [len(strip)]),
        (284, _SHORT, [1]),
        (339, _SHORT, [3 if is_float else 1] * n_channels),
    ]
    tags += [(317, _SHORT, [2])] if predicts else []
    tags += [(338, _SHORT, [2])] if has_alpha else []
    tags += [(34675, _UNDEFINED, facts.icc_profile)] if facts.icc_profile else []
    for tag, value in zip((282, 283), facts.dpi or (), strict=False):
        tags.append((tag, _RATIONAL, [round(value * 10000), 10000]))
    tags += [(296, _SHORT, [2])] if facts.dpi else []
    return _tiff_file(strip + b"\0" * (len(strip) % 2), sorted(tags, key=lambda entry: entry[0]))


def bmp_with_alpha(planes: UInt8[np.ndarray, "H W 4"], facts: FileFacts) -> bytes:
    """Return a BMP of 32 bits whose header says where alpha is."""
    height, width = planes.shape[:2]
    body = planes[::-1, :, [2, 1, 0, 3]].tobytes()  # stored from the bottom, blue first
    offset = 14 + 108
    per_metre = [round(value / _METRES_PER_INCH) for value in facts.dpi or (0, 0)]
    header = struct.pack("<IiiHHIIiiII", 108, width, height, 1, 32, 3, len(body), *per_metre, 0, 0)
    masks = struct.pack("<IIII4s", 0xFF0000, 0xFF00, 0xFF, 0xFF000000, b"BGRs")
    return struct.pack("<2sIHHI", b"BM", offset + len(body), 0, 0, offset) + header + masks.ljust(68, b"\0") + body


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def _compressed_rows(planes: Num[np.ndarray, "H W C"]) -> Iterator[bytes]:
    """Filter and compress some rows at a time, so that memory stays near that of the picture."""
    compressor = zlib.compressobj(6)
    stride = 2 * planes.shape[2]  # bytes from a sample to the same one of the pixel to the left
    above = np.zeros(planes.shape[1] * stride, np.uint8)
    for top in range(0, planes.shape[0], _ROWS_AT_ONCE):
        rows = np.ascontiguousarray(planes[top : top + _ROWS_AT_ONCE].astype(">u2")).view(np.uint8)
        rows = rows.reshape(len(rows), -1)
        part = compressor.compress(_filtered(rows, above, stride).tobytes())
        if part:
            yield part
        above = rows[-1]
    yield compressor.flush()


def _filtered(rows: UInt8[np.ndarray, "N B"], above: UInt8[np.ndarray, " B"], stride: int) -> UInt8[np.ndarray, "N B1"]:
    up = np.vstack([above[None], rows[:-1]])
    left, corner = np.zeros_like(rows), np.zeros_like(rows)
    left[:, stride:], corner[:, stride:] = rows[:, :-stride], up[:, :-stride]
    candidates = np.stack([rows - left, rows - up, rows - _paeth(left, up, corner)])
    cost = np.minimum(candidates, 0 - candidates).sum(axis=2, dtype=np.int64)  # bytes are read as signed
    best = cost.argmin(axis=0)
    kinds = np.array([1, 2, 4], np.uint8)[best]
    return np.hstack([kinds[:, None], candidates[best, np.arange(len(rows))]])


def _paeth(
    left: UInt8[np.ndarray, "N B"], up: UInt8[np.ndarray, "N B"], corner: UInt8[np.ndarray, "N B"]
) -> UInt8[np.ndarray, "N B"]:
    """Return whichever of the three neighbours is nearest to left + up - corner; ties in this order."""
    a, b, c = (plane.astype(np.int16) for plane in (left, up, corner))
    to_left, to_up, to_corner = abs(b - c), abs(a - c), abs(a + b - 2 * c)
    near = np.where(to_up <= to_corner, up, corner)
    return np.where((to_left <= to_up) & (to_left <= to_corner), left, near)


def _tiff_file(strip: bytes, tags: list[tuple[int, int, list[int] | bytes]]) -> bytes:
    """Lay out a little-endian file: header, strip, values that do not fit their entry, then the table of entries."""
    loose, entries = b"", b""
    for tag, kind, values in tags:
        packed = (
            values
            if isinstance(values, bytes)
            else struct.pack(f"<{len(values)}{'H' if kind == _SHORT else 'I'}", *values)
        )
        count = len(packed) // _BYTES_OF[kind]
        if len(packed) <= 4:  # noqa: PLR2004 - bytes of an entry's value
            field = packed.ljust(4, b"\0")
        else:
            field = struct.pack("<I", 8 + len(strip) + len(loose))
            loose += packed + b"\0" * (len(packed) % 2)
        entries += struct.pack("<HHI", tag, kind, count) + field
    table = struct.pack("<H", len(tags)) + entries + struct.pack("<I", 0)
    return struct.pack("<2sHI", b"II", 42, 8 + len(strip) + len(loose)) + strip + loose + table
