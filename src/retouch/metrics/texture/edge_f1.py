"""Precision, recall and F1 of edges: does the result have the reference's edges, in their place.

Source: P. Arbelaez, M. Maire, C. Fowlkes, J. Malik, "Contour Detection and Hierarchical Image Segmentation", IEEE
Trans. Pattern Analysis and Machine Intelligence 33(5), 2011 (F1 of boundaries with a tolerance of place); edge accuracy
after K. Nazeri et al., "EdgeConnect", ICCV Workshops 2019.
Departure: an edge pixel is right when any edge of the other picture lies within the tolerance; there pixels are paired
one to one. Lines of one pixel make the two nearly the same, and this one needs no assignment problem to be solved.

Edges are found in the whole pictures and counted inside the mask; their counterparts may lie outside it. A ratio 0/0 is
1 where neither picture has an edge inside the mask, and 0 where one of them has.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from retouch.arrays.regions import dilate_mask
from retouch.arrays.types import AnyArray, Mask
from retouch.errors import InputError
from retouch.metrics.pairs import check_pair
from retouch.metrics.texture.edge_ratio import edge_map


class EdgeAccuracy(NamedTuple):
    """How an edge map compares with the true one.

    Attributes
    ----------
    precision : float
        Share of the edges found that are true, 0 to 1.
    recall : float
        Share of the true edges that are found, 0 to 1.
    """

    precision: float
    recall: float


def edge_f1(
    reference: AnyArray,
    result: AnyArray,
    *,
    tolerance_px: int = 2,
    mask: Mask | None = None,
    data_range: float | None = None,
) -> float:
    """Return the harmonic mean of the precision and the recall of the result's edges.

    Parameters
    ----------
    reference, result : (H, W) or (H, W, C), C = 1 or 3
        uint8, uint16 or float; of one shape and dtype.
    tolerance_px : int
        How far an edge may lie from its counterpart, 0 pixels or more (Euclidean).
    mask : (H, W) bool or None
        Where edges are counted (True); None counts all.
    data_range : float or None
        What white is; None takes it from the dtype.

    Returns
    -------
    float, 0 to 1
        Higher is better. 1 where neither picture has an edge inside the mask, 0 where only one of them has.

    Raises
    ------
    InputError
        If the pictures cannot be compared (see `retouch.metrics.pairs.check_pair`) or the tolerance is below 0.

    Notes
    -----
    Costs two Canny maps. Blind to contrast and colour: an edge that is there counts fully.

    Examples
    --------
    A step that stands two pixels off is within the tolerance, and three pixels off half of its double line is:

    >>> steps = [np.repeat([[0] * n + [255] * (20 - n)], 10, axis=0).astype(np.uint8) for n in (8, 10, 11)]
    >>> edge_f1(steps[0], steps[1]), edge_f1(steps[0], steps[2])
    (1.0, 0.5)
    """
    precision, recall = _accuracy(reference, result, tolerance_px, mask, data_range)
    return 2 * precision * recall / (precision + recall) if precision + recall > 0 else 0.0


def edge_precision(
    reference: AnyArray,
    result: AnyArray,
    *,
    tolerance_px: int = 2,
    mask: Mask | None = None,
    data_range: float | None = None,
) -> float:
    """Return the share of the result's edges that the reference has too, 0 to 1; parameters as in `edge_f1`.

    Without an edge of the result inside the mask it is 1 where the reference has none there either, else 0.

    >>> step = np.repeat([[0] * 10 + [255] * 10], 10, axis=0).astype(np.uint8)
    >>> edge_precision(step, np.zeros_like(step)), edge_precision(np.zeros_like(step), step)
    (0.0, 0.0)
    """
    return _accuracy(reference, result, tolerance_px, mask, data_range).precision


def edge_recall(
    reference: AnyArray,
    result: AnyArray,
    *,
    tolerance_px: int = 2,
    mask: Mask | None = None,
    data_range: float | None = None,
) -> float:
    """Return the share of the reference's edges that the result has too, 0 to 1; parameters as in `edge_f1`.

    Noise can raise it, for there are edges everywhere then: read it together with the precision.
    Without an edge of the reference inside the mask it is 1 where the result has none there either, else 0.

    >>> step = np.repeat([[0] * 10 + [255] * 10], 10, axis=0).astype(np.uint8)
    >>> edge_recall(step, step // 2), edge_recall(step, np.zeros_like(step))
    (1.0, 0.0)
    """
    return _accuracy(reference, result, tolerance_px, mask, data_range).recall


def edge_accuracy(
    truth: AnyArray, predicted: AnyArray, *, mask: Mask | None = None, threshold: float = 0.5
) -> EdgeAccuracy:
    """Return the precision and recall of a predicted edge map, pixel by pixel, as EdgeConnect does.

    Parameters
    ----------
    truth, predicted : (H, W), numbers or bool
        Edge maps, such as the output of a network; above `threshold` is an edge.
    mask : (H, W) bool or None
        Where edges are counted (True): the hole.
    threshold : float
        What an edge must be above in both maps.

    Returns
    -------
    EdgeAccuracy
        (1, 1) where neither has an edge; a ratio 0/0 where only one has none is 0.

    Raises
    ------
    InputError
        If a shape is not as above or a map holds NaN.

    Notes
    -----
    There is no tolerance: a line that stands one pixel off is wrong. Without a mask the known part of a composite
    counts too, which flatters.

    Examples
    --------
    >>> edge_accuracy(np.array([[1, 1, 0, 0]]), np.array([[0.9, 0.4, 0.6, 0.7]]))
    EdgeAccuracy(precision=0.3333333333333333, recall=0.5)
    """
    if truth.ndim != 2 or truth.shape != predicted.shape:  # noqa: PLR2004 - rows and columns
        raise InputError(f"edge maps must be (H, W) and of one shape, got {truth.shape} and {predicted.shape}")
    if mask is not None and (mask.shape != truth.shape or mask.dtype != np.bool_):
        raise InputError(f"mask must be {truth.shape} bool, got {mask.dtype} of shape {mask.shape}")
    if np.isnan(truth).any() or np.isnan(predicted).any():
        raise InputError("edge maps must hold numbers only, got NaN")
    counted = np.ones(truth.shape, bool) if mask is None else mask
    true, found = (truth > threshold) & counted, (predicted > threshold) & counted
    return _ratios(true, found, true, found)


def _accuracy(
    reference: AnyArray, result: AnyArray, tolerance_px: int, mask: Mask | None, data_range: float | None
) -> EdgeAccuracy:
    pair = check_pair(reference, result, data_range=data_range, mask=mask)
    true, found = edge_map(pair.reference, pair.data_range), edge_map(pair.result, pair.data_range)
    near_true, near_found = dilate_mask(true, tolerance_px), dilate_mask(found, tolerance_px)
    if pair.mask is not None:
        true, found = true & pair.mask, found & pair.mask
    return _ratios(true, found, near_true, near_found)


def _ratios(true: Mask, found: Mask, near_true: Mask, near_found: Mask) -> EdgeAccuracy:
    n_true, n_found = int(np.count_nonzero(true)), int(np.count_nonzero(found))
    without = 1.0 if n_true == n_found == 0 else 0.0
    precision = int(np.count_nonzero(found & near_true)) / n_found if n_found else without
    recall = int(np.count_nonzero(true & near_found)) / n_true if n_true else without
    return EdgeAccuracy(precision, recall)
