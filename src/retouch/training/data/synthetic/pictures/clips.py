"""toy_clips: moving shapes before a panning ground, with and without captions, for clips that have a clean partner."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from retouch.arrays.types import AnyArray
from retouch.training.data.synthetic.damage.captions import draw_caption
from retouch.training.data.synthetic.drawing.canvas import Canvas, Floats
from retouch.training.data.synthetic.drawing.fields import gradient, random_colour
from retouch.training.data.synthetic.drawing.outlines import Box, Ellipse
from retouch.training.data.synthetic.pictures.facades import draw_facade
from retouch.training.data.synthetic.pictures.textures import draw_texture

FRAMES = 9
"""Frames of a clip, unless asked otherwise."""
_PAN = 0.25


@dataclass(frozen=True)
class _Thing:
    """A shape, where it starts, and how far it goes in a second half of a clip, all in units."""

    round: bool
    start: tuple[float, float]
    path: tuple[float, float]
    size: float
    spin: float
    colour: Floats


def draw_clip(height: int, width: int, rng: np.random.Generator, *, frames: int = FRAMES) -> dict[str, AnyArray]:
    """Draw a clip.

    Returns
    -------
    dict of arrays
        "frames" and "damaged_frames" (T, H, W, 3) float32 in [0, 1], clean and with one caption throughout;
        "frame_masks" (T, H, W) bool, where the caption is: elsewhere both are the same.
    """
    wide, pan = _draw_ground(height, width, rng), rng.uniform(-_PAN, _PAN, 2)
    things = [_draw_thing(rng) for _ in range(int(rng.integers(1, 5)))]
    clean = np.stack([_draw_frame((height, width), wide, pan, things, t) for t in np.linspace(0, 1, frames)])
    caption = draw_caption(height, width, rng)
    masks = np.broadcast_to(caption.mask, clean.shape[:3]).copy()
    return {"frames": clean, "damaged_frames": caption.burn(clean), "frame_masks": masks}


def _draw_ground(height: int, width: int, rng: np.random.Generator) -> Floats:
    """Return a picture with a margin on each side, for panning over it."""
    margin = math.ceil(_PAN * min(height, width)) + 1
    size = (height + 2 * margin, width + 2 * margin)
    kind = rng.random()
    if kind < 0.35:  # noqa: PLR2004
        return draw_facade(*size, rng)["image"]
    if kind < 0.75:  # noqa: PLR2004
        return draw_texture(*size, rng)["image"]
    canvas = Canvas(*size)
    return gradient(canvas, random_colour(rng), random_colour(rng), rng.uniform(0, 2 * np.pi))


def _draw_thing(rng: np.random.Generator) -> _Thing:
    start, path = rng.uniform(-0.4, 0.4, 2), rng.uniform(-0.5, 0.5, 2)
    return _Thing(
        round=bool(rng.random() < 0.5),  # noqa: PLR2004
        start=(float(start[0]), float(start[1])),
        path=(float(path[0]), float(path[1])),
        size=rng.uniform(0.06, 0.17),
        spin=rng.uniform(-1.5, 1.5),
        colour=random_colour(rng, (0.25, 0.75), (0.5, 1.0)),
    )


def _draw_frame(shape: tuple[int, int], wide: Floats, pan: AnyArray, things: list[_Thing], time: float) -> Floats:
    """Return the frame at a time from 0 to 1."""
    canvas = Canvas(*shape, colour=_cut(wide, shape, pan * (time - 0.5)))
    for thing in things:
        x, y = thing.start[0] + time * thing.path[0], thing.start[1] + time * thing.path[1]
        outline = (
            Ellipse(x, y, thing.size, thing.size)
            if thing.round
            else Box(x, y, thing.size, 0.7 * thing.size, time * thing.spin)
        )
        canvas.paint(outline, thing.colour)
        canvas.paint(Ellipse(x, y, 0.4 * thing.size, 0.4 * thing.size), thing.colour * np.float32(0.7))
    return canvas.finish()


def _cut(wide: Floats, shape: tuple[int, int], shift: AnyArray) -> Floats:
    """Return the middle of a wide picture, moved by a part of the shorter side, between pixels too."""
    down, right = (
        float(move) * min(shape) + (long - short) / 2
        for move, long, short in zip(shift[::-1], wide.shape, shape, strict=False)
    )
    row, col = int(down), int(right)
    part_down, part_right = np.float32(down - row), np.float32(right - col)
    rows = wide[row : row + shape[0] + 1, col : col + shape[1] + 1]
    rows = rows[:-1] + part_down * (rows[1:] - rows[:-1])
    return rows[:, :-1] + part_right * (rows[:, 1:] - rows[:, :-1])
