"""Object-like blob: one smooth closed curve, like the outline of a thing that someone wants gone.

Source: this project, for benchmarks of object removal. The curve is a stretched circle whose radius varies with the
first harmonics of the angle:

    r(t) = exp(sum_k a_k cos(k t + p_k)),  k = 2..5,  a_k ~ N(0, 0.6 / k^1.5),  p_k uniform

The hole is the set of the pixels that are deepest inside the curve, taken until the wanted area is reached, so its
area is exact to the pixel also where the picture's border cuts it.
"""

from __future__ import annotations

import math

import numpy as np
from jaxtyping import Float32

from retouch.arrays.types import Mask
from retouch.masks.canvas import blank_canvas, check_share, finish_mask

LEAST_RATIO, MOST_RATIO = 0.03, 0.08
_HARMONICS = np.arange(2, 6)
_ROUGHNESS = 0.6


def draw_blob(height: int, width: int, rng: np.random.Generator, *, ratio: float = 0.0) -> Mask:
    """Draw one smooth blob that covers 3-8 % of the picture, at a random place.

    Parameters
    ----------
    height, width : int
        Size of the picture in pixels, 1 x 1 and up.
    rng : numpy.random.Generator
        Source of every random choice.
    ratio : float, above 0 and below 1, or 0
        Share of the picture that is missing, to the pixel; 0 draws it uniformly from 0.03-0.08.

    Raises
    ------
    InputError
        If `ratio` is not as above.
    """
    canvas = blank_canvas(height, width)
    ratio = ratio or rng.uniform(LEAST_RATIO, MOST_RATIO)
    check_share("ratio", ratio)
    n_missing = round(ratio * canvas.size)
    if n_missing:
        inside = _level_inside_curve((height, width), math.sqrt(n_missing / math.pi), rng).ravel()
        canvas.flat[np.argpartition(inside, n_missing - 1)[:n_missing]] = 1
    return finish_mask(canvas, rng)


def _level_inside_curve(
    shape: tuple[int, int], radius_px: float, rng: np.random.Generator
) -> Float32[np.ndarray, "H W"]:
    """Return each pixel's distance from a random centre, divided by the curve's radius in its direction."""
    clear = np.minimum(1.3 * radius_px, np.array(shape) / 2)  # the centre stays this far from the border
    row, column = rng.uniform(clear, np.array(shape) - clear)
    stretch = math.exp(rng.uniform(-0.4, 0.4))
    tilt = rng.uniform(0, math.pi)
    heights = rng.normal(0, _ROUGHNESS / _HARMONICS**1.5)
    phases = rng.uniform(0, 2 * math.pi, size=_HARMONICS.size)
    y = (np.arange(shape[0]) + 0.5 - row).astype(np.float32)[:, None]
    x = (np.arange(shape[1]) + 0.5 - column).astype(np.float32)
    along = (math.cos(tilt) * x + math.sin(tilt) * y) * np.float32(stretch)
    across = (math.cos(tilt) * y - math.sin(tilt) * x) / np.float32(stretch)
    log_radius = _log_radius(np.arctan2(across, along), heights, phases)
    level: Float32[np.ndarray, "H W"] = np.hypot(along, across) * np.exp(-log_radius)
    return level


def _log_radius(
    angle: Float32[np.ndarray, "H W"], heights: np.ndarray, phases: np.ndarray
) -> Float32[np.ndarray, "H W"]:
    """Sum the harmonics from a table of 4096 angles, so that its cost hardly depends on their number."""
    table_angles = np.linspace(-math.pi, math.pi, 4096)
    table = (heights * np.cos(_HARMONICS * table_angles[:, None] + phases)).sum(axis=1)
    return np.asarray(np.interp(angle, table_angles, table), np.float32)
