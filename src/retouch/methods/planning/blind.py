"""The noise level of a picture of which nobody has said any, on the scale on which it counts.

Floats beyond [0, 1] are either a picture with noise that led its values there, or one of another range. Without a sigma
that decides it, the level is told on the scale of [0, 1] first, and that scale is kept where such noise explains them.
"""

from __future__ import annotations

from dataclasses import replace

from retouch.arrays.noise_level.estimate import NoiseLevel, find_noise
from retouch.io.pictures.picture import Picture

_MOST_SIGMAS = 6.0  # one value of Gaussian noise in five hundred million lies farther out
_UNIT = (0.0, 1.0)


def noise_of(picture: Picture) -> NoiseLevel:
    """Return the level of noise of a picture; see `retouch.arrays.noise_level.estimate.find_noise`.

    Raises
    ------
    InputError
        If the picture is too small to tell.
    """
    if picture.pixels.dtype.kind == "f" and picture.limits != _UNIT:
        found = find_noise(replace(picture, limits=_UNIT).to_float())
        if found.sigma <= 1 and is_led_there(picture, found.sigma):
            return found
    return find_noise(picture.to_float())


def is_led_there(picture: Picture, sigma: float) -> bool:
    """Whether floats lie within [0, 1] or so near to it that noise of that sigma alone can have led them out of it."""
    low, high = picture.limits
    stray = _MOST_SIGMAS * sigma
    return picture.pixels.dtype.kind == "f" and -stray <= low and high <= 1 + stray
