"""Impulses: some values are lost, and black, white or anything stands in their place.

Source: the usual models, as listed by S. Gu, R. Timofte, "A brief review of image denoising algorithms and beyond", in
Inpainting and Denoising Challenges, Springer, 2019.
Departures: none. Each value of each channel is lost or not by itself.
"""

from __future__ import annotations

import numpy as np

from retouch.arrays.checks import check_noisy
from retouch.arrays.types import Image
from retouch.errors import InputError


def add_salt_and_pepper(image: Image, share: float, *, rng: np.random.Generator) -> Image:
    """Return the picture with a share of its values replaced, half of them by 0 and half by 1.

    Parameters
    ----------
    image : (H, W, C) float32, range [0, 1]
    share : float, range [0, 1]
        The chance of a value to be lost.
    rng : numpy.random.Generator

    Raises
    ------
    InputError
        If the picture fails `check_noisy` or the share is not 0 to 1.

    Examples
    --------
    >>> noisy = add_salt_and_pepper(np.full((5, 5, 1), 0.5, np.float32), 1.0, rng=np.random.default_rng(0))
    >>> np.unique(noisy).tolist()
    [0.0, 1.0]
    """
    _check(image, share)
    draws = rng.random(image.shape)
    return np.where(draws < share, (draws < share / 2).astype(np.float32), image)


def add_random_impulses(image: Image, share: float, *, rng: np.random.Generator) -> Image:
    """Return the picture with a share of its values replaced by any, uniform in [0, 1].

    Parameters
    ----------
    image, share, rng
        As for `add_salt_and_pepper`.

    Raises
    ------
    InputError
        If the picture fails `check_noisy` or the share is not 0 to 1.

    Examples
    --------
    >>> noisy = add_random_impulses(np.full((100, 100, 1), 2, np.float32), 0.3, rng=np.random.default_rng(0))
    >>> round(float((noisy < 2).mean()), 1)
    0.3
    """
    _check(image, share)
    lost = rng.random(image.shape) < share
    return np.where(lost, rng.random(image.shape, dtype=np.float32), image)


def _check(image: Image, share: float) -> None:
    check_noisy(image, 0.0)
    if not 0 <= share <= 1:
        raise InputError(f"the share of lost values must be 0 to 1, got {share}")
