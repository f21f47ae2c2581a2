"""Fading and colour casts of prints taken back: the range of each channel stretched in linear light.

Source: own. In linear light a print that has yellowed shows a veil added to all pixels, and one whose dyes have faded
a smaller span; both differ between channels. So each channel is mapped linearly such that its 0.5 % and 99.5 %
percentiles come to black and white. IEC 61966-2-1 gives the curve of sRGB.
Departures: no channel is stretched more than 4 times, and a picture that truly lacks black or white (fog, a white wall)
is stretched nevertheless: nothing in it tells the two apart. A photograph toned brown comes out nearly grey.

    low, high    percentiles of a channel over the pixels that are not damaged
    gain         1 / (high - low), 4 at most
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Float64

from retouch.arrays.types import Image, Mask

_PERCENTILES = (0.5, 99.5)
_MOST_GAIN = 4.0
_KNEE_ENCODED, _KNEE_LINEAR, _SLOPE, _OFFSET, _POWER = 0.04045, 0.0031308, 12.92, 0.055, 2.4
_ROWS_AT_ONCE = 256


def correct_fading(image: Image, damaged: Mask | None = None) -> Image:
    """Return a picture with the full range in each channel.

    Parameters
    ----------
    image : (H, W, C) float32, range [0, 1]
    damaged : (H, W) bool, optional
        Pixels that are left out where the range is measured, such as white scratches.

    Returns
    -------
    (H, W, C) float32, range [0, 1]
        A channel that is even everywhere stays as it is.

    Notes
    -----
    Costs 0.1 s a megapixel of colour.

    >>> faded = np.linspace(0.2, 0.6, 1001, dtype=np.float32).reshape(1, -1, 1)
    >>> [round(float(correct_fading(faded)[0, i, 0]), 2) for i in (5, 995)]
    [0.0, 1.0]
    """
    kept = image.reshape(-1, image.shape[2]) if damaged is None or damaged.all() else image[~damaged]
    low_encoded, high_encoded = np.percentile(kept, _PERCENTILES, axis=0)
    low, high = to_linear(low_encoded), to_linear(high_encoded)  # the curve is monotone: percentiles go through it
    even = high - low <= 0
    gain = np.where(even, 1.0, np.minimum(1 / np.where(even, 1.0, high - low), _MOST_GAIN))
    shift = np.where(even, 0.0, low)
    result = np.empty_like(image)
    for top in range(0, len(image), _ROWS_AT_ONCE):
        rows = slice(top, top + _ROWS_AT_ONCE)
        stretched = (to_linear(image[rows].astype(np.float64)) - shift) * gain
        result[rows] = from_linear(stretched.clip(0, 1)).astype(np.float32)
    return result


def to_linear(encoded: Float[np.ndarray, "*shape"]) -> Float64[np.ndarray, "*shape"]:
    """Return linear light, 0 to 1, of values of sRGB.

    >>> round(float(to_linear(np.array(0.5))), 4)
    0.214
    """
    values = np.asarray(encoded, np.float64)
    curve: Float64[np.ndarray, "*shape"] = np.where(
        values <= _KNEE_ENCODED, values / _SLOPE, ((np.maximum(values, 0) + _OFFSET) / (1 + _OFFSET)) ** _POWER
    )
    return curve


def from_linear(light: Float[np.ndarray, "*shape"]) -> Float64[np.ndarray, "*shape"]:
    """Return values of sRGB of linear light, 0 to 1.

    >>> round(float(from_linear(np.array(0.214))), 2)
    0.5
    """
    values = np.asarray(light, np.float64)
    curve: Float64[np.ndarray, "*shape"] = np.where(
        values <= _KNEE_LINEAR, values * _SLOPE, (1 + _OFFSET) * np.maximum(values, 0) ** (1 / _POWER) - _OFFSET
    )
    return curve
