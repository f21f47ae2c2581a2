"""Anscombe's transform: counts with Poisson noise become values with noise of variance 1, and back without bias.

Source: F. Anscombe, "The transformation of Poisson, binomial and negative-binomial data", Biometrika 35, 1948 (the
transform); M. Makitalo, A. Foi, "A closed-form approximation of the exact unbiased inverse of the Anscombe variance
stabilizing transformation", IEEE Trans. Image Processing 20(9), 2011, Eq. 6 (the inverse).
Departures: none.
"""

from __future__ import annotations

import math

import numpy as np
from jaxtyping import Float

from retouch.errors import InputError

_SHIFT = 3 / 8
_LEAST = 2 * math.sqrt(_SHIFT)  # the transform of 0


def anscombe(counts: Float[np.ndarray, "*shape"]) -> Float[np.ndarray, "*shape"]:
    """Return counts on a scale where their Poisson noise has a variance near 1.

    Parameters
    ----------
    counts : float array, 0 or more
        The variance is 1 to within a few per cent for means of 4 or more, and falls to 0 for smaller ones.

    Raises
    ------
    InputError
        If a count is negative or NaN.

    Examples
    --------
    2 sqrt(0.625 + 0.375) = 2:

    >>> float(anscombe(np.array([0.625]))[0])
    2.0
    """
    if not (counts >= 0).all():
        raise InputError(f"counts must be 0 or more, got a least value of {float(np.min(counts)):g}")
    stabilised: Float[np.ndarray, "*shape"] = 2 * np.sqrt(counts + counts.dtype.type(_SHIFT))
    return stabilised


def inverse_anscombe(values: Float[np.ndarray, "*shape"]) -> Float[np.ndarray, "*shape"]:
    """Return the mean count whose transformed noisy values have the mean given: the unbiased inverse.

    Parameters
    ----------
    values : float array
        Denoised values of `anscombe`. What lies below the transform of 0 is taken as 0.

    Notes
    -----
    Undoing the transform itself, (D / 2)^2 - 3 / 8, would be too low: the mean of a root is below the root of the mean.

    Examples
    --------
    >>> inverse_anscombe(np.array([1.0, 20.0])).round(2).tolist()
    [0.0, 99.89]
    """
    d = np.maximum(values, values.dtype.type(_LEAST))
    root = math.sqrt(1.5)
    counts = d**2 / 4 + root / 4 / d - 11 / 8 / d**2 + 5 / 8 * root / d**3 - 1 / 8
    clipped: Float[np.ndarray, "*shape"] = np.maximum(counts, 0)
    return clipped
