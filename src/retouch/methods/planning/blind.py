"""The noise level of a picture of which nobody has said any, on the scale on which it counts.

Floats beyond [0, 1] are either a picture with noise that led its values there, or one of another range. Without a sigma
that decides it, the level is told on the scale of [0, 1] first, and that scale is kept where such noise explains them.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import NamedTuple

from retouch.arrays.noise_level.estimate import CORRELATED, NoiseLevel, find_noise
from retouch.arrays.noise_level.grain import Grain, find_grain
from retouch.arrays.types import Image
from retouch.io.pictures.picture import Picture

_MOST_SIGMAS = 6.0  # one value of Gaussian noise in five hundred million lies farther out
_UNIT = (0.0, 1.0)
_MOST_PIXELS = 1 << 20
_OF_GRAIN = 1.2  # times the level of flat places: 0.06 dB better on 20 drawn photographs, whose edges hold more noise
_LEAST_OF_LEVEL, _MOST_OF_LEVEL = 0.5, 2.0  # two ways to tell one level; farther apart, one of them saw texture


class BlindNoise(NamedTuple):
    """The noise of a picture as the picture itself shows it.

    Attributes
    ----------
    level : NoiseLevel
        What is told to people.
    sigma : float
        What a denoiser is to take away.
    grain : Grain or None
        What neighbours and channels share, where the noise is not white and flat places show it.
    """

    level: NoiseLevel
    sigma: float
    grain: Grain | None = None


def noise_of(picture: Picture) -> BlindNoise:
    """Return the noise of a picture; see `find_noise` and `find_grain` in `retouch.arrays.noise_level`.

    Raises
    ------
    InputError
        If the picture is too small to tell.
    """
    if picture.pixels.dtype.kind == "f" and picture.limits != _UNIT:
        found = _noise_of(replace(picture, limits=_UNIT).to_float())
        if found.sigma <= 1 and is_led_there(picture, found.sigma):
            return found
    return _noise_of(picture.to_float())


def _noise_of(image: Image) -> BlindNoise:
    level = find_noise(image)
    if level.kind != CORRELATED:
        return BlindNoise(level, level.sigma)
    height, width = (min(length, math.isqrt(_MOST_PIXELS)) for length in image.shape[:2])
    top, left = (image.shape[0] - height) // 2, (image.shape[1] - width) // 2
    grain = find_grain(image[top : top + height, left : left + width])
    if grain is None or not _LEAST_OF_LEVEL * level.sigma < grain.sigma < _MOST_OF_LEVEL * level.sigma:
        return BlindNoise(level, level.sigma)
    return BlindNoise(level._replace(sigma=grain.sigma, by_channel=grain.by_channel), _OF_GRAIN * grain.sigma, grain)


def is_led_there(picture: Picture, sigma: float) -> bool:
    """Whether floats lie within [0, 1] or so near to it that noise of that sigma alone can have led them out of it."""
    low, high = picture.limits
    stray = _MOST_SIGMAS * sigma
    return picture.pixels.dtype.kind == "f" and -stray <= low and high <= 1 + stray
