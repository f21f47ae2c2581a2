"""Matrix completion: a matrix of low rank is known in some of its entries, and the rest follows.

Source: J.-F. Cai, E. Candes, Z. Shen, "A singular value thresholding algorithm for matrix completion", SIAM J.
Optimization 20(4), 2010 (what is known is put back, singular values are shrunk, in turn); R. Mazumder, T. Hastie, R.
Tibshirani, "Spectral regularization algorithms for learning large incomplete matrices", JMLR 11, 2010, Algorithm 1
(soft-impute: the same with the estimate itself in the missing entries, for a falling threshold).
Departures: the threshold falls in a geometric row, a step for each, down to `least` of the largest singular value, and
stays there: with a constant one the answer would be too small by it, and this is its limit towards 0.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64

from retouch.arrays.threads import single_threaded_products
from retouch.arrays.types import AnyArray, Mask
from retouch.errors import InputError

_FALLING = 0.75  # share of the steps in which the threshold falls
_MATRIX_AXES = 2


def complete_matrix(
    matrix: AnyArray, known: Mask, *, steps: int = 100, least: float = 1e-4
) -> Float64[np.ndarray, "_ _"]:
    """Return the matrix of least nuclear norm, nearly, that agrees with the known entries.

    Parameters
    ----------
    matrix : (m, n)
        Values where `known` is False are never read.
    known : (m, n) bool
        At least one True.
    steps : int
        Singular value decompositions, 1 or more.
    least : float
        Last threshold as a share of the largest singular value, above 0, at most 1.

    Returns
    -------
    (m, n) float64
        Known entries as they were.

    Raises
    ------
    InputError
        If the shapes differ, nothing is known, a known value is not finite, or a number is out of range.

    Notes
    -----
    A decomposition of the whole matrix in each step: 128x128 takes about 3 ms. A matrix of rank r needs several times
    r (m + n) known entries, at random places; a row or column of which nothing is known comes out as 0.

    Examples
    --------
    Of rank one, the products of 1, 2, 3 and 1, 2, 4:

    >>> matrix = np.outer([1.0, 2, 3], [1.0, 2, 4])
    >>> known = np.ones((3, 3), bool)
    >>> known[1, 1] = False
    >>> float(complete_matrix(matrix, known)[1, 1].round(1))
    4.0
    """
    _check(matrix, known, steps, least)
    values = np.where(known, matrix, 0).astype(np.float64)
    found = np.zeros_like(values)
    n_falling = max(int(_FALLING * steps), 1)
    shares = np.concatenate([np.geomspace(0.5, min(least, 0.5), n_falling), np.full(steps - n_falling, least)])
    with single_threaded_products():
        for share in shares:
            left, singular, right = np.linalg.svd(np.where(known, values, found), full_matrices=False)
            found = (left * np.maximum(singular - share * singular[0], 0)) @ right
    return np.where(known, values, found)


def _check(matrix: AnyArray, known: AnyArray, steps: int, least: float) -> None:
    if matrix.ndim != _MATRIX_AXES or matrix.shape != known.shape:
        raise InputError(f"matrix and known must be of one shape (m, n), got {matrix.shape} and {known.shape}")
    if not known.any() or not np.isfinite(matrix[known]).all():
        raise InputError("at least one entry must be known, and the known ones finite numbers; say which are missing")
    if steps < 1 or not 0 < least <= 1:
        raise InputError(f"steps must be 1 or more and least above 0 and at most 1, got {steps} and {least}")
