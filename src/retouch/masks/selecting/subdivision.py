"""Adaptive subdivision: a coarse map of logits becomes a fine one by asking again only where it is undecided.

Source: A. Kirillov, Y. Wu, K. He, R. Girshick, "PointRend: Image Segmentation as Rendering", CVPR 2020, section 3.1
(inference): the map is doubled bilinearly, and the most uncertain points, those with the smallest |logit|, are
answered anew, until the wanted size is there.
Departures: a `sure` logit leaves out points that nobody doubts, which the paper, having a fixed number, does not do.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import cv2
import numpy as np
from jaxtyping import Float32, Float64

from retouch.errors import InputError

AnswerAt = Callable[[Float64[np.ndarray, "P 2"]], Float32[np.ndarray, " P"]]
"""Takes (row, col) in fractions of the picture, 0 to 1, and gives a logit for each: above 0 = inside."""


class Subdivided(NamedTuple):
    """A fine map.

    Attributes
    ----------
    logits : (side, side) float32
    n_asked : int
        Points that were answered, over all steps.
    """

    logits: Float32[np.ndarray, "S S"]
    n_asked: int


def refine_by_points(
    coarse_logits: Float32[np.ndarray, "s t"],
    answer_at: AnswerAt,
    side: int,
    *,
    points_per_step: int = 784,
    sure: float = float("inf"),
) -> Subdivided:
    """Return a map of a given side, asked again where it is undecided.

    Parameters
    ----------
    coarse_logits : (s, s) float32
        Above 0 = inside.
    answer_at : callable
        Gives the logits at points, (row, col) of pixel centres in fractions of the side.
    side : int
        Pixels; s times a power of two.
    points_per_step : int
        The most to ask after each doubling; 28 * 28 in the paper.
    sure : float
        Logits further from 0 than this are not asked about.

    Returns
    -------
    Subdivided

    Raises
    ------
    InputError
        If the side cannot be reached by doubling, or no point may be asked.

    Notes
    -----
    Costs `points_per_step` answers for each doubling. What the coarse map misses by more than a pixel of its own, such
    as a thin part, no step finds again.

    >>> coarse = np.float32([[-1, 1], [-1, 1]])
    >>> fine = refine_by_points(coarse, lambda at: np.float32(at[:, 1] - 0.4), 4, points_per_step=8)
    >>> (fine.logits > 0).astype(int)[0].tolist(), fine.n_asked
    ([0, 0, 1, 1], 8)
    """
    _check(coarse_logits, side, points_per_step)
    logits, n_asked = coarse_logits, 0
    while logits.shape[0] < side:
        doubled = 2 * logits.shape[0]
        logits = cv2.resize(logits, (doubled, doubled), interpolation=cv2.INTER_LINEAR)
        asked = _most_uncertain(logits, points_per_step, sure)
        if asked.size:
            rows, cols = np.divmod(asked, doubled)
            logits[rows, cols] = answer_at((np.stack([rows, cols], axis=1) + 0.5) / doubled)
        n_asked += asked.size
    return Subdivided(logits.copy() if logits is coarse_logits else logits, n_asked)


def _most_uncertain(logits: Float32[np.ndarray, "s s"], n_points: int, sure: float) -> np.ndarray:
    """Return the flat positions of the smallest |logit|, the first in raster order among equals."""
    doubt = np.abs(logits).ravel()
    order = np.argsort(doubt, kind="stable")[:n_points]
    undecided: np.ndarray = order[doubt[order] <= sure]
    return undecided


def _check(coarse: Float32[np.ndarray, "s t"], side: int, n_points: int) -> None:
    height, width = coarse.shape
    if height != width or height < 1:
        raise InputError(f"the coarse map must be square, got {width}x{height}")
    times, rest = divmod(side, height)
    if rest or times < 1 or times & (times - 1):
        raise InputError(f"the side must be {height} doubled any number of times, got {side}")
    if n_points < 1:
        raise InputError(f"at least 1 point must be asked after each doubling, got {n_points}")
