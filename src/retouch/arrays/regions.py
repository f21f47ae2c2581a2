"""Boxes, connected holes and growing masks."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from retouch.arrays.types import Mask
from retouch.errors import InputError


class Box(NamedTuple):
    """Rectangle of pixels, half-open: rows [top, bottom), columns [left, right)."""

    top: int
    left: int
    bottom: int
    right: int

    @property
    def height(self) -> int:
        """Number of rows."""
        return self.bottom - self.top

    @property
    def width(self) -> int:
        """Number of columns."""
        return self.right - self.left

    @property
    def slices(self) -> tuple[slice, slice]:
        """Index an array of shape (H, W, ...) with this to get the box's pixels."""
        return slice(self.top, self.bottom), slice(self.left, self.right)

    def grown(self, rows: int, columns: int, shape: tuple[int, int]) -> Box:
        """Return the box with a margin on every side, clipped to a picture of `shape` (H, W)."""
        return Box(
            max(self.top - rows, 0),
            max(self.left - columns, 0),
            min(self.bottom + rows, shape[0]),
            min(self.right + columns, shape[1]),
        )

    def united(self, other: Box) -> Box:
        """Return the smallest box that holds both."""
        return Box(
            min(self.top, other.top),
            min(self.left, other.left),
            max(self.bottom, other.bottom),
            max(self.right, other.right),
        )


def bounding_box(mask: Mask) -> Box:
    """Return the smallest box that holds every True pixel of a mask that has at least one."""
    rows = np.flatnonzero(mask.any(axis=1))
    columns = np.flatnonzero(mask.any(axis=0))
    return Box(int(rows[0]), int(columns[0]), int(rows[-1]) + 1, int(columns[-1]) + 1)


def find_holes(mask: Mask) -> list[Box]:
    """Return the bounding box of each hole (8-connected part of the mask), in raster order of first pixels."""
    n_labels, _, stats, _ = cv2.connectedComponentsWithStats(mask.view(np.uint8), connectivity=8)
    return [Box(int(y), int(x), int(y + h), int(x + w)) for x, y, w, h, _ in stats[1:n_labels]]


def dilate_mask(mask: Mask, radius_px: int) -> Mask:
    """Grow the True area by `radius_px` pixels in every direction (a disc, Euclidean distance).

    >>> dilate_mask(np.eye(3, dtype=bool) & False, 2).any()
    np.False_
    """
    if radius_px < 0:
        raise InputError(f"the radius to dilate by must be 0 or more pixels, got {radius_px}")
    if radius_px == 0 or not mask.any():
        return mask.copy()
    return hole_depth(~mask) <= radius_px


def hole_depth(mask: Mask) -> np.ndarray:
    """Return (H, W) float32: the Euclidean distance in pixels of each True pixel to the nearest False one, else 0."""
    depth = cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    # OpenCV's last bits depend on its number of threads; the square of a distance between pixels is a whole number.
    exact: np.ndarray = np.sqrt(np.rint(depth * depth))
    return exact


def mask_ratio(mask: Mask) -> float:
    """Return the share of missing pixels, 0 to 1.

    >>> mask_ratio(np.array([[True, False], [False, False]]))
    0.25
    """
    return float(np.count_nonzero(mask)) / mask.size
