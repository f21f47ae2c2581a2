"""The share of a patch's transform that is done once for the picture and not for each patch: that of its columns.

The transform of a patch X is A X A', first columns, then rows. Patches that overlap have columns in common, and each
patch is in many groups; but A x for the column x below a pixel is the same for all of them. On the way back too: the
sum of weighted patches is wanted, and the inverse of the sum is the sum of the inverses, so that patches are summed
with their columns still transformed. A step of BM3D has 14 to 28 columns of patches for each pixel.

The window of aggregation is a product of one along the column and one along the row, so the sum of the windows is one
convolution of the sum of the weights.

lines    (n, W, N) float32, A x for the column x of N pixels below each pixel
"""

from __future__ import annotations

from typing import no_type_check

import numpy as np
from jaxtyping import Float32
from numba import njit


@njit(cache=True, nogil=True, fastmath=True)
@no_type_check
def transform_columns(plane, matrix):
    """Return lines, (H - N + 1, W, N) float32, of a plane, (H, W) float32, by a matrix, (N, N) float32."""
    size, width = len(matrix), plane.shape[1]
    lines = np.empty((plane.shape[0] - size + 1, width, size), np.float32)
    columns = np.ascontiguousarray(matrix.T)
    for y in range(lines.shape[0]):
        for x in range(width):
            line = lines[y, x]
            line[:] = 0
            for k in range(size):
                pixel, column = plane[y + k, x], columns[k]
                for i in range(size):
                    line[i] += pixel * column[i]
    return lines


@njit(cache=True, nogil=True, fastmath=True)
@no_type_check
def restore_columns(total, matrix, plane):
    """Add matrix times each line of `total` to the column below its pixel.

    Parameters
    ----------
    total : (n, W, N) float32
    matrix : (N, N) float32
    plane : (n + N - 1, W) float32
        Added to in place.
    """
    n_rows, width, size = total.shape
    for y in range(n_rows):
        for i in range(size):
            for x in range(width):
                value = np.float32(0)
                for k in range(size):
                    value += matrix[i, k] * total[y, x, k]
                plane[y + i, x] += value


def spread_weights(
    weights: Float32[np.ndarray, "n W"], window: Float32[np.ndarray, " N"]
) -> Float32[np.ndarray, "rows W"]:
    """Return the sum of the windows of all patches, each times the weight at its corner; rows = n + N - 1."""
    n_rows, size = weights.shape[0], len(window)
    along = np.zeros_like(weights)
    for j, factor in enumerate(window):
        along[:, j:] += factor * weights[:, : weights.shape[1] - j]
    spread = np.zeros((n_rows + size - 1, weights.shape[1]), np.float32)
    for i, factor in enumerate(window):
        spread[i : i + n_rows] += factor * along
    return spread
