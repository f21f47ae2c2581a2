"""Noise that does not depend on the picture: Gaussian, of one level, of a map or shared among the channels; uniform.

Source: S. Gu, R. Timofte, "A brief review of image denoising algorithms and beyond", in Inpainting and Denoising
Challenges, Springer, 2019, Eq. 1 (y = x + n); the spatially variant and the multivariate kind as in K. Zhang, W. Zuo,
L. Zhang, "FFDNet: toward a fast and flexible solution for CNN-based image denoising", IEEE Trans. Image Processing
27(9), 2018, sections IV.E and V.
Departures: none.
"""

from __future__ import annotations

import math

import numpy as np
from jaxtyping import Float

from retouch.arrays.checks import check_noisy
from retouch.arrays.types import AnyArray, Image
from retouch.errors import InputError

_MAP_AXES = 2
_SLACK = 1e-9


def add_gaussian(image: Image, sigma: float | AnyArray, *, rng: np.random.Generator) -> Image:
    """Return the picture with independent Gaussian noise.

    Parameters
    ----------
    image : (H, W, C) float32, range [0, 1]
    sigma : float, (C,) or (H, W) array, range [0, 1]
        Standard deviation: of all values, of each channel, or of each pixel.
    rng : numpy.random.Generator

    Returns
    -------
    (H, W, C) float32
        Not clipped.

    Raises
    ------
    InputError
        If the picture or a level fails `check_noisy`, or the levels have another shape.

    Examples
    --------
    >>> black = np.zeros((100, 100, 2), np.float32)
    >>> noisy = add_gaussian(black, np.array([0.1, 0.3]), rng=np.random.default_rng(0))
    >>> noisy.std(axis=(0, 1)).round(1).tolist() == np.float32([0.1, 0.3]).tolist()
    True
    """
    levels = np.asarray(sigma)
    check_noisy(image, 0.0)
    for level in (levels.min(), levels.max()) if levels.size else (math.nan,):
        check_noisy(image[:1, :1], float(level))
    if levels.shape not in ((), (image.shape[2],), image.shape[:2]):
        raise InputError(
            f"sigma must be one number, {image.shape[2]} for the channels or a map of the picture's size, got an array "
            f"of shape {levels.shape}"
        )
    levels = levels[:, :, None] if levels.ndim == _MAP_AXES else levels
    noisy: AnyArray = image + levels * rng.standard_normal(image.shape)  # Eq. 1
    return noisy.astype(np.float32)


def add_multivariate_gaussian(image: Image, covariance: Float[np.ndarray, "C C"], *, rng: np.random.Generator) -> Image:
    """Return the picture with Gaussian noise that the channels of a pixel share in part.

    Parameters
    ----------
    image : (H, W, C) float32, range [0, 1]
    covariance : (C, C) float
        Of the channels' noise; symmetric, no eigenvalue below 0.
    rng : numpy.random.Generator

    Raises
    ------
    InputError
        If the picture fails `check_noisy` or the matrix is none of that kind.

    Examples
    --------
    >>> shared = np.full((2, 2), 0.01)
    >>> noisy = add_multivariate_gaussian(np.zeros((9, 9, 2), np.float32), shared, rng=np.random.default_rng(0))
    >>> bool(np.allclose(noisy[:, :, 0], noisy[:, :, 1], atol=1e-6))
    True
    """
    check_noisy(image, 0.0)
    n_channels = image.shape[2]
    if covariance.shape != (n_channels, n_channels) or not np.allclose(covariance, covariance.T, rtol=0, atol=_SLACK):
        raise InputError(f"the covariance must be symmetric and {n_channels}x{n_channels}, got {covariance.tolist()}")
    variances, axes = np.linalg.eigh(covariance)
    if variances.min() < -_SLACK:
        raise InputError(f"a covariance must have no negative eigenvalue, got {variances.min():g}")
    root = axes * np.sqrt(variances.clip(0))
    noisy: AnyArray = image + rng.standard_normal(image.shape) @ root.T
    return noisy.astype(np.float32)


def add_uniform(image: Image, sigma: float, *, rng: np.random.Generator) -> Image:
    """Return the picture with noise that is uniform within sqrt(3) sigma on either side.

    Parameters
    ----------
    image : (H, W, C) float32, range [0, 1]
    sigma : float, range [0, 1]
        Its standard deviation.
    rng : numpy.random.Generator

    Raises
    ------
    InputError
        If the picture or sigma fails `check_noisy`.

    Examples
    --------
    >>> noisy = add_uniform(np.zeros((50, 50, 1), np.float32), 0.1, rng=np.random.default_rng(0))
    >>> bool(abs(noisy).max() <= 0.1 * 3**0.5)
    True
    """
    check_noisy(image, sigma)
    reach = math.sqrt(3) * sigma
    return (image + rng.uniform(-reach, reach, image.shape)).astype(np.float32)
