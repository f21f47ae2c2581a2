"""The catalogue of mask families: one literal table from which the command line, the docs and the tests are made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from retouch.arrays.types import Mask
from retouch.errors import InputError, unknown_name
from retouch.masks.blobs import draw_blob
from retouch.masks.captions import draw_text
from retouch.masks.pixels import draw_random_pixels
from retouch.masks.rectangles import (
    draw_center_square,
    draw_half,
    draw_level_square,
    draw_outpaint,
    draw_random_rect,
)
from retouch.masks.scratches import draw_scratch
from retouch.masks.strokes import draw_brush, draw_lama_medium, draw_lama_thick, draw_lama_thin

TEXT_LINE_RATIO = 0.04
"""About the share of a square picture that one line of text covers."""


def _as_it_comes(ratio: float) -> dict[str, int | float]:
    return {}


def _at_ratio(ratio: float) -> dict[str, int | float]:
    return {"ratio": ratio}


def _with_no_limit(ratio: float) -> dict[str, int | float]:
    """Leave the limit to the bin, which is one itself."""
    return {"max_ratio": 1.0}


def _in_lines(ratio: float) -> dict[str, int | float]:
    return {"n_lines": max(1, round(ratio / TEXT_LINE_RATIO))}


@dataclass(frozen=True)
class MaskFamily:
    """One kind of mask.

    Attributes
    ----------
    name : str
        What a user types.
    summary : str
        One sentence for help and tables.
    source : str
        Where the definition comes from.
    draw : callable
        `draw(height, width, rng, *, <options>) -> (H, W) bool`, True where missing; its keyword-only parameters are
        the family's options.
    aim : callable
        Options that bring a drawing near a wanted share of missing pixels; {} for a family that has none.
    """

    name: str
    summary: str
    source: str
    draw: Callable[..., Mask]
    aim: Callable[[float], dict[str, int | float]] = _as_it_comes


_DEEPFILL = "Yu et al., Free-Form Image Inpainting with Gated Convolution, ICCV 2019"
_LAMA = "Suvorov et al., Resolution-robust Large Mask Inpainting with Fourier Convolutions, WACV 2022"
_PROJECT = "this project"

FAMILIES: tuple[MaskFamily, ...] = (
    MaskFamily(
        "center_square",
        "a centred square, 25 % of the area",
        "Pathak et al., Context Encoders, CVPR 2016",
        draw_center_square,
        _at_ratio,
    ),
    MaskFamily("random_rect", "one box of about half the side, anywhere", _DEEPFILL, draw_random_rect),
    MaskFamily("brush", "one to three broad zigzag strokes", _DEEPFILL, draw_brush),
    MaskFamily("lama_thin", "many thin short polylines", _LAMA, draw_lama_thin, _with_no_limit),
    MaskFamily("lama_medium", "a few polylines or boxes of middle size", _LAMA, draw_lama_medium, _with_no_limit),
    MaskFamily("lama_thick", "a few very broad polylines or large boxes", _LAMA, draw_lama_thick, _with_no_limit),
    MaskFamily(
        "random_pixels",
        "single pixels lost at random, 80 % of them",
        "Yeh et al., Semantic Image Inpainting with Deep Generative Models, CVPR 2017",
        draw_random_pixels,
        _at_ratio,
    ),
    MaskFamily("scratch", "scratches, hairs and dust of an old photograph", _PROJECT, draw_scratch),
    MaskFamily("text", "lines of a burnt-in caption with their outline", _PROJECT, draw_text, _in_lines),
    MaskFamily(
        "half",
        "the left, right, top or bottom half",
        "Nazeri et al., EdgeConnect, ICCV workshops 2019",
        draw_half,
    ),
    MaskFamily(
        "level_square",
        "one small square of 1-30 px, in five levels of difficulty",
        "Gao and Grauman, On-Demand Learning for Deep Image Restoration, ICCV 2017",
        draw_level_square,
    ),
    MaskFamily("outpaint", "strips of 4-25 % along all four borders", _LAMA, draw_outpaint),
    MaskFamily("blob", "one smooth object-like blob, 3-8 % of the area", _PROJECT, draw_blob, _at_ratio),
)


def find_family(name: str) -> MaskFamily:
    """Return the family of that name.

    Raises
    ------
    InputError
        If there is none; the message names the nearest one.

    Examples
    --------
    >>> find_family("brush").summary
    'one to three broad zigzag strokes'
    """
    for family in FAMILIES:
        if family.name == name:
            return family
    raise InputError(unknown_name("mask family", name, [family.name for family in FAMILIES]))
