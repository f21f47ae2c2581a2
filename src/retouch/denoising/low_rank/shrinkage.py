"""Shrinking the singular values of a stack of like patches: noise is small in each of them, structure large in a few.

Source: S. Gu, Q. Xie, D. Meng, W. Zuo, X. Feng, L. Zhang, "Weighted nuclear norm minimization and its applications to
low level vision", IJCV 121, 2017 (weights by the inverse of the values sought, found by re-weighting, and the closed
form of its fixed point); W. Zuo, D. Meng, L. Zhang, X. Feng, D. Zhang, "A generalized iterated shrinkage algorithm for
non-convex sparse coding", ICCV 2013 (the threshold for powers); Y. Xie, S. Gu, Y. Liu, W. Zuo, W. Zhang, L. Zhang,
"Weighted Schatten p-norm minimization for image denoising and background subtraction", IEEE Trans. Image Processing
25(10), 2016 (both together).
Departures: ten steps of the threshold for powers instead of three to five, which leave up to 4e-3 of the weight.

s         singular values of the noisy stacks, (B, r), largest first or last
weight    (B, 1), on the scale of s^2: a value x is penalised by weight / (x + tiny)
power     p of the Schatten quasi-norm, above 0 and at most 1
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from jaxtyping import Float64

Values: TypeAlias = Float64[np.ndarray, "..."]

_TINY = 1e-16  # keeps the penalty of a value of 0 finite
_REWEIGHTINGS = 3
_STEPS = 10


def generalised_soft_threshold(values: Values, weights: Values, power: float) -> Values:
    """Return the least (s - x)^2 / 2 + weight x^power over x >= 0, for each s.

    With a power of 1 that is s - weight, or 0 where this is below 0:

    >>> generalised_soft_threshold(np.array([3.0, 1.0]), np.array([2.0]), 1.0)
    array([1., 0.])
    """
    if power == 1:
        shrunk: Values = np.maximum(values - weights, 0)
        return shrunk
    threshold = (2 * weights * (1 - power)) ** (1 / (2 - power)) * (1 + power / (2 * (1 - power)))
    kept = values > threshold
    start = np.where(kept, values, 1.0)
    pull = np.where(kept, weights * power, 0.0)
    found = start
    for _ in range(_STEPS):
        found = start - pull * found ** (power - 1)
    return np.where(kept, found, 0.0)


def shrink_reweighted(values: Values, weight: Values, noise: Values, power: float = 1.0) -> Values:
    """Shrink singular values s by weight / x, where x is first s without the energy of the noise, then what is left.

    Parameters
    ----------
    values : (B, r) float64
        s, 0 or more.
    weight : (B, 1) float64
    noise : (B, 1) float64
        What the noise adds to each s^2 in the mean.
    power : float
        1 is the nuclear norm.

    Examples
    --------
    From sqrt(9 - 1) = 2.828 on: 3 - 2 / 2.828 = 2.293, 3 - 2 / 2.293 = 2.128, 3 - 2 / 2.128 = 2.06. The second value is
    below the noise, and gone at once.

    >>> shrink_reweighted(np.array([[3.0, 0.5]]), np.array([[2.0]]), np.array([[1.0]])).round(3)
    array([[2.06, 0.  ]])
    """
    found: Values = np.sqrt(np.maximum(values**2 - noise, 0))
    for _ in range(_REWEIGHTINGS):
        found = generalised_soft_threshold(values, weight / (found + _TINY), power)
    return found


def shrink_closed_form(values: Values, weight: Values) -> Values:
    """Return the larger root of x = s - weight / x, where endless re-weighting ends; 0 where there is no root.

    >>> shrink_closed_form(np.array([[3.0, 2.0]]), np.array([[2.0]]))
    array([[2., 0.]])
    """
    discriminant: Values = (values - _TINY) ** 2 - 4 * (weight - _TINY * values)
    root: Values = np.where(discriminant > 0, (values - _TINY + np.sqrt(np.maximum(discriminant, 0))) / 2, 0.0)
    return root
