"""The pyramid of PatchMatch completion: pictures, masks, sources and labels at every scale.

A coarser pixel is the mean of the known ones among the four below it, and is missing where fewer than two are known:
were one missing pixel enough, holes would swell and the structures between them vanish level by level.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from jaxtyping import Bool, Float32, Int32

_LEAST_SIDE_PX = 24
_EVEN = 2
_LEAST_KNOWN = 2  # of the four pixels under a coarser one


class Level(NamedTuple):
    """One scale.

    Attributes
    ----------
    picture : (H, W, K) float32
        Known pixels, and zeros under the mask.
    mask : (H, W) bool
    source : (H, W) bool
        Pixels that patches may be made of: known and permitted.
    labels : (H, W) int32
        0 where anything may be borrowed.
    """

    picture: Float32[np.ndarray, "H W K"]
    mask: Bool[np.ndarray, "H W"]
    source: Bool[np.ndarray, "H W"]
    labels: Int32[np.ndarray, "H W"]


def build_levels(finest: Level, patch_size: int) -> list[Level]:
    """Return the levels from fine to coarse: halved while the sides allow it and whole source patches remain."""
    levels = [finest]
    while True:
        mask = levels[-1].mask
        if min(mask.shape) < _EVEN * max(_LEAST_SIDE_PX, patch_size + 1) or _is_narrow(mask, patch_size):
            return levels
        coarser = _halve(levels[-1])
        if not has_source_patch(coarser, patch_size):
            return levels
        levels.append(coarser)


def source_patches(level: Level, patch_size: int) -> Bool[np.ndarray, "H W"]:
    """Return where a patch may be borrowed: all of its pixels are source pixels of this picture."""
    box = np.ones((patch_size, patch_size), np.uint8)
    whole = cv2.erode(level.source.astype(np.uint8), box, borderType=cv2.BORDER_CONSTANT, borderValue=0)
    return whole.astype(bool)


def has_source_patch(level: Level, patch_size: int) -> bool:
    """Whether at least one patch may be borrowed."""
    return min(level.mask.shape) >= patch_size and bool(source_patches(level, patch_size).any())


def _is_narrow(mask: Bool[np.ndarray, "H W"], patch_size: int) -> bool:
    """Whether patches around the hole reach its middle from both sides, so that coarser levels add nothing."""
    depth = cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5)
    return float(depth.max()) <= patch_size / 4


def _halve(level: Level) -> Level:
    """Return the next coarser level; an odd last row or column is repeated first."""
    rows, columns = (-(-side // 2) for side in level.mask.shape)
    known = _pairs(~level.mask, rows, columns).astype(np.float32)
    values = _pairs(level.picture, rows, columns) * known[..., None]
    n_known = known.sum(axis=(1, 3))
    picture = values.sum(axis=(1, 3)) / np.maximum(n_known, 1)[:, :, None]
    mask = n_known < _LEAST_KNOWN
    source = ~mask & (_pairs(level.source, rows, columns).sum(axis=(1, 3)) >= _LEAST_KNOWN)
    return Level(picture.astype(np.float32), mask, source, np.ascontiguousarray(level.labels[::2, ::2]))


def _pairs(array: np.ndarray, rows: int, columns: int) -> np.ndarray:
    """View an array as (rows, 2, columns, 2, ...)."""
    pad = [(0, 2 * rows - array.shape[0]), (0, 2 * columns - array.shape[1])] + [(0, 0)] * (array.ndim - 2)
    padded = np.pad(array, pad, mode="edge")
    return padded.reshape(rows, 2, columns, 2, *array.shape[2:])
