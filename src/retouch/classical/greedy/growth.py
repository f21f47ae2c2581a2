"""The kernel of Efros and Leung's growth: one pixel after another, drawn from the centres of similar windows.

Source: A. Efros, T. Leung, "Texture synthesis by non-parametric sampling", ICCV 1999, Sec. 2.

Every source window in reach is compared, its rows from the centre outwards, since the weights are largest there, and is
dropped once it is less alike than the tolerance allows. What the pixels around were copied from goes on by one pixel
and is measured first, so that most windows drop out in their first row.

    picture  (H, W * C) float32, changed where a pixel is filled
    unknown  (H, W) bool, likewise
    origins  (H, W, 2) int32, row and column that a filled pixel was copied from, else -1
    allowed  (H, W) bool, where the centre of a source window may lie
    bell     (w, w) float32, the weights of a window
"""

from __future__ import annotations

from typing import no_type_check

import numpy as np
from numba import njit

_FAR = np.float32(1e30)


@njit(cache=True, nogil=True)
@no_type_check
def _gather(picture, unknown, at, bell, wanted, weights):
    """Copy the known part of a window and its weights, and return their sum."""
    height, width = unknown.shape
    side, half = bell.shape[0], bell.shape[0] // 2
    n_channels = picture.shape[1] // width
    total = np.float32(0)
    for i in range(side):
        for j in range(side):
            y, x = at[0] - half + i, at[1] - half + j
            known = 0 <= y < height and 0 <= x < width and not unknown[y, x]
            for c in range(n_channels):
                wanted[i, j * n_channels + c] = picture[y, x * n_channels + c] if known else np.float32(0)
                weights[i, j * n_channels + c] = bell[i, j] if known else np.float32(0)
            if known:
                total += bell[i, j] * np.float32(n_channels)
    return total


# Sums may be regrouped for the vector registers; comparisons stay as they are.
@njit(cache=True, nogil=True, fastmath={"reassoc", "contract", "nsz"})
@no_type_check
def window_distance(picture, wanted, weights, top, left, limit):
    """Return the weighted sum of squared differences from a window, or any number above `limit` once it is passed.

    Parameters
    ----------
    picture : (H, V) float32
    wanted, weights : (w, v) float32
        The known part of the window, and what it counts; 0 where unknown.
    top, left : int
        First row of the other window, and its first value there.
    limit : float
    """
    side, n_values = wanted.shape
    half = side // 2
    total = np.float32(0)
    start = np.uint64(left)  # unsigned: the loop then runs in vector registers
    for step in range(side):
        i = half + (step + 1) // 2 if step % 2 else half - step // 2
        source = picture[top + i]
        for j in range(np.uint64(n_values)):
            difference = wanted[i, j] - source[start + j]
            total += weights[i, j] * difference * difference
        if total > limit:
            break
    return total


@njit(cache=True, nogil=True)
@no_type_check
def _continued(sought, unknown, origins, allowed, at, tolerance):
    """Return the least distance, with the tolerance, among the windows that go on with what was copied around."""
    picture, wanted, weights = sought
    height, width = unknown.shape
    side, n_channels = wanted.shape[0], picture.shape[1] // width
    half, limit = side // 2, _FAR
    for i in range(max(at[0] - 1, 0), min(at[0] + 2, height)):
        for j in range(max(at[1] - 1, 0), min(at[1] + 2, width)):
            y, x = origins[i, j, 0] + at[0] - i, origins[i, j, 1] + at[1] - j
            if origins[i, j, 0] >= 0 and 0 <= y < height and 0 <= x < width and allowed[y, x]:
                found = window_distance(picture, wanted, weights, y - half, (x - half) * n_channels, limit)
                limit = min(limit, found * tolerance)
    return limit


@njit(cache=True, nogil=True)
@no_type_check
def _draw_alike(distances, least, tolerance, chance):
    """Return the place of one of the distances within the tolerance of the least, each as likely."""
    limit = least * tolerance
    count = 0
    for distance in distances:
        count += distance <= limit
    wanted = min(np.int64(chance * count), count - 1)
    for place, distance in enumerate(distances):
        if distance <= limit:
            if wanted == 0:
                return place
            wanted -= 1
    return -1


@njit(cache=True, nogil=True)
@no_type_check
def grow_pixels(state, source, order, chances, tolerance, worst):
    """Fill pixels one after another, in place, and return how many were filled.

    Parameters
    ----------
    state : (picture, unknown, origins)
        See the head of this module.
    source : (allowed, reach, bell)
        `reach` is (H, W) int32: how far from each pixel windows are sought.
    order : (n, 2) int32
        Row and column of the pixels to fill; each has a known neighbour.
    chances : (n,) float32, range [0, 1)
        One number for each, by which it is drawn from the windows that are alike.
    tolerance : float
        Windows count as alike up to this times the least distance.
    worst : float
        A pixel whose most similar window is farther away, per value, is left for later.
    """
    picture, unknown, origins = state
    allowed, reach, bell = source
    height, width = unknown.shape
    side, half, n_channels = bell.shape[0], bell.shape[0] // 2, picture.shape[1] // unknown.shape[1]
    wanted = np.empty((side, side * n_channels), np.float32)
    weights = np.empty_like(wanted)
    n_filled = 0
    for k in range(len(order)):
        at = (np.int64(order[k, 0]), np.int64(order[k, 1]))
        total = _gather(picture, unknown, at, bell, wanted, weights)
        limit = _continued((picture, wanted, weights), unknown, origins, allowed, at, tolerance)
        top, bottom = max(at[0] - reach[at], half), min(at[0] + reach[at] + 1, height - half)
        left, right = max(at[1] - reach[at], half), min(at[1] + reach[at] + 1, width - half)
        distances = np.full((bottom - top) * (right - left), _FAR, np.float32)
        least = _FAR
        for y in range(top, bottom):
            for x in range(left, right):
                if allowed[y, x]:
                    found = window_distance(picture, wanted, weights, y - half, (x - half) * n_channels, limit)
                    if found <= limit:
                        distances[(y - top) * (right - left) + x - left] = found
                        least = min(least, found)
                        limit = min(limit, found * tolerance)
        if least > worst * total:
            continue
        down, across = divmod(_draw_alike(distances, least, tolerance, chances[k]), right - left)
        y, x = top + down, left + across
        picture[at[0], at[1] * n_channels : (at[1] + 1) * n_channels] = picture[
            y, x * n_channels : (x + 1) * n_channels
        ]
        unknown[at] = False
        origins[at[0], at[1], 0], origins[at[0], at[1], 1] = y, x
        n_filled += 1
    return n_filled
