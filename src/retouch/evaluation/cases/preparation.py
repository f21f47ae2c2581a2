"""How pictures and their masks are brought to size before anything is measured.

    as-is            as the files are
    gdn256           straight to 256 x 256, whatever the shape (GDN)
    edgeconnect256   the central square, then 256 x 256 (EdgeConnect)
    thesis512        a random crop of 512 x 512
    thesis_eval256   a random crop of 512 x 512, then 256 x 256
    yeh64            the central square, then 64 x 64 (Yeh et al.)
    square:N         the central square, then N x N
    crop:N           a random crop of N x N

Source: the evaluation code of the papers named. A random crop depends on the seed and the number of the picture only.
Departure: pictures are averaged when they shrink and interpolated by cubics when they grow, whatever each paper used;
masks take the nearest pixel.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import cv2
import numpy as np

from retouch.arrays.types import AnyArray, Mask
from retouch.errors import InputError, UsageError, unknown_name

AS_IS = "as-is"
_SQUARE, _CROP = "square", "crop"


@dataclass(frozen=True)
class Preparation:
    """A way to bring pictures to size.

    Attributes
    ----------
    name : str
    crop : str
        "" for the whole picture, "square" for its central square, "crop" for a random square of `crop_px`.
    crop_px : int
    side_px : int
        Side of the square that it is resampled to; 0 keeps the size.
    """

    name: str
    crop: str = ""
    crop_px: int = 0
    side_px: int = 0

    def window(self, height: int, width: int, rng: np.random.Generator) -> tuple[slice, slice]:
        """Return the rows and columns that are kept before resampling.

        Raises
        ------
        InputError
            If the picture is smaller than the crop.
        """
        if not self.crop:
            return slice(0, height), slice(0, width)
        side = min(height, width) if self.crop == _SQUARE else self.crop_px
        if side > min(height, width):
            raise InputError(f"preparation '{self.name}' needs {side} px a side, got a picture of {width}x{height}")
        top, left = (height - side) // 2, (width - side) // 2
        if self.crop == _CROP:
            top, left = int(rng.integers(height - side + 1)), int(rng.integers(width - side + 1))
        return slice(top, top + side), slice(left, left + side)

    def picture(self, pixels: AnyArray, window: tuple[slice, slice]) -> AnyArray:
        """Return the prepared (H, W, C) uint8 picture."""
        part = np.ascontiguousarray(pixels[window])
        if not self.side_px or part.shape[:2] == (self.side_px, self.side_px):
            return part
        shrinks = min(part.shape[:2]) >= self.side_px
        resampled = cv2.resize(
            part, (self.side_px, self.side_px), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
        )
        return np.asarray(resampled, np.uint8).reshape(self.side_px, self.side_px, -1)

    def mask(self, mask: Mask, window: tuple[slice, slice]) -> Mask:
        """Return the prepared mask of the same picture."""
        part = np.ascontiguousarray(mask[window])
        return resize_mask(part, self.side_px, self.side_px) if self.side_px else part


_NAMED = (
    Preparation(AS_IS),
    Preparation("gdn256", side_px=256),
    Preparation("edgeconnect256", _SQUARE, side_px=256),
    Preparation("thesis512", _CROP, crop_px=512),
    Preparation("thesis_eval256", _CROP, crop_px=512, side_px=256),
    Preparation("yeh64", _SQUARE, side_px=64),
)


def find_preparation(name: str) -> Preparation:
    """Return the preparation of that name.

    Raises
    ------
    UsageError
        If there is none; the nearest name is suggested.

    >>> find_preparation("square:128").side_px
    128
    """
    for preparation in _NAMED:
        if preparation.name == name:
            return preparation
    sized = re.fullmatch(rf"({_SQUARE}|{_CROP}):([1-9]\d{{0,4}})", name)
    if sized is None:
        known = (*(preparation.name for preparation in _NAMED), f"{_SQUARE}:N", f"{_CROP}:N")
        raise UsageError(unknown_name("preparation", name, known))
    side = int(sized[2])
    if sized[1] == _CROP:
        return Preparation(name, _CROP, crop_px=side)
    return Preparation(name, _SQUARE, side_px=side)


def resize_mask(mask: Mask, height: int, width: int) -> Mask:
    """Return a mask in another size; each pixel is the nearest one, so it stays hard."""
    if mask.shape == (height, width):
        return mask
    rows = (np.arange(height) * 2 + 1) * mask.shape[0] // (2 * height)
    columns = (np.arange(width) * 2 + 1) * mask.shape[1] // (2 * width)
    return np.ascontiguousarray(mask[rows[:, None], columns])
