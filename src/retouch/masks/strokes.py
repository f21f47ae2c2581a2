"""Free-form strokes: the brush of DeepFillv2, and the thin, medium and thick masks of LaMa.

Sources: `brush`: Yu et al., Free-Form Image Inpainting with Gated Convolution, ICCV 2019, and the settings of its
public training script. `lama_*`: Suvorov et al., Resolution-robust Large Mask Inpainting with Fourier Convolutions,
WACV 2022, and the settings of its public evaluation masks.

Departure: the brush's horizontal and vertical flips are really done; the public script computes them and drops them.
Widths and lengths are stated for 256 px and scale as `retouch.masks.canvas` says.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import UInt8

from retouch.arrays.regions import mask_ratio
from retouch.arrays.types import Mask
from retouch.errors import InputError
from retouch.masks.canvas import blank_canvas, canvas_scale, draw_disc, draw_line, finish_mask, scaled

_BRUSH_MEAN_ANGLE = 2 * math.pi / 5
_BRUSH_ANGLE_RANGE = 2 * math.pi / 15
_MAX_REDRAWS = 30


def draw_brush(height: int, width: int, rng: np.random.Generator) -> Mask:
    """Draw one to three zigzag strokes of 4-11 steps, 12-39 px wide at 256 px, with a disc at each vertex.

    Parameters
    ----------
    height, width : int
        Size of the picture in pixels, 1 x 1 and up. Step lengths follow its diagonal, widths S = min(H, W).
    rng : numpy.random.Generator
        Source of every random choice.
    """
    canvas = blank_canvas(height, width)
    for _ in range(rng.integers(1, 4)):
        _draw_brush_stroke(canvas, rng)
    for axis in (0, 1):
        if rng.random() < 0.5:  # noqa: PLR2004 - heads or tails
            canvas = np.flip(canvas, axis)
    return finish_mask(canvas, rng)


def _draw_brush_stroke(canvas: UInt8[np.ndarray, "H W"], rng: np.random.Generator) -> None:
    n_steps = rng.integers(4, 12)
    least, most = _BRUSH_MEAN_ANGLE + rng.uniform(0, _BRUSH_ANGLE_RANGE, size=2) * (-1, 1)
    mean_step = math.hypot(*canvas.shape) / 8
    vertex = _random_vertex(canvas, rng)
    width_px = scaled(int(rng.uniform(12, 40)), canvas_scale(canvas))
    draw_disc(canvas, vertex, width_px)
    for i in range(n_steps):
        angle = _mirrored_if_even(i, rng.uniform(least, most))
        length = min(max(rng.normal(mean_step, mean_step // 2), 0.0), 2 * mean_step)
        start, vertex = vertex, _stepped(canvas, vertex, angle, length)
        draw_line(canvas, start, vertex, width_px)
        draw_disc(canvas, vertex, width_px)


@dataclass(frozen=True)
class _Polylines:
    """Random polylines: how many, and the limits of a segment, in pixels at 256 px."""

    n_least: int
    n_most: int
    width_span: int
    length_span: int
    angle_span: int = 4


@dataclass(frozen=True)
class _Boxes:
    """Random boxes: how likely against polylines of weight 1, how many, sides in [least, most) and a clear margin."""

    weight: float
    n_most: int
    margin: int
    side_least: int
    side_most: int


_THIN = _Polylines(n_least=4, n_most=50, width_span=10, length_span=40)
_MEDIUM = _Polylines(n_least=4, n_most=5, width_span=50, length_span=100)
_THICK = _Polylines(n_least=1, n_most=5, width_span=100, length_span=200)
_NO_BOXES = _Boxes(weight=0.0, n_most=1, margin=0, side_least=1, side_most=2)
_MEDIUM_BOXES = _Boxes(weight=0.3, n_most=5, margin=0, side_least=10, side_most=50)
_THICK_BOXES = _Boxes(weight=0.3, n_most=3, margin=10, side_least=30, side_most=150)


def draw_lama_thin(height: int, width: int, rng: np.random.Generator, *, max_ratio: float = 0.5) -> Mask:
    """Draw 4-50 polylines of 1-5 segments, each 5-14 px wide and 10-49 px long at 256 px.

    Parameters
    ----------
    height, width : int
        Size of the picture in pixels, 1 x 1 and up.
    rng : numpy.random.Generator
        Source of every random choice.
    max_ratio : float, above 0 and at most 1
        A mask with a larger share missing is drawn again, 30 times at most; where all were larger (pictures of a few
        pixels) the smallest of them is taken.

    Raises
    ------
    InputError
        If `max_ratio` is not as above.
    """
    return _draw_lama(blank_canvas(height, width), rng, _THIN, _NO_BOXES, max_ratio)


def draw_lama_medium(height: int, width: int, rng: np.random.Generator, *, max_ratio: float = 0.5) -> Mask:
    """Draw 4-5 polylines, 5-54 px wide and 10-109 px long at 256 px, or (3 in 13) 1-5 boxes of 10-49 px.

    The parameters are those of `draw_lama_thin`.
    """
    return _draw_lama(blank_canvas(height, width), rng, _MEDIUM, _MEDIUM_BOXES, max_ratio)


def draw_lama_thick(height: int, width: int, rng: np.random.Generator, *, max_ratio: float = 0.5) -> Mask:
    """Draw 1-5 polylines, 5-104 px wide and 10-209 px long at 256 px, or (3 in 13) 1-3 boxes of 30-149 px.

    Boxes stay 10 px (at 256 px) away from the picture's border. The parameters are those of `draw_lama_thin`.
    """
    return _draw_lama(blank_canvas(height, width), rng, _THICK, _THICK_BOXES, max_ratio)


def _draw_lama(
    blank: UInt8[np.ndarray, "H W"], rng: np.random.Generator, lines: _Polylines, boxes: _Boxes, max_ratio: float
) -> Mask:
    if not 0 < max_ratio <= 1:
        raise InputError(f"max_ratio must be above 0 and at most 1, got {max_ratio}")
    smallest, least_ratio = blank.astype(np.bool_), math.inf
    for _ in range(_MAX_REDRAWS):
        canvas = blank.copy()
        if rng.random() * (1 + boxes.weight) < 1:
            _draw_polylines(canvas, rng, lines)
        else:
            _draw_boxes(canvas, rng, boxes)
        mask = finish_mask(canvas, rng)
        ratio = mask_ratio(mask)
        if ratio < least_ratio:
            smallest, least_ratio = mask, ratio
        if least_ratio <= max_ratio:
            break
    return smallest


def _draw_polylines(canvas: UInt8[np.ndarray, "H W"], rng: np.random.Generator, lines: _Polylines) -> None:
    scale = canvas_scale(canvas)
    for i in range(rng.integers(lines.n_least, lines.n_most + 1)):
        vertex = _random_vertex(canvas, rng)
        for _ in range(1 + rng.integers(5)):
            angle = _mirrored_if_even(i, 0.01 + rng.integers(lines.angle_span))
            length = (10 + rng.integers(lines.length_span)) * scale
            width_px = scaled(5 + int(rng.integers(lines.width_span)), scale)
            start, vertex = vertex, _stepped(canvas, vertex, angle, length)
            draw_line(canvas, start, vertex, width_px)


def _draw_boxes(canvas: UInt8[np.ndarray, "H W"], rng: np.random.Generator, boxes: _Boxes) -> None:
    scale = canvas_scale(canvas)
    margin = min(round(boxes.margin * scale), (min(canvas.shape) - 1) // 2)
    room = np.array(canvas.shape) - 2 * margin
    for _ in range(rng.integers(1, boxes.n_most + 1)):
        sides = [scaled(int(side), scale) for side in rng.integers(boxes.side_least, boxes.side_most, size=2)]
        n_rows, n_columns = np.minimum(sides, room)
        top, left = margin + rng.integers(room - (n_rows, n_columns) + 1)
        canvas[top : top + n_rows, left : left + n_columns] = 1


def _random_vertex(canvas: UInt8[np.ndarray, "H W"], rng: np.random.Generator) -> tuple[float, float]:
    row, column = rng.integers(canvas.shape)
    return float(row), float(column)


def _mirrored_if_even(i: int, angle: float) -> float:
    return 2 * math.pi - angle if i % 2 == 0 else angle


def _stepped(
    canvas: UInt8[np.ndarray, "H W"], vertex: tuple[float, float], angle: float, length: float
) -> tuple[float, float]:
    """Go `length` px at `angle` (rad, from straight down towards the right), no further than the picture's border."""
    row = min(max(vertex[0] + length * math.cos(angle), 0.0), canvas.shape[0] - 1.0)  # np.clip takes ten times as long
    column = min(max(vertex[1] + length * math.sin(angle), 0.0), canvas.shape[1] - 1.0)
    return float(row), float(column)
