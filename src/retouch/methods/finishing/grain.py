"""The grain step: a fill that is smoother than its surroundings gets noise of the same strength.

Source: J. Immerkaer, "Fast noise variance estimation", Computer Vision and Image Understanding 64(2), 1996, Eq. 2.
Departure: the median of the responses for their mean, because edges are outliers.
"""

from __future__ import annotations

import cv2
import numpy as np
from jaxtyping import Float32, Float64

from retouch.arrays.regions import hole_depth
from retouch.arrays.types import Image, Mask

_GRAIN_KERNEL = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)  # Immerkaer 1996, Eq. 2
_KERNEL_GAIN = 6.0  # root of the sum of its squares
_MEDIAN_TO_SIGMA = 1.4826
_GRAIN_BAND_PX = 24
_GRAIN_DEPTH_PX = 3.0  # nearer to the border a fill still has the known pixels' grain
_LEAST_SAMPLES = 64


def match_grain(filled: Image, mask: Mask, rng: np.random.Generator) -> Image:
    """Return the picture with noise added where the fill is smoother than its surroundings.

    Parameters
    ----------
    filled : (H, W, C) float32, range [0, 1]
        A picture whose holes have been filled; known pixels are bit-equal in the result.
    mask : (H, W) bool
        True where it was filled. Thin damage is left alone: it has no pixel deep enough to look smooth.
    rng : numpy.random.Generator
    """
    depth = hole_depth(mask)
    deep = depth > _GRAIN_DEPTH_PX
    around = ~mask & (hole_depth(~mask) <= _GRAIN_BAND_PX)
    response = cv2.filter2D(filled, -1, _GRAIN_KERNEL, borderType=cv2.BORDER_REFLECT).reshape(filled.shape)
    eroded = cv2.erode((~mask).view(np.uint8), np.ones((3, 3), np.uint8)).astype(bool)
    known = response[around & eroded]
    inner = response[deep]
    if len(known) < _LEAST_SAMPLES or not len(inner):
        return filled
    missing_variance = np.maximum(grain_sigma(known) ** 2 - grain_sigma(inner) ** 2, 0)
    noise = rng.standard_normal((len(inner), filled.shape[2])) @ _mixing(known).T * np.sqrt(missing_variance)
    result = filled.copy()
    result[deep] = np.clip(filled[deep] + noise, 0, 1)
    return result


def grain_sigma(response: Float32[np.ndarray, "n C"]) -> Float64[np.ndarray, " C"]:
    """Return the standard deviation of the grain of each channel from responses to the kernel of Immerkaer."""
    return np.asarray(np.median(np.abs(response), axis=0) * (_MEDIAN_TO_SIGMA / _KERNEL_GAIN), np.float64)


def _mixing(response: Float32[np.ndarray, "n C"]) -> Float64[np.ndarray, "C C"]:
    """Return the matrix that gives independent noise the correlation between channels that the grain has."""
    covariance = np.cov(response, rowvar=False).reshape(response.shape[1], -1)
    spread = np.sqrt(np.maximum(np.diag(covariance), 1e-12))
    correlation = covariance / np.outer(spread, spread)
    mixing: Float64[np.ndarray, "C C"] = np.linalg.cholesky(0.99 * correlation + 0.01 * np.eye(len(spread)))
    return mixing
