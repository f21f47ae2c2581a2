"""Taking patches out of a picture, and averaging overlapping ones back into one.

Sums are kept in float64: thousands of patches may overlap at a pixel, and in float32 their rounding errors would be
seen in 16 bits.

    image     (H, W, C) float32
    patches   (n, p * p * C) float32, each patch raveled by row, column, channel
    tops      (n,) integers, row of each patch's upper left pixel
    lefts     (n,) integers, its column
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias, no_type_check

import numpy as np
from jaxtyping import Float32, Float64, Integer
from numba import njit

from retouch.arrays.types import Image

Patches: TypeAlias = Float32[np.ndarray, "n d"]
Corners: TypeAlias = Integer[np.ndarray, " n"]


def take_patches(image: Image, tops: Corners, lefts: Corners, patch_px: int) -> Patches:
    """Copy square patches out of a picture, one to a row.

    Parameters
    ----------
    image : (H, W, C) float32
    tops, lefts : (n,) integers
        Upper left pixels of the patches, which must lie inside the picture: that is not checked.
    patch_px : int
        Side of a patch, at most H and W.

    Returns
    -------
    (n, patch_px * patch_px * C) float32
        Raveled by row, column, channel.

    Examples
    --------
    >>> ramp = np.arange(12, dtype=np.float32).reshape(3, 4, 1)
    >>> take_patches(ramp, np.array([0, 1]), np.array([0, 2]), 2)
    array([[ 0.,  1.,  4.,  5.],
           [ 6.,  7., 10., 11.]], dtype=float32)
    """
    patches = np.empty((len(tops), patch_px * patch_px * image.shape[2]), np.float32)
    flat = np.ascontiguousarray(image).reshape(image.shape[0], -1)
    _gather(flat, tops.astype(np.int64), lefts.astype(np.int64), image.shape[2], patches)
    return patches


def all_corners(height: int, width: int, patch_px: int, step_px: int = 1) -> tuple[Corners, Corners]:
    """Return the upper left pixels of the patches on a grid, in raster order; the last row and column take part always.

    >>> all_corners(2, 6, 2, step_px=3)
    (array([0, 0, 0]), array([0, 3, 4]))
    """
    rows, columns = (np.unique(np.append(np.arange(0, n - patch_px, step_px), n - patch_px)) for n in (height, width))
    tops, lefts = np.meshgrid(rows, columns, indexing="ij")
    return tops.ravel(), lefts.ravel()


@dataclass(frozen=True)
class Average:
    """A weighted mean of patches in the making.

    Attributes
    ----------
    totals : (H, W, C) float64
        Sum of weight times value at each pixel.
    weights : (H, W) float64
        Sum of the weights of the patches on it.

    Examples
    --------
    Two patches of 1x1 meet on the left pixel, and none lies on the right one:

    >>> average = Average.empty((1, 2, 1))
    >>> average.add(np.float32([[0.2], [0.8]]), np.array([0, 0]), np.array([0, 0]))
    >>> average.mean(otherwise=np.ones((1, 2, 1), np.float32)).ravel()
    array([0.5, 1. ], dtype=float32)
    """

    totals: Float64[np.ndarray, "H W C"]
    weights: Float64[np.ndarray, "H W"]

    @classmethod
    def empty(cls, shape: tuple[int, int, int]) -> Average:
        """Return one on which no patch lies yet, for a picture of this shape."""
        return cls(np.zeros(shape), np.zeros(shape[:2]))

    def add(
        self, patches: Patches, tops: Corners, lefts: Corners, weights: Float32[np.ndarray, " n"] | None = None
    ) -> None:
        """Lay patches on their places, in the order given; without `weights` each weighs 1.

        Patches must lie inside the picture: that is not checked. For threads, give each an `Average` of its own and
        merge these in a fixed order, so that the sums do not depend on who was first.
        """
        if weights is None:
            weights = np.ones(len(patches), np.float32)
        flat = self.totals.reshape(self.totals.shape[0], -1)
        _scatter(patches, tops.astype(np.int64), lefts.astype(np.int64), weights, (flat, self.weights))

    def merge(self, other: Average, top: int = 0) -> None:
        """Add the sums of another, of the same width and no higher, whose first row is row `top` here."""
        rows = slice(top, top + other.weights.shape[0])
        self.totals[rows] += other.totals
        self.weights[rows] += other.weights

    def mean(self, otherwise: Image) -> Image:
        """Return the mean at each pixel, and `otherwise` where no patch lies."""
        covered = self.weights > 0
        means = self.totals / np.where(covered, self.weights, 1.0)[:, :, None]
        return np.where(covered[:, :, None], means, otherwise).astype(np.float32)


@njit(cache=True, nogil=True)
@no_type_check
def _gather(flat, tops, lefts, n_channels, patches):
    """Write the patches at the corners, row by row, into `patches`; `flat` is (H, W * C)."""
    patch_px = int(np.sqrt(patches.shape[1] // n_channels))
    n_values = patch_px * n_channels
    for n in range(patches.shape[0]):
        start = lefts[n] * n_channels
        for y in range(patch_px):
            for i in range(n_values):
                patches[n, y * n_values + i] = flat[tops[n] + y, start + i]


@njit(cache=True, nogil=True)
@no_type_check
def _scatter(patches, tops, lefts, weights, sums):
    """Add weight times patch to the totals, (H, W * C), and the weight to the weights, (H, W)."""
    totals, total_weights = sums
    n_channels = totals.shape[1] // total_weights.shape[1]
    patch_px = int(np.sqrt(patches.shape[1] // n_channels))
    n_values = patch_px * n_channels
    for n in range(patches.shape[0]):
        weight = np.float64(weights[n])
        start = lefts[n] * n_channels
        for y in range(patch_px):
            for i in range(n_values):
                totals[tops[n] + y, start + i] += weight * patches[n, y * n_values + i]
            for x in range(patch_px):
                total_weights[tops[n] + y, lefts[n] + x] += weight
