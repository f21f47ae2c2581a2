"""How much a line looks like text: twelve measures of it, weighed.

Source: this project. The weights are those of a logistic regression over the candidate lines of 192 generated captions
in twelve styles on photographs and of 64 photographs without one; a line was text where more than half of its pixels
were. The score is the logarithm of the odds; 0 is as likely text as not among such lines.

Text is of one colour where its strokes are deepest (exact) and of one contrast (uneven). It is apart from what
surrounds it (clear, flat), which is mostly even. Its parts have one height and stroke width, fill their boxes as
letters do, and are thin for their height.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from jaxtyping import Bool, Float32, Float64

from retouch.arrays.types import Image
from retouch.masks.finding.candidates import Candidate

_EXACT = 0.02  # of the line's colour, in the farthest channel
_CLEAR = 0.16
_FLAT = 0.35  # of the line's contrast
_MOST_COUNTED = 14.0  # letters
_WEIGHTS = (-0.74, 2.15, 1.4, 4.67, 7.54, 3.81, 1.18, -6.15, -3.35, -4.13, 3.51, -19.96)
_OFFSET = -10.04


class Scored(NamedTuple):
    """A candidate with its score, its colour (C,), and by how much its strokes stand out."""

    score: float
    candidate: Candidate
    colour: Float32[np.ndarray, " C"]
    contrast: float


def scored(part: Image, candidate: Candidate) -> Scored:
    """Return a candidate with its score.

    Examples
    --------
    >>> from retouch.masks.finding.candidates import candidate_lines
    >>> page = np.zeros((32, 96, 1), np.float32)
    >>> for left in (10, 22, 34, 46):
    ...     page[10:20, left : left + 2] = page[18:20, left : left + 7] = 0.75
    >>> found = scored(page, candidate_lines(page, 3)[0])
    >>> found.score > 0, found.colour.tolist(), found.contrast
    (True, [0.75], 0.75)
    """
    line, strokes = candidate.line, candidate.strokes
    around = line.box.grown(3, 3, (strokes.shape[0], strokes.shape[1])).slices
    own = strokes[around]
    ring, deepest = _ring(own), _deepest(own)
    colour = np.median(part[around][deepest], axis=0)
    apart = np.abs(part[around] - colour).max(axis=2)
    contrast = candidate.contrast[around]
    usual = float(np.median(contrast[deepest]))
    measures = np.array(
        [
            np.log(min(line.n_letters, _MOST_COUNTED)),
            np.log(len(line.glyphs)),
            (apart[deepest] < _EXACT).mean(),
            (apart[ring] > _CLEAR).mean() if ring.any() else 0,
            usual,
            min(np.abs(contrast[deepest] - usual).mean() / (usual + 0.02), 2),
            (contrast[ring] < _FLAT * usual).mean() if ring.any() else 0,
            part[around].mean(axis=2)[ring].std() if ring.any() else 0,
            *_shapes(candidate),
        ]
    )
    return Scored(float(measures @ _WEIGHTS + _OFFSET), candidate, colour, usual)


def _ring(own: Bool[np.ndarray, "h w"]) -> Bool[np.ndarray, "h w"]:
    """Return the pixels past the antialiased border of the strokes and short of the next letter."""
    beside = cv2.distanceTransform((~own).astype(np.uint8), cv2.DIST_L2, 3)
    ring: Bool[np.ndarray, "h w"] = (beside > 1.2) & (beside < 3)  # noqa: PLR2004 - px
    return ring


def _deepest(own: Bool[np.ndarray, "h w"]) -> Bool[np.ndarray, "h w"]:
    """Return the middles of strokes, where their colour is purest."""
    depth = cv2.distanceTransform(own.astype(np.uint8), cv2.DIST_L2, 3)
    deepest: Bool[np.ndarray, "h w"] = own & (depth >= cv2.dilate(depth, np.ones((3, 3), np.uint8)) - 0.01)
    return deepest


def _shapes(candidate: Candidate) -> Float64[np.ndarray, " 4"]:
    """Return how uneven strokes and heights of the parts are, how full their boxes, and how thick strokes are."""
    line = candidate.line
    sizes = np.array([(g.height, g.width, g.n_pixels, g.radius_px) for g in line.glyphs], np.float64)
    heights, widths, pixels, radii = sizes.T
    return np.array(
        [
            radii.std() / max(radii.mean(), 0.5),
            heights.std() / heights.mean(),
            pixels.sum() / (heights * widths).sum(),
            line.radius_px / line.height,
        ]
    )
