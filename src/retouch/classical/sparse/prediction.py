"""Kernels of local kriging: the windowed autocovariance, and the best linear prediction from it.

A block is a square of the picture that holds missing pixels. Its autocovariance is taken once, from a window around it;
the missing pixels of each of its quarters are then predicted together from the known pixels near them.

values      (H, W, C) float32  the picture with its holes filled provisionally
covariance  (2 L + 1, 2 L + 4) float32  row L + dy, column L + dx for lags up to L; the last 3 columns are never read
sites       (n, 2) int64  known pixels in reach of a quarter's missing ones: data, (n, C)
targets     (m, 2) int64  the missing pixels of a quarter
"""

from __future__ import annotations

from typing import NamedTuple, no_type_check

import numpy as np
from jaxtyping import Bool, Float32
from numba import njit

from retouch.arrays.types import AnyArray

BLOCK_PX = 8
QUARTER_PX = 4
_LAGS_AT_ONCE = 4  # sums of the autocovariance that stay in registers; the kernel below is written out for 4
_LOOSE = {"reassoc", "contract"}  # sums may be regrouped for the vector units: the same on every run of one machine


class Surroundings(NamedTuple):
    """What every block reads."""

    values: Float32[np.ndarray, "H W C"]
    mask: Bool[np.ndarray, "H W"]
    window: Float32[np.ndarray, "s s"]
    nugget: float  # noise as a share of the local variance
    floor: float  # the least noise, as a variance


@njit(cache=True, nogil=True)
@no_type_check
def predict_blocks(around: Surroundings, corners: AnyArray, reach: int, out: AnyArray) -> None:
    """Write the predictions at the missing pixels of each block into out, (k, BLOCK_PX, BLOCK_PX, C).

    `corners`, (k, 2), hold the first pixel of each block. Known pixels up to the distance `reach` from a quarter's
    missing pixels take part; a quarter without any keeps its provisional values.
    """
    height, width, n_channels = around.values.shape
    lag = QUARTER_PX + 2 * reach - 1
    side, most = around.window.shape[0], (QUARTER_PX + 2 * reach) ** 2
    covariance = np.zeros((2 * lag + 1, 2 * lag + _LAGS_AT_ONCE), np.float32)
    padded = np.zeros((side, side + 2 * lag + _LAGS_AT_ONCE - 1), np.float32)
    sites, targets = np.empty((most, 2), np.int64), np.empty((QUARTER_PX**2, 2), np.int64)
    matrix, data = np.empty((most, most), np.float32), np.empty((n_channels, most), np.float32)
    for k in range(len(corners)):
        top, left = corners[k]
        measured = False
        for r in range(top, min(top + BLOCK_PX, height), QUARTER_PX):
            for c in range(left, min(left + BLOCK_PX, width), QUARTER_PX):
                m = _find_targets(around.mask, r, c, targets)
                for j in range(m):
                    y, x = targets[j]
                    out[k, y - top, x - left] = around.values[y, x]
                n = _find_sites(around.mask, r, c, targets[:m], reach, sites)
                if n > 0:
                    if not measured:
                        centre = (top + BLOCK_PX // 2, left + BLOCK_PX // 2)
                        measure_covariance(around.values, around.window, centre, padded, covariance)
                        measured = True
                    noise = around.nugget * covariance[lag, lag] + around.floor
                    _predict(
                        around.values, covariance, noise, (sites[:n], targets[:m]), (matrix, data), out[k], (top, left)
                    )


@njit(cache=True, nogil=True)
@no_type_check
def _find_targets(mask: AnyArray, top: int, left: int, targets: AnyArray) -> int:
    """List the missing pixels of a quarter and return their number."""
    m = 0
    for y in range(top, min(top + QUARTER_PX, mask.shape[0])):
        for x in range(left, min(left + QUARTER_PX, mask.shape[1])):
            if mask[y, x]:
                targets[m, 0], targets[m, 1] = y, x
                m += 1
    return m


@njit(cache=True, nogil=True)
@no_type_check
def _find_sites(mask: AnyArray, top: int, left: int, targets: AnyArray, reach: int, sites: AnyArray) -> int:
    """List the known pixels within reach of some target and return their number."""
    n = 0
    for y in range(max(top - reach, 0), min(top + QUARTER_PX + reach, mask.shape[0])):
        for x in range(max(left - reach, 0), min(left + QUARTER_PX + reach, mask.shape[1])):
            if not mask[y, x]:
                for j in range(len(targets)):
                    if (y - targets[j, 0]) ** 2 + (x - targets[j, 1]) ** 2 <= reach * reach:
                        sites[n, 0], sites[n, 1] = y, x
                        n += 1
                        break
    return n


@njit(cache=True, nogil=True, fastmath=_LOOSE)
@no_type_check
def measure_covariance(
    values: AnyArray, window: AnyArray, centre: tuple[int, int], padded: AnyArray, covariance: AnyArray
) -> None:
    """Write the mean over channels of the windowed autocovariance around a pixel into `covariance`.

    `padded` is room for one windowed channel with as many zero columns on both sides as there are lags.
    """
    lag, side = covariance.shape[0] // 2, window.shape[0]
    up, before = centre[0] - side // 2, centre[1] - side // 2
    top, bottom = max(up, 0), min(up + side, values.shape[0])
    left, right = max(before, 0), min(before + side, values.shape[1])
    covariance[:] = 0
    padded[:] = 0
    for channel in range(values.shape[2]):
        mean, weight = 0.0, 0.0
        for y in range(top, bottom):
            for x in range(left, right):
                squared = window[y - up, x - before] ** 2
                weight += squared
                mean += squared * values[y, x, channel]
        mean /= weight
        scale = 1 / np.sqrt(weight * values.shape[2])
        for y in range(top, bottom):
            for x in range(left, right):
                padded[y - up, lag + x - before] = scale * window[y - up, x - before] * (values[y, x, channel] - mean)
        _add_correlation(padded, covariance)
    for dy in range(lag + 1):  # a covariance is the same in both directions
        for dx in range(-lag, lag + 1):
            covariance[lag - dy, lag - dx] = covariance[lag + dy, lag + dx]


@njit(cache=True, nogil=True, fastmath=_LOOSE)
@no_type_check
def _add_correlation(padded: AnyArray, covariance: AnyArray) -> None:
    """Add sum_p v(p) v(p + lag) to the lower half of `covariance`, four lags at a time."""
    lag, side = covariance.shape[0] // 2, padded.shape[0]
    for dy in range(lag + 1):
        for column in range(0, 2 * lag + 1, 4):
            s0, s1, s2, s3 = np.float32(0), np.float32(0), np.float32(0), np.float32(0)
            for y in range(side - dy):
                here, there = padded[y, lag : lag + side], padded[y + dy, column:]
                for x in range(side):
                    v = here[x]
                    s0 += v * there[x]
                    s1 += v * there[x + 1]
                    s2 += v * there[x + 2]
                    s3 += v * there[x + 3]
            row = covariance[lag + dy]
            row[column] += s0
            row[column + 1] += s1
            row[column + 2] += s2
            row[column + 3] += s3


@njit(cache=True, nogil=True, fastmath=_LOOSE)
@no_type_check
def _predict(
    values: AnyArray,
    covariance: AnyArray,
    noise: float,
    places: tuple[AnyArray, AnyArray],
    room: tuple[AnyArray, AnyArray],
    out: AnyArray,
    corner: tuple[int, int],
) -> None:
    """Write mean + k' K^-1 (data - mean) of each channel at each target into `out`, whose first pixel is `corner`.

    `places` are sites and targets; `room` is memory for K and the data.
    """
    sites, targets = places
    lag, n, n_channels = covariance.shape[0] // 2, len(sites), values.shape[2]
    matrix, data = room
    for i in range(n):
        row, y, x = matrix[i], sites[i, 0] - lag, sites[i, 1] - lag
        for j in range(i + 1):
            row[j] = covariance[sites[j, 0] - y, sites[j, 1] - x]
        row[i] += noise
    factorise(matrix, n)
    for channel in range(n_channels):
        mean, excess = 0.0, data[channel]
        for i in range(n):
            mean += values[sites[i, 0], sites[i, 1], channel]
        mean /= n
        for i in range(n):
            excess[i] = values[sites[i, 0], sites[i, 1], channel] - mean
        substitute(matrix, excess, n)
        for j in range(len(targets)):
            y, x, total = targets[j, 0] - lag, targets[j, 1] - lag, np.float32(0)
            for i in range(n):
                total += excess[i] * covariance[sites[i, 0] - y, sites[i, 1] - x]
            out[targets[j, 0] - corner[0], targets[j, 1] - corner[1], channel] = mean + total


@njit(cache=True, nogil=True, fastmath=_LOOSE)
@no_type_check
def factorise(matrix: AnyArray, n: int) -> None:
    """Replace the lower triangle by its Cholesky factor, with the inverse of each diagonal entry in its place."""
    for i in range(n):
        row = matrix[i]
        for j in range(i):
            other, total = matrix[j], np.float32(0)
            for k in range(j):
                total += row[k] * other[k]
            row[j] = (row[j] - total) * other[j]
        total = np.float32(0)
        for k in range(i):
            total += row[k] * row[k]
        row[i] = 1 / np.sqrt(max(row[i] - total, np.float32(1e-12)))  # rounding cannot make a root of a negative


@njit(cache=True, nogil=True, fastmath=_LOOSE)
@no_type_check
def substitute(factor: AnyArray, x: AnyArray, n: int) -> None:
    """Solve in place with the result of `factorise`, forwards and then backwards."""
    for i in range(n):
        row, total = factor[i], np.float32(0)
        for k in range(i):
            total += row[k] * x[k]
        x[i] = (x[i] - total) * row[i]
    for i in range(n - 1, -1, -1):
        row = factor[i]
        x[i] *= row[i]
        for k in range(i):
            x[k] -= row[k] * x[i]
