"""Kernels of non-local means: the weights of all pairs of patches in a window, and what each patch gives to its pixels.

Source: J. Darbon, A. Cunha, T. Chan, S. Osher, G. Jensen, "Fast nonlocal filtering applied to electron cryomicroscopy",
ISBI 2008 (one displacement after the other, so that the distances of all its pairs are one moving sum).
Departures: the moving sum runs down the columns only, and rows are summed outright, which vector registers do; only
half of the displacements d are gone through, as the pair (p, p + d) has the same weight from either side. A band's
weights for one displacement stand in one buffer, small enough for the cache of a core up to some thousand columns.

A kernel writes one band of rows and computes the pairs it needs by itself, so that bands are independent of each other.

y        (C, H + 2 f, W + 2 f) float32, the picture, padded by half a patch
sizes    (f, reach), half the side of the patch and of the window, rounded down
limits   (2 sigma^2, 1 / h^2) float32
"""

from __future__ import annotations

from typing import no_type_check

import numpy as np
from numba import njit

from retouch.denoising.filters.decay import decay


@njit(cache=True, nogil=True, fastmath=True)
@no_type_check
def _write_weights(y, delta, box, f, limits, rows, weights):
    """Write the weights of the pairs (p, p + delta) for p in a box of the picture: top, bottom, left, n columns.

    rows     (2 f + 2, w) float32 workspace: the squared differences of the last rows, and their sums down the columns
    weights  (n, w) float32, the weights from its first place on
    """
    # Unsigned indices: numba then leaves out its wrap-around test, and the loops run in vector registers.
    top, bottom, left, n = box
    side = 2 * f + 1
    noise, scale = limits
    factor = np.float32(1 / (side * side * len(y)))
    x0, x1, wide = np.uint64(left), np.uint64(left + delta[1]), np.uint64(n + 2 * f)
    columns = rows[side]
    rows[:] = 0
    for r in range(top, bottom + 2 * f):  # in y, which begins f rows above the picture
        old, there_r = rows[r % side], r + delta[0]
        for x in range(wide):
            difference = y[0, r, x0 + x] - y[0, there_r, x1 + x]
            square = difference * difference
            columns[x] += square - old[x]
            old[x] = square
        for c in range(1, len(y)):
            for x in range(wide):
                difference = y[c, r, x0 + x] - y[c, there_r, x1 + x]
                square = difference * difference
                columns[x] += square
                old[x] += square
        if r >= top + 2 * f:
            out = weights[r - top - 2 * f]
            _sum_neighbours(columns, side, n, out)
            for x in range(np.uint64(n)):
                out[x] = decay(max(out[x] * factor - noise, np.float32(0)) * scale)


@njit(cache=True, nogil=True, fastmath=True, inline="always")
@no_type_check
def _sum_neighbours(values, side, n, out):
    """Write the sums of `side` neighbours, out[i] = values[i] + ... + values[i + side - 1]."""
    one, two = np.uint64(1), np.uint64(2)
    if side == 1:
        for x in range(np.uint64(n)):
            out[x] = values[x]
    else:
        for x in range(np.uint64(n)):
            out[x] = values[x] + values[x + one] + values[x + two]
    for k in range(3, side, 2):
        first, second = np.uint64(k), np.uint64(k + 1)
        for x in range(np.uint64(n)):
            out[x] += values[x + first] + values[x + second]


@njit(cache=True, nogil=True, fastmath=True, inline="always")
@no_type_check
def _sum_rows(block, row, left, side, n, out):
    """Write the sums of `side` rows of a block from `row` on, for n columns from `left` on."""
    start = np.uint64(left)
    if side == 1:
        for x in range(np.uint64(n)):
            out[x] = block[row, start + x]
    else:
        for x in range(np.uint64(n)):
            out[x] = block[row, start + x] + block[row + 1, start + x] + block[row + 2, start + x]
    for k in range(3, side, 2):
        for x in range(np.uint64(n)):
            out[x] += block[row + k, start + x] + block[row + k + 1, start + x]


@njit(cache=True, nogil=True, fastmath=True)
@no_type_check
def add_weights_of_band(y, band, sizes, limits, total, largest):
    """Add up the weights of each patch of a band for all other patches of its window, and note the largest.

    Parameters
    ----------
    y, sizes, limits
        As in the module's head.
    band : (int, int)
        First row and the row after the last.
    total, largest : (H, W) float32
        Zeros; the rows of the band are written.
    """
    f, reach = sizes
    height, width = total.shape
    rows = np.empty((2 * f + 2, width + 2 * f), np.float32)
    weights = np.empty((band[1] - band[0] + reach, width), np.float32)
    for dy in range(min(reach, height - 1) + 1):
        for dx in range(max(-reach, 1 - width) if dy > 0 else 1, min(reach, width - 1) + 1):
            left, n = max(0, -dx), np.uint64(width - abs(dx))
            top, bottom = max(0, band[0] - dy), min(band[1], height - dy)
            _write_weights(y, (dy, dx), (top, bottom, left, width - abs(dx)), f, limits, rows, weights)
            here, there = np.uint64(left), np.uint64(left + dx)
            for row in range(top, bottom):
                w = weights[row - top]
                if row >= band[0]:
                    for x in range(n):
                        total[row, here + x] += w[x]
                        largest[row, here + x] = max(largest[row, here + x], w[x])
                if row + dy < band[1]:
                    for x in range(n):
                        total[row + dy, there + x] += w[x]
                        largest[row + dy, there + x] = max(largest[row + dy, there + x], w[x])


@njit(cache=True, nogil=True, fastmath=True)
@no_type_check
def add_votes_of_band(y, band, sizes, limits, share, shift):
    """Add to each pixel of a band how far the estimates of the patches that hold it lie from its own value.

    Parameters
    ----------
    y, band, sizes, limits
        As in `add_weights_of_band`.
    share : (H, W) float32
        1 / the sum of the weights of each patch.
    shift : (C, H, W) float32
        Zeros; the rows of the band are written.
    """
    f, reach = sizes
    height, width = share.shape
    n_rows = band[1] - band[0] + reach + 2 * f
    rows = np.empty((2 * f + 2, width + 2 * f), np.float32)
    weights = np.empty((n_rows, width), np.float32)
    shares = np.zeros((n_rows + 4 * f, width + 4 * f), np.float32)  # 2 f zeros on each side
    for dy in range(min(reach, height - 1) + 1):
        for dx in range(max(-reach, 1 - width) if dy > 0 else 1, min(reach, width - 1) + 1):
            left, n = max(0, -dx), width - abs(dx)
            top, bottom = max(0, band[0] - dy - f), min(band[1] + f, height - dy)
            if bottom <= top:
                continue
            _write_weights(y, (dy, dx), (top, bottom, left, n), f, limits, rows, weights)
            _share_out(weights, share, (top, bottom, left, n), f, shares)
            _vote(y, (dy, dx), (top, bottom, left, n), f, shares, rows, band, shift)
            moved = (top + dy, bottom + dy, left + dx, n)
            _share_out(weights, share, moved, f, shares)
            _vote(y, (-dy, -dx), moved, f, shares, rows, band, shift)


@njit(cache=True, nogil=True, fastmath=True)
@no_type_check
def _share_out(weights, share, box, f, shares):
    """Write weights times the shares of a box inside a frame of 2 f zeros."""
    top, bottom, left, n = box
    first, from_x = np.uint64(2 * f), np.uint64(left)
    for row in range(top, bottom):
        to = row - top + 2 * f
        for x in range(np.uint64(n)):
            shares[to, first + x] = weights[row - top, x] * share[row, from_x + x]
        shares[to, 2 * f + n : 4 * f + n] = 0
    shares[bottom - top + 2 * f : bottom - top + 4 * f] = 0


@njit(cache=True, nogil=True, fastmath=True)
@no_type_check
def _vote(y, delta, box, f, shares, rows, band, shift):  # noqa: PLR0917 - a kernel takes plain numbers
    """Move each pixel p of a band towards p + delta by the sum of the shares of the patches around p.

    `box` holds the places p whose patches have a share, (top, bottom, left, number of columns).
    """
    # Sums are taken anew for each row: a moving one could end below 0, and what is left of large shares would drown
    # small ones.
    top, bottom, left, _ = box
    n_channels, width = shift.shape[0], shift.shape[2]
    x0, x1 = max(left - f, 0), min(left + box[3] + f, width)
    n, start, side = np.uint64(x1 - x0), x0 - left + f, 2 * f + 1
    columns, votes = rows[0], rows[1]
    p, q = np.uint64(x0 + f), np.uint64(x0 + f + delta[1])
    to = np.uint64(x0)
    for row in range(max(top - f, band[0]), min(bottom + f, band[1])):
        _sum_rows(shares, row - top + f, start, side, x1 - x0 + 2 * f, columns)
        _sum_neighbours(columns, side, x1 - x0, votes)
        for c in range(n_channels):
            for x in range(n):
                shift[c, row, to + x] += votes[x] * (y[c, row + delta[0] + f, q + x] - y[c, row + f, p + x])
