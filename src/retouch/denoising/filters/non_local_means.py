"""Non-local means, patchwise: each patch becomes the weighted mean of the patches like it nearby; patches then overlap.

Source: A. Buades, B. Coll, J.-M. Morel, "A review of image denoising algorithms, with a new one", Multiscale Modeling
and Simulation 4(2), 2005; by the same, "Non-local means denoising", Image Processing On Line 1, 2011 (the patchwise
form, its weights and its table of sizes for grey and colour).
Departures: the weight of a patch for itself is the largest of its other weights, where the second source has 1, which
would keep the noise of lone patches. Patches are compared if both centres lie inside the picture; beyond the border it
is mirrored. Channels that are all equal count as one, so that grey comes out alike with one channel and with three; two
channels, and four, go by the table for colour. Beyond sigma 100/255 the last line of the table stays.

    w(p, q) = exp(-max(d2(p, q) - 2 sigma^2, 0) / h^2),    d2 the mean squared difference of two patches, h = k sigma
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
from jaxtyping import Float32

from retouch.arrays.checks import check_noisy
from retouch.arrays.threads import n_threads
from retouch.arrays.types import Image, Progress, ignore_progress
from retouch.denoising.filters.patch_weights import add_votes_of_band, add_weights_of_band
from retouch.errors import InputError

_BAND_PX = 64
_MOST_SCALE = 1e30  # of squared differences, in float32


class _Sizes(NamedTuple):
    """One line of the table: half the patch's and the window's side, rounded down, and h / sigma."""

    up_to: float
    patch: int
    window: int
    h_per_sigma: float


_GREY = (
    _Sizes(15, 1, 10, 0.4),
    _Sizes(30, 2, 10, 0.4),
    _Sizes(45, 3, 17, 0.35),
    _Sizes(75, 4, 17, 0.35),
    _Sizes(255, 5, 17, 0.3),
)
_COLOUR = (_Sizes(25, 1, 10, 0.55), _Sizes(55, 2, 17, 0.4), _Sizes(255, 3, 17, 0.35))


def denoise_non_local_means(
    image: Image,
    sigma: float,
    *,
    patch_px: int | None = None,
    window_px: int | None = None,
    h_per_sigma: float | None = None,
    progress: Progress = ignore_progress,
) -> Image:
    """Average each patch with the patches like it in a window around it.

    Parameters
    ----------
    image : (H, W, C) float32
        Noisy picture; noise may have taken values out of [0, 1].
    sigma : float, range [0, 1]
        Standard deviation of the noise. 0 returns a copy.
    patch_px : int or None
        Side of a patch, odd, 1 to 31; None takes 3 to 11 by the noise level and the number of channels.
    window_px : int or None
        Side of the window that patches are sought in, odd, 3 to 127; None takes 21 or 35.
    h_per_sigma : float or None
        How unlike patches may be, 0.01 to 10; None takes 0.3 to 0.55. More is smoother.
    progress : callable, optional
        Called as progress(done, total) in bands of rows, each of them twice.

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
    For a channel of 481x321 on one thread 0.15 seconds at sigma 25/255 and 0.5 at 50/255. The time grows with the area
    of the window and slowly with the side of the patch. Whatever has no like nearby keeps its noise, and fine grain of
    low contrast is smoothed away.

    Examples
    --------
    Single pixels, three in a row, and no noise to speak of between the equal ones: 0.2 and 0.2 agree, 0.9 stays alone.

    >>> row = np.float32([[[0.2], [0.2], [0.9]]])
    >>> denoise_non_local_means(row, 0.01, patch_px=1, window_px=3)[0, :, 0].round(3)
    array([0.2, 0.2, 0.9], dtype=float32)
    """
    check_noisy(image, sigma)
    shared = image[:, :, :1] if bool((image == image[:, :, :1]).all()) else image
    sizes = _choose_sizes(shared.shape[2], sigma, patch_px, window_px, h_per_sigma)
    if sigma == 0:
        progress(1, 1)
        return image.copy()
    f = sizes.patch
    y = np.ascontiguousarray(np.moveaxis(np.pad(shared, ((f, f), (f, f), (0, 0)), mode="symmetric"), 2, 0))
    limits = np.float32(2 * sigma**2), np.float32(min(1 / max((sizes.h_per_sigma * sigma) ** 2, 1e-300), _MOST_SCALE))
    result = np.moveaxis(_average(y, sizes, limits, progress), 0, 2)
    return np.ascontiguousarray(np.broadcast_to(result, image.shape))


def _choose_sizes(
    n_channels: int, sigma: float, patch_px: int | None, window_px: int | None, h_per_sigma: float | None
) -> _Sizes:
    table = _GREY if n_channels == 1 else _COLOUR
    line = next(line for line in table if round(255 * sigma, 6) <= line.up_to)
    patch = 2 * line.patch + 1 if patch_px is None else patch_px
    window = 2 * line.window + 1 if window_px is None else window_px
    h = line.h_per_sigma if h_per_sigma is None else h_per_sigma
    for name, side, least, most in (("patch_px", patch, 1, 31), ("window_px", window, 3, 127)):
        if not least <= side <= most or side % 2 == 0:
            raise InputError(f"{name} must be an odd number, {least} to {most}, got {side}")
    if not 0.01 <= h <= 10:  # noqa: PLR2004 - as the message says
        raise InputError(f"h_per_sigma must be 0.01 to 10, got {h}")
    return _Sizes(line.up_to, patch // 2, window // 2, h)


def _average(
    y: Float32[np.ndarray, "C h w"], sizes: _Sizes, limits: tuple[np.float32, np.float32], progress: Progress
) -> Float32[np.ndarray, "C H W"]:
    """Weigh all patches, then let each give the share of its weights to the pixels of its patch."""
    f, reach = sizes.patch, sizes.window
    inner = y[:, f : y.shape[1] - f, f : y.shape[2] - f]
    height, width = inner.shape[1:]
    total, largest = np.zeros((height, width), np.float32), np.zeros((height, width), np.float32)
    shift = np.zeros(inner.shape, np.float32)
    bands = [(first, min(first + _BAND_PX, height)) for first in range(0, height, _BAND_PX)]
    with ThreadPoolExecutor(n_threads()) as pool:
        progress(0, 2 * len(bands))
        work = pool.map(lambda band: add_weights_of_band(y, band, (f, reach), limits, total, largest), bands)
        for done, _ in enumerate(work, start=1):
            progress(done, 2 * len(bands))
        share = 1 / (total + np.where(largest > 0, largest, np.float32(1)))
        work = pool.map(lambda band: add_votes_of_band(y, band, (f, reach), limits, share, shift), bands)
        for done, _ in enumerate(work, start=len(bands) + 1):
            progress(done, 2 * len(bands))
    shift /= _count_patches(height, f)[:, None] * _count_patches(width, f)
    shift += inner
    return shift


def _count_patches(length: int, f: int) -> Float32[np.ndarray, " n"]:
    """Return how many of the places within f of each place lie on a line of that length.

    >>> _count_patches(4, 1).tolist()
    [2.0, 3.0, 3.0, 2.0]
    """
    places = np.arange(length)
    return np.asarray(np.minimum(places, f) + np.minimum(length - 1 - places, f) + 1, np.float32)
