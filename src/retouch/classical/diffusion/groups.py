"""Hole pixels sorted into groups that do not influence each other, so that each group is solved on its own.

A partial differential equation couples a missing pixel with the neighbours that its stencil reaches. Missing pixels
that are linked by a chain of such steps form a group; the linear system of a picture is then block diagonal, one
block per group, and blocks can be packed into batches of any size.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Int, Int32

from retouch.arrays.regions import Box
from retouch.arrays.types import Mask, Progress

_CROSS = np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]], np.uint8)


@dataclass(frozen=True)
class HoleGroups:
    """Missing pixels of one picture, sorted by group and in raster order within a group.

    Attributes
    ----------
    labels : (H, W) int32
        0 where known, else the number of the group, from 1.
    boxes : list of Box
        Bounding box of each group, grown by the reach of the stencil.
    pixels : (n,) int
        Flat indices of the missing pixels, sorted by group.
    starts : (n_groups + 1,) int
        Group g owns pixels[starts[g]:starts[g + 1]].
    """

    labels: Int32[np.ndarray, "H W"]
    boxes: list[Box]
    pixels: Int[np.ndarray, " n"]
    starts: Int[np.ndarray, " g"]

    @property
    def sizes(self) -> Int[np.ndarray, " g"]:
        """Number of missing pixels in each group."""
        return np.diff(self.starts)

    def batches(self, groups: Int[np.ndarray, " k"], capacity: int) -> Iterator[Int[np.ndarray, " m"]]:
        """Yield the pixels of `groups`, whole groups at a time: `capacity` at most, unless one group has more."""
        filled = np.cumsum(self.sizes[groups])
        begin = 0
        while begin < len(groups):
            budget = capacity + (filled[begin - 1] if begin else 0)
            end = max(begin + 1, int(np.searchsorted(filled, budget, side="right")))
            yield np.concatenate([self.pixels[self.starts[g] : self.starts[g + 1]] for g in groups[begin:end]])
            begin = end


def group_holes(mask: Mask, reach_px: int) -> HoleGroups:
    """Sort the missing pixels into groups whose stencils do not meet.

    Parameters
    ----------
    mask : (H, W) bool
        True where a pixel is missing.
    reach_px : int
        1 where the stencil is the 4 nearest neighbours (Laplace); 2 where it is a disc of two steps (bi-Laplace).
    """
    # Two discs of radius reach/2 meet where pixels couple: growing by a cross links pixels up to 3 steps apart.
    linked = mask.view(np.uint8) if reach_px == 1 else cv2.dilate(mask.view(np.uint8), _CROSS)
    n_labels, labels, stats, _ = cv2.connectedComponentsWithStats(linked, connectivity=4)
    labels[~mask] = 0
    boxes = [
        Box(int(y), int(x), int(y + h), int(x + w)).grown(reach_px, reach_px, (mask.shape[0], mask.shape[1]))
        for x, y, w, h, _ in stats[1:n_labels]
    ]
    pixels = np.flatnonzero(mask)
    of_pixel = labels.ravel()[pixels]
    counts = np.bincount(of_pixel, minlength=n_labels)[1:]
    order = np.argsort(of_pixel, kind="stable")
    return HoleGroups(labels, boxes, pixels[order], np.concatenate([[0], np.cumsum(counts)]))


def share_of(progress: Progress, done: int, size: int, total: int) -> Progress:
    """Return a hook for one part of the work: `size` of `total` units, begun when `done` units are finished."""

    def report(part: int, whole: int) -> None:
        progress(done + size * part // whole, total)

    return report
