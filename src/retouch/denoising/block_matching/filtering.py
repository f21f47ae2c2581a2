"""Collaborative filtering of groups: all patches of a group are transformed as one block, shrunk and returned.

Source: K. Dabov, A. Foi, V. Katkovnik, K. Egiazarian, "Image denoising by sparse 3-D transform-domain collaborative
filtering", IEEE Trans. Image Processing 16(8), 2007, Eqs. 4 to 11.
Departures: the first coefficient of a group, its mean, is never shrunk, so that a constant picture stays as it is
however dark, and each group keeps a coefficient to be weighted by. Noise need not be white: each coefficient is held
against its own variance. Patches of a group overlap, and where neighbours share their noise they are not independent,
which is not taken into account (Y. Makinen, L. Azzari, A. Foi, IEEE Trans. Image Processing 29, 2020, do so).

Patches come with their columns transformed already, and go back so: see columns.py.

lines        (n, W, N) float32, the transformed column of N pixels below each pixel
group        (N, K, N) float32, flat: place along the row, patch, coefficient of the column
forward      (N, N) float32, the transform of rows
inverse      (N, N) float32, its inverse, each row times the window of aggregation there
total        (n, W, N) float32, sum of the weighted patches, in lines
weights      (n, W) float32, sum of the weights of the patches whose corner is here
variances    (N K N,) float32, those of the noise in the coefficients of a group, in its order
"""

from __future__ import annotations

from typing import no_type_check

import numpy as np
from numba import njit

_USUAL_PX = 8  # of a patch: with its size known to the compiler a line is one vector register


@njit(cache=True, nogil=True, inline="always")
@no_type_check
def _copy_patch(lines, at, group, from_place, stride, size):
    """Copy a patch of `size` lines out of `lines` into a group."""
    # Unsigned indices: numba then leaves out its wrap-around test, and the loops run in vector registers.
    n = np.uint64(size)
    source, target = np.uint64(at), np.uint64(from_place)
    for _ in range(n):
        for i in range(n):
            group[target + i] = lines[source + i]
        source += n
        target += np.uint64(stride)


@njit(cache=True, nogil=True, inline="always")
@no_type_check
def _add_patch(total, at, group, from_place, stride, size, weight):
    """Add a patch of a group times its weight to `total`."""
    n = np.uint64(size)
    target, source = np.uint64(at), np.uint64(from_place)
    for _ in range(n):
        for i in range(n):
            total[target + i] += weight * group[source + i]
        target += n
        source += np.uint64(stride)


@njit(cache=True, nogil=True, fastmath=True)
@no_type_check
def transform_rows(source, target, matrix, stride):
    """Write matrix times source; both are (N, stride), flat."""
    size, n = matrix.shape[0], np.uint64(stride)
    last = size // 4 * 4
    for row in range(size):
        to = np.uint64(row * stride)
        for t in range(n):
            target[to + t] = 0
        for j in range(0, last, 4):
            m0, m1, m2, m3 = matrix[row, j], matrix[row, j + 1], matrix[row, j + 2], matrix[row, j + 3]
            s0 = np.uint64(j * stride)
            s1, s2, s3 = s0 + n, s0 + n + n, s0 + n + n + n
            for t in range(n):
                target[to + t] += m0 * source[s0 + t] + m1 * source[s1 + t] + m2 * source[s2 + t] + m3 * source[s3 + t]
        for j in range(last, size):
            m0, s0 = matrix[row, j], np.uint64(j * stride)
            for t in range(n):
                target[to + t] += m0 * source[s0 + t]


@njit(cache=True, nogil=True, fastmath=True, inline="always")
@no_type_check
def _mix(group, at, n):
    """Replace two neighbouring runs of n values by their sum and difference, times 2^-1/2."""
    scale = np.float32(np.sqrt(0.5))
    a, b = np.uint64(at), np.uint64(at + n)
    for t in range(np.uint64(n)):
        x, y = group[a + t], group[b + t]
        group[a + t] = (x + y) * scale
        group[b + t] = (x - y) * scale


@njit(cache=True, nogil=True, fastmath=True)
@no_type_check
def transform_stack(group, n_patches, size):
    """Transform along the patches, in place, by Haar's wavelet of full depth; the mean comes first."""
    stride = n_patches * size
    for row in range(size):
        half = stride // 2
        while half >= size:
            _mix(group, row * stride, half)
            half //= 2


@njit(cache=True, nogil=True, fastmath=True)
@no_type_check
def restore_stack(group, n_patches, size):
    """Undo `transform_stack`."""
    stride = n_patches * size
    for row in range(size):
        half = size
        while half < stride:
            _mix(group, row * stride, half)
            half *= 2


@njit(cache=True, nogil=True, fastmath=True)
@no_type_check
def threshold(group, variances, n_values, squared_limit):
    """Set values of a group to 0 where their square does not pass the limit times its variance, the first excepted.

    Returns
    -------
    float
        The variance of the noise in what is left.
    """
    first, left = group[0], np.float32(0)
    for t in range(np.uint64(n_values)):
        is_kept = group[t] * group[t] > squared_limit * variances[t]
        left += variances[t] if is_kept else np.float32(0)
        group[t] = group[t] if is_kept else np.float32(0)
    if group[0] == 0:
        group[0] = first
        left += variances[0]
    return left


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
@no_type_check
def attenuate(group, pilot, variances, n_values, strength):
    """Multiply values of a group by pilot^2 / (pilot^2 + strength variance), the first excepted.

    Returns
    -------
    float
        The variance of the noise in what is left.
    """
    first, left = group[0], np.float32(0)
    for t in range(np.uint64(n_values)):
        power = pilot[t] * pilot[t]
        factor = power / (power + strength * variances[t])
        left += factor * factor * variances[t]
        group[t] *= factor
    lost = strength * variances[0] / (pilot[0] * pilot[0] + strength * variances[0])
    group[0] = first
    return left + lost * (2 - lost) * variances[0]


@njit(cache=True, nogil=True)
@no_type_check
def lay_out(variances, n_patches):
    """Return (N K N,) float32, the variances of patches as those of a group of K; see `group` in the module's head."""
    size = len(variances)
    laid = np.empty(size * n_patches * size, np.float32)
    for row in range(size):
        for patch in range(n_patches):
            for i in range(size):
                laid[(row * n_patches + patch) * size + i] = variances[row, i]
    return laid


@njit(cache=True, nogil=True)
@no_type_check
def _slot(g, n_patches):
    """Return where patch g stands in a stack: its bits turned round, so that neighbours are mixed first."""
    slot = 0
    while n_patches > 1:
        slot = 2 * slot + g % 2
        g //= 2
        n_patches //= 2
    return slot


@njit(cache=True, nogil=True)
@no_type_check
def _collect(lines, places, n_patches, group, size):
    """Copy the patches at `places` into a group, side by side."""
    width, flat = lines.shape[1], lines.reshape(-1)
    for g in range(n_patches):
        at, slot = (places[0][g] * width + places[1][g]) * size, _slot(g, n_patches)
        if size == _USUAL_PX:
            _copy_patch(flat, at, group, slot * _USUAL_PX, n_patches * _USUAL_PX, _USUAL_PX)
        else:
            _copy_patch(flat, at, group, slot * size, n_patches * size, size)


@njit(cache=True, nogil=True)
@no_type_check
def _return(total, weights, places, n_patches, group, size, weight):
    """Add the patches of a group to `total`, and the weight of each to `weights`."""
    width, flat = total.shape[1], total.reshape(-1)
    for g in range(n_patches):
        top, left = places[0][g], places[1][g]
        at, slot = (top * width + left) * size, _slot(g, n_patches)
        weights[top, left] += weight
        if size == _USUAL_PX:
            _add_patch(flat, at, group, slot * _USUAL_PX, n_patches * _USUAL_PX, _USUAL_PX, weight)
        else:
            _add_patch(flat, at, group, slot * size, n_patches * size, size, weight)


@njit(cache=True, nogil=True)
@no_type_check
def _lay_out_all(variances, n_most):
    """Return the variances of groups of 1, 2, 4, ... patches up to `n_most`, a row each."""
    n_rows = 1
    while 1 << n_rows <= n_most:
        n_rows += 1
    size = len(variances)
    laid = np.empty((n_rows, size * (1 << (n_rows - 1)) * size), np.float32)
    for row in range(n_rows):
        laid[row, : size * (1 << row) * size] = lay_out(variances, 1 << row)
    return laid


@njit(cache=True, nogil=True)
@no_type_check
def _row_of(n_patches):
    row = 0
    while 1 << row < n_patches:
        row += 1
    return row


@njit(cache=True, nogil=True)
@no_type_check
def threshold_groups(  # noqa: PLR0917 - a numba kernel takes plain arrays and numbers
    lines, tops, lefts, counts, matrices, variances, strength, total, weights
):
    """Filter groups by hard thresholds: the first step.

    Parameters
    ----------
    lines : (n, W, N) float32
    tops, lefts : (R, K) int32
        Places of the patches in `lines`.
    counts : (R,) int32
        Patches of each group, powers of two.
    matrices : (2, N, N) float32
        `forward` and `inverse` of the module's head.
    variances : (N, N) float32
        Of the noise in each coefficient of a patch, that along the rows first.
    strength : float
        Coefficients are kept from so many standard deviations on.
    total, weights : (n, W, N) and (n, W) float32
        Added to in place.
    """
    size, n_most = lines.shape[2], tops.shape[1]
    patches, group = np.empty(size * n_most * size, np.float32), np.empty(size * n_most * size, np.float32)
    laid, squared_limit = _lay_out_all(variances, n_most), np.float32(strength * strength)
    for r in range(len(counts)):
        n, places = counts[r], (tops[r], lefts[r])
        _collect(lines, places, n, patches, size)
        transform_rows(patches, group, matrices[0], n * size)
        transform_stack(group, n, size)
        left = threshold(group, laid[_row_of(n)], n * size * size, squared_limit)
        restore_stack(group, n, size)
        transform_rows(group, patches, matrices[1], n * size)
        _return(total, weights, places, n, patches, size, np.float32(1 / left))


@njit(cache=True, nogil=True)
@no_type_check
def attenuate_groups(  # noqa: PLR0917 - as above
    lines, pilot, tops, lefts, counts, matrices, variances, strength, total, weights
):
    """Filter groups by empirical Wiener factors: the second step.

    Parameters
    ----------
    lines, pilot : (n, W, N) float32
        Of the noisy picture, and of the first estimate.
    tops, lefts, counts, matrices, variances, total, weights : arrays
        As in `threshold_groups`.
    strength : float
        Share of the variances that is counted.
    """
    size, n_most = lines.shape[2], tops.shape[1]
    patches, group = np.empty(size * n_most * size, np.float32), np.empty(size * n_most * size, np.float32)
    guide, laid = np.empty(size * n_most * size, np.float32), _lay_out_all(variances, n_most)
    for r in range(len(counts)):
        n, places = counts[r], (tops[r], lefts[r])
        _collect(pilot, places, n, patches, size)
        transform_rows(patches, guide, matrices[0], n * size)
        transform_stack(guide, n, size)
        _collect(lines, places, n, patches, size)
        transform_rows(patches, group, matrices[0], n * size)
        transform_stack(group, n, size)
        left = attenuate(group, guide, laid[_row_of(n)], n * size * size, np.float32(strength))
        restore_stack(group, n, size)
        transform_rows(group, patches, matrices[1], n * size)
        _return(total, weights, places, n, patches, size, np.float32(1 / left))
