"""toy_faces: symmetric cartoon faces on gradients, for learning what belongs where.

A face is drawn from the middle outwards and mirrored: whoever sees one eye knows the other, whoever sees the hair
knows the brows. Skin, hair, eyes, clothes and light are drawn independently; the light, and a small shift of the head,
are what is not symmetric.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32

from retouch.training.data.synthetic.drawing.canvas import Canvas, Floats
from retouch.training.data.synthetic.drawing.fields import (
    add_grain,
    gradient,
    hue_colour,
    mix,
    random_colour,
    smooth_noise,
)
from retouch.training.data.synthetic.drawing.outlines import Both, Box, Ellipse, Stroke

_SIDES = (-1, 1)
_HAIR_STYLES = ("short", "long", "bald", "fringe", "curls")
_HAIR_SHARES = (0.35, 0.25, 0.07, 0.2, 0.13)
_BLACK = (0.06, 0.05, 0.05)


@dataclass(frozen=True)
class Look:
    """Everything that tells one face from another; lengths in units of the picture's shorter side.

    Attributes
    ----------
    x, y, wide, high : float
        Middle of the head and its half-axes.
    skin, hair, iris, lips, clothes : (3,)
        Colours.
    style : str
        Of the hair.
    eye_x, eye_y, eye_size, openness : float
        Distance from the middle, height, half-width, and height of the opening over its width.
    nose, mouth_y, mouth_wide, smile, mouth_open : float
        Of nose and mouth.
    beard, glasses : bool
    """

    x: float
    y: float
    wide: float
    high: float
    skin: Floats
    hair: Floats
    iris: Floats
    lips: Floats
    clothes: Floats
    style: str
    eye_x: float
    eye_y: float
    eye_size: float
    openness: float
    nose: float
    mouth_y: float
    mouth_wide: float
    smile: float
    mouth_open: float
    beard: bool
    glasses: bool


def draw_face(height: int, width: int, rng: np.random.Generator) -> dict[str, Float32[np.ndarray, "H W 3"]]:
    """Draw a face; "image" is (H, W, 3) float32 in [0, 1]."""
    look = _draw_look(rng)
    canvas = Canvas(height, width)
    _paint_background(canvas, rng)
    _paint_hair_behind(canvas, look)
    _paint_body(canvas, look)
    _paint_head(canvas, look)
    for side in _SIDES:
        _paint_eye(canvas, look, side)
    _paint_nose_and_mouth(canvas, look)
    _paint_hair_before(canvas, look)
    if look.glasses:
        _paint_glasses(canvas, look)
    _light(canvas, rng)
    return {"image": canvas.finish()}


def _draw_look(rng: np.random.Generator) -> Look:
    wide = rng.uniform(0.21, 0.26)
    high = wide * rng.uniform(1.2, 1.38)
    tone, style = rng.random(), str(rng.choice(_HAIR_STYLES, p=_HAIR_SHARES))
    skin = (1 - tone) * np.array([0.96, 0.80, 0.69], np.float32) + tone * np.array([0.42, 0.27, 0.19], np.float32)
    hair = hue_colour(rng.uniform(0.03, 0.12), rng.choice([0.07, 0.13, 0.22, 0.5, 0.7]), rng.uniform(0.1, 0.65))
    eye_size = wide * rng.uniform(0.23, 0.31)
    return Look(
        x=rng.uniform(-0.04, 0.04),
        y=rng.uniform(-0.02, 0.05),
        wide=wide,
        high=high,
        skin=(skin * rng.uniform(0.92, 1.05)).astype(np.float32),
        hair=hair if rng.random() < 0.93 else random_colour(rng),  # noqa: PLR2004 - some dye it
        iris=hue_colour(*[(0.07, 0.22, 0.6), (0.58, 0.5, 0.6), (0.3, 0.4, 0.4), (0.08, 0.1, 0.5)][rng.integers(4)]),
        lips=(skin * np.array([0.82, 0.45, 0.46]) + rng.uniform(0, 0.08)).astype(np.float32),
        clothes=random_colour(rng, (0.15, 0.75), (0.1, 0.8)),
        style=style,
        eye_x=wide * rng.uniform(0.42, 0.5),
        eye_y=-high * rng.uniform(0.08, 0.16),
        eye_size=eye_size,
        openness=rng.uniform(0.45, 0.8),
        nose=high * rng.uniform(0.2, 0.3),
        mouth_y=high * rng.uniform(0.46, 0.54),
        mouth_wide=wide * rng.uniform(0.32, 0.5),
        smile=rng.uniform(-0.02, 0.09) * wide / 0.22,
        mouth_open=float(rng.choice([0.0, 0.5, 1.0], p=[0.45, 0.25, 0.3])),
        beard=bool(rng.random() < 0.2 and style != "long"),  # noqa: PLR2004
        glasses=bool(rng.random() < 0.25),  # noqa: PLR2004
    )


def _paint_background(canvas: Canvas, rng: np.random.Generator) -> None:
    """Fill with a gradient, and a pale blur in it."""
    first, last = random_colour(rng, (0.08, 0.92), (0.2, 0.9)), random_colour(rng, (0.08, 0.92), (0.2, 0.9))
    canvas.pixels[:] = gradient(canvas, first, last, rng.uniform(0, 2 * np.pi))
    (x, y), size = rng.uniform(-0.5, 0.5, 2), rng.uniform(0.1, 0.3)
    canvas.paint(Ellipse(x, y, size, size), random_colour(rng, (0.4, 0.9)), 0.5, softness=size)


def _paint_hair_behind(canvas: Canvas, look: Look) -> None:
    if look.style == "long":
        canvas.paint(Ellipse(look.x, look.y - 0.1 * look.high, 1.3 * look.wide, 1.12 * look.high), look.hair)
        fall = Box(look.x, look.y + 0.55 * look.high, 1.27 * look.wide, 0.75 * look.high, rounding=0.05)
        canvas.paint(fall, look.hair * 0.9)
    if look.style == "curls":
        for turn in np.linspace(0.95, 2.05, 9) * np.pi:
            x, y = look.x + 1.02 * look.wide * np.cos(turn), look.y - 0.15 * look.high + 0.95 * look.high * np.sin(turn)
            canvas.paint(
                Ellipse(x, y, 0.3 * look.wide, 0.3 * look.wide), look.hair * (0.9 + 0.2 * abs(np.cos(9 * turn)))
            )


def _paint_body(canvas: Canvas, look: Look) -> None:
    neck = look.skin * 0.82
    canvas.paint(Box(look.x, look.y + look.high, 0.42 * look.wide, 0.5 * look.high, rounding=0.03), neck)
    shoulders = look.y + 1.85 * look.high
    canvas.paint(Ellipse(look.x, shoulders, 2.0 * look.wide, 0.62 * look.high), look.clothes)
    canvas.paint(Ellipse(look.x, look.y + 1.28 * look.high, 0.55 * look.wide, 0.17 * look.high), neck)
    canvas.paint(Stroke(((look.x, look.y + 1.45 * look.high), (look.x, 1.0)), 0.012), look.clothes * 0.7)


def _paint_head(canvas: Canvas, look: Look) -> None:
    """Paint ears, head, cheeks, and the shadow under the chin."""
    for side in _SIDES:
        x, y = look.x + side * look.wide * 0.99, look.y + 0.02 * look.high
        canvas.paint(Ellipse(x, y, 0.14 * look.wide, 0.2 * look.high), look.skin * 0.9)
        canvas.paint(Ellipse(x, y, 0.07 * look.wide, 0.12 * look.high), look.skin * 0.74)
    canvas.paint(Ellipse(look.x, look.y, look.wide, look.high), look.skin * 0.93)
    canvas.paint(
        Ellipse(look.x, look.y - 0.1 * look.high, 0.7 * look.wide, 0.7 * look.high), look.skin * 1.06, 0.8, 0.12
    )
    for side in _SIDES:
        cheek = Ellipse(look.x + side * 0.52 * look.wide, look.y + 0.25 * look.high, 0.2 * look.wide, 0.15 * look.high)
        canvas.paint(cheek, look.skin * np.array([1.0, 0.75, 0.72], np.float32), 0.5, softness=0.06)
    if look.beard:
        low = Box(look.x, look.y + 0.95 * look.high, 1.1 * look.wide, 0.62 * look.high)
        canvas.paint(Both(Ellipse(look.x, look.y, 1.02 * look.wide, 1.04 * look.high), low), look.hair * 0.95, 0.9)


def _paint_eye(canvas: Canvas, look: Look, side: int) -> None:
    """Paint one eye, its lid and its brow; the highlight is on the same side of both, as of one lamp."""
    x, y, size = look.x + side * look.eye_x, look.y + look.eye_y, look.eye_size
    canvas.paint(Ellipse(x, y, 1.35 * size, 1.15 * size), look.skin * 0.78, 0.6, softness=0.03)
    opening = Ellipse(x, y, size, size * look.openness)
    canvas.paint(opening, (0.95, 0.95, 0.93))
    canvas.paint(Both(opening, Ellipse(x, y, 0.56 * size, 0.56 * size)), look.iris)
    canvas.paint(Both(opening, Ellipse(x, y, 0.27 * size, 0.27 * size)), _BLACK)
    canvas.paint(Ellipse(x - 0.2 * size, y - 0.2 * size, 0.14 * size, 0.14 * size), (1.0, 1.0, 1.0), 0.9)
    lid = y - size * look.openness
    canvas.paint(Stroke(((x - size, y - 0.1 * size), (x, lid), (x + size, y - 0.1 * size)), 0.2 * size), _BLACK, 0.8)
    brow = y - 1.35 * size
    inner, outer = x - side * 0.95 * size, x + side * 1.2 * size
    arch = ((inner, brow + 0.1 * size), (x, brow - 0.25 * size), (outer, brow + 0.2 * size))
    canvas.paint(Stroke(arch, 0.36 * size), look.hair * 0.7)


def _paint_nose_and_mouth(canvas: Canvas, look: Look) -> None:
    tip = look.y + look.nose
    canvas.paint(
        Ellipse(look.x, tip - 0.12 * look.high, 0.09 * look.wide, 0.22 * look.high), look.skin * 1.1, 0.6, 0.03
    )
    canvas.paint(Ellipse(look.x, tip, 0.19 * look.wide, 0.07 * look.high), look.skin * 0.8, 0.8, softness=0.015)
    for side in _SIDES:
        canvas.paint(
            Ellipse(look.x + side * 0.1 * look.wide, tip + 0.02 * look.high, 0.045 * look.wide, 0.025 * look.high),
            look.skin * 0.4,
        )
    y, wide = look.y + look.mouth_y, look.mouth_wide
    curve = tuple((look.x + t * wide, y + look.smile * (1 - 2 * t * t) / 2) for t in np.linspace(-1, 1, 7))
    if look.mouth_open > 0:
        gap = 0.14 * look.high * look.mouth_open
        canvas.paint(Ellipse(look.x, y + look.smile / 2, 0.8 * wide, gap + 0.02), look.lips)
        canvas.paint(Ellipse(look.x, y + look.smile / 2, 0.68 * wide, gap), (0.3, 0.07, 0.08))
        canvas.paint(
            Box(look.x, y + look.smile / 2 - 0.45 * gap, 0.5 * wide, 0.3 * gap, rounding=0.2 * gap), (0.95, 0.94, 0.9)
        )
    else:
        canvas.paint(Stroke(curve, 0.1 * look.high), look.lips)
        canvas.paint(Stroke(curve, 0.018 * look.high), look.lips * 0.5)


def _paint_hair_before(canvas: Canvas, look: Look) -> None:
    """Paint what of the hair lies before the head: a cap, cut off by a round or a straight line over the forehead."""
    if look.style == "bald":
        return
    cap = Ellipse(look.x, look.y - 0.16 * look.high, 1.09 * look.wide, 0.98 * look.high)
    hairline = {"short": -0.46, "long": -0.44, "fringe": -0.34, "curls": -0.4}[look.style] * look.high
    above = Box(look.x, look.y + hairline - 0.5, 1.0, 0.5)
    canvas.paint(Both(cap, above), look.hair)
    for side in _SIDES:
        temple = Box(look.x + side * 1.05 * look.wide, look.y - 0.4 * look.high, 0.16 * look.wide, 0.3 * look.high)
        canvas.paint(Both(cap, temple), look.hair * 0.92)
    shine = Ellipse(look.x - 0.2 * look.wide, look.y - 0.85 * look.high, 0.5 * look.wide, 0.1 * look.high)
    canvas.paint(Both(cap, shine), np.minimum(look.hair * 1.5 + 0.08, 1).astype(np.float32), 0.5, softness=0.04)


def _paint_glasses(canvas: Canvas, look: Look) -> None:
    y, size = look.y + look.eye_y, 1.6 * look.eye_size
    for side in _SIDES:
        x = look.x + side * look.eye_x
        rim = tuple((x + size * np.cos(turn), y + size * 0.85 * np.sin(turn)) for turn in np.linspace(0, 2 * np.pi, 13))
        canvas.paint(Ellipse(x, y, size, 0.85 * size), (0.8, 0.9, 1.0), 0.18)
        canvas.paint(Stroke(rim, 0.017), _BLACK)
        canvas.paint(Stroke(((x + side * size, y), (look.x + side * look.wide, y - 0.01)), 0.015), _BLACK)
    canvas.paint(Stroke(((look.x - look.eye_x + size, y), (look.x + look.eye_x - size, y)), 0.015), _BLACK)


def _light(canvas: Canvas, rng: np.random.Generator) -> None:
    """Darken one side, warm or cool the whole, and add a little grain."""
    height, width = canvas.pixels.shape[:2]
    low, tint = rng.uniform(0.5, 1.0), 1 + rng.uniform(-0.05, 0.05, 3).astype(np.float32)
    dark = np.full(3, low, np.float32)
    canvas.pixels *= gradient(canvas, dark, np.full(3, 1.05, np.float32), rng.uniform(0, 2 * np.pi)) * tint
    canvas.pixels *= mix(
        smooth_noise(height, width, rng, 4), np.full(3, 0.96, np.float32), np.full(3, 1.04, np.float32)
    )
    add_grain(canvas.pixels, rng, 0.008)
