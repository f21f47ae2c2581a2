"""Squares cut out of a picture for a network of one size, and its answers put back in their place."""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

import cv2
import numpy as np
from jaxtyping import Bool, Float32

from retouch.arrays.regions import Box
from retouch.arrays.types import AnyArray

Length: TypeAlias = int | float
"""Pixels, whole ones or not: types are checked at run time, where an int is no float."""


class Square(NamedTuple):
    """A square of a picture's pixels, which may reach beyond it.

    Attributes
    ----------
    top, left, length : int
    """

    top: int
    left: int
    length: int

    def cut(self, array: AnyArray, side: int) -> AnyArray:
        """Return what is seen of an array (H, W, ...), `side` px wide; the picture's border goes on outside it.

        Averaged where it shrinks, else bilinear.
        """
        rows, cols = self._places()
        part = array[rows.clip(0, array.shape[0] - 1)][:, cols.clip(0, array.shape[1] - 1)]
        way = cv2.INTER_AREA if self.length > side else cv2.INTER_LINEAR
        seen: AnyArray = cv2.resize(part, (side, side), interpolation=way)
        return seen.reshape(side, side, *array.shape[2:])

    def inside(self, shape: tuple[int, int], side: int) -> Bool[np.ndarray, "S S"]:
        """Tell which pixels of what is seen belong to a picture of `shape`.

        >>> Square(-1, 0, 2).inside((4, 4), 2).tolist()
        [[False, False], [True, True]]
        """
        ends = [(n >= 0) & (n < most) for n, most in zip(self._places(), shape, strict=True)]
        there = np.outer(*ends).astype(np.float32)
        way = cv2.INTER_AREA if self.length > side else cv2.INTER_LINEAR
        whole: Bool[np.ndarray, "S S"] = cv2.resize(there, (side, side), interpolation=way) > 0.99  # noqa: PLR2004
        return whole

    def to_seen(self, row: Length, col: Length, side: int) -> tuple[float, float]:
        """Return where a pixel of the picture is seen.

        >>> Square(10, 20, 8).to_seen(10, 20, 4)
        (-0.25, -0.25)
        """
        scale = side / self.length
        return (row + 0.5 - self.top) * scale - 0.5, (col + 0.5 - self.left) * scale - 0.5

    def box_to_seen(self, box: tuple[Length, Length, Length, Length], side: int) -> Box:
        """Return where a box (top, left, bottom, right) is seen, clipped, with two pixels at least on either side."""
        scale, least = side / self.length, 2
        starts = (self.top, self.left)
        first = [round((at - start) * scale) for at, start in zip(box[:2], starts, strict=True)]
        first = [min(max(at, 0), side - least) for at in first]
        last = [round((at - start) * scale) for at, start in zip(box[2:], starts, strict=True)]
        top, left = first
        bottom, right = (min(max(at, start + least), side) for at, start in zip(last, first, strict=True))
        return Box(top, left, bottom, right)

    def put_back(
        self, seen: Float32[np.ndarray, "S S"], shape: tuple[int, int], elsewhere: float
    ) -> Float32[np.ndarray, "H W"]:
        """Return a plane of the picture's shape with what is seen in its place, bilinear.

        >>> Square(1, 1, 2).put_back(np.ones((2, 2), np.float32), (3, 3), 0.0)[1].tolist()
        [0.0, 1.0, 1.0]
        """
        full = cv2.resize(seen, (self.length, self.length), interpolation=cv2.INTER_LINEAR)
        plane = np.full(shape, elsewhere, np.float32)
        clipped = Box(self.top, self.left, self.top + self.length, self.left + self.length).grown(0, 0, shape)
        there = np.s_[
            clipped.top - self.top : clipped.bottom - self.top, clipped.left - self.left : clipped.right - self.left
        ]
        plane[clipped.slices] = full[there]
        return plane

    def _places(self) -> tuple[AnyArray, AnyArray]:
        return np.arange(self.top, self.top + self.length), np.arange(self.left, self.left + self.length)


def square_around(row: Length, col: Length, length: Length) -> Square:
    """Return the square around a place, whole pixels.

    >>> square_around(10.0, 10.0, 4.0)
    Square(top=8, left=8, length=4)
    """
    return Square(round(row - length / 2), round(col - length / 2), max(round(length), 1))
