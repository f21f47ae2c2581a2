"""One door to the estimators of the noise level, and the level that a denoiser is given where nobody has said any.

Source: own, but for the estimators, each in its own file.
A denoiser made for white noise is told the level of white noise by `weak_texture`, the only one of the estimators that
finds none in clean photographs. It finds next to none in photographs of cameras either, as their noise went through
demosaicing and JPEG and its weakest components are gone. Where the flattest windows swing more than it explains, and
swing alike, they hold such noise, and their level is taken.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from retouch.arrays.checks import check_noisy
from retouch.arrays.noise_level.flat_windows import FlatLevel, flat_level
from retouch.arrays.noise_level.patch_covariance import Plane
from retouch.arrays.noise_level.patch_pca import sigma_by_patch_pca
from retouch.arrays.noise_level.wavelet_mad import sigma_by_wavelet_mad
from retouch.arrays.noise_level.weak_texture import sigma_by_weak_texture
from retouch.arrays.types import Image
from retouch.errors import InputError, UsageError, unknown_name

LEAST_SIDE_PX = 32
"""Below it there are too few patches to tell noise from picture."""

WHITE, CORRELATED, NONE = "white", "correlated", "none"
METHODS: dict[str, Callable[[Plane], float]] = {
    "patch_pca": sigma_by_patch_pca,
    "wavelet_mad": sigma_by_wavelet_mad,
    "weak_texture": sigma_by_weak_texture,
}

_ALIKE = 1.3  # spread of the flattest windows: 1.0 to 1.2 for noise, 1.3 to 3 for nine in ten clean photographs
_MORE = 1.3  # than white noise explains
_LEAST_SIGMA = 0.5 / 255  # rounding to 8 bits alone is 0.29
_MOST_PIXELS = 1 << 19
_BLOCK_PX = 176


class NoiseLevel(NamedTuple):
    """How much noise a picture holds.

    Attributes
    ----------
    sigma : float
        Standard deviation over all channels, on the scale of the picture.
    by_channel : tuple of float
        The same for each channel.
    kind : str
        "white", "correlated" (neighbours share it, as after demosaicing and JPEG) or "none".
    """

    sigma: float
    by_channel: tuple[float, ...]
    kind: str = WHITE


def estimate_noise_level(image: Image, *, method: str = "weak_texture") -> NoiseLevel:
    """Return the standard deviation of white noise in a picture, by one of the published estimators.

    Parameters
    ----------
    image : (H, W, C) float32
        At least 32x32 pixels; of more than half a million, 16 blocks of 176x176 that lie evenly over it are
        looked at.
    method : str
        "weak_texture" (the nearest, and the slowest by ten), "patch_pca" or "wavelet_mad" (the quickest).

    Returns
    -------
    NoiseLevel
        `sigma` is the root of the mean variance of the channels.

    Raises
    ------
    InputError
        If the picture is smaller than that, or fails `check_noisy`.
    UsageError
        If there is no such method.

    Examples
    --------
    >>> noise = 0.1 * np.random.default_rng(0).standard_normal((64, 64, 1), dtype=np.float32)
    >>> round(estimate_noise_level(0.5 + noise).sigma, 2)
    0.1
    """
    if method not in METHODS:
        raise UsageError(unknown_name("estimator of the noise level", method, tuple(METHODS)))
    _check(image)
    sigmas = [METHODS[method](plane) for plane in _planes(image)]
    return _over_channels(_for_all(sigmas, image), WHITE)


def find_noise(image: Image) -> NoiseLevel:
    """Return the level of noise that a denoiser is to take away where it is not known.

    Parameters
    ----------
    image : (H, W, C) float32
        As for `estimate_noise_level`.

    Returns
    -------
    NoiseLevel
        0 and "none" where less than half a level of 255 is found.

    Raises
    ------
    InputError
        If the picture is smaller than 32x32, or fails `check_noisy`.

    Notes
    -----
    One level for the whole picture: noise that grows with the light is too strong for it in bright places and too weak
    in dark ones. About a second for a picture in colour.

    Examples
    --------
    >>> find_noise(np.full((64, 64, 1), 0.5, np.float32))
    NoiseLevel(sigma=0.0, by_channel=(0.0,), kind='none')
    """
    _check(image)
    planes = _planes(image)
    white = _over_channels(_for_all([sigma_by_weak_texture(plane) for plane in planes], image), WHITE)
    flats = [flat_level(plane) for plane in planes]
    flat = _over_channels(_for_all([level.sigma for level in flats], image), CORRELATED)
    found = flat if _are_alike(flats) and flat.sigma > _MORE * white.sigma else white
    return found if found.sigma >= _LEAST_SIGMA else NoiseLevel(0.0, (0.0,) * image.shape[2], NONE)


def _are_alike(flats: list[FlatLevel]) -> bool:
    return float(np.mean([level.spread for level in flats])) < _ALIKE


def _over_channels(sigmas: list[float], kind: str) -> NoiseLevel:
    return NoiseLevel(math.sqrt(sum(sigma**2 for sigma in sigmas) / len(sigmas)), tuple(sigmas), kind)


def _for_all(sigmas: list[float], image: Image) -> list[float]:
    """Return a level for each channel, where equal ones were looked at once."""
    n_channels: int = image.shape[2]
    return sigmas * (n_channels // len(sigmas))


def _check(image: Image) -> None:
    check_noisy(image, 0.0)
    height, width = image.shape[:2]
    if min(height, width) < LEAST_SIDE_PX:
        raise InputError(
            f"a picture must have at least {LEAST_SIDE_PX}x{LEAST_SIDE_PX} pixels to tell its noise from, got "
            f"{width}x{height}; say how strong the noise is (--sigma)"
        )


def _planes(image: Image) -> list[Float[np.ndarray, "h w"]]:
    """Return the channels, of a large picture a few blocks of each; equal channels are looked at once."""
    height, width, n_channels = image.shape
    seen = image if height * width <= _MOST_PIXELS else _blocks(image)
    if n_channels > 1 and bool((seen == seen[:, :, :1]).all()):
        seen = seen[:, :, :1]
    return [np.ascontiguousarray(seen[:, :, channel]) for channel in range(seen.shape[2])]


def _blocks(image: Image) -> Image:
    """Return blocks that lie evenly over the picture, side by side: the seams between them are no flat places."""
    tops, lefts = (_starts(length) for length in image.shape[:2])
    rows = [np.concatenate([image[t : t + _BLOCK_PX, x : x + _BLOCK_PX] for x in lefts], axis=1) for t in tops]
    return np.concatenate(rows)


def _starts(length: int) -> list[int]:
    n_blocks = min(4, max(1, length // _BLOCK_PX))
    free = max(0, length - _BLOCK_PX)
    return [free * block // max(1, n_blocks - 1) for block in range(n_blocks)]
