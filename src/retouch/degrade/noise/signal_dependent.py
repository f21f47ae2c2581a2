"""Noise that grows with the light: photon counts, photon counts with a reading, speckle, and that of a sensor.

Source: the usual models, as listed by S. Gu, R. Timofte, "A brief review of image denoising algorithms and beyond", in
Inpainting and Denoising Challenges, Springer, 2019; the sensor's of S. Guo, Z. Yan, K. Zhang, W. Zuo, L. Zhang,
"Toward convolutional blind denoising of real photographs", CVPR 2019, section 3.1, and its two published codes.
Departures: none.
"""

from __future__ import annotations

import numpy as np

from retouch.arrays.checks import check_noisy
from retouch.arrays.types import Image
from retouch.errors import InputError, unknown_name

VARIANCE, PYTHON_CODE, MATLAB_CODE = "variance", "python_code", "matlab_code"
FORMS = (VARIANCE, PYTHON_CODE, MATLAB_CODE)


def add_poisson(image: Image, peak: float, *, rng: np.random.Generator) -> Image:
    """Return the picture as counts of light: y = Poisson(x peak) / peak, of variance x / peak.

    Parameters
    ----------
    image : (H, W, C) float32, range [0, 1]
        Negative values count as 0.
    peak : float
        Photons at white, above 0; the literature's range is 1 to 255.
    rng : numpy.random.Generator

    Raises
    ------
    InputError
        If the picture fails `check_noisy` or the peak is not above 0 and finite.

    Examples
    --------
    >>> noisy = add_poisson(np.full((200, 200, 1), 0.5, np.float32), 50.0, rng=np.random.default_rng(0))
    >>> round(float(noisy.var()), 3)
    0.01
    """
    check_noisy(image, 0.0)
    if not 0 < peak < np.inf:
        raise InputError(f"the peak must be a finite number of photons above 0, got {peak}")
    counts = rng.poisson(image.clip(0).astype(np.float64) * peak)
    return (counts / peak).astype(np.float32)


def add_poisson_gaussian(image: Image, peak: float, sigma: float, *, rng: np.random.Generator) -> Image:
    """Return counts of light that are read with Gaussian noise: the variance is x / peak + sigma^2.

    Parameters
    ----------
    image, peak, rng
        As for `add_poisson`.
    sigma : float, range [0, 1]

    Raises
    ------
    InputError
        If the picture or sigma fails `check_noisy`, or the peak is not above 0 and finite.

    Examples
    --------
    >>> noisy = add_poisson_gaussian(np.full((200, 200, 1), 0.5, np.float32), 50.0, 0.1, rng=np.random.default_rng(0))
    >>> round(float(noisy.var()), 3)
    0.02
    """
    check_noisy(image, sigma)
    counted = add_poisson(image, peak, rng=rng)
    return (counted + sigma * rng.standard_normal(image.shape)).astype(np.float32)


def add_speckle(image: Image, sigma: float, *, rng: np.random.Generator) -> Image:
    """Return the picture with each value multiplied by 1 + n: the variance is x^2 sigma^2.

    Parameters
    ----------
    image : (H, W, C) float32, range [0, 1]
    sigma : float, range [0, 1]
        Standard deviation at white.
    rng : numpy.random.Generator

    Raises
    ------
    InputError
        If the picture or sigma fails `check_noisy`.

    Examples
    --------
    >>> float(add_speckle(np.zeros((2, 2, 1), np.float32), 0.5, rng=np.random.default_rng(0)).std())
    0.0
    """
    check_noisy(image, sigma)
    return (image * (1 + sigma * rng.standard_normal(image.shape))).astype(np.float32)


def add_heteroscedastic(
    image: Image, shot: float, read: float, *, form: str = VARIANCE, rng: np.random.Generator
) -> Image:
    """Return linear light as a sensor gives it: Gaussian noise whose variance grows with the light.

    Parameters
    ----------
    image : (H, W, C) float32, range [0, 1]
        Linear light L; negative values count as 0.
    shot, read : float, 0 or more
        What grows with the light and what does not.
    form : str
        "variance": L shot^2 + read^2, after the paper's text, which draws both at random, up to 0.16 and 0.06.
        "python_code": L shot + read, from its code in Python. "matlab_code": (L shot)^2 + read^2, from that in Matlab.
    rng : numpy.random.Generator

    Raises
    ------
    InputError
        If the picture fails `check_noisy`, a strength is negative or no number, or there is no such form.

    Examples
    --------
    >>> light = np.full((200, 200, 1), 0.25, np.float32)
    >>> noisy = add_heteroscedastic(light, 0.16, 0.06, rng=np.random.default_rng(0))
    >>> round(float(noisy.std()), 1)  # sqrt(0.25 * 0.0256 + 0.0036) = 0.1
    0.1
    """
    check_noisy(image, 0.0)
    if not (0 <= shot < np.inf and 0 <= read < np.inf):
        raise InputError(f"the strengths of shot and read noise must be 0 or more, got {shot} and {read}")
    light = image.clip(0).astype(np.float64)
    variances = {
        VARIANCE: light * shot**2 + read**2,
        PYTHON_CODE: light * shot + read,
        MATLAB_CODE: (light * shot) ** 2 + read**2,
    }
    if form not in variances:
        raise InputError(unknown_name("form of sensor noise", form, FORMS))
    return (image + np.sqrt(variances[form]) * rng.standard_normal(image.shape)).astype(np.float32)
