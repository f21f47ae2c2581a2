"""Bilateral filter: each value becomes the mean of near pixels of a like value.

Source: C. Tomasi, R. Manduchi, "Bilateral filtering for gray and color images", ICCV 1998: the weight of a pixel falls
as a bell with its distance in the picture and as another with the difference of its value.
Departures: colours are compared by the mean of the squared differences over the channels, in the picture's own colour
space, so that grey comes out alike with one channel and with three. The window ends at three standard deviations of the
first bell. Both widths are rules of ours, fitted on 6 photographs for sigma 5/255 to 75/255 (every sixtieth of
../shared/data/train-photos/bsds500-train-test, turned grey; none is in a test set), and within 0.2 dB of the best found
there.

y        (C, H, W)   the noisy picture, padded by the reach of the window (mirrored, edge pixel included)
weight   exp(-|d|^2 / (2 space_px^2) - mean_c (y(p + d) - y(p))^2 / (2 value^2))
"""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from typing import no_type_check

import numpy as np
from numba import njit

from retouch.arrays.checks import check_noisy
from retouch.arrays.threads import n_threads
from retouch.arrays.types import Image, Progress, ignore_progress
from retouch.denoising.filters.decay import decay
from retouch.errors import InputError

_CUT = 3.0
_SPACE_PX, _SPACE_PX_PER_SIGMA = 0.95, 4.4
_VALUE, _VALUE_POWER = 6.3, 1.25
_MOST_SPACE_PX = 32.0
_LEAST_VALUE = 1e-15  # float32 holds the inverse of its square
_BAND_PX = 32


def denoise_bilateral(
    image: Image,
    sigma: float,
    *,
    space_px: float | None = None,
    value: float | None = None,
    progress: Progress = ignore_progress,
) -> Image:
    """Average near pixels of a like colour.

    Parameters
    ----------
    image : (H, W, C) float32
        Noisy picture; noise may have taken values out of [0, 1].
    sigma : float, range [0, 1]
        Standard deviation of the noise. 0 returns a copy.
    space_px : float or None
        Standard deviation of the bell over distances, above 0 and at most 32 pixels; None takes 0.95 + 4.4 sigma.
    value : float or None
        Standard deviation of the bell over differences of value, above 0; None takes 6.3 sigma^1.25.
    progress : callable, optional
        Called as progress(done, total) in bands of rows.

    Returns
    -------
    (H, W, C) float32
        Within the range of the input, to rounding.

    Raises
    ------
    InputError
        If the picture or sigma fails `check_noisy` or an option is out of range.

    Notes
    -----
    About 15 milliseconds for a channel of 481x321; the time grows with the square of `space_px`. Under strong noise the
    value of a pixel says little on which others are like it: lone specks stay, and it is little better than a Gaussian.

    Examples
    --------
    A speck ten `value` away from its surroundings counts as nothing to them and stays as it is:

    >>> speck = np.zeros((5, 5, 1), np.float32)
    >>> speck[2, 2] = 1
    >>> bool((denoise_bilateral(speck, 0.1, value=0.1) == speck).all())
    True
    """
    check_noisy(image, sigma)
    space = _SPACE_PX + _SPACE_PX_PER_SIGMA * sigma if space_px is None else space_px
    width = max(_VALUE * sigma**_VALUE_POWER, _LEAST_VALUE) if value is None else value
    if not 0 < space <= _MOST_SPACE_PX:
        raise InputError(f"space_px must be above 0 and at most {_MOST_SPACE_PX:g}, got {space}")
    if not _LEAST_VALUE <= width < math.inf:
        raise InputError(f"value must be a number of at least {_LEAST_VALUE:g}, got {width}")
    if sigma == 0:
        progress(1, 1)
        return image.copy()
    reach = max(1, math.ceil(_CUT * space))
    offsets = np.arange(-reach, reach + 1)
    bell = np.exp(-0.5 * (offsets / space) ** 2).astype(np.float32)
    planes = np.moveaxis(np.pad(image, ((reach, reach), (reach, reach), (0, 0)), mode="symmetric"), 2, 0)
    y, scale = np.ascontiguousarray(planes), np.float32(0.5 / width**2 / image.shape[2])
    result = np.empty_like(image)
    firsts = range(0, len(image), _BAND_PX)
    progress(0, len(firsts))
    with ThreadPoolExecutor(n_threads()) as pool:
        work = pool.map(lambda first: _average_band(y, bell, scale, first, result[first : first + _BAND_PX]), firsts)
        for done, _ in enumerate(work, start=1):
            progress(done, len(firsts))
    return result


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
@no_type_check
def _average_band(y, bell, scale, first, result):
    """Write the filtered rows from `first` on.

    Parameters
    ----------
    y : (C, H + 2 reach, W + 2 reach) float32
    bell : (2 reach + 1,) float32
        Weights along one axis of the window.
    scale : float32
        1 / (2 C value^2).
    first : int
    result : (n, W, C) float32
        Written.
    """
    reach, n_channels = len(bell) // 2, len(y)
    n_rows, n = result.shape[0], np.uint64(result.shape[1])
    distance, weights = np.empty(n, np.float32), np.empty(n, np.float32)
    shifts = np.empty((n_channels, n), np.float32)
    for row in range(n_rows):
        at = first + row
        weights[:] = 0
        shifts[:] = 0
        for dy in range(len(bell)):
            for dx in range(len(bell)):
                factor = bell[dy] * bell[dx]
                distance[:] = 0
                for c in range(n_channels):
                    here, there = y[c, at + reach, reach:], y[c, at + dy, dx:]
                    for x in range(n):
                        difference = there[x] - here[x]
                        distance[x] += difference * difference
                for x in range(n):
                    distance[x] = factor * decay(distance[x] * scale)
                    weights[x] += distance[x]
                for c in range(n_channels):
                    here, there, shift = y[c, at + reach, reach:], y[c, at + dy, dx:], shifts[c]
                    for x in range(n):
                        shift[x] += distance[x] * (there[x] - here[x])
        for c in range(n_channels):
            here = y[c, at + reach, reach:]
            for x in range(n):
                result[row, x, c] = here[x] + shifts[c, x] / weights[x]
