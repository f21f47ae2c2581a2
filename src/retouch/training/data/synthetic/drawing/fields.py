"""Fields of colour and noise: gradients, noise on a grid, sums of it, grain; colours by hue.

Noise is drawn on a grid of a stated number of cells and joined smoothly ("value noise"), so that the same numbers give
the same field at every size.
"""

from __future__ import annotations

import colorsys
from functools import lru_cache

import numpy as np
from jaxtyping import Float32

from retouch.training.data.synthetic.drawing.canvas import Canvas, Floats


def smooth_noise(height: int, width: int, rng: np.random.Generator, cells: int) -> Float32[np.ndarray, "H W"]:
    """Return noise in [0, 1], with `cells` cells along the shorter side."""
    side = min(height, width)
    n_rows, n_cols = (int(np.ceil(cells * length / side)) for length in (height, width))
    grid = rng.random((n_rows + 1, n_cols + 1), dtype=np.float32)
    return np.asarray(_weights(height, n_rows) @ grid @ _weights(width, n_cols).T, np.float32)


def fractal_noise(
    height: int, width: int, rng: np.random.Generator, cells: int, octaves: int = 4, gain: float = 0.5
) -> Float32[np.ndarray, "H W"]:
    """Return a sum of noises in [0, 1], each with twice the cells and `gain` times the weight of the one before."""
    total: Floats = np.zeros((height, width), np.float32)
    weights = [gain**octave for octave in range(octaves)]
    for octave, weight in enumerate(weights):
        total += np.float32(weight / sum(weights)) * smooth_noise(height, width, rng, cells * 2**octave)
    return total


def gradient(canvas: Canvas, first: Floats, last: Floats, angle: float) -> Float32[np.ndarray, "H W 3"]:
    """Return a picture that runs from one colour to another along a direction, in radians from the x axis."""
    along = canvas.x * np.float32(np.cos(angle)) + canvas.y * np.float32(np.sin(angle))
    low, high = float(along.min()), float(along.max())
    share = (along - low) / max(high - low, 1e-6)
    return np.asarray(first + share[..., None] * (last - first), np.float32)


def mix(share: Float32[np.ndarray, "H W"], first: Floats, last: Floats) -> Float32[np.ndarray, "H W 3"]:
    """Return the first colour where `share` is 0, the last one where it is 1."""
    return np.asarray(first + share[..., None] * (last - first), np.float32)


def add_grain(pixels: Floats, rng: np.random.Generator, sigma: float) -> None:
    """Add normal noise to a picture in place, the same in all of its channels.

    It comes from a generator of its own: what is drawn after it does not depend on the number of pixels.
    """
    own = np.random.default_rng(int(rng.integers(2**62)))
    pixels += np.float32(sigma) * own.standard_normal(pixels.shape[:2], dtype=np.float32)[..., None]


def hue_colour(hue: float, lightness: float, saturation: float) -> Float32[np.ndarray, 3]:
    """Return a colour; a hue of 0 is red, of 1/3 green, of 2/3 blue, and hues repeat.

    >>> hue_colour(1 / 3, 0.5, 1.0).tolist()
    [0.0, 1.0, 0.0]
    """
    return np.array(colorsys.hls_to_rgb(hue % 1, lightness, saturation), np.float32).round(6)


def random_colour(
    rng: np.random.Generator, lightness: tuple[float, float] = (0.2, 0.8), saturation: tuple[float, float] = (0.1, 0.8)
) -> Float32[np.ndarray, 3]:
    """Return a colour of any hue."""
    return hue_colour(rng.random(), rng.uniform(*lightness), rng.uniform(*saturation))


def two_colours(rng: np.random.Generator, least: float = 0.15) -> tuple[Floats, Floats]:
    """Return two colours whose brightness differs by `least` or more."""
    first = random_colour(rng)
    light = float(first.mean())
    step = rng.uniform(least, 0.45) * (1 if light < 0.5 else -1)  # noqa: PLR2004 - towards the middle
    last = random_colour(rng)
    return first, np.clip(last + np.float32(light + step - last.mean()), 0, 1)


@lru_cache(maxsize=256)
def _weights(length: int, cells: int) -> Floats:
    """Return how much each of `cells` + 1 points of a grid says at each pixel; rows sum to 1."""
    places = (np.arange(length) + 0.5) * cells / length
    near = np.clip(1 - np.abs(places[:, None] - np.arange(cells + 1)), 0, 1)
    eased: Floats = (near * near * (3 - 2 * near)).astype(np.float32)
    eased.setflags(write=False)
    return eased
