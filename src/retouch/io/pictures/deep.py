"""Reading colour deeper than 8 bits, which Pillow reduces or refuses: PNG of 16 bits, TIFF of 16 bits or floats.

Grey with alpha is read from PNG only: no decoder here takes it from a deep TIFF. The decoder is OpenCV's, whose BGR
order ends on the line after the call.
"""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from retouch.arrays.types import AnyArray
from retouch.io.pictures.metadata import FileFacts
from retouch.io.pictures.picture import Picture
from retouch.io.pictures.pillow_images import with_colour_key
from retouch.io.pictures.switches import no_stderr

_PNG_GREY, _PNG_GREY_ALPHA, _PNG_RGBA = 0, 4, 6
_TIFF_GREY, _TIFF_RGB = 1, 2
_DEPTHS = ("uint16", "float32", "float64")
_DEEPEST_SHALLOW, _DOUBLE = 8, 64
_WIDTH, _HEIGHT, _BITS, _COMPRESSION, _PHOTOMETRIC, _SAMPLES = 256, 257, 258, 259, 262, 277
_STRIPS, _ROWS_PER_STRIP = 273, 278
_X_DPI, _Y_DPI, _UNIT, _ICC = 282, 283, 296, 34675
_PER_CM = 3
_TIFF_COMPRESSIONS = {1: "raw", 5: "tiff_lzw", 8: "tiff_adobe_deflate", 32946: "tiff_deflate", 32773: "packbits"}


@dataclass(frozen=True, slots=True)
class TiffHeader:
    """What the first page of a TIFF says about itself."""

    size: tuple[int, int]
    depth: int
    is_deep: bool
    facts: FileFacts


def read_tiff_header(data: bytes) -> TiffHeader:
    """Read the tags of the first page; raises what Pillow's parser raises on damaged ones."""
    from PIL import TiffImagePlugin  # noqa: PLC0415 - only for TIFF files

    stream = io.BytesIO(data)
    start = stream.read(8)
    tags: Any = TiffImagePlugin.ImageFileDirectory_v2(
        start + (stream.read(8) if start[2:4] in (b"+\0", b"\0+") else b"")
    )
    stream.seek(tags.next)
    tags.load(stream)
    bits = tags.get(_BITS, (1,))
    depth = max(bits if isinstance(bits, tuple) else (bits,))
    _check_strips(tags)
    n_samples = int(tags.get(_SAMPLES, 1))
    is_deep = n_samples > 1 and depth > _DEEPEST_SHALLOW and tags.get(_PHOTOMETRIC) in (_TIFF_GREY, _TIFF_RGB)
    per_inch = 2.54 if tags.get(_UNIT, 2) == _PER_CM else 1.0
    has_dpi = _X_DPI in tags and _Y_DPI in tags and tags.get(_UNIT, 2) != 1 and tags[_X_DPI] > 0 and tags[_Y_DPI] > 0
    return TiffHeader(
        (int(tags[_WIDTH]), int(tags[_HEIGHT])),
        depth,
        is_deep or (n_samples == 1 and depth == _DOUBLE),
        FileFacts(
            icc_profile=tags.get(_ICC),
            dpi=(float(tags[_X_DPI]) * per_inch, float(tags[_Y_DPI]) * per_inch) if has_dpi else None,
            tiff_compression=_TIFF_COMPRESSIONS.get(int(tags.get(_COMPRESSION, 1))),
        ),
    )


def _check_strips(tags: Any) -> None:
    """Refuse strips that end before the picture does: decoders leave the missing rows black and say nothing."""
    height = int(tags[_HEIGHT])
    if _STRIPS in tags and len(tags[_STRIPS]) * int(tags.get(_ROWS_PER_STRIP, height)) < height:
        raise ValueError("it is cut short: its strips end before its last row")


def read_deep_tiff(data: bytes, facts: FileFacts) -> Picture:
    """Decode a TIFF of deep colour; it comes out upright, as OpenCV applies the orientation of a TIFF."""
    return replace(Picture.from_planes(_decode(data)), format="TIFF", facts=facts)


def is_deep_png(data: bytes) -> bool:
    """Tell whether a PNG has 16 bits and is more than plain grey, which Pillow reads well."""
    depth, colour = struct.unpack_from(">BB", data, 24)
    return bool(depth > _DEEPEST_SHALLOW and colour != _PNG_GREY)


def read_deep_png(data: bytes, key: object) -> Picture:
    """Decode a PNG of deep colour, not turned; `key` is the colour that means transparent, if there is one."""
    planes = _decode(data)
    colour = data[25]
    if colour == _PNG_GREY_ALPHA:
        return Picture.from_planes(planes[:, :, [0, 3]])
    if colour == _PNG_RGBA:
        return Picture.from_planes(planes)
    picture = Picture.from_planes(planes[:, :, :3])
    return with_colour_key(picture, key) if isinstance(key, tuple) else picture


def _decode(data: bytes) -> AnyArray:
    """Return (H, W, C) values, RGB or RGBA."""
    import cv2  # noqa: PLC0415 - slow to import, and few files need it

    with no_stderr:  # libpng and libtiff print what they find wrong
        planes = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if planes is None or planes.dtype.name not in _DEPTHS:
        raise ValueError("damaged, or of a kind that cannot be decoded")
    planes = planes.reshape(planes.shape[0], planes.shape[1], -1)
    order = {3: [2, 1, 0], 4: [2, 1, 0, 3]}.get(planes.shape[2])
    return np.ascontiguousarray(planes if order is None else planes[:, :, order])
