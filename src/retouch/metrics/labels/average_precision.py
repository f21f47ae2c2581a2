"""Mean average precision of detections, by the rules of PASCAL VOC (2007, and 2010 onwards) and of COCO.

Source: M. Everingham et al., "The PASCAL Visual Object Classes (VOC) Challenge", IJCV 88(2), 2010 (11 recalls), and "A
Retrospective", IJCV 111(1), 2015 (whole curve); T.-Y. Lin et al., "Microsoft COCO: Common Objects in Context", ECCV
2014, with the settings of its evaluation code (pycocotools): 101 recalls, IoU 0.50, 0.55 ... 0.95, 100 detections of a
class in a picture, areas up to 32^2, from there to 96^2, and above, borders in both.
Departures: eleven recalls are compared in whole numbers, where 3 of 10 objects reach 0.3 (in floats they do not); what
has no object is NaN, where pycocotools gives -1.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float64, Int

from retouch.errors import InputError, unknown_name
from retouch.metrics.labels.detections import (
    HIT,
    IGNORED,
    Detections,
    Encounter,
    Objects,
    check_pictures,
    count_objects,
    match_coco,
    match_voc,
    meet,
)

COCO_IOUS = np.linspace(0.5, 0.95, 10)
COCO_RECALLS = np.linspace(0, 1, 101)
COCO_MOST = 100
_AREAS = ((0.0, np.inf), (0.0, 32.0**2), (32.0**2, 96.0**2), (96.0**2, np.inf))  # any, small, medium, large


class CocoScores(NamedTuple):
    """COCO's average precisions, each a mean over classes, 0 to 1; NaN where there is no object of that size.

    Attributes
    ----------
    ap : float
        Mean over the ten IoU thresholds.
    ap50, ap75 : float
        At IoU 0.50 and 0.75.
    small, medium, large : float
        As `ap`, of objects up to 32^2 pixels, from there to 96^2, and from there up.
    """

    ap: float
    ap50: float
    ap75: float
    small: float
    medium: float
    large: float


class _Curve(NamedTuple):
    """Detections in falling order of score, without the ignored ones.

    `precision` is the best that this or a higher recall has; `n_hits` counts the objects found so far.
    """

    is_hit: Bool[np.ndarray, " n"]
    n_hits: Int[np.ndarray, " n"]
    precision: Float64[np.ndarray, " n"]


def voc_average_precision(
    truth: Sequence[Objects],
    found: Sequence[Detections],
    label: int,
    *,
    style: str = "10",
    least_iou: float = 0.5,
) -> float:
    """Return the average precision of one class by the rules of VOC.

    Parameters
    ----------
    truth, found : sequences of Objects and Detections
        One of each for each picture, in the same order. Ignored objects are VOC's "difficult" ones.
    label : int
        The class.
    style : "07" or "10"
        The mean of the best precisions at 11 recalls (VOC 2007), or the area under the falling curve (2010 onwards).
    least_iou : float
        The overlap from which on an object is found, above 0 and up to 1.

    Returns
    -------
    float, 0 to 1

    Raises
    ------
    InputError
        If the arrays are not as Objects and Detections say, an option is not as above, or no object of that class is to
        be found.

    Examples
    --------
    The first detection is right, the second one is of the same object, and one of two objects is found:

    >>> boxes = np.array([[0, 0, 10, 10], [20, 20, 30, 30]])
    >>> truth = [Objects(boxes, np.array([1, 1]))]
    >>> found = [Detections(boxes[[0, 0]], np.array([1, 1]), np.array([0.9, 0.8]))]
    >>> voc_average_precision(truth, found, 1)
    0.5
    >>> round(voc_average_precision(truth, found, 1, style="07"), 6)  # recalls 0, 0.1 ... 0.5: 6 of 11
    0.545455
    """
    check_pictures(truth, found)
    if style not in _VOC_RULES:
        raise InputError(unknown_name("style of VOC", style, _VOC_RULES))
    if not 0 < least_iou <= 1:
        raise InputError(f"least_iou must be above 0 and up to 1, got {least_iou}")
    met = [meet(objects, detections, label) for objects, detections in zip(truth, found, strict=True)]
    n_objects = sum(map(count_objects, met))
    if n_objects == 0:
        raise InputError(f"no object of class {label} is to be found, so its average precision is not defined")
    return _VOC_RULES[style](_curve(met, [match_voc(encounter, least_iou) for encounter in met]), n_objects)


def voc_map(
    truth: Sequence[Objects],
    found: Sequence[Detections],
    *,
    style: str = "10",
    least_iou: float = 0.5,
) -> float:
    """Return the mean of `voc_average_precision` over the classes that have objects to be found; parameters as there.

    Detections of other classes do not count.

    Raises
    ------
    InputError
        If nothing is to be found, and as `voc_average_precision`.
    """
    check_pictures(truth, found)
    labels = _labels_of(truth)
    return float(np.mean([voc_average_precision(truth, found, n, style=style, least_iou=least_iou) for n in labels]))


def coco_map(truth: Sequence[Objects], found: Sequence[Detections]) -> CocoScores:
    """Return the mean average precisions of COCO, of boxes or of masks.

    Parameters
    ----------
    truth, found : sequences of Objects and Detections
        One of each for each picture, in the same order. Ignored objects are crowds.

    Returns
    -------
    CocoScores
        Classes without an object to be found do not count, and neither do detections of them.

    Raises
    ------
    InputError
        If the arrays are not as Objects and Detections say, or nothing is to be found.

    Notes
    -----
    Each detection is matched 40 times (10 overlaps, 4 ranges of area): about 0.2 ms in all. Masks cost one pass
    over the picture for each pair of a detection and an object of its class.

    Examples
    --------
    A box of 10 x 10 found with 8 of its 10 columns, IoU 0.8: right at 0.50 to 0.80, 7 of 10 thresholds.

    >>> truth = [Objects(np.array([[0, 0, 10, 10]]), np.array([1]))]
    >>> coco_map(truth, [Detections(np.array([[0, 0, 10, 8]]), np.array([1]), np.array([0.9]))])
    CocoScores(ap=0.7, ap50=1.0, ap75=1.0, small=0.7, medium=nan, large=nan)
    """
    check_pictures(truth, found)
    table = np.array([_coco_precisions(truth, found, label) for label in _labels_of(truth)])
    whole, small, medium, large = (table[:, k] for k in range(table.shape[1]))
    return CocoScores(*map(_mean_of_classes, (whole, whole[:, 0], whole[:, 5], small, medium, large)))


def _coco_precisions(
    truth: Sequence[Objects], found: Sequence[Detections], label: int
) -> Float64[np.ndarray, "areas thresholds"]:
    """Return the average precisions of one class: rows of any area, small, medium, large; NaN without objects."""
    met = [
        meet(objects, detections, label, most=COCO_MOST, crowds=True)
        for objects, detections in zip(truth, found, strict=True)
    ]
    table = np.full((len(_AREAS), len(COCO_IOUS)), np.nan)
    for row, area in zip(table, _AREAS, strict=True):
        n_objects = sum(count_objects(encounter, area) for encounter in met)
        for column, least_iou in enumerate(COCO_IOUS if n_objects else ()):
            curve = _curve(met, [match_coco(encounter, float(least_iou), area) for encounter in met])
            row[column] = _at_101_recalls(curve, n_objects)
    return table


def _mean_of_classes(precisions: Float64[np.ndarray, "n ..."]) -> float:
    known = precisions[~np.isnan(precisions)]
    return float(np.mean(known)) if known.size else np.nan


def _labels_of(truth: Sequence[Objects]) -> list[int]:
    """Return the classes that have an object to be found."""
    labels = [t.labels if t.ignored is None else t.labels[~t.ignored] for t in truth]
    classes = [int(label) for label in np.unique(np.concatenate(labels))]
    if not classes:
        raise InputError("at least one object must be there to be found, got none in any picture")
    return classes


def _curve(met: Sequence[Encounter], outcomes: Sequence[Int[np.ndarray, " _"]]) -> _Curve:
    """Put the detections of all pictures into one order; of equal scores the earlier picture comes first."""
    scores, outcome = np.concatenate([encounter.scores for encounter in met]), np.concatenate(outcomes)
    ordered = outcome[np.argsort(-scores, kind="stable")]
    is_hit = ordered[ordered != IGNORED] == HIT
    n_hits = np.cumsum(is_hit)
    precision = n_hits / np.arange(1, len(n_hits) + 1)
    return _Curve(is_hit, n_hits, np.maximum.accumulate(precision[::-1])[::-1])


def _at_11_recalls(curve: _Curve, n_objects: int) -> float:
    return _mean_from(curve, np.searchsorted(10 * curve.n_hits, n_objects * np.arange(11)))


def _at_101_recalls(curve: _Curve, n_objects: int) -> float:
    return _mean_from(curve, np.searchsorted(curve.n_hits / n_objects, COCO_RECALLS))


def _area_under(curve: _Curve, n_objects: int) -> float:
    """Return the area under the falling curve: each hit is a step of 1 / n_objects to the right."""
    return float(np.sum(curve.precision[curve.is_hit])) / n_objects


def _mean_from(curve: _Curve, first: Int[np.ndarray, " n"]) -> float:
    """Return the mean of the precisions from these places of the curve on; 0 beyond its end."""
    return float(np.mean(np.append(curve.precision, 0.0)[first]))


_VOC_RULES: dict[str, Callable[[_Curve, int], float]] = {"07": _at_11_recalls, "10": _area_under}
