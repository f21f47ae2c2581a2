"""toy_textures: gratings, Voronoi cells, noise, and two of them side by side, for learning how a surface goes on."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float32, Int
from scipy.spatial import cKDTree

from retouch.training.data.synthetic.drawing.canvas import Floats, coordinates
from retouch.training.data.synthetic.drawing.fields import (
    add_grain,
    fractal_noise,
    mix,
    random_colour,
    smooth_noise,
    two_colours,
)

_SPLIT_SHARE = 0.3


def draw_texture(height: int, width: int, rng: np.random.Generator) -> dict[str, Float32[np.ndarray, "H W 3"]]:
    """Draw a surface; "image" is (H, W, 3) float32 in [0, 1]."""
    pixels = _draw_surface(height, width, rng)
    if rng.random() < _SPLIT_SHARE:
        x, y = coordinates(height, width)
        angle, shift, bend = rng.uniform(0, 2 * np.pi), rng.uniform(-0.2, 0.2), rng.uniform(-0.2, 0.2)
        along, across = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
        side = np.clip((along - shift + bend * across**2) * min(height, width) + 0.5, 0, 1).astype(np.float32)
        pixels = mix(side, pixels, _draw_surface(height, width, rng))
    add_grain(pixels, rng, rng.uniform(0.0, 0.02))
    return {"image": np.clip(pixels, 0, 1)}


def _draw_surface(height: int, width: int, rng: np.random.Generator) -> Floats:
    return _SURFACES[int(rng.integers(len(_SURFACES)))](height, width, rng)


def draw_grating(height: int, width: int, rng: np.random.Generator) -> Float32[np.ndarray, "H W 3"]:
    """Draw waves of one direction, or of two across each other, a little bent; soft or with hard edges."""
    x, y = coordinates(height, width)
    bent = np.float32(rng.uniform(0, 0.12)) * (smooth_noise(height, width, rng, 2) - np.float32(0.5))
    angle, per_side, phases = rng.uniform(0, np.pi), rng.uniform(4, 14), rng.uniform(0, 2 * np.pi, 2)
    crossed, hard = rng.random() < 0.4, rng.choice([1.0, 2.0, 6.0])  # noqa: PLR2004
    along = x * np.float32(np.cos(angle)) + y * np.float32(np.sin(angle)) + bent
    wave = np.sin(2 * np.pi * per_side * along + phases[0])
    if crossed:
        across = y * np.float32(np.cos(angle)) - x * np.float32(np.sin(angle)) + bent
        wave = 0.5 * (wave + np.sin(2 * np.pi * per_side * rng.choice([0.5, 1.0, 2.0]) * across + phases[1]))
    return mix(np.clip(0.5 + 0.5 * hard * wave, 0, 1).astype(np.float32), *two_colours(rng))


def draw_cells(height: int, width: int, rng: np.random.Generator) -> Float32[np.ndarray, "H W 3"]:
    """Draw Voronoi cells, each of its own shade, with or without seams between them."""
    x, y = coordinates(height, width)
    half = (x[0, -1] + 0.2, y[-1, 0] + 0.2)
    spots = rng.uniform(-1, 1, (int(rng.integers(12, 70)), 2)) * half
    points = np.stack(np.broadcast_arrays(x, y), axis=-1).reshape(-1, 2)
    away, nearest = cKDTree(spots).query(points, k=2)
    shades = rng.uniform(0.7, 1.15, len(spots)).astype(np.float32)
    hues = rng.uniform(-0.06, 0.06, (len(spots), 3)).astype(np.float32)
    ground, seam = two_colours(rng)
    which: Int[np.ndarray, "H W"] = nearest[:, 0].reshape(height, width)
    pixels: Floats = ground * shades[which][..., None] + hues[which]
    if rng.random() < 0.7:  # noqa: PLR2004
        gap = (away[:, 1] - away[:, 0]).reshape(height, width)
        on_seam = np.clip(1.2 - gap / rng.uniform(0.02, 0.05), 0, 1).astype(np.float32)
        pixels += on_seam[..., None] * (seam - pixels)
    return pixels.astype(np.float32)


def draw_noise(height: int, width: int, rng: np.random.Generator) -> Float32[np.ndarray, "H W 3"]:
    """Draw noise of several octaves: clouds, or veins as of marble, or grains."""
    field = fractal_noise(height, width, rng, int(rng.integers(2, 9)), octaves=5, gain=rng.uniform(0.45, 0.8))
    kind = rng.integers(3)
    if kind == 1:
        field = 1 - np.abs(2 * field - 1) * np.float32(rng.uniform(2, 4))
    if kind == 2:  # noqa: PLR2004
        field = 0.5 + (field - 0.5) * np.float32(rng.uniform(2.5, 6))
    pixels = mix(np.clip(field, 0, 1), *two_colours(rng))
    if rng.random() < 0.3:  # noqa: PLR2004
        other = np.clip(3 * smooth_noise(height, width, rng, 3) - 1, 0, 1)
        pixels = mix(other * np.float32(0.6), pixels, random_colour(rng))
    return pixels


_SURFACES = (draw_grating, draw_cells, draw_noise)
