"""Peak signal-to-noise ratio.

Source: the textbook definition, 10 log10(MAX^2 / MSE). Departures: none. Equal pictures give infinity; two published
inpainting codes give 0 there, which lowers their averages.
"""

from __future__ import annotations

import math

import numpy as np  # noqa: F401 - the examples need it

from retouch.arrays.types import AnyArray, Mask
from retouch.metrics.pixels.mse import mse


def psnr(reference: AnyArray, result: AnyArray, *, mask: Mask | None = None, data_range: float | None = None) -> float:
    """Return the peak signal-to-noise ratio in decibels, from one mean squared error over pixels and channels.

    Where everything outside a hole is exact and the hole takes up the share r of the picture, the value over the whole
    picture is the value inside the hole (the mask) minus 10 log10(r).

    Parameters
    ----------
    reference, result : (H, W) or (H, W, C), uint8, uint16 or floats
        Of one shape and dtype. The measure is symmetric in the two.
    mask : (H, W) bool or None
        Where to measure (True); None measures everywhere.
    data_range : float or None
        What white is; None takes 255, 65535 or 1 by dtype.

    Returns
    -------
    float, in dB
        Infinity for equal pictures, 0 for black against white, mostly 20 to 40 for inpainting. Higher is better. It
        rewards blur: a soft fill often scores above a sharper one that looks better.

    Raises
    ------
    InputError
        If the pair fails `check_pair`.

    Examples
    --------
    >>> round(psnr(np.full((4, 4), 0.5), np.full((4, 4), 0.4)), 6)  # -10 log10(0.1^2)
    20.0
    """
    error = mse(reference, result, mask=mask, data_range=data_range)
    return -10 * math.log10(error) if error > 0 else math.inf
