"""The search of greedy growth: the whole known patch that is most like the known part of another.

Every source patch in reach is tried, so nothing depends on chance. A patch is dropped as soon as its sum of squared
differences passes the best one so far; what the pixels around were copied from goes on by one step and is tried first,
which makes most patches drop out in their first row. Among equally similar patches the nearest counts, and then the
first in raster order, so that bands of rows can be searched apart from each other.

    values   (H, W * K) int16, K values a pixel, 0 where unknown
    allowed  (H, W) bool, where the centre of a source patch may lie
    wanted   (n, n * K) int16, the patch that is sought; n its side
    counts   (n, n * K) int16, 1 where it is known, else 0
"""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import NamedTuple, TypeAlias, no_type_check

import numpy as np
from jaxtyping import Bool, Int16
from numba import njit

from retouch.arrays.regions import Box

Point: TypeAlias = tuple[int, int]

_FAR = 2**31 - 1
_LEAST_BAND = 20_000  # source patches: fewer are not worth a thread


class Found(NamedTuple):
    """The most similar patch: its cost, the square of its distance, and where its centre is."""

    cost: int
    distance: int
    row: int
    column: int


_NOTHING = Found(_FAR, _FAR, -1, -1)


class Sought(NamedTuple):
    """A patch to be found again: its centre, its values, and which of them count (see the head of this module)."""

    at: Point
    wanted: Int16[np.ndarray, "n m"]
    counts: Int16[np.ndarray, "n m"]


@njit(cache=True, nogil=True)
@no_type_check
def search_rows(values, allowed, sought, box, best):
    """Return the best of the source patches centred in a box, and of what was found before.

    Parameters
    ----------
    values : (H, W * K) int16
    allowed : (H, W) bool
    sought : Sought
    box : (int, int, int, int)
        First row and column, and the row and column after the last.
    best : (int, int, int, int)
        Cost, squared distance, row and column; the cost 2^31 - 1 if nothing was found.
    """
    at, wanted, counts = sought
    side, n_values = wanted.shape
    half, n_channels = side // 2, n_values // side
    cost, distance, row, column = best
    for y in range(box[0], box[2]):
        for x in range(box[1], box[3]):
            if not allowed[y, x]:
                continue
            left = np.uint64((x - half) * n_channels)  # unsigned: the loop then runs in vector registers
            total = np.int32(0)
            for i in range(side):
                source = values[y - half + i]
                for j in range(np.uint64(n_values)):
                    difference = (np.int32(wanted[i, j]) - np.int32(source[left + j])) * np.int32(counts[i, j])
                    total += difference * difference
                if total > cost:
                    break
            if total > cost:
                continue
            away = (y - at[0]) ** 2 + (x - at[1]) ** 2
            if (total, away, y, x) < (cost, distance, row, column):
                cost, distance, row, column = np.int64(total), away, y, x
    return cost, distance, row, column


def find_patch(
    values: Int16[np.ndarray, "H V"],
    allowed: Bool[np.ndarray, "H W"],
    sought: Sought,
    box: Box,
    first: Iterable[Point],
    pool: ThreadPoolExecutor,
) -> Found:
    """Return the most similar source patch centred in the box.

    Parameters
    ----------
    values, allowed
        See the head of this module.
    sought : Sought
    box : Box
        Holds the centre of some source patch.
    first : iterable of (row, column)
        Centres to try first; those outside the box or not allowed are skipped.
    pool : ThreadPoolExecutor
    """
    best = _NOTHING
    for row, column in first:
        if box.top <= row < box.bottom and box.left <= column < box.right:
            best = Found(*search_rows(values, allowed, sought, Box(row, column, row + 1, column + 1), best))
    n_bands = min(max(box.height * box.width // _LEAST_BAND, 1), box.height)
    if n_bands == 1:
        return Found(*search_rows(values, allowed, sought, box, best))
    edges = np.linspace(box.top, box.bottom, n_bands + 1).astype(int).tolist()
    bands = [Box(top, box.left, bottom, box.right) for top, bottom in pairwise(edges)]
    return min(pool.map(lambda band: Found(*search_rows(values, allowed, sought, band, best)), bands))
