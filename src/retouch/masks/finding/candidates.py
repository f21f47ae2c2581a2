"""Candidates for lines of text: the lines that thin parts make, however a letter is told from its ground.

Source: this project. Letters are told in two ways. By contrast: a pixel is part of a stroke where it is above (or
below) all that is wider than a stroke by half of the most that any pixel nearby is, or by a fixed amount; that holds
for translucent and thin letters too. By colour: a pixel is part of a stroke where it is thin and near one of the
colours on which thin pixels crowd (`glyphs`); that keeps letters apart from what they touch. Each way gives parts
(`glyphs`) and lines of them (`lines`); `scores` tells which of the lines are text.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import cv2
import numpy as np
from jaxtyping import Bool, Float32

from retouch.arrays.types import Image
from retouch.masks.finding.glyphs import find_glyphs, near_colour, shared_colours, thin_contrasts
from retouch.masks.finding.lines import Line, group_lines

_LEAST_CONTRAST = 0.06
_SHARE_OF_MOST = 0.5
_FIXED_CONTRASTS = (0.12, 0.3)
_N_COLOURS = 12
_LEAST_THIN = 0.1  # of a pixel that has one of the shared colours


class Candidate(NamedTuple):
    """A line that may be text.

    Attributes
    ----------
    line : Line
    strokes : (H, W) bool
        The pixels from which its parts came.
    contrast : (H, W) float32
        By how much each pixel is above, or below, all that is wider than a stroke.
    """

    line: Line
    strokes: Bool[np.ndarray, "H W"]
    contrast: Float32[np.ndarray, "H W"]


def candidate_lines(part: Image, stroke_px: int) -> list[Candidate]:
    """Return all lines that thin parts of a picture make, text or not, many of them several times.

    Examples
    --------
    >>> page = np.zeros((32, 96, 1), np.float32)
    >>> for left in (10, 22, 34, 46):
    ...     page[10:20, left : left + 2] = page[18:20, left : left + 7] = 0.75  # the letter L
    >>> {c.line.box for c in candidate_lines(page, 3)}
    {Box(top=10, left=10, bottom=20, right=53)}
    """
    return [
        Candidate(line, strokes, contrast)
        for strokes, contrast in _stroke_maps(part, stroke_px)
        for line in group_lines(find_glyphs(strokes))
    ]


def _stroke_maps(part: Image, stroke_px: int) -> Iterator[tuple[Bool[np.ndarray, "H W"], Float32[np.ndarray, "H W"]]]:
    """Give each way of telling strokes, with the contrast of its sign."""
    above, below = thin_contrasts(part, stroke_px)
    nearby = np.ones((2 * stroke_px + 3, 2 * stroke_px + 3), np.uint8)
    for contrast in (above, below):
        yield contrast > np.maximum(_LEAST_CONTRAST, _SHARE_OF_MOST * cv2.dilate(contrast, nearby)), contrast
        for least in _FIXED_CONTRASTS:
            yield contrast > least, contrast
    thin = np.maximum(above, below)
    for colour in shared_colours(part, np.where(thin > _LEAST_THIN, thin**2, 0), _N_COLOURS):
        near = near_colour(part, colour) & (thin > _LEAST_THIN)
        yield near, above if above[near].sum() > below[near].sum() else below
