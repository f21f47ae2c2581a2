"""MC-WNNM: WNNM of colour patches that trusts each channel by its own noise.

Source: J. Xu, L. Zhang, D. Zhang, X. Feng, "Multi-channel weighted nuclear norm minimization for real color image
denoising", ICCV 2017 (the model: least |W (Y - X)|^2 + |X|_w,* over X by the method of multipliers), with the settings
of the authors' program for white noise.
Departures: where all channels have the same noise W is the identity in every round; Y, X, Z and A then share their
singular vectors, and the method of multipliers goes its steps on the singular values of Y alone, with one decomposition
instead of ten.

    Y, X, Z, A   (B, m, d) a stack, its estimate, the part of low rank and the multipliers
    W            (B, 1, d) least noise level over that of each value's channel
    rho          penalty of X - Z, times mu after each step
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from jaxtyping import Float64

from retouch.arrays.noise_level.patch_pca import SIDE_PX, sigma_by_patch_pca
from retouch.arrays.types import Image, Progress, ignore_progress
from retouch.denoising.low_rank.rounds import Rounds, denoise_picture
from retouch.denoising.low_rank.shrinkage import Values, shrink_closed_form
from retouch.denoising.low_rank.stacks import Stacks, shrink_stacks
from retouch.denoising.low_rank.wnnm import WEIGHT
from retouch.errors import InputError

Numbers: TypeAlias = Any
"""float32 stacks, or float64 singular values."""

_ROUNDS = Rounds(patch_px=6, step_px=5, reach_px=20, n_patches=70, n_rounds=6, feedback=0.1, noise_share=0.6)
_STEPS = 10
_RHO, _MU, _MOST_RHO = 3.0, 1.001, 1e4
_TINY = 1e-16


def denoise_mc_wnnm(
    image: Image,
    sigma: float,
    *,
    channel_sigmas: Float64[np.ndarray, " C"] | None = None,
    measured: bool = False,
    progress: Progress = ignore_progress,
) -> Image:
    """Return the picture of low rank, all channels together, the clean ones leading the noisy ones.

    Parameters
    ----------
    image : (H, W, C) float32
        Noisy picture; noise may have taken values out of [0, 1].
    sigma : float, range [0, 1]
        Standard deviation of the noise, the same in all channels unless one of the options says otherwise. 0 returns a
        copy.
    channel_sigmas : (C,) float64 or None
        Standard deviation of the noise of each channel, above 0 to 1; `sigma` then only has to be above 0.
    measured : bool
        Measure in the picture how the noise of the channels differs; the root of their mean square is `sigma`.
    progress : callable, optional
        Called as progress(done, total) in strips of all rounds.

    Returns
    -------
    (H, W, C) float32
        Not clipped.

    Raises
    ------
    InputError
        If the picture or sigma fails `check_noisy`, the levels do not fit, or a picture to be measured is below 8x8.

    Notes
    -----
    About 80 microseconds of one core a pixel where the channels are equally noisy; ten decompositions in place of one
    where they are not. Weaker than
    `wnnm` on the former, which works in opponent colours.

    Examples
    --------
    >>> noisy = np.random.default_rng(0).normal(0.5, 0.05, (16, 16, 3)).astype(np.float32)
    >>> bool(np.std(denoise_mc_wnnm(noisy, 0.05)) < 0.02)
    True
    """
    if channel_sigmas is not None:
        _check_levels(image, channel_sigmas)
    elif measured:
        channel_sigmas = _measure(image, sigma)
    same = channel_sigmas is None or bool(np.ptp(channel_sigmas) == 0)
    estimate = denoise_equal_channels if same else denoise_unequal_channels
    return denoise_picture(image, sigma, _ROUNDS, estimate, progress, channel_sigmas)


def denoise_equal_channels(stacks: Stacks, sigmas: Float64[np.ndarray, "B C"]) -> Stacks:
    """Return what `denoise_unequal_channels` does where all channels have the noise of their mean square."""
    weight = 2 * WEIGHT * np.sqrt(stacks.shape[1]) * (sigmas**2).mean(axis=1, keepdims=True)

    def shrink(values: Values) -> Values:
        shrunk: Values = _multiply(values, np.float64(1), lambda s, rho: shrink_closed_form(s, weight / rho))
        return shrunk

    result: Stacks = shrink_stacks(stacks, shrink)
    return result


def denoise_unequal_channels(stacks: Stacks, sigmas: Float64[np.ndarray, "B C"]) -> Stacks:
    """Return Z after ten steps of the method of multipliers from Z = A = 0, by the noise of each channel.

    Parameters
    ----------
    stacks : (B, m, d) float32
        Y, of zero mean over m; the channel of a value is its place modulo C.
    sigmas : (B, C) float64
    """
    least = sigmas.min(axis=1, keepdims=True)
    w = np.tile((least + _TINY) / (sigmas + _TINY), stacks.shape[2] // sigmas.shape[1])
    w2 = (w**2).astype(np.float32)[:, None, :]
    weight = 2 * WEIGHT * np.sqrt(stacks.shape[1]) * least**2

    def low_rank(found: Stacks, rho: float) -> Stacks:
        return shrink_stacks(found, lambda values: shrink_closed_form(values, weight / rho))

    z: Stacks = _multiply(stacks, w2, low_rank)
    return z


def _multiply(y: Numbers, w2: Numbers, low_rank: Callable[[Numbers, float], Numbers]) -> Numbers:
    """Return Z after ten steps of the method of multipliers; low_rank(values, rho) is the step that finds Z."""
    z, a, rho = np.zeros_like(y), np.zeros_like(y), _RHO
    for _ in range(_STEPS):
        x = (w2 * y + y.dtype.type(rho / 2) * z - a / 2) / (w2 + y.dtype.type(rho / 2))
        z = low_rank(x + a / y.dtype.type(rho), rho)
        a += y.dtype.type(rho) * (x - z)
        rho = min(_MOST_RHO, _MU * rho)
    return z


def _check_levels(image: Image, channel_sigmas: Float64[np.ndarray, " C"]) -> None:
    n_channels = image.shape[-1]
    if channel_sigmas.shape != (n_channels,) or not ((channel_sigmas > 0) & (channel_sigmas <= 1)).all():
        raise InputError(f"channel_sigmas must be {n_channels} numbers above 0 and at most 1, got {channel_sigmas}")


def _measure(image: Image, sigma: float) -> Float64[np.ndarray, " C"]:
    """Return the noise level of each channel, their mean square that of `sigma`."""
    if min(image.shape[:2]) < SIDE_PX:
        raise InputError(f"a picture must be at least {SIDE_PX}x{SIDE_PX} to be measured; leave out measured=yes")
    levels = np.array([sigma_by_patch_pca(image[:, :, c]) for c in range(image.shape[2])]) + _TINY
    scaled: Float64[np.ndarray, " C"] = levels * (sigma / np.sqrt((levels**2).mean()))
    return scaled
