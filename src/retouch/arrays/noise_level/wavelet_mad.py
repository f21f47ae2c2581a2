"""Noise level by wavelets: in the finest diagonal band a photograph is mostly noise, and a median forgives the rest.

Source: D. Donoho, I. Johnstone, "Ideal spatial adaptation by wavelet shrinkage", Biometrika 81(3), 1994, section 2.3
(the median of the absolute finest coefficients over 0.6745); the high-pass filter is that of I. Daubechies, "Ten
lectures on wavelets", SIAM, 1992, Table 6.1, N = 2.
Departures: coefficients that touch clipped values are left out, see `clipping`.
"""

from __future__ import annotations

import math

import cv2
import numpy as np
from jaxtyping import Float64

from retouch.arrays.noise_level.clipping import unclipped_patches
from retouch.arrays.noise_level.patch_covariance import Plane

SIDE_PX = 4
_STRIDE_PX = 2
_MEDIAN_OF_NORMAL = 0.6744897501960817  # of |n| for n of variance 1
_ROOT3 = math.sqrt(3)
_HIGH_PASS = np.array([1 - _ROOT3, _ROOT3 - 3, 3 + _ROOT3, -1 - _ROOT3]) / (4 * math.sqrt(2))  # of unit norm


def sigma_by_wavelet_mad(plane: Plane) -> float:
    """Return the standard deviation of the noise in one channel.

    Parameters
    ----------
    plane : (H, W) float, at least 4x4

    Notes
    -----
    The quickest of the estimators. Too high where more than a small part of the picture is texture, by half at
    sigma 5/255 on grass or fur.

    Examples
    --------
    >>> noise = 0.1 * np.random.default_rng(0).standard_normal((100, 100))
    >>> round(sigma_by_wavelet_mad(noise), 2)
    0.1
    """
    band = np.abs(diagonal_band(plane))
    chosen = unclipped_patches(plane, SIDE_PX, _STRIDE_PX)
    return float(np.median(band if chosen is None else band[chosen])) / _MEDIAN_OF_NORMAL


def diagonal_band(plane: Plane) -> Float64[np.ndarray, "R C"]:
    """Return the finest diagonal coefficients whose filter lies within the picture.

    Ramps have none, as the filter is orthogonal to straight lines:

    >>> bool(abs(diagonal_band(np.arange(36.0).reshape(6, 6))).max() < 1e-12)
    True
    """
    filtered = cv2.sepFilter2D(plane.astype(np.float64), cv2.CV_64F, _HIGH_PASS, _HIGH_PASS, anchor=(0, 0))
    height, width = plane.shape
    band: Float64[np.ndarray, "R C"] = filtered[: height - SIDE_PX + 1 : _STRIDE_PX, : width - SIDE_PX + 1 : _STRIDE_PX]
    return band
