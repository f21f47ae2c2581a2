"""Weighted Schatten-p denoising: WNNM with a penalty that grows more slowly than the singular values.

Source: Y. Xie, S. Gu, Y. Liu, W. Zuo, W. Zhang, L. Zhang, "Weighted Schatten p-norm minimization for image denoising
and background subtraction", IEEE Trans. Image Processing 25(10), 2016 (the model: sum of w_j s_j^p; the generalised
soft threshold of each value; p by noise level).
Departures: weights, groups and rounds are those of WNNM, so that p alone tells the two apart. Between the noise levels
of the published table p is interpolated.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from retouch.arrays.types import Image, Progress, ignore_progress
from retouch.denoising.low_rank.rounds import denoise_channels
from retouch.denoising.low_rank.wnnm import Profile, denoise_stacks, rounds_for
from retouch.errors import InputError

_LEVELS, _POWERS = (20, 30, 50, 60, 75, 100), (1.0, 0.85, 0.75, 0.7, 0.1, 0.05)


def denoise_weighted_schatten(
    image: Image,
    sigma: float,
    *,
    power: float | None = None,
    profile: Profile = "fast",
    progress: Progress = ignore_progress,
) -> Image:
    """Return the picture of low rank, as WNNM does, by the powers of the singular values.

    Parameters
    ----------
    image : (H, W, C) float32
        Noisy picture; noise may have taken values out of [0, 1].
    sigma : float, range [0, 1]
        Standard deviation of the noise. 0 returns a copy.
    power : float or None
        p, above 0 and at most 1; 1 is WNNM. None takes 1 up to sigma 20/255, falling to 0.05 at 100/255.
    profile : {"fast", "normal", "high"}
        As that of WNNM, whose default is the middle one.
    progress : callable, optional
        Called as progress(done, total) in strips of all rounds.

    Returns
    -------
    (H, W, C) float32
        Not clipped.

    Raises
    ------
    InputError
        If the picture or sigma fails `check_noisy` or the power is out of range.

    Notes
    -----
    Takes a tenth more time than WNNM and fails where that does.

    Examples
    --------
    >>> noisy = np.random.default_rng(0).normal(0.5, 0.05, (16, 16, 1)).astype(np.float32)
    >>> bool(np.std(denoise_weighted_schatten(noisy, 0.05)) < 0.02)
    True
    """
    if power is not None and not 0 < power <= 1:
        raise InputError(f"power must be above 0 and at most 1, got {power}")
    estimate = partial(denoise_stacks, power=power_for(sigma) if power is None else power)
    return denoise_channels(image, sigma, rounds_for(sigma, profile), estimate, progress)


def power_for(sigma: float) -> float:
    """Return p of the published table, interpolated.

    >>> power_for(20 / 255), round(power_for(40 / 255), 3)
    (1.0, 0.8)
    """
    return float(np.interp(255 * sigma, _LEVELS, _POWERS))
