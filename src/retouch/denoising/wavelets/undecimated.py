"""Undecimated wavelet thresholding: the mean of what hard thresholds leave under all shifts of the picture.

Source: R. Coifman, D. Donoho, "Translation-invariant de-noising", Wavelets and Statistics, Springer, 1995 (cycle
spinning, which the undecimated transform does at once); J.-L. Starck, F. Murtagh, A. Bijaoui, "Image Processing and
Data Analysis: the Multiscale Approach", Cambridge University Press, 1998 (keep a coefficient above 3 sigma of its
band).
Departures: the noise of a band is computed from the filters, instead of sending noise through the transform once. The
mean of a channel is taken off before and put back after, which lets single precision do.
"""

from __future__ import annotations

import numpy as np

from retouch.arrays.checks import check_noisy
from retouch.arrays.types import Image, Progress, ignore_progress
from retouch.denoising.wavelets.bayes_shrink import check_levels
from retouch.denoising.wavelets.filter_banks import WaveletName, low_pass
from retouch.denoising.wavelets.transforms import Plane, Taps, join_fully, noise_gains, reach, split_fully
from retouch.errors import InputError


def denoise_undecimated_wavelet(
    image: Image,
    sigma: float,
    *,
    wavelet: WaveletName = "db2",
    levels: int = 4,
    sigmas: float = 3.0,
    progress: Progress = ignore_progress,
) -> Image:
    """Drop the wavelet coefficients of each channel that noise alone could have made.

    Parameters
    ----------
    image : (H, W, C) float32
        Noisy picture; noise may have taken values out of [0, 1].
    sigma : float, range [0, 1]
        Standard deviation of the noise. 0 returns a copy.
    wavelet : str
        db2 to db8 or sym4 to sym8: longer ones are smoother and ring wider.
    levels : int
        How many scales are looked at, each twice as coarse as the one before, 1 to 8.
    sigmas : float
        Coefficients within so many standard deviations of the noise of their band are dropped; 0 or more.
    progress : callable, optional
        Called as progress(done, total) in channels.

    Returns
    -------
    (H, W, C) float32
        Not clipped.

    Raises
    ------
    InputError
        If the picture or sigma fails `check_noisy`, or `levels` or `sigmas` is out of range.

    Notes
    -----
    40 milliseconds for a channel of 481x321 with db2. Where a lone coefficient passes by chance, a faint wavelet stands
    in a flat place.

    Examples
    --------
    With nothing dropped all of the picture comes back:

    >>> ramp = np.linspace(0, 1, 12, dtype=np.float32).reshape(3, 4, 1)
    >>> bool(np.allclose(denoise_undecimated_wavelet(ramp, 0.1, sigmas=0.0), ramp, atol=1e-6))
    True
    """
    check_noisy(image, sigma)
    check_levels(levels)
    if not 0 <= sigmas < np.inf:
        raise InputError(f"sigmas must be a number of 0 or more, got {sigmas}")
    result = image.copy()
    if sigma == 0:
        progress(1, 1)
        return result
    low = low_pass(wavelet)
    limits = [tuple(sigmas * sigma * gain for gain in level) for level in noise_gains(low, levels)]
    margin = reach(len(low), levels)
    for channel in range(image.shape[2]):
        progress(channel, image.shape[2])
        mean = image[:, :, channel].mean(dtype=np.float64).astype(np.float32)
        padded = np.pad(image[:, :, channel] - mean, margin, mode="symmetric")
        result[:, :, channel] = _threshold(padded, low, limits, 0) + mean
    progress(image.shape[2], image.shape[2])
    return result


def _threshold(plane: Plane, low: Taps, limits: list[tuple[float, ...]], level: int) -> Plane:
    """Return a plane without the small details of the levels from `level` on, smaller by their reach on each side."""
    if level == len(limits):
        return plane
    smooth, details = split_fully(plane, low, 2**level)
    smooth = _threshold(smooth, low, limits, level + 1)
    lost = (details[0].shape[0] - smooth.shape[0]) // 2
    for detail, limit in zip(details, limits[level], strict=True):
        detail[np.abs(detail) <= detail.dtype.type(limit)] = 0
    across, along, both = (detail[lost : lost + smooth.shape[0], lost : lost + smooth.shape[1]] for detail in details)
    return join_fully(smooth, (across, along, both), low, 2**level)
