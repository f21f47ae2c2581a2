"""Dominant offsets: the few shifts by which a picture resembles itself most often.

Source: K. He, J. Sun, "Image completion approaches using the statistics of similar patches", IEEE Trans. PAMI 36(12),
2014, Eqs. 1 and 2: patches of 8x8 pixels, offsets of a fifteenth of the longer side or more, their histogram smoothed
with sigma sqrt(2), a peak where nothing within 4 pixels is higher, the 60 highest.

Departures
----------
- Patches of 4x4 or 2x2 pixels where none of 8x8 is known.
- Offsets are added until every missing pixel has one that leads to a known pixel (`cover_hole`): in a broad hole, all
  frequent offsets of the pixels deep inside may end in the hole.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
from jaxtyping import Bool, Float32, Int64, UInt8

from retouch.arrays.types import Progress, ignore_progress
from retouch.classical.labelling.matching import (
    MOST_SIDE_PX,
    NO_PATCH,
    blocked_corners,
    decode_offsets,
    match_band,
    planes_of,
)

_PATCH_SIDES = (8, 4, 2)
_LEAST_SHARE = 15  # of the longer side: nearer patches resemble each other only because they are near
_SIGMA_PX = 2**0.5
_PEAK_PX = 9
_N_BANDS = 16
_MOST_COVERING = 24


def find_dominant_offsets(
    picture: UInt8[np.ndarray, "H W C"],
    known: Bool[np.ndarray, "H W"],
    most: int,
    pool: ThreadPoolExecutor,
    progress: Progress = ignore_progress,
) -> Int64[np.ndarray, "n 2"]:
    """Return the offsets (rows, columns) that occur most between similar patches, the most frequent first.

    Parameters
    ----------
    picture : (H, W, C) uint8
        Sides up to 256; unknown values are not read.
    known : (H, W) bool
    most : int
        Number of offsets at most; fewer where the histogram has fewer peaks, none where no two patches are known.
    pool : ThreadPoolExecutor
    progress : callable
        Called in bands of offsets.
    """
    histogram = count_offsets(match_far_patches(picture, known, pool, progress))
    smooth = cv2.GaussianBlur(histogram, (0, 0), _SIGMA_PX, borderType=cv2.BORDER_CONSTANT)
    highest = cv2.dilate(smooth, np.ones((_PEAK_PX, _PEAK_PX), np.uint8))
    peaks = np.argwhere((smooth == highest) & (smooth > 0))
    heights = smooth[peaks[:, 0], peaks[:, 1]]
    offsets = peaks - MOST_SIDE_PX
    order = np.lexsort((offsets[:, 1], offsets[:, 0], (offsets**2).sum(axis=1), -heights))
    return offsets[order[:most]]


def match_far_patches(
    picture: UInt8[np.ndarray, "H W C"],
    known: Bool[np.ndarray, "H W"],
    pool: ThreadPoolExecutor,
    progress: Progress = ignore_progress,
) -> Int64[np.ndarray, "n 2"]:
    """Return for each known patch, in raster order, the offset of the most similar one that is far enough away."""
    planes = planes_of(np.where(known[:, :, None], picture, np.uint8(0)))
    least = (max(known.shape) / _LEAST_SHARE) ** 2  # Eq. 1: |s| > tau
    for side in _PATCH_SIDES:
        blocked = blocked_corners(known, side)
        if (blocked == 0).any():
            break
    else:
        return np.empty((0, 2), np.int64)

    def match(band: int) -> Int64[np.ndarray, "H W"]:
        best = np.full(blocked.shape, NO_PATCH)
        match_band(planes, blocked, side, least, np.arange(band, known.shape[0] - side + 1, _N_BANDS), best)
        return best

    best = np.full(blocked.shape, NO_PATCH)
    for done, found in enumerate(pool.map(match, range(_N_BANDS))):
        np.minimum(best, found, out=best)
        progress(done + 1, _N_BANDS)
    return decode_offsets(best.ravel())


def count_offsets(offsets: Int64[np.ndarray, "n 2"]) -> Float32[np.ndarray, "s s"]:
    """Return how often each offset occurs; no offset at all lies at row and column 256."""
    side = 2 * MOST_SIDE_PX + 1
    places = (offsets + MOST_SIDE_PX) @ np.array([side, 1])
    return np.bincount(places, minlength=side**2).reshape(side, side).astype(np.float32)  # Eq. 2


def cover_hole(
    unknown: Bool[np.ndarray, "H W"], known: Bool[np.ndarray, "H W"], offsets: Int64[np.ndarray, "n 2"]
) -> Int64[np.ndarray, "m 2"]:
    """Return the offsets, and more of them, until they lead from nearly every missing pixel to a known one.

    Each one added leads from as many of the pixels that are left to known ones as any can; at most 24 are.
    """
    left = unknown.copy()
    for offset in offsets:
        left &= ~shifted(known, offset)
    added: list[Int64[np.ndarray, " two"]] = []
    while left.any() and len(added) < _MOST_COVERING:
        added.append(_best_covering(left, known))
        left &= ~shifted(known, added[-1])
    return np.concatenate([offsets, np.array(added, np.int64).reshape(-1, 2)])


def shifted(known: Bool[np.ndarray, "H W"], offset: Int64[np.ndarray, " two"]) -> Bool[np.ndarray, "H W"]:
    """Return where the pixel at an offset is known and in the picture."""
    height, width = known.shape
    down, right = int(offset[0]), int(offset[1])
    result = np.zeros_like(known)
    here = slice(max(-down, 0), height - max(down, 0)), slice(max(-right, 0), width - max(right, 0))
    there = slice(max(down, 0), height + min(down, 0)), slice(max(right, 0), width + min(right, 0))
    if abs(down) < height and abs(right) < width:
        result[here] = known[there]
    return result


def _best_covering(left: Bool[np.ndarray, "H W"], known: Bool[np.ndarray, "H W"]) -> Int64[np.ndarray, " two"]:
    """Return the offset that leads from the most pixels to known ones; of equal ones the shortest."""
    size = [2 * side for side in known.shape]
    spectrum = np.fft.rfft2(known.astype(np.float64), size) * np.conj(np.fft.rfft2(left.astype(np.float64), size))
    counts = np.rint(np.fft.irfft2(spectrum, size))  # at s: sum over x of left(x) known(x + s), modulo the size
    best = np.argwhere(counts == counts.max())
    offsets = np.where(best >= known.shape, best - size, best)
    nearest: Int64[np.ndarray, " two"] = offsets[(offsets**2).sum(axis=1).argmin()].astype(np.int64)
    return nearest
