"""Bayer mosaic and back: one colour is kept at each pixel, the other two come from linear filters of 5x5.

Source: H. Malvar, L. He, R. Cutler, "High-quality linear interpolation for demosaicing of Bayer-patterned color
images", ICASSP 2004, Figure 2: bilinear interpolation corrected by the second difference of the colour that is there.
Departures: the border is mirrored about its pixels, which keeps the pattern.
"""

from __future__ import annotations

import cv2
import numpy as np
from jaxtyping import Float32, Int

from retouch.arrays.types import AnyArray, Image
from retouch.errors import InputError, unknown_name

PATTERNS = ("RGGB", "GRBG", "GBRG", "BGGR")
"""The colours of the top left two rows of two pixels."""

_RED, _GREEN, _BLUE = 0, 1, 2
_EIGHTHS = np.float32(1 / 8)
_GREEN_AT_OTHER = _EIGHTHS * np.array(
    [[0, 0, -1, 0, 0], [0, 0, 2, 0, 0], [-1, 2, 4, 2, -1], [0, 0, 2, 0, 0], [0, 0, -1, 0, 0]], np.float32
)
_ALONG_ROW = _EIGHTHS * np.array(  # red or blue at green, its own colour left and right
    [[0, 0, 0.5, 0, 0], [0, -1, 0, -1, 0], [-1, 4, 5, 4, -1], [0, -1, 0, -1, 0], [0, 0, 0.5, 0, 0]], np.float32
)
_DIAGONAL = _EIGHTHS * np.array(  # red at blue and blue at red
    [[0, 0, -1.5, 0, 0], [0, 2, 0, 2, 0], [-1.5, 0, 6, 0, -1.5], [0, 2, 0, 2, 0], [0, 0, -1.5, 0, 0]], np.float32
)


def mosaic(image: Image, pattern: str) -> Float32[np.ndarray, "H W"]:
    """Return the one value of each pixel that a sensor with that pattern sees.

    Raises
    ------
    InputError
        If the picture has not three channels, or there is no such pattern.

    Examples
    --------
    >>> picture = np.broadcast_to(np.float32([1, 2, 3]), (2, 2, 3))
    >>> mosaic(picture, "GRBG").tolist()
    [[2.0, 1.0], [3.0, 2.0]]
    """
    if image.shape[2] != 3:  # noqa: PLR2004 - red, green and blue
        raise InputError(f"a Bayer pattern takes red, green and blue, got {image.shape[2]} channels")
    colours = colours_of(image.shape[:2], pattern)
    seen: Float32[np.ndarray, "H W"] = np.take_along_axis(image, colours[:, :, None], axis=2)[:, :, 0]
    return seen


def colours_of(shape: tuple[int, ...], pattern: str) -> Int[np.ndarray, "H W"]:
    """Return which colour each pixel sees: 0 red, 1 green, 2 blue."""
    if pattern not in PATTERNS:
        raise InputError(unknown_name("Bayer pattern", pattern, PATTERNS))
    tile = np.array(["RGB".index(letter) for letter in pattern]).reshape(2, 2)
    rows, columns = np.indices(shape)
    colours: Int[np.ndarray, "H W"] = tile[rows % 2, columns % 2]
    return colours


def demosaic(seen: Float32[np.ndarray, "H W"], pattern: str) -> Image:
    """Return the picture in colour.

    Parameters
    ----------
    seen : (H, W) float32, at least 3x3
    pattern : str
        See `PATTERNS`.

    Returns
    -------
    (H, W, 3) float32
        Not clipped; what was seen stays as it is.

    Examples
    --------
    A grey ramp comes back exactly: all filters are right for straight lines.

    >>> ramp = np.tile(np.arange(8, dtype=np.float32), (6, 1))
    >>> demosaic(ramp, "RGGB")[3, 4].tolist()
    [4.0, 4.0, 4.0]
    """
    colours = colours_of(seen.shape, pattern)
    green, row, column, diagonal = (
        np.asarray(cv2.filter2D(seen, cv2.CV_32F, kernel, borderType=cv2.BORDER_REFLECT_101))
        for kernel in (_GREEN_AT_OTHER, _ALONG_ROW, np.ascontiguousarray(_ALONG_ROW.T), _DIAGONAL)
    )
    image = np.empty((*seen.shape, 3), np.float32)
    image[:, :, _GREEN] = np.where(colours == _GREEN, seen, green)
    for colour in (_RED, _BLUE):
        in_its_rows = (colours == colour).any(axis=1)[:, None]
        at_green: AnyArray = np.where(in_its_rows, row, column)
        image[:, :, colour] = np.select([colours == colour, colours == _GREEN], [seen, at_green], diagonal)
    return image
