"""Rain on a picture: streaks of one direction, added, in three densities.

Source: H. Zhang, V. M. Patel, "Density-aware single image de-raining using a multi-stream dense network", CVPR 2018,
section 4.1: light, medium and heavy rain are drawn apart; streaks are grains of noise drawn out along a direction.
Departures: streaks are drawn here instead of in a photo editor, and lighten the picture towards white.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float32

from retouch.errors import InputError
from retouch.training.data.synthetic.damage.convolution import convolve, streak_kernel

HEAVY, MEDIUM, LIGHT = 1, 2, 3
"""Densities, as DID-MDN counts them."""
_DROPS = {HEAVY: (0.035, 0.06), MEDIUM: (0.014, 0.024), LIGHT: (0.004, 0.009)}  # share of pixels of a 64 px picture
_BRIGHTNESS = 0.8


def draw_density(rng: np.random.Generator) -> int:
    """Return one of the three densities."""
    return int(rng.integers(HEAVY, LIGHT + 1))


def add_rain(
    image: Float32[np.ndarray, "H W C"], rng: np.random.Generator, density: int
) -> Float32[np.ndarray, "H W C"]:
    """Return the picture in the rain, never darker than it was.

    Raises
    ------
    InputError
        If the density is not 1 (heavy), 2 (medium) or 3 (light).
    """
    if density not in _DROPS:
        raise InputError(f"the density of rain must be 1 (heavy), 2 (medium) or 3 (light), got {density}")
    height, width = image.shape[:2]
    side = min(height, width)
    scale = max(side / 64, 0.5)
    drops = rng.random((height, width, 1), dtype=np.float32) < rng.uniform(*_DROPS[density]) / scale**1.5
    length, tilt = rng.uniform(0.09, 0.2) * side, rng.uniform(-0.6, 0.6)
    streaks = convolve(drops.astype(np.float32), streak_kernel(length, np.pi / 2 + tilt, max(0.8 * scale, 0.8)))
    peak = np.float32(_BRIGHTNESS * rng.uniform(0.6, 1.0)) * np.clip(
        streaks * np.float32(0.8 * length * max(scale, 1)), 0, 1
    )
    return np.asarray(image + peak * (1 - image), np.float32)
