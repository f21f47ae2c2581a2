"""Noise level by flat windows: how much the values swing where a picture is flattest, whatever the noise looks like.

Source: own, after the oldest estimators (S. Olsen, "Estimation of noise in images: an evaluation", CVGIP: Graphical
Models and Image Processing 55(4), 1993, reviews them): the deviation from a plane is taken in each window, and a low
quantile of all windows stands for those that hold noise alone. The quantile is divided by what it is for white noise.
Unlike estimators from the finest details or the weakest components it sees noise that JPEG or demosaicing has
smoothed, and it takes texture for noise where nothing is flat. Whether it did is told by `spread`: windows with noise
alone differ little, windows with texture much.
Departures: patches that touch clipped values are left out, see `clipping`.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import cv2
import numpy as np
from jaxtyping import Float64
from scipy import stats

from retouch.arrays.noise_level.clipping import unclipped_patches
from retouch.arrays.noise_level.patch_covariance import Plane

SIDE_PX = 15
_SMALL_SIDE_PX = 7  # for the spread: more windows of one kind
_LOW, _HIGH = 0.02, 0.1
_N_OF_PLANE = 3


class FlatLevel(NamedTuple):
    """What the flattest windows of a channel say.

    Attributes
    ----------
    sigma : float
        Standard deviation in windows of 15x15, without their ramps.
    spread : float
        By how much the flattest tenth of the windows of 7x7 exceeds the flattest fiftieth: 1 for white noise, up to
        1.2 for that of cameras, 1.3 to 3 for texture; infinite where the flattest have no swing at all.
    """

    sigma: float
    spread: float


def flat_level(plane: Plane) -> FlatLevel:
    """Return how much one channel swings where it is flattest.

    Parameters
    ----------
    plane : (H, W) float, at least 15x15

    Examples
    --------
    >>> noise = 0.1 * np.random.default_rng(0).standard_normal((200, 200))
    >>> level = flat_level(noise + np.linspace(0, 1, 200))
    >>> round(level.sigma, 2), round(level.spread, 1)
    (0.1, 1.0)
    """
    low = _quantile(plane, SIDE_PX, _LOW)
    small, larger = (_quantile(plane, _SMALL_SIDE_PX, share) for share in (_LOW, _HIGH))
    return FlatLevel(low, larger / small if small > 0 else math.inf)


def _quantile(plane: Plane, side: int, share: float) -> float:
    """Return a quantile of the deviation in windows, as a share of what it is for white noise of deviation 1."""
    deviations = deviations_from_planes(plane, side)
    chosen = unclipped_patches(plane, side, 1)
    n_free = side**2 - _N_OF_PLANE
    of_white = math.sqrt(stats.chi2.ppf(share, n_free) / n_free)
    return float(np.quantile(deviations if chosen is None else deviations[chosen], share)) / of_white


def deviations_from_planes(plane: Plane, side: int) -> Float64[np.ndarray, "R C"]:
    """Return the standard deviation of each side x side window from the plane that fits it best.

    Parameters
    ----------
    plane : (H, W) float
    side : int
        Odd.

    Examples
    --------
    Of nine values that are 0 but for a 1 in the middle, the variance about their mean is (1 - 1 / 9) / 6:

    >>> spot = np.zeros((3, 3))
    >>> spot[1, 1] = 1
    >>> bool(np.isclose(deviations_from_planes(spot, 3)[0, 0] ** 2, 8 / 9 / 6))
    True
    """
    values = plane.astype(np.float64)
    values -= values.mean()
    ones, steps = np.ones(side), np.arange(side) - side // 2
    slope = steps / math.sqrt(float(steps @ steps) * side)
    total = _filtered(values, ones, ones) ** 2 / side**2
    total += _filtered(values, slope, ones) ** 2 + _filtered(values, ones, slope) ** 2
    squares = _filtered(values**2, ones, ones) - total
    rows, columns = values.shape[0] - side + 1, values.shape[1] - side + 1
    return np.sqrt(squares[:rows, :columns].clip(0) / (side**2 - _N_OF_PLANE))


def _filtered(
    values: Float64[np.ndarray, "H W"], along_rows: Float64[np.ndarray, " K"], along_columns: Float64[np.ndarray, " K"]
) -> Float64[np.ndarray, "H W"]:
    return np.asarray(cv2.sepFilter2D(values, cv2.CV_64F, along_rows, along_columns, anchor=(0, 0)))
