"""Noise whose neighbours are alike: how much of it is in each coefficient of a patch.

Source: Y. Makinen, L. Azzari, A. Foi, "Collaborative filtering of correlated noise: exact transform-domain variance for
improved shrinkage and patch matching", IEEE Trans. Image Processing 29, 2020, section II (the variance of a coefficient
from the autocovariance of the noise).
Departures: their exact variances after the transform along the stack are left out, see filtering.py.

R    (L, L)   autocovariance of the noise in one plane, L odd: [m + dy, m + dx], m = (L - 1) / 2; of white noise (1, 1)
A    (N, N)   the transform of columns, and of rows
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float32, Float64


def coefficient_variances(
    autocovariance: Float32[np.ndarray, "L L"], forward: Float32[np.ndarray, "N N"]
) -> Float32[np.ndarray, "N N"]:
    """Return the variance of the noise in each coefficient of the transform A X A' of a patch X.

    The variance of the product of row a of A down the columns and row b along the rows is the sum of R over all
    distances, each times the autocorrelations of the two rows there.

    Parameters
    ----------
    autocovariance : (L, L) float32
        R; distances from N on take no part.
    forward : (N, N) float32
        A.

    Returns
    -------
    (N, N) float32
        [b, a]: the coefficient along the rows first. Never below a thousandth of the mean.

    Examples
    --------
    White noise of variance 4 has variance 4 in each coefficient of an orthonormal transform:

    >>> coefficient_variances(np.float32([[4]]), np.eye(2, dtype=np.float32))
    array([[4., 4.],
           [4., 4.]], dtype=float32)
    """
    most = min(len(autocovariance) // 2, len(forward) - 1)
    middle = len(autocovariance) // 2
    near = autocovariance[middle - most : middle + most + 1, middle - most : middle + most + 1].astype(np.float64)
    correlations = _autocorrelations(forward.astype(np.float64), most)
    variances = correlations @ near.T @ correlations.T
    return np.asarray(np.maximum(variances, variances.mean() / 1000), np.float32)


def _autocorrelations(rows: Float64[np.ndarray, "N N"], most: int) -> Float64[np.ndarray, "N L"]:
    """Return the autocorrelation of each row at distances -most to most."""
    n = len(rows)
    at = np.array([(rows[:, : n - d] * rows[:, d:]).sum(axis=1) for d in range(most + 1)])
    return np.concatenate([at[:0:-1], at]).T
