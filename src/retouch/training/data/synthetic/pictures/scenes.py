"""toy_scenes: streets with a map of labels: the static street first, then people and cars before it.

The street is in one-point perspective: something that stands at depth 1 / s is s times as large and stands s times as
far below the horizon. Classes are those of the simulated streets of Berlincioni et al. ("Road Layout Understanding by
Generative Adversarial Inpainting", 2019), where the sky counts as unlabeled.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Int64

from retouch.arrays.types import AnyArray
from retouch.training.data.synthetic.drawing.canvas import Canvas, Colour, Floats, Shape
from retouch.training.data.synthetic.drawing.fields import add_grain, hue_colour, mix, random_colour, smooth_noise
from retouch.training.data.synthetic.drawing.outlines import Box, Ellipse, Polygon, Stroke

CLASSES = ("road", "sidewalk", "building", "fence", "pole", "vegetation", "unlabeled", "person", "car")
"""Names of the labels 0, 1, ...; the last two move."""
MOVING = (7, 8)
_ROAD, _SIDEWALK, _BUILDING, _FENCE, _POLE, _VEGETATION, _SKY, _PERSON, _CAR = range(9)
_HALF_COVER = 0.5
_SIDES = (-1, 1)
_STOREY = 0.26
_PANE = 0.25


@dataclass
class _Scene:
    """A canvas whose every stroke also writes a label; `static` keeps the labels before anything that moves."""

    canvas: Canvas
    labels: Int64[np.ndarray, "H W"]
    horizon: float
    vanishing: float

    def paint(self, shape: Shape, colour: Colour, label: int) -> None:
        """Paint a shape, and give its pixels the label."""
        window, share = self.canvas.cover(shape)
        self.canvas.blend(window, share, colour)
        self.labels[window][share >= _HALF_COVER] = label

    def ground(self, size: float, sideways: float) -> tuple[float, float]:
        """Return where a point of the ground is seen: `sideways` from the road's middle, at depth 1 / `size`."""
        return self.vanishing + sideways * size, self.horizon + 0.28 * size


def draw_scene(height: int, width: int, rng: np.random.Generator) -> dict[str, AnyArray]:
    """Draw a street.

    Returns
    -------
    dict of arrays
        "image" (H, W, 3) float32 in [0, 1]; "labels" (H, W) int64, what is seen; "static_labels" (H, W) int64, what
        would be seen if nothing that moves were there. Labels count in `CLASSES`.
    """
    canvas = Canvas(height, width)
    labels = np.full((height, width), _SKY, np.int64)
    scene = _Scene(canvas, labels, horizon=rng.uniform(-0.15, 0.02), vanishing=rng.uniform(-0.15, 0.15))
    _paint_sky(canvas, rng)
    _paint_ground(scene, rng)
    for side in _SIDES:
        _paint_side(scene, side, rng)
    static = scene.labels.copy()
    _paint_moving(scene, rng)
    canvas.pixels *= mix(
        smooth_noise(height, width, rng, 24), np.full(3, 0.93, np.float32), np.full(3, 1.07, np.float32)
    )
    add_grain(canvas.pixels, rng, 0.012)
    return {"image": canvas.finish(), "labels": scene.labels, "static_labels": static}


def _paint_sky(canvas: Canvas, rng: np.random.Generator) -> None:
    height, width = canvas.pixels.shape[:2]
    blue, pale = hue_colour(rng.uniform(0.54, 0.64), rng.uniform(0.5, 0.75), 0.6), hue_colour(0.1, 0.93, 0.4)
    share = np.clip(0.5 + canvas.y + 0.4 * (smooth_noise(height, width, rng, 4) - 0.3), 0, 1)
    canvas.pixels[:] = mix(share.astype(np.float32), blue, pale)


def _paint_ground(scene: _Scene, rng: np.random.Generator) -> None:
    """Paint pavement on both sides, the road between, and the line in its middle."""
    half, walk = rng.uniform(0.35, 0.75), rng.uniform(0.2, 0.5)
    far, near = 0.02, 4.0
    earth = hue_colour(rng.uniform(0.2, 0.35), rng.uniform(0.25, 0.4), rng.uniform(0.2, 0.5))
    plain = Box(0.0, scene.horizon + 1.5, 3.0, 1.5)
    scene.paint(plain, earth, _VEGETATION)
    for reach, colour, label in (
        (half + walk, random_colour(rng, (0.55, 0.75), (0.0, 0.12)), _SIDEWALK),
        (half, random_colour(rng, (0.22, 0.4), (0.0, 0.1)), _ROAD),
    ):
        ends = [scene.ground(size, side * reach) for size, side in ((far, -1), (far, 1), (near, 1), (near, -1))]
        scene.paint(Polygon(tuple(ends)), colour, label)
    for size in 0.12 * 1.7 ** np.arange(6):
        dash = [scene.ground(s, side * 0.025) for s, side in ((size, -1), (size, 1), (1.3 * size, 1), (1.3 * size, -1))]
        scene.paint(Polygon(tuple(dash)), (0.9, 0.9, 0.85), _ROAD)


def _paint_side(scene: _Scene, side: int, rng: np.random.Generator) -> None:
    """Paint one side of the street from far to near: houses, or a fence with trees behind; then poles."""
    sizes = np.sort(rng.uniform(0.15, 1.6, int(rng.integers(3, 6))))
    sideways = side * rng.uniform(0.95, 1.3)
    for size, next_size in zip(sizes, [*sizes[1:], 2.5], strict=True):
        if rng.random() < 0.65:  # noqa: PLR2004
            _paint_house(scene, sideways, (float(size), float(next_size)), rng)
        else:
            _paint_tree(scene, sideways, float(size), rng)
    if rng.random() < 0.5:  # noqa: PLR2004
        corners = [scene.ground(size, 0.92 * sideways) for size in (0.3, 1.8)]
        tops = [(x, y - 0.13 * size) for (x, y), size in zip(corners, (0.3, 1.8), strict=True)]
        scene.paint(
            Polygon((corners[0], corners[1], tops[1], tops[0])), random_colour(rng, (0.35, 0.6), (0.1, 0.5)), _FENCE
        )
    for size in np.sort(rng.uniform(0.3, 1.3, int(rng.integers(1, 4)))):
        x, y = scene.ground(float(size), 0.85 * sideways)
        scene.paint(Stroke(((x, y), (x, y - 0.7 * size)), max(0.02 * float(size), 0.012)), (0.3, 0.3, 0.32), _POLE)


def _paint_house(scene: _Scene, sideways: float, sizes: tuple[float, float], rng: np.random.Generator) -> None:
    """Paint a house between two depths: a wall along the street, with rows of windows."""
    tall = rng.uniform(0.6, 1.6)
    wall = hue_colour(rng.uniform(0, 0.15), rng.uniform(0.35, 0.75), rng.uniform(0.1, 0.5))
    (x1, y1), (x2, y2) = (scene.ground(size, sideways) for size in sizes)
    corners = ((x1, y1), (x2, y2), (x2, y2 - tall * sizes[1]), (x1, y1 - tall * sizes[0]))
    if sizes[0] > 0:
        outer = 3.0 if sideways > 0 else -3.0
        front = ((x1, y1), (outer, y1), (outer, y1 - tall * sizes[0]), (x1, y1 - tall * sizes[0]))
        scene.paint(Polygon(front), wall * np.float32(0.8), _BUILDING)  # the gable that looks at us
    scene.paint(Polygon(corners), wall, _BUILDING)
    _paint_windows(scene, Polygon(corners), sideways, tall, wall * np.float32(0.35))


def _paint_windows(scene: _Scene, wall: Polygon, sideways: float, tall: float, colour: Floats) -> None:
    """Paint windows at equal distances along a wall: depth and height of each point follow from where it is seen."""
    window, share = scene.canvas.cover(wall)
    x, y = scene.canvas.x[:, window[1]], scene.canvas.y[window[0]]
    size = np.maximum((x - scene.vanishing) / np.float32(sideways), np.float32(1e-3))
    storey = (scene.horizon + 0.28 * size - y) / (np.float32(_STOREY) * size)  # counted from the ground
    inside = np.abs((2.5 / size) % 1 - 0.5) < _PANE  # depth is 1 / size
    inside = inside & (np.abs(storey % 1 - 0.5) < _PANE) & (storey < np.floor(tall / _STOREY))
    scene.canvas.blend(window, (share * inside).astype(np.float32), colour)


def _paint_tree(scene: _Scene, sideways: float, size: float, rng: np.random.Generator) -> None:
    x, y = scene.ground(size, 1.1 * sideways)
    scene.paint(Stroke(((x, y), (x, y - 0.35 * size)), 0.05 * size), (0.3, 0.2, 0.12), _VEGETATION)
    green = hue_colour(rng.uniform(0.22, 0.36), rng.uniform(0.2, 0.42), rng.uniform(0.35, 0.7))
    for _ in range(4):
        dx, dy, radius = rng.uniform(-0.16, 0.16), rng.uniform(-0.75, -0.4), rng.uniform(0.14, 0.24)
        crown = Ellipse(x + dx * size, y + dy * size, radius * size, radius * size)
        scene.paint(crown, green * np.float32(rng.uniform(0.8, 1.2)), _VEGETATION)


def _paint_moving(scene: _Scene, rng: np.random.Generator) -> None:
    """Paint cars on the road and people on the pavement, far ones first."""
    n_cars, n_people = int(rng.integers(1, 4)), int(rng.integers(0, 4))
    things = [(float(rng.uniform(0.25, 1.1)), True) for _ in range(n_cars)]
    things += [(float(rng.uniform(0.3, 1.1)), False) for _ in range(n_people)]
    for size, is_car in sorted(things):
        if is_car:
            _paint_car(scene, size, rng)
        else:
            _paint_person(scene, size, rng)


def _paint_car(scene: _Scene, size: float, rng: np.random.Generator) -> None:
    """Paint a car from behind or before."""
    x, y = scene.ground(size, float(rng.choice(_SIDES)) * rng.uniform(0.15, 0.4))
    colour, wide = random_colour(rng, (0.15, 0.8), (0.1, 0.9)), 0.17 * size
    for side in _SIDES:
        scene.paint(Box(x + side * 0.75 * wide, y - 0.01 * size, 0.18 * wide, 0.04 * size), (0.05, 0.05, 0.06), _CAR)
    roof = ((x - 0.75 * wide, y - 0.26 * size), (x + 0.75 * wide, y - 0.26 * size))
    cabin = (*roof, (x + 0.95 * wide, y - 0.13 * size), (x - 0.95 * wide, y - 0.13 * size))
    scene.paint(Polygon(cabin), colour * np.float32(0.9), _CAR)
    scene.paint(Box(x, y - 0.19 * size, 0.65 * wide, 0.045 * size, rounding=0.01 * size), (0.55, 0.65, 0.72), _CAR)
    scene.paint(Box(x, y - 0.09 * size, wide, 0.06 * size, rounding=0.02 * size), colour, _CAR)
    lamps = (0.9, 0.15, 0.1) if rng.random() < 0.5 else (1.0, 0.97, 0.8)  # noqa: PLR2004 - from behind, or before
    for side in _SIDES:
        scene.paint(Box(x + side * 0.75 * wide, y - 0.1 * size, 0.15 * wide, 0.018 * size), lamps, _CAR)


def _paint_person(scene: _Scene, size: float, rng: np.random.Generator) -> None:
    x, y = scene.ground(size, float(rng.choice(_SIDES)) * rng.uniform(0.55, 0.95))
    shirt, trousers = random_colour(rng, (0.25, 0.7), (0.2, 0.9)), random_colour(rng, (0.1, 0.4), (0.0, 0.4))
    tall, stride = 0.33 * size, rng.uniform(0.02, 0.06) * size
    for side in _SIDES:
        leg = ((x, y - 0.5 * tall), (x + side * stride, y))
        scene.paint(Stroke(leg, 0.16 * tall), trousers, _PERSON)
    scene.paint(Box(x, y - 0.64 * tall, 0.15 * tall, 0.2 * tall, rounding=0.06 * tall), shirt, _PERSON)
    scene.paint(Ellipse(x, y - 0.92 * tall, 0.09 * tall, 0.1 * tall), (0.8, 0.6, 0.48), _PERSON)
