"""Picture files to 8-bit pixels for training.

The reader is that of the whole project: EXIF orientation applied, kinds told by content. Deeper values are reduced to
8 bits by rounding; transparency is dropped; CMYK, YCbCr and LAB pictures are converted to RGB by Pillow. Grey is the
luma of ITU-R BT.601, as Pillow has it.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import UInt8
from PIL import Image as PillowImage

from retouch.arrays.types import AnyArray
from retouch.errors import InputError, LimitError
from retouch.io.pictures.picture import Picture
from retouch.io.pictures.pillow_images import eight_bits
from retouch.io.pictures.reading import open_image

_RGB, _GREY = 3, 1
_OTHER_COLOURS = ("CMYK", "YCbCr", "LAB", "HSV")


def decode(data: bytes, n_channels: int) -> UInt8[np.ndarray, "H W C"]:
    """Return the pixels of a picture file, C = 3 (RGB) or 1 (grey).

    Raises
    ------
    InputError
        If the file cannot be read, or has more pixels than a picture may have.
    """
    try:
        picture = open_image(data)
    except (InputError, LimitError) as error:
        raise InputError(str(error).replace("cannot read the picture given as bytes: ", "")) from error
    return with_channels(_pixels(picture), n_channels)


def with_channels(pixels: AnyArray, n_channels: int) -> UInt8[np.ndarray, "H W C"]:
    """Return grey or RGB pixels, (H, W, 1 or 3) uint8, as RGB or grey.

    >>> with_channels(np.full((1, 1, 3), 9, np.uint8), 1).shape
    (1, 1, 1)
    """
    if pixels.shape[2] == n_channels:
        return pixels
    if n_channels == _RGB:
        return np.repeat(pixels, _RGB, axis=2)
    return np.asarray(PillowImage.fromarray(pixels).convert("L"))[:, :, None]


def _pixels(picture: Picture) -> AnyArray:
    if picture.mode in _OTHER_COLOURS:
        return np.asarray(picture.to_pil().convert("RGB"))
    if picture.pixels.dtype == np.uint8:
        return picture.pixels
    return eight_bits(picture.pixels, picture.limits)
