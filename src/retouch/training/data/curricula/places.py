"""Holes of fixed places: the centred square beside free-form strokes, and one corner.

Sources: centre and strokes: the thesis of the pyramid generator, with the training masks of Yu et al., Free-Form Image
Inpainting with Gated Convolution, ICCV 2019 (strokes, a box, or both joined). Corner: L2-GAN, a hole of 128 px in one
fixed corner of a picture of 350 px.
"""

from __future__ import annotations

import math

import numpy as np

from retouch.arrays.types import Mask
from retouch.errors import UsageError
from retouch.training.data.curricula.contract import SharedCurriculum
from retouch.training.data.curricula.families import never_all_nor_none
from retouch.training.data.curricula.options import Options
from retouch.training.recipes.settings import DamageSettings

CORNERS = ("top_left", "top_right", "bottom_left", "bottom_right")
_CENTRE, _FREE_FORM = "centre", "free_form"


def build_centre_and_free_form(damage: DamageSettings, seed: int, size_px: int) -> SharedCurriculum:
    """Return a centred square or DeepFill's strokes.

    Options: `centre_share` (0.5) of the samples; `centre_ratio` ((0.25, 0.25)), limits of the share of the picture that
    the square covers; `with_box` (true) joins DeepFill's random box to the strokes.
    """
    from retouch.masks.rectangles import draw_random_rect  # noqa: PLC0415 - needs OpenCV, see `families`
    from retouch.masks.strokes import draw_brush  # noqa: PLC0415

    options = Options(damage, ("centre_share", "centre_ratio", "with_box"))
    share = options.number("centre_share", 0.5, 0.001, 0.999)
    low, high = options.pair("centre_ratio", (0.25, 0.25), 0.001, 0.95)
    with_box = options.switch("with_box", default=True)

    def draw_mask(group: str, shape: tuple[int, int], step: int, rng: np.random.Generator) -> Mask:
        if group == _CENTRE:
            return centred_square(shape, rng.uniform(low, high))
        strokes = draw_brush(*shape, rng)
        return never_all_nor_none(strokes | draw_random_rect(*shape, rng), rng) if with_box else strokes

    return SharedCurriculum({_CENTRE: share, _FREE_FORM: 1 - share}, draw_mask, seed)


def build_quadrant(damage: DamageSettings, seed: int, size_px: int) -> SharedCurriculum:
    """Return a hole in one fixed corner, whose sides are a share of the picture's.

    Options: `corner` ("top_left") and `side` (0.5; the paper's hole is 128 / 350 = 0.366).
    """
    options = Options(damage, ("corner", "side"))
    corner = options.word("corner", CORNERS[0], CORNERS)
    side = options.number("side", 0.5, 0.001, 0.99)
    if round(side * size_px) in (0, size_px):
        raise UsageError(f"the corner must hold some but not all pixels, got side {side:g} of {size_px} px")

    def draw_mask(group: str, shape: tuple[int, int], step: int, rng: np.random.Generator) -> Mask:
        return corner_hole(shape, corner, side)

    return SharedCurriculum({"": 1.0}, draw_mask, seed)


def centred_square(shape: tuple[int, int], ratio: float) -> Mask:
    """Return a centred hole that covers a share of the picture, sides in whole pixels.

    >>> centred_square((8, 8), 0.25).sum()
    np.int64(16)
    """
    mask = np.zeros(shape, np.bool_)
    height, width = (max(1, round(length * math.sqrt(ratio))) for length in shape)
    top, left = (shape[0] - height) // 2, (shape[1] - width) // 2
    mask[top : top + height, left : left + width] = True
    return mask


def corner_hole(shape: tuple[int, int], corner: str, side: float) -> Mask:
    """Return a hole in a corner.

    >>> corner_hole((2, 4), "bottom_right", 0.5).astype(int)
    array([[0, 0, 0, 0],
           [0, 0, 1, 1]])
    """
    vertical, _, horizontal = corner.partition("_")
    height, width = (max(1, round(length * side)) for length in shape)
    mask = np.zeros(shape, np.bool_)
    rows = slice(0, height) if vertical == "top" else slice(shape[0] - height, None)
    columns = slice(0, width) if horizontal == "left" else slice(shape[1] - width, None)
    mask[rows, columns] = True
    return mask
