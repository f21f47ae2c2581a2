"""Rectangular holes: centred, random, half of the picture, five levels of squares, and a frame to extend.

Sources, family by family:
center_square  Pathak et al., Context Encoders, CVPR 2016: side S/2; other ratios: side = S sqrt(r).
random_rect    Yu et al., Free-Form Image Inpainting with Gated Convolution, ICCV 2019, training boxes.
half           Nazeri et al., EdgeConnect, ICCV workshops 2019.
level_square   Gao and Grauman, On-Demand Learning for Deep Image Restoration, ICCV 2017.
outpaint       Suvorov et al., Resolution-robust Large Mask Inpainting, WACV 2022.
"""

from __future__ import annotations

import math

import numpy as np

from retouch.arrays.types import Mask
from retouch.errors import InputError, unknown_name
from retouch.masks.canvas import blank_canvas, check_share, finish_mask

N_LEVELS = 5
LEVEL_STEP_PX = 6
_SIDES = ("left", "right", "top", "bottom")


def draw_center_square(height: int, width: int, rng: np.random.Generator, *, ratio: float = 0.25) -> Mask:
    """Draw a centred square that covers a given share of the picture.

    The square's side is sqrt(ratio * H * W). Where the picture is too narrow for that, the hole becomes a rectangle
    over all of the shorter side. Nothing is random, so the mask depends on the size and the ratio only.

    Parameters
    ----------
    height, width : int
        Size of the picture in pixels, 1 x 1 and up.
    rng : numpy.random.Generator
        Not drawn from, unless the hole would be smaller than a pixel (see `retouch.masks.canvas`).
    ratio : float, above 0 and below 1
        Share of the picture that is missing, up to the rounding of the sides to whole pixels.

    Examples
    --------
    >>> draw_center_square(256, 256, np.random.default_rng(0)).sum()
    np.int64(16384)
    """
    check_share("ratio", ratio)
    canvas = blank_canvas(height, width)
    area = ratio * height * width
    side = math.sqrt(area)  # S sqrt(r) for a square picture
    n_rows = round(min(max(side, area / width), height))
    n_columns = round(min(max(side, area / height), width))
    top, left = (height - n_rows) // 2, (width - n_columns) // 2
    canvas[top : top + n_rows, left : left + n_columns] = 1
    return finish_mask(canvas, rng)


def draw_random_rect(height: int, width: int, rng: np.random.Generator) -> Mask:
    """Draw one box at a uniform position: 128 px at S = 256, shrunk by 0-16 px at either end of each axis.

    Each axis is shrunk by the same amount at both of its ends, so at 256 px the sides are even and 96 to 128 px.
    The box and the shrinking scale with S = min(H, W).

    Parameters
    ----------
    height, width : int
        Size of the picture in pixels, 1 x 1 and up.
    rng : numpy.random.Generator
        Source of every random choice.
    """
    canvas = blank_canvas(height, width)
    side = max(1, min(height, width) // 2)  # 128 at S = 256
    top, left = rng.integers((height - side + 1, width - side + 1))
    dy, dx = rng.integers(0, side // 8 + 1, size=2)  # 0..16 at S = 256
    canvas[top + dy : top + side - dy, left + dx : left + side - dx] = 1
    return finish_mask(canvas, rng)


def draw_half(height: int, width: int, rng: np.random.Generator, *, side: str = "random") -> Mask:
    """Draw the left, right, top or bottom half of the picture.

    Parameters
    ----------
    height, width : int
        Size of the picture in pixels, 1 x 1 and up. Of an odd number of rows or columns the smaller half is missing.
    rng : numpy.random.Generator
        Chooses the side when `side` is "random".
    side : {"random", "left", "right", "top", "bottom"}
        The half that is missing.

    Raises
    ------
    InputError
        If `side` is none of these.
    """
    if side == "random":
        side = _SIDES[rng.integers(len(_SIDES))]
    if side not in _SIDES:
        raise InputError(unknown_name("side", side, ("random", *_SIDES)))
    canvas = blank_canvas(height, width)
    along = canvas.T if side in {"left", "right"} else canvas
    n_missing = len(along) // 2
    along[slice(0, n_missing) if side in {"left", "top"} else slice(len(along) - n_missing, None)] = 1
    return finish_mask(canvas, rng)


def draw_level_square(height: int, width: int, rng: np.random.Generator, *, level: int = 0) -> Mask:
    """Draw one square at a uniform position, of a side that grows with the level of difficulty.

    The side is uniform in 1-6 px at level 1, 7-12 at 2, 13-18 at 3, 19-24 at 4 and 25-30 at 5. The source states
    these for pictures of 64 px; they are pixels at every size, but never more than min(H, W) - 1.

    Parameters
    ----------
    height, width : int
        Size of the picture in pixels, 1 x 1 and up.
    rng : numpy.random.Generator
        Source of every random choice.
    level : int, 1 to 5, or 0
        Level of difficulty; 0 draws one of the five.

    Raises
    ------
    InputError
        If `level` is not 0 to 5.
    """
    if not 0 <= level <= N_LEVELS:
        raise InputError(f"level must be 1 to {N_LEVELS}, or 0 for a random one, got {level}")
    canvas = blank_canvas(height, width)
    level = level or int(rng.integers(1, N_LEVELS + 1))
    side = int(rng.integers(LEVEL_STEP_PX * (level - 1) + 1, LEVEL_STEP_PX * level + 1))
    side = min(side, max(1, min(height, width) - 1))
    top, left = rng.integers((height - side + 1, width - side + 1))
    canvas[top : top + side, left : left + side] = 1
    return finish_mask(canvas, rng)


def draw_outpaint(
    height: int, width: int, rng: np.random.Generator, *, min_share: float = 0.04, max_share: float = 0.25
) -> Mask:
    """Draw a strip along each of the four borders, to be painted outwards from the middle.

    Each strip's thickness is its own: uniform in [min_share, max_share] of the height (top and bottom) or the width
    (left and right), rounded to whole pixels, at least 1. An axis shorter than 3 px gets no strips.

    Parameters
    ----------
    height, width : int
        Size of the picture in pixels, 1 x 1 and up.
    rng : numpy.random.Generator
        Source of every random choice.
    min_share, max_share : float, above 0 and below 0.5
        Bounds of a strip's thickness, as shares of the side that it eats into.

    Raises
    ------
    InputError
        If the bounds are not 0 < min_share <= max_share < 0.5.
    """
    if not 0 < min_share <= max_share < 0.5:  # noqa: PLR2004 - two strips of one half meet
        raise InputError(
            f"outpaint needs 0 < min_share <= max_share < 0.5, got min_share {min_share} and max_share {max_share}"
        )
    canvas = blank_canvas(height, width)
    for along in (canvas, canvas.T):
        n = len(along)
        thickest = (n - 1) // 2
        for border in (slice(None), slice(None, None, -1)):
            along[border][: min(max(1, round(n * rng.uniform(min_share, max_share))), thickest)] = 1
    return finish_mask(canvas, rng)
