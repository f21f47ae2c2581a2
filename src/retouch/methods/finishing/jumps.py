"""The jump of the level across the border of a filled hole, measured pixel by pixel.

Source: our own model, by weighted least squares in a window around each border pixel:

    value = level + slope . offset + jump * [pixel was filled]

so that a slope that runs through the border, or texture, is not taken for a seam. A jump counts in the measure in which
it stands out of its own uncertainty: times the positive part of 1 - variance / jump^2.

    d   (4,)  design of one pixel: 1, rows down, columns right, 1 if filled
    N   (4, 4)  normal matrix, sum of w d d' over the window;  B (4, C)  sum of w d value
"""

from __future__ import annotations

from typing import no_type_check

import numpy as np
from jaxtyping import Float32, Int
from numba import njit

from retouch.arrays.types import Image, Mask

_RADIUS_PX = 7
_SIGMA_PX = 3.0
_CORRELATED_PIXELS = 10.0  # neighbouring pixels of a photograph err alike: so many count as one observation
_LEAST_SHARE = 0.1  # of a window's weight on either side, for a jump to be measured at all
_RIDGE = 1e-9
_JUMP = 3  # its row in N and B


def measure_jumps(filled: Image, mask: Mask, border: Int[np.ndarray, "n 2"]) -> Float32[np.ndarray, "n C"]:
    """Return by how much the filled side is brighter than the known side at each of the given pixels (row, col)."""
    steps = np.arange(-_RADIUS_PX, _RADIUS_PX + 1)
    weights = np.exp(-(steps[:, None] ** 2 + steps[None, :] ** 2) / (2 * _SIGMA_PX**2))
    jumps = np.zeros((len(border), filled.shape[2]), np.float32)
    _measure(np.ascontiguousarray(filled), np.ascontiguousarray(mask), border, weights, jumps)
    return jumps


@njit(cache=True, nogil=True)
@no_type_check
def _measure(filled, mask, border, weights, jumps):
    """Measure the trusted jump at each border pixel, in place."""
    n_channels = filled.shape[2]
    for i in range(len(border)):
        normal, right, squares = _gather(filled, mask, border[i, 0], border[i, 1], weights)
        total, on_filled = normal[0, 0], normal[0, _JUMP]
        if not _LEAST_SHARE < on_filled / total < 1 - _LEAST_SHARE:
            continue
        fit, variance_gain = _solve(normal, right)
        for c in range(n_channels):
            left = squares[c]  # sum w (value - fit)^2 = sum w value^2 - fit . B
            for a in range(4):
                left -= fit[a, c] * right[a, c]
            variance = max(left, 0.0) / total * variance_gain * _CORRELATED_PIXELS
            jump = fit[_JUMP, c]
            jumps[i, c] = jump * max(1 - variance / (jump * jump + 1e-12), 0.0)


@njit(cache=True, nogil=True)
@no_type_check
def _gather(filled, mask, y, x, weights):
    """Return N, B and the sum of w value^2 of the window around a pixel."""
    height, width, n_channels = filled.shape
    radius = weights.shape[0] // 2
    normal = np.zeros((4, 4))
    right = np.zeros((4, n_channels))
    squares = np.zeros(n_channels)
    row = np.empty(4)
    for yy in range(max(y - radius, 0), min(y + radius + 1, height)):
        for xx in range(max(x - radius, 0), min(x + radius + 1, width)):
            w = weights[yy - y + radius, xx - x + radius]
            row[0], row[1], row[2], row[_JUMP] = 1.0, yy - y, xx - x, mask[yy, xx]
            for a in range(4):
                for b in range(a + 1):
                    normal[a, b] += w * row[a] * row[b]
            for c in range(n_channels):
                value = np.float64(filled[yy, xx, c])
                squares[c] += w * value * value
                for a in range(4):
                    right[a, c] += w * row[a] * value
    for a in range(4):
        normal[a, a] += _RIDGE
        for b in range(a):
            normal[b, a] = normal[a, b]
    return normal, right, squares


@njit(cache=True, nogil=True)
@no_type_check
def _solve(normal, right):
    """Return the fit and the jump's own entry of N^-1, by elimination: N is positive definite."""
    n_channels = right.shape[1]
    table = np.empty((4, n_channels + 1))
    table[:, :n_channels] = right
    table[:, n_channels] = 0
    table[_JUMP, n_channels] = 1
    left = normal.copy()
    for a in range(4):
        for b in range(a + 1, 4):
            factor = left[b, a] / left[a, a]
            left[b] -= factor * left[a]
            table[b] -= factor * table[a]
    for a in range(3, -1, -1):
        for b in range(a + 1, 4):
            table[a] -= left[a, b] * table[b]
        table[a] /= left[a, a]
    return table, table[_JUMP, n_channels]
