"""toy_shapes: coloured shapes with boxes, classes and instances, for detectors and for taking things away.

Shapes stand apart, so that each is seen whole, and the picture without them is kept: what is behind a shape is known.
"""

from __future__ import annotations

import math

import numpy as np
from jaxtyping import Float32, Int64

from retouch.arrays.types import AnyArray
from retouch.training.data.synthetic.drawing.canvas import Canvas, Floats
from retouch.training.data.synthetic.drawing.fields import add_grain, gradient, random_colour
from retouch.training.data.synthetic.drawing.outlines import Box, Ellipse, Polygon
from retouch.training.data.synthetic.pictures.textures import draw_texture

CLASSES = ("disc", "square", "triangle")
"""Names of the classes 0, 1, 2."""
MOST_SHAPES = 8
"""Rows of "boxes" and "classes"; those that are not needed have class -1 and a box of zeros."""
_HALF_COVER = 0.5
_TRIES = 20
_SMALLEST_PX = 3


def draw_shapes(height: int, width: int, rng: np.random.Generator, *, most: int = MOST_SHAPES) -> dict[str, AnyArray]:
    """Draw one to `most` shapes on a ground.

    Returns
    -------
    dict of arrays
        "image" and "background" (the same without shapes), (H, W, 3) float32 in [0, 1]; "boxes" (most, 4) float32,
        corners (x1, y1, x2, y2) as fractions of width and height, as tight as pixels allow; "classes" (most,) int64 of
        `CLASSES`, -1 for none; "instances" (H, W) int64, 0 for the ground and i + 1 for the shape of row i;
        "labels" (H, W) int64, 0 for the ground and 1 + class for a shape.
    """
    canvas = Canvas(height, width)
    canvas.pixels[:] = _draw_ground(height, width, canvas, rng)
    background = canvas.pixels.copy()
    instances = np.zeros((height, width), np.int64)
    kinds: list[int] = []
    for centre in _apart(height, width, rng, int(rng.integers(1, most + 1))):
        kind = int(rng.integers(len(CLASSES)))
        if _paint_shape(canvas, instances, len(kinds) + 1, (kind, *centre), rng):
            kinds.append(kind)
    canvas.finish()
    grain = np.zeros((height, width, 3), np.float32)
    add_grain(grain, rng, 0.01)
    boxes, classes = np.zeros((most, 4), np.float32), np.full(most, -1, np.int64)
    boxes[: len(kinds)], classes[: len(kinds)] = boxes_of(instances, len(kinds)), kinds
    return {
        "image": np.clip(canvas.pixels + grain, 0, 1),
        "background": np.clip(background + grain, 0, 1),
        "boxes": boxes,
        "classes": classes,
        "instances": instances,
        "labels": np.array([0, *(kind + 1 for kind in kinds)], np.int64)[instances],
    }


def boxes_of(instances: Int64[np.ndarray, "H W"], count: int) -> Float32[np.ndarray, "{count} 4"]:
    """Return the box around each of the instances 1 to `count`, as fractions; zeros for one that has no pixel.

    >>> boxes_of(np.array([[0, 1, 1, 0], [0, 0, 0, 0]]), 1).tolist()
    [[0.25, 0.0, 0.75, 0.5]]
    """
    height, width = instances.shape
    boxes = np.zeros((count, 4), np.float32)
    for number in range(count):
        rows, cols = np.nonzero(instances == number + 1)
        if rows.size:
            boxes[number] = (
                cols.min() / width,
                rows.min() / height,
                (cols.max() + 1) / width,
                (rows.max() + 1) / height,
            )
    return boxes


def _draw_ground(height: int, width: int, canvas: Canvas, rng: np.random.Generator) -> Floats:
    """Return a gradient or a pale surface."""
    plain = gradient(canvas, random_colour(rng, (0.3, 0.7), (0.0, 0.4)), random_colour(rng), rng.uniform(0, 2 * np.pi))
    if rng.random() < 0.5:  # noqa: PLR2004
        return plain
    return (0.65 * plain + 0.35 * draw_texture(height, width, rng)["image"]).astype(np.float32)


def _apart(height: int, width: int, rng: np.random.Generator, count: int) -> list[tuple[float, float, float]]:
    """Return circles (x, y, radius) in the picture that do not touch each other; fewer where there is no room."""
    side = min(height, width)
    half_x, half_y = width / side / 2, height / side / 2
    circles: list[tuple[float, float, float]] = []
    for _ in range(_TRIES):
        radius = rng.uniform(0.07, 0.2)
        x, y = rng.uniform(radius - half_x, half_x - radius), rng.uniform(radius - half_y, half_y - radius)
        if all(math.hypot(x - other[0], y - other[1]) > radius + other[2] for other in circles):
            circles.append((x, y, radius))
        if len(circles) == count:
            break
    return circles


def _paint_shape(
    canvas: Canvas,
    instances: Int64[np.ndarray, "H W"],
    number: int,
    place: tuple[int, float, float, float],
    rng: np.random.Generator,
) -> bool:
    """Paint a shape (class, x, y, radius) and its number; False, and nothing painted, where it is too small to see."""
    kind, x, y, radius = place
    turn, colour = rng.uniform(0, 2 * np.pi), random_colour(rng, (0.25, 0.75), (0.6, 1.0))
    shape = _outline(kind, (x, y), radius, turn)
    window, share = canvas.cover(shape)
    inside = share >= _HALF_COVER
    if min(inside.any(axis=0).sum(), inside.any(axis=1).sum()) < _SMALLEST_PX:
        return False
    canvas.blend(window, share, colour)
    canvas.paint(_outline(kind, (x, y), 0.75 * radius, turn), np.clip(colour * 1.2, 0, 1), 0.5, softness=0.2 * radius)
    instances[window][inside] = number
    return True


def _outline(kind: int, centre: tuple[float, float], radius: float, turn: float) -> Ellipse | Box | Polygon:
    x, y = centre
    if kind == CLASSES.index("disc"):
        return Ellipse(x, y, radius, radius)
    if kind == CLASSES.index("square"):
        return Box(x, y, 0.7 * radius, 0.7 * radius, turn)
    turns = [turn + third * 2 * math.pi / 3 for third in range(3)]
    return Polygon(tuple((x + radius * math.cos(angle), y + radius * math.sin(angle)) for angle in turns))
