"""Lines and ratios that most points agree on, by least squares whose weights fall with the distance from the fit.

Source: the weights 1 / (1 + (r / s)^2) of Cauchy's distribution, s the median distance; the fit and its weights are
found in turns. Departures: the scale s is kept above what rounding to 255 levels makes.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64

_ROUNDS = 12
_LEAST_SCALE = 1 / 255  # of residuals: what rounding makes


def robust_line(
    x: Float64[np.ndarray, "n p C"], y: Float64[np.ndarray, "n p C"]
) -> tuple[float, Float64[np.ndarray, " C"]]:
    """Return slope, one for all channels, and intercept of each channel of the line that most points lie near.

    Points are weighed down by their distance from the line (Cauchy's weights). Its slope is the ratio of the spreads of
    y and x, as both are noisy: what lies under the mark and what lies beside it vary about what they share alike.

    Parameters
    ----------
    x, y : (n, p, C) float64
        Values of p pairs of pixels in n pictures.

    Returns
    -------
    slope : float, at most 1
    lift : (C,) float64

    Examples
    --------
    >>> x = np.arange(10.0).reshape(1, 10, 1)
    >>> slope, lift = robust_line(x, x / 2 + 0.25)
    >>> round(slope, 6), lift.round(6).tolist()
    (0.5, [0.25])
    """
    weight = np.ones(x.shape)
    slope, lift = 1.0, np.zeros(x.shape[2])
    for _ in range(_ROUNDS):
        total = weight.sum(axis=(0, 1))
        mean_x, mean_y = (weight * x).sum(axis=(0, 1)) / total, (weight * y).sum(axis=(0, 1)) / total
        spread_x, spread_y = (weight * (x - mean_x) ** 2).sum(), (weight * (y - mean_y) ** 2).sum()
        slope = min(float(np.sqrt(spread_y / max(spread_x, 1e-12))), 1.0)
        lift = mean_y - slope * mean_x
        apart = np.abs(y - slope * x - lift)
        weight = 1 / (1 + np.square(apart / max(float(np.median(apart)), _LEAST_SCALE)))
    return slope, lift


def robust_ratio(change: Float64[np.ndarray, "n p C"], most: Float64[np.ndarray, "n p C"]) -> np.ndarray:
    """Return for each pixel the ratio of change to most that most pictures and channels agree on.

    Parameters
    ----------
    change, most : (n, p, C) float64
        Of p pixels in n pictures.

    Returns
    -------
    (p,) float64

    Examples
    --------
    Two of three pictures say one half:

    >>> change = np.array([0.5, 0.5, 0.9]).reshape(3, 1, 1)
    >>> robust_ratio(change, np.ones((3, 1, 1))).round(2).tolist()
    [0.5]
    """
    weight = np.ones(change.shape)
    ratio = np.zeros(change.shape[1])
    for _ in range(_ROUNDS):
        ratio = (weight * change * most).sum(axis=(0, 2)) / np.maximum((weight * most * most).sum(axis=(0, 2)), 1e-9)
        apart = np.abs(change - ratio[None, :, None] * most)
        scale = np.maximum(np.median(apart, axis=(0, 2)), _LEAST_SCALE)
        weight = 1 / (1 + np.square(apart / scale[None, :, None]))
    return ratio
