"""What kinds of holes a mask has: thin damage, told apart from broad holes by its half-width.

The half-width of a hole is the distance to the nearest known pixel that nine in ten of its pixels do not exceed: the
tenth is left out because strokes that cross have a deep middle and are thin all the same. Between near banks the known
values determine what is missing, so thin damage can be interpolated, and it can be cut into tiles: what lies several
widths away no longer counts. A broad hole has to be composed as one piece.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Float32, Int32

from retouch.arrays.regions import Box, bounding_box, hole_depth
from retouch.arrays.types import Mask

THIN_HALF_WIDTH_PX = 10.0
"""Holes up to this half-width count as thin."""

_SHALLOW_SHARE = 0.9


@dataclass(frozen=True)
class Survey:
    """The holes of one mask, in two kinds.

    Attributes
    ----------
    thin, broad : (H, W) bool
        The pixels of the holes of each kind; together they are the mask.
    thin_half_width_px : float
        The greatest half-width among the thin holes, 0 where there are none.
    broad_boxes : tuple of Box
        The bounding box of each broad hole.
    broad_half_widths_px : tuple of float
        The half-width of each broad hole.
    led : bool
        Whether a hole counts as broad because marks of the user lead it.
    """

    thin: Mask
    broad: Mask
    thin_half_width_px: float
    broad_boxes: tuple[Box, ...]
    broad_half_widths_px: tuple[float, ...]
    led: bool = False


def survey_holes(mask: Mask, led: Mask | None = None) -> Survey:
    """Sort the holes of a mask that has at least one missing pixel.

    Parameters
    ----------
    mask : (H, W) bool
    led : (H, W) bool, optional
        Missing pixels that the user has marked: their holes count as broad, since only patches can follow marks.

    >>> mask = np.zeros((60, 60), bool)
    >>> mask[2, 2:30], mask[10:50, 10:50] = True, True
    >>> survey = survey_holes(mask)
    >>> survey.thin_half_width_px, survey.broad_half_widths_px, survey.broad_boxes[0].top
    (1.0, (14.0,), 10)
    """
    around = bounding_box(mask).grown(1, 1, (mask.shape[0], mask.shape[1]))
    part = np.ascontiguousarray(mask[around.slices])
    n_labels, labels, stats, _ = cv2.connectedComponentsWithStats(part.view(np.uint8), connectivity=8)
    half_widths = _measure_half_widths(hole_depth(part)[part], labels[part], n_labels)
    is_led = np.zeros(n_labels, bool)
    if led is not None:
        is_led[labels[led[around.slices] & part]] = True
    is_broad = (half_widths > THIN_HALF_WIDTH_PX) | is_led
    broad = np.zeros_like(mask)
    broad[around.slices] = is_broad[labels]
    boxes = [Box(int(y), int(x), int(y + h), int(x + w)) for x, y, w, h, _ in stats[is_broad]]
    return Survey(
        thin=mask & ~broad,
        broad=broad,
        thin_half_width_px=float(half_widths[~is_broad].max()),
        broad_boxes=tuple(_shift(box, around) for box in boxes),
        broad_half_widths_px=tuple(half_widths[is_broad].tolist()),
        led=bool(is_led.any()),
    )


def _measure_half_widths(
    depths: Float32[np.ndarray, " n"], labels: Int32[np.ndarray, " n"], n_labels: int
) -> Float32[np.ndarray, " m"]:
    """Return the half-width of each label, given depth and label of every missing pixel; 0 where it has none."""
    order = np.lexsort((depths, labels))
    counts = np.bincount(labels, minlength=n_labels)
    starts = np.cumsum(counts) - counts
    quantile = starts + np.maximum(np.ceil(_SHALLOW_SHARE * counts).astype(np.int64) - 1, 0)
    half_widths = np.zeros(n_labels, np.float32)
    present = counts > 0
    half_widths[present] = depths[order[quantile[present]]]
    return half_widths


def _shift(box: Box, origin: Box) -> Box:
    """Return a box that is given within `origin` as a box within the picture."""
    return Box(box.top + origin.top, box.left + origin.left, box.bottom + origin.top, box.right + origin.left)
