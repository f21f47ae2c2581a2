"""What the methods' gallery shows: for each method a picture that it fills well and one where it fails.

Failures follow the words of the catalogue's limits. Cases are chosen to show, not to rank: figures of two methods can
be compared only where the case is the same.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from benchmarks.engines import Hole, Pixels
from benchmarks.gallery.drawings import (
    draw_arc,
    draw_bar,
    draw_bowl,
    draw_edge,
    draw_facade,
    draw_floor,
    draw_rings,
)
from benchmarks.pictures import FINE_PRINT, SCRATCH, MaskKind, load_picture


class Case(NamedTuple):
    """A picture and a hole in it.

    Attributes
    ----------
    picture : callable
        Returns it, (H, W, 3) uint8.
    hole : callable
        Returns (H, W) bool for the shape of a picture.
    words : str
        What is seen, as a part of a sentence.
    """

    picture: Callable[[], Pixels]
    hole: Callable[[tuple[int, int]], Hole]
    words: str


class Pair(NamedTuple):
    """What a method does well, and where it fails."""

    success: Case
    failure: Case


def photo(name: str, top: int, left: int, side: int = 192) -> Callable[[], Pixels]:
    """Return a maker of a square piece of a bundled photograph, at its full resolution."""
    return lambda: load_picture(name)[top : top + side, left : left + side]


def box(top: int, left: int, height: int, width: int) -> Callable[[tuple[int, int]], Hole]:
    """Return a maker of a rectangular hole."""

    def draw(shape: tuple[int, int]) -> Hole:
        mask: Hole = np.zeros(shape, np.bool_)
        mask[top : top + height, left : left + width] = True
        return mask

    return draw


def digits(shape: tuple[int, int]) -> Hole:
    """Return lines of digits as large as they are on a whole photograph, of strokes of 4 pixels."""
    return FINE_PRINT.draw((512, 512))[: shape[0], : shape[1]]


def oval(shape: tuple[int, int]) -> Hole:
    """Return an elliptic hole in the middle, 0.4 of the sides wide and 0.5 high."""
    rows, columns = ((np.arange(length) + 0.5) / length - 0.5 for length in shape)
    mask: Hole = (columns[None] / 0.2) ** 2 + (rows[:, None] / 0.25) ** 2 <= 1
    return mask


BAND = box(0, 29, 64, 6)
GAP_20 = box(10, 22, 44, 20)
GAP_8 = box(10, 28, 44, 8)
STROKE_9 = box(0, 28, 40, 9)
SQUARE_20 = box(22, 22, 20, 20)
SQUARE_52 = box(70, 70, 52, 52)
STROKES = MaskKind("strokes", "lama_thin", (0.1, 0.2)).draw
LOST = MaskKind("lost pixels", "random_pixels", None).draw

FACE = photo("astronaut", 20, 130)
SUIT = photo("astronaut", 300, 60)
CAMERAMAN = photo("camera", 60, 140)
TOWERS = photo("camera", 110, 300)
GRAVEL = photo("gravel", 100, 100)
BRICK = photo("brick", 100, 100)
GRASS = photo("grass", 100, 100)
CAT = photo("chelsea", 40, 130)
TABLE = photo("coffee", 190, 10)

GALLERY: dict[str, Pair] = {
    "nearest": Pair(
        Case(CAMERAMAN, SCRATCH.draw, "scratches of a pixel or two"),
        Case(CAMERAMAN, oval, "a broad hole gets streaks from its border"),
    ),
    "harmonic": Pair(
        Case(FACE, SCRATCH.draw, "scratches on a face"),
        Case(draw_bar, GAP_20, "the edges of a bar fade in a gap of 20 pixels"),
    ),
    "biharmonic": Pair(
        Case(draw_bowl, SQUARE_20, "a smooth surface whose slope changes"),
        Case(CAMERAMAN, oval, "slopes at the border run on to waves and overshoots"),
    ),
    "total_variation": Pair(
        Case(draw_bar, GAP_8, "a bar of 10 pixels over a gap of 8"),
        Case(draw_bar, GAP_20, "the same bar over a gap of 20: the shortest contours leave it cut"),
    ),
    "telea": Pair(
        Case(FACE, SCRATCH.draw, "scratches on a face"),
        Case(CAMERAMAN, oval, "a broad hole gets streaks"),
    ),
    "navier_stokes": Pair(
        Case(FACE, SCRATCH.draw, "scratches on a face"),
        Case(CAMERAMAN, oval, "a broad hole gets streaks"),
    ),
    "curvature_driven": Pair(
        Case(draw_bar, GAP_20, "a bar of 10 pixels goes on over a gap of 20"),
        Case(draw_rings, SQUARE_20, "slopes become flat steps"),
    ),
    "edge_enhancing": Pair(
        Case(CAMERAMAN, digits, "edges under print stay sharp"),
        Case(draw_arc, STROKE_9, "a line of 2 pixels is lost under a stroke of 9"),
    ),
    "fractional": Pair(
        Case(FACE, STROKES, "strokes over a face"),
        Case(CAMERAMAN, oval, "a broad hole is a blur"),
    ),
    "bertalmio": Pair(
        Case(draw_edge, BAND, "an edge at 45 degrees goes on under a band of 6 pixels"),
        Case(GRASS, STROKES, "texture under strokes is blurred"),
    ),
    "vorticity": Pair(
        Case(draw_edge, BAND, "an edge at 45 degrees goes on under a band of 6 pixels"),
        Case(SUIT, STROKES, "textured borders make blots"),
    ),
    "tv_stokes": Pair(
        Case(draw_rings, SQUARE_20, "bent contours go on and slopes stay smooth"),
        Case(draw_bar, GAP_20, "a bar of 10 pixels is not joined over a gap of 20"),
    ),
    "curvature_preserving": Pair(
        Case(draw_arc, STROKE_9, "a line of 2 pixels goes on, if fainter, under a stroke of 9"),
        Case(CAMERAMAN, oval, "the middle of a broad hole is a blur"),
    ),
    "kriging": Pair(
        Case(FACE, digits, "print over a face"),
        Case(BRICK, SQUARE_52, "a broad hole drifts to the mean: no bricks"),
    ),
    "blended": Pair(
        Case(FACE, STROKES, "strokes over a face"),
        Case(GRAVEL, SQUARE_52, "a broad hole is a blur: no stones"),
    ),
    "group_kriging": Pair(
        Case(FACE, digits, "print over a face"),
        Case(BRICK, SQUARE_52, "a broad hole gets what kriging makes of it: no bricks"),
    ),
    "low_rank": Pair(
        Case(FACE, LOST, "four of five pixels are lost"),
        Case(BRICK, SQUARE_52, "a broad hole gets what kriging makes of it: no bricks"),
    ),
    "sparse_coding": Pair(
        Case(FACE, LOST, "four of five pixels are lost"),
        Case(BRICK, SQUARE_52, "a broad hole is a blur: no bricks"),
    ),
    "plug_and_play": Pair(
        Case(FACE, LOST, "four of five pixels are lost"),
        Case(BRICK, SQUARE_52, "a broad hole is a blur: no bricks"),
    ),
    "patchmatch": Pair(
        Case(GRASS, SQUARE_52, "grass is composed of other grass"),
        Case(FACE, box(40, 60, 80, 70), "a face that is nowhere else in the picture"),
    ),
    "guided_patchmatch": Pair(
        Case(TABLE, box(100, 5, 52, 52), "the grain of a table goes on"),
        Case(CAT, box(28, 10, 80, 85), "an eye that is nowhere else in the picture"),
    ),
    "efros_leung": Pair(
        Case(GRAVEL, SQUARE_52, "gravel is grown from other gravel"),
        Case(draw_facade, box(70, 60, 60, 70), "windows larger than the patch: it slips from pane to wall"),
    ),
    "criminisi": Pair(
        Case(GRASS, SQUARE_52, "grass is composed of other grass"),
        Case(photo("astronaut", 141, 181), box(39, 39, 114, 114), "one wrong patch is copied on and grows to garbage"),
    ),
    "offset_statistics": Pair(
        Case(draw_facade, box(70, 60, 60, 70), "windows come back in whole pieces and in their places"),
        Case(draw_floor, box(70, 70, 60, 60), "tiles in perspective: copies are only shifted and do not fit"),
    ),
    "learned_structure": Pair(
        Case(FACE, STROKES, "strokes over a face, with little error"),
        Case(GRAVEL, SQUARE_52, "a broad hole is smooth: no stones"),
    ),
    "learned_detail": Pair(
        Case(TABLE, box(100, 5, 52, 52), "the grain of a table goes on"),
        Case(FACE, box(40, 60, 80, 70), "a face that is nowhere else in the picture"),
    ),
}
"""By the name of the method."""
