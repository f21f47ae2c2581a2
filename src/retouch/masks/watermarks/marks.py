"""A watermark as it was drawn: its colour and its opacity, and both as they lie in a picture."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from jaxtyping import Float32, Float64

from retouch.arrays.types import Image
from retouch.errors import InputError

_SMALLEST_PX = 8
_PICTURE_AXES = 3


class Mark(NamedTuple):
    """Colour (h, w, C) float32 in [0, 1], C = 1 or 3, and opacity (h, w) float32 in [0, 1], 0 where it is clear."""

    colour: Image
    opacity: Float32[np.ndarray, "h w"]


def mark_of(picture: Image) -> Mark:
    """Return the mark that a picture of 1, 2, 3 or 4 channels is: the second or fourth is its opacity, else it is 1.

    Raises
    ------
    InputError
        If it is not (h, w, 1 to 4) float32 in [0, 1], is smaller than 8 x 8, or is clear everywhere.

    Examples
    --------
    >>> mark_of(np.full((8, 8, 2), 0.5, np.float32)).opacity[0, 0]
    np.float32(0.5)
    """
    if picture.ndim != _PICTURE_AXES or picture.dtype != np.float32 or not 1 <= picture.shape[2] <= 4:  # noqa: PLR2004
        raise InputError(f"a mark must be (h, w, 1 to 4) float32, got {picture.dtype} of shape {picture.shape}")
    if min(picture.shape[:2]) < _SMALLEST_PX:
        raise InputError(f"a mark must be at least 8x8 pixels, got {picture.shape[1]}x{picture.shape[0]}")
    if not (np.isfinite(picture).all() and picture.min() >= 0 and picture.max() <= 1):
        raise InputError("colour and opacity of a mark must be 0 to 1; divide by 255 if 8 bit")
    if picture.shape[2] % 2:
        return Mark(picture, np.ones(picture.shape[:2], np.float32))
    if not picture[:, :, -1].any():
        raise InputError("the mark is clear everywhere; give the picture of a mark that can be seen")
    return Mark(np.ascontiguousarray(picture[:, :, :-1]), np.ascontiguousarray(picture[:, :, -1]))


def place_mark(mark: Mark, homography: Float64[np.ndarray, "3 3"], shape: tuple[int, int]) -> Mark:
    """Return the mark as large as a picture of `shape` (H, W), moved there by a homography, clear around it.

    Parameters
    ----------
    mark : Mark
    homography : (3, 3) float64
        Takes (x, y, 1) in the mark to (x, y, 1) in the picture, both counted from the middle of the first pixel.
    shape : (int, int)
        Height and width of the picture.

    Examples
    --------
    >>> mark = mark_of(np.full((8, 8, 2), 0.5, np.float32))
    >>> shifted = np.array([[1.0, 0, 2], [0, 1, 0], [0, 0, 1]])
    >>> place_mark(mark, shifted, (8, 12)).opacity[0].tolist()
    [0.0, 0.0, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.0, 0.0]
    """
    size = (shape[1], shape[0])
    opacity = cv2.warpPerspective(mark.opacity, homography, size, flags=cv2.INTER_LINEAR)
    colour = cv2.warpPerspective(mark.colour, homography, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return Mark(colour.reshape(*shape, mark.colour.shape[2]).astype(np.float32, copy=False), opacity)


def over_level(
    plane: Float32[np.ndarray, "h w"], opacity: Float32[np.ndarray, "h w"], level: float
) -> Float32[np.ndarray, "h w"]:
    """Return one plane of a mark laid over an even ground, as it looks in a picture of about that level."""
    shown: Float32[np.ndarray, "h w"] = (opacity * plane + (1 - opacity) * level).astype(np.float32)
    return shown
