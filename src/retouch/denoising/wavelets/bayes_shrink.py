"""Wavelet shrinkage: coefficients of an orthogonal wavelet are moved towards 0, by a threshold for each sub-band.

Source: S. Chang, B. Yu, M. Vetterli, "Adaptive wavelet thresholding for image denoising and compression", IEEE Trans.
Image Processing 9(9), 2000 (BayesShrink: T = sigma^2 / sigma_x); D. Donoho, I. Johnstone, "Ideal spatial adaptation by
wavelet shrinkage", Biometrika 81, 1994 (VisuShrink: T = sigma sqrt(2 ln N), the universal threshold; soft shrinking).
Departures: the noise level is given and not estimated. The mean of a channel is taken off before and put back after,
which lets single precision do.
"""

from __future__ import annotations

import math
from typing import Literal, TypeAlias

import numpy as np

from retouch.arrays.checks import check_noisy
from retouch.arrays.types import Image, Progress, ignore_progress
from retouch.denoising.wavelets.filter_banks import WaveletName, low_pass
from retouch.denoising.wavelets.transforms import Plane, Taps, join, split
from retouch.errors import InputError

ThresholdRule: TypeAlias = Literal["bayes", "universal"]
MOST_LEVELS = 8


def denoise_bayes_shrink(
    image: Image,
    sigma: float,
    *,
    threshold: ThresholdRule = "bayes",
    wavelet: WaveletName = "sym8",
    levels: int = 4,
    progress: Progress = ignore_progress,
) -> Image:
    """Move the wavelet coefficients of each channel towards 0.

    Parameters
    ----------
    image : (H, W, C) float32
        Noisy picture; noise may have taken values out of [0, 1].
    sigma : float, range [0, 1]
        Standard deviation of the noise. 0 returns a copy.
    threshold : str
        "bayes" sets a threshold for each sub-band by how much of it is picture; "universal" sets one for all under
        which pure noise vanishes, and most texture with it.
    wavelet : str
        db2 to db8 or sym4 to sym8: longer ones are smoother and ring wider.
    levels : int
        How often the resolution is halved, 1 to 8.
    progress : callable, optional
        Called as progress(done, total) in channels.

    Returns
    -------
    (H, W, C) float32
        Not clipped.

    Raises
    ------
    InputError
        If the picture or sigma fails `check_noisy` or `levels` is out of range.

    Notes
    -----
    20 milliseconds for a channel of 481x321. Edges ring: what is left of a cut coefficient is a wavelet.
    `denoise_undecimated_wavelet` is 0.2 to 0.5 dB better. The result hangs on where the picture begins, and the
    thresholds on the whole of it, so that a picture in pieces comes out a little otherwise.

    Examples
    --------
    A flat picture has no details, and so nothing to shrink:

    >>> denoise_bayes_shrink(np.full((5, 6, 1), 0.3, np.float32), 0.1)[4, 5]
    array([0.3], dtype=float32)
    """
    check_noisy(image, sigma)
    check_levels(levels)
    result = image.copy()
    if sigma == 0:
        progress(1, 1)
        return result
    low = low_pass(wavelet)
    limit = sigma * math.sqrt(2 * math.log(max(2, image[:, :, 0].size))) if threshold == "universal" else None
    for channel in range(image.shape[2]):
        progress(channel, image.shape[2])
        mean = image[:, :, channel].mean(dtype=np.float64).astype(np.float32)
        result[:, :, channel] = _shrink(image[:, :, channel] - mean, low, levels, sigma, limit) + mean
    progress(image.shape[2], image.shape[2])
    return result


def check_levels(levels: int) -> None:
    """Refuse a number of levels out of range."""
    if not 1 <= levels <= MOST_LEVELS:
        raise InputError(f"levels must be 1 to {MOST_LEVELS}, got {levels}")


def _shrink(plane: Plane, low: Taps, levels: int, sigma: float, limit: float | None) -> Plane:
    """Return a plane with the details of so many levels shrunk."""
    if levels == 0:
        return plane
    smooth, details = split(plane, low)
    smooth = _shrink(smooth, low, levels - 1, sigma, limit)
    across, along, both = (
        shrink_softly(detail, bayes_threshold(detail, sigma) if limit is None else limit) for detail in details
    )
    return join(smooth, (across, along, both), low, (plane.shape[0], plane.shape[1]))


def bayes_threshold(detail: Plane, sigma: float) -> float:
    """Return sigma^2 over the deviation of the coefficients without noise; infinity where noise explains them all.

    Examples
    --------
    Of a mean square of 25 noise makes 9, and the picture 16:

    >>> bayes_threshold(np.array([[5.0, -5.0]]), 3.0)
    2.25
    """
    variance = float(np.mean(np.square(detail, dtype=np.float64))) - sigma**2
    return sigma**2 / math.sqrt(variance) if variance > 0 else math.inf


def shrink_softly(detail: Plane, limit: float) -> Plane:
    """Move coefficients towards 0 by `limit`, and no further than 0.

    >>> shrink_softly(np.array([[3.0, -0.5, -2.0]]), 1.0).tolist()
    [[2.0, 0.0, -1.0]]
    """
    bound = detail.dtype.type(limit)
    return np.asarray(detail - detail.clip(-bound, bound))
