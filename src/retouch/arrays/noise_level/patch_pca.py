"""Noise level by principal components: the directions in which the patches of a picture vary least hold noise alone.

Source: G. Chen, F. Zhu, P. A. Heng, "An efficient statistical method for image noise level estimation", ICCV 2015,
Algorithm 1.
Departures: patches are taken every third pixel, of small pictures every pixel: of few patches the smallest eigenvalues
are too small. The largest eigenvalues are
dropped until the mean of the rest is no greater than their median; the paper stops where as many lie above the mean as
below it, which is the same but for ties. Patches that touch clipped values are left out, see `clipping`.
"""

from __future__ import annotations

import math

import numpy as np
from jaxtyping import Float64

from retouch.arrays.noise_level.clipping import unclipped_patches
from retouch.arrays.noise_level.patch_covariance import Plane, eigenvalues, patch_covariance

SIDE_PX = 8
_STRIDE_PX = 3
_SMALL = 1 << 17  # pixels


def sigma_by_patch_pca(plane: Plane) -> float:
    """Return the standard deviation of white noise in one channel.

    Parameters
    ----------
    plane : (H, W) float, at least 8x8

    Notes
    -----
    Within a few per cent on photographs from sigma 5/255 on; below that fine texture counts as noise. Where noise is
    not white (JPEG, demosaicing, resized pictures) it tells the level of the weakest frequencies, which is too low.

    Examples
    --------
    >>> noise = 0.1 * np.random.default_rng(0).standard_normal((100, 100))
    >>> round(sigma_by_patch_pca(noise), 2)
    0.1
    """
    stride = 1 if plane.size < _SMALL else _STRIDE_PX
    covariance, _ = patch_covariance(plane, SIDE_PX, stride, unclipped_patches(plane, SIDE_PX, stride))
    return math.sqrt(noise_variance(eigenvalues(covariance)))


def noise_variance(variances: Float64[np.ndarray, " P"]) -> float:
    """Return the mean of the smallest eigenvalues, as many of them as have a mean no greater than their median.

    Parameters
    ----------
    variances : (P,) float64, ascending

    Examples
    --------
    The mean of 1, 1, 1, 1, 96 is 20 and their median 1; without the greatest both are 1:

    >>> noise_variance(np.array([1.0, 1, 1, 1, 96]))
    1.0
    """
    for n in range(len(variances), 0, -1):
        mean = float(variances[:n].mean())
        if mean <= np.median(variances[:n]):
            return mean
    return 0.0
