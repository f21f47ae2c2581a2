"""The most similar patch of every known one that is not its neighbour, exactly, for all offsets at once.

Source: K. He, J. Sun, "Image completion approaches using the statistics of similar patches", IEEE Trans. PAMI 36(12),
2014, Eq. 1.
Departure: every offset is tried, where the paper searches a tree of projected patches. Sums over patches follow from
sums over their columns, so an offset costs a few additions a pixel, whatever the patch; at 256 px that is 2e9 pairs.

A pair and its cost are one whole number: the cost above the squared length of the offset above its code. The smallest
number is the best patch, of equal ones the nearest, and bands of offsets can be tried in any order.
"""

from __future__ import annotations

from typing import no_type_check

import numpy as np
from jaxtyping import Bool, Int64, UInt8
from numba import njit

MOST_SIDE_PX = 256  # of the picture: longer offsets do not fit into the bits
PADDING_PX = 64
NO_PATCH = np.int64(2**63 - 1)
_ROWS = 2 * MOST_SIDE_PX
_CODE_BITS = 18  # of (row + 256) * 512 + column + 256
_LENGTH_BITS = 18
_CODE_MASK = 2**_CODE_BITS - 1


@njit(cache=True, nogil=True)
@no_type_check
def _advance(planes, y, offset, n, oldest, columns):
    """Move the sums of n columns down by a row, whose squared differences take the place of the oldest ones."""
    dy, dx = offset
    here, there = np.uint64(max(-dx, 0)), np.uint64(max(dx, 0))
    for x in range(np.uint64(n)):  # unsigned, here and below: the loops then run in vector registers
        columns[x] -= oldest[x]
        oldest[x] = 0
    for c in range(planes.shape[0]):
        one, other = planes[c, y], planes[c, y + dy]
        for x in range(np.uint64(n)):
            difference = np.int32(one[here + x]) - np.int32(other[there + x])
            oldest[x] += difference * difference
    for x in range(np.uint64(n)):
        columns[x] += oldest[x]


@njit(cache=True, nogil=True)
@no_type_check
def _add_pairs(columns, n, reach, sums):
    """Set n sums to those of columns that lie `reach` apart."""
    for x in range(np.uint64(n)):
        sums[x] = columns[x] + columns[x + np.uint64(reach)]


@njit(cache=True, nogil=True)
@no_type_check
def _improve(sums, n, starts, numbers, blocked, best):
    """Take costs, with the two numbers below them, at both ends of an offset where they are the least so far."""
    here, there = np.uint64(starts[0]), np.uint64(starts[1])
    for x in range(np.uint64(n)):
        cost = (np.int64(sums[x]) << (_CODE_BITS + _LENGTH_BITS)) | blocked[0][here + x] | blocked[1][there + x]
        best[0][here + x] = min(best[0][here + x], cost | numbers[0])
    for x in range(np.uint64(n)):
        cost = (np.int64(sums[x]) << (_CODE_BITS + _LENGTH_BITS)) | blocked[0][here + x] | blocked[1][there + x]
        best[1][there + x] = min(best[1][there + x], cost | numbers[1])


@njit(cache=True, nogil=True)
@no_type_check
def match_band(planes, blocked, side, least, rows, best):
    """Improve the best offset of every patch by those of some rows, and by their opposites, in place.

    All arrays have `PADDING_PX` columns more than the picture: rows are worked on in whole vector registers.

    Parameters
    ----------
    planes : (C, H, W + 64) uint8
        Sides up to 256.
    blocked : (H, W + 64) int64
        By top left corner: 0 where a whole patch is known, else `NO_PATCH`.
    side : int
        Of a patch: 2, 4 or 8.
    least : float
        Shorter offsets, by the square of their length, are not tried.
    rows : (n,) int64
        Offsets along the rows, 0 or more.
    best : (H, W + 64) int64
        By top left corner: cost, squared length and code of the best offset in one number.
    """
    height, width = blocked.shape[0], blocked.shape[1] - PADDING_PX
    sums = np.zeros((4, blocked.shape[1] + PADDING_PX), np.int32)  # over 1, 2, 4 and 8 columns
    recent = np.zeros((side, blocked.shape[1]), np.int32)
    for dy in rows:
        for dx in range(1 if dy == 0 else side - width, width - side + 1):
            length = dy * dy + dx * dx
            if length < least:
                continue
            forth = (length << _CODE_BITS) | ((dy + MOST_SIDE_PX) * _ROWS + dx + MOST_SIDE_PX)
            back = (length << _CODE_BITS) | ((MOST_SIDE_PX - dy) * _ROWS + MOST_SIDE_PX - dx)
            n = (width - abs(dx) + PADDING_PX - 1) // PADDING_PX * PADDING_PX
            sums[0] = 0
            recent[:] = 0
            for y in range(height - dy):
                _advance(planes, y, (dy, dx), n, recent[y % side], sums[0])
                top = y - side + 1
                if top < 0:
                    continue
                last = 0
                while 1 << last < side:
                    _add_pairs(sums[last], n, 1 << last, sums[last + 1])
                    last += 1
                ends = (blocked[top], blocked[top + dy]), (best[top], best[top + dy])
                _improve(sums[last], n, (max(-dx, 0), max(dx, 0)), (forth, back), *ends)


def blocked_corners(known: Bool[np.ndarray, "H W"], side: int) -> Int64[np.ndarray, "H W2"]:
    """Return by top left corner 0 where a whole patch is known, else `NO_PATCH`, padded."""
    blocked = np.full((known.shape[0], known.shape[1] + PADDING_PX), NO_PATCH)
    if min(known.shape) >= side:
        whole = np.lib.stride_tricks.sliding_window_view(known, (side, side)).all(axis=(2, 3))
        blocked[: whole.shape[0], : whole.shape[1]][whole] = 0
    return blocked


def decode_offsets(best: Int64[np.ndarray, " n"]) -> Int64[np.ndarray, "k 2"]:
    """Return the offsets (rows, columns) of the patches that have one."""
    row, column = np.divmod(best[best != NO_PATCH] & _CODE_MASK, _ROWS)
    return np.stack([row, column], axis=1) - MOST_SIDE_PX


def planes_of(picture: UInt8[np.ndarray, "H W C"]) -> UInt8[np.ndarray, "C H W2"]:
    """Return the channels one after another, padded."""
    return np.pad(picture.transpose(2, 0, 1), ((0, 0), (0, 0), (0, PADDING_PX)))
