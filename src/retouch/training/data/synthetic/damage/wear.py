"""What happens to a fingerprint between the finger and the file: eight degradations, and a ground behind.

Source: S. Escalera et al., "ChaLearn Looking at People: Inpainting and Denoising Challenges", Springer 2019, track 3,
for their names: blur, brightness, contrast, elastic transformation, occlusion, scratch, resolution, rotation. Each is
applied with probability 1/2, in random order; their strengths are not published and are ours. Rotations and elastic
transformations are small, as the truth stays in place.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from jaxtyping import Float32
from scipy import ndimage

from retouch.training.data.synthetic.drawing.canvas import Canvas, Floats, coordinates
from retouch.training.data.synthetic.drawing.fields import fractal_noise, mix, random_colour, smooth_noise
from retouch.training.data.synthetic.drawing.outlines import Box, Ellipse, Stroke

Wear: TypeAlias = Callable[[Floats, np.random.Generator], Floats]
_CHANCE = 0.5


def degrade_print(image: Float32[np.ndarray, "H W 1"], rng: np.random.Generator) -> Float32[np.ndarray, "H W 3"]:
    """Return a print (dark on white, in [0, 1]) worn, and laid on a ground."""
    worn = image
    for name in rng.permutation(list(WEARS)):
        if rng.random() < _CHANCE:
            worn = WEARS[str(name)](worn, rng)
    return lay_on_ground(np.clip(worn, 0, 1), rng)


def lay_on_ground(image: Float32[np.ndarray, "H W 1"], rng: np.random.Generator) -> Float32[np.ndarray, "H W 3"]:
    """Return the print pressed on paper, wood, brushed metal, stripes or skin: the ground times its ink."""
    height, width = image.shape[:2]
    ground = _draw_ground(height, width, rng)
    ink = np.float32(rng.uniform(0.55, 0.95)) * (1 - image)
    return np.asarray(
        np.clip(ground * (1 - ink) + ink * random_colour(rng, (0.02, 0.25), (0.0, 0.4)), 0, 1), np.float32
    )


def _draw_ground(height: int, width: int, rng: np.random.Generator) -> Floats:
    first = random_colour(rng, (0.6, 0.95), (0.0, 0.5))
    last = np.clip(first * np.float32(rng.uniform(0.65, 0.95)), 0, 1)
    kind, x_y = int(rng.integers(5)), coordinates(height, width)
    if kind == 0:  # paper
        return mix(fractal_noise(height, width, rng, 6), first, last)
    if kind == 1:  # wood, or brushed metal: noise drawn out along rows
        rows = rng.random((height, 1), dtype=np.float32) + 0.3 * smooth_noise(height, width, rng, 3)
        return mix(np.clip(rows / 1.3, 0, 1).astype(np.float32), first, last)
    if kind == 2:  # noqa: PLR2004 - stripes
        angle, often = rng.uniform(0, np.pi), rng.uniform(5, 20)
        along = x_y[0] * np.float32(np.cos(angle)) + x_y[1] * np.float32(np.sin(angle))
        return mix((0.5 + 0.5 * np.sin(2 * np.pi * often * along)).astype(np.float32), first, last)
    if kind == 3:  # noqa: PLR2004 - a gradient
        return mix(np.clip(0.5 + x_y[0] + 0 * x_y[1], 0, 1).astype(np.float32), first, last)
    return mix(smooth_noise(height, width, rng, 5), np.array([0.9, 0.75, 0.65], np.float32), last)  # skin


def _blur(image: Floats, rng: np.random.Generator) -> Floats:
    sigma_px = max(0.4, rng.uniform(0.002, 0.009) * min(image.shape[:2]))
    return np.asarray(ndimage.gaussian_filter(image, (sigma_px, sigma_px, 0)), np.float32)


def _brighten(image: Floats, rng: np.random.Generator) -> Floats:
    return np.asarray(np.clip(image + rng.uniform(-0.24, 0.24), 0, 1), np.float32)


def _flatten(image: Floats, rng: np.random.Generator) -> Floats:
    """Change the contrast."""
    mean = image.mean()
    return np.asarray(np.clip(mean + (image - mean) * rng.uniform(0.4, 1.2), 0, 1), np.float32)


def _stretch(image: Floats, rng: np.random.Generator) -> Floats:
    """Move every pixel a little, smoothly."""
    height, width = image.shape[:2]
    reach = np.float32(rng.uniform(0.01, 0.03) * min(height, width))
    moves = [reach * (smooth_noise(height, width, rng, 4) - np.float32(0.5)) for _ in range(2)]
    return _looked_up(image, moves[0], moves[1])


def _rotate(image: Floats, rng: np.random.Generator) -> Floats:
    height, width = image.shape[:2]
    turn = rng.uniform(-0.06, 0.06)
    x, y = coordinates(height, width)
    side = min(height, width)
    rows = side * ((np.cos(turn) - 1) * y + np.sin(turn) * x)
    cols = side * ((np.cos(turn) - 1) * x - np.sin(turn) * y)
    return _looked_up(image, rows.astype(np.float32), cols.astype(np.float32))


def _cover(image: Floats, rng: np.random.Generator) -> Floats:
    """Hide parts under patches of one shade."""
    canvas = Canvas(image.shape[0], image.shape[1], image)
    for _ in range(int(rng.integers(1, 4))):
        (x, y), (rx, ry), shade = rng.uniform(-0.4, 0.4, 2), rng.uniform(0.04, 0.13, 2), rng.uniform(0.2, 1.0)
        shape = Ellipse(x, y, rx, ry) if rng.random() < 0.5 else Box(x, y, rx, ry, rng.uniform(0, np.pi))  # noqa: PLR2004
        canvas.paint(shape, (shade, shade, shade))
    return canvas.finish()[..., :1]


def _scratch(image: Floats, rng: np.random.Generator) -> Floats:
    canvas = Canvas(image.shape[0], image.shape[1], image)
    for _ in range(int(rng.integers(1, 7))):
        points = rng.uniform(-0.5, 0.5, 2) + np.cumsum(rng.normal(0, 0.15, (4, 2)), axis=0)
        shade, width = float(rng.random() < 0.7), rng.uniform(0.004, 0.015)  # noqa: PLR2004
        canvas.paint(Stroke(tuple((float(x), float(y)) for x, y in points), width), (shade, shade, shade))
    return canvas.finish()[..., :1]


def _coarsen(image: Floats, rng: np.random.Generator) -> Floats:
    """Lose resolution, and come back to the old size."""
    step = max(2, round(rng.uniform(0.012, 0.03) * min(image.shape[:2])))
    height, width = image.shape[:2]
    rows, cols = (np.minimum(np.arange(n) // step * step + step // 2, n - 1) for n in (height, width))
    soft = ndimage.uniform_filter(image, (step, step, 1))
    return np.asarray(soft[rows][:, cols], np.float32)


def _looked_up(image: Floats, down: Floats, right: Floats) -> Floats:
    """Return the picture as seen so many pixels further down and right; beyond its border it is white."""
    height, width = image.shape[:2]
    rows, cols = np.mgrid[:height, :width].astype(np.float32)
    moved = ndimage.map_coordinates(image[..., 0], [rows + down, cols + right], order=1, mode="constant", cval=1.0)
    return np.asarray(moved.astype(np.float32)[..., None], np.float32)


WEARS: dict[str, Wear] = {
    "blur": _blur,
    "brightness": _brighten,
    "contrast": _flatten,
    "elastic": _stretch,
    "occlusion": _cover,
    "scratch": _scratch,
    "resolution": _coarsen,
    "rotation": _rotate,
}
"""The eight degradations by name; each keeps the size."""
