"""Matching of detections to the objects of a picture by intersection over union, of boxes or of masks.

Source: M. Everingham et al., "The PASCAL Visual Object Classes (VOC) Challenge", IJCV 88(2), 2010, section 4.2; T.-Y.
Lin et al., "Microsoft COCO: Common Objects in Context", ECCV 2014, with the rules of its evaluation code (pycocotools),
which the paper does not state. The two differ:

- VOC: a detection belongs to the object it overlaps most; where that is taken already, it is false.
- COCO: a detection takes the object it overlaps most among those still free; of equal overlaps the last one.

In both a detection that falls on an ignored object is neither right nor false: VOC's "difficult" objects, and COCO's
crowds, which hold any number of detections and whose overlap is the share of the detection that lies inside.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float64, Int

from retouch.arrays.types import AnyArray
from retouch.errors import InputError

HIT, FALSE, IGNORED = 1, 0, -1
"""What a detection turns out to be."""

_BOX_AXES, _MASK_AXES = 2, 3


class Objects(NamedTuple):
    """The true objects of one picture.

    Attributes
    ----------
    regions : (N, 4) float, or (N, H, W) bool
        Boxes (top, left, bottom, right), half-open, in pixels; or masks.
    labels : (N,) integers
        The class of each object.
    ignored : (N,) bool, or None
        Objects that need not be found and do no harm where they are: "difficult" in VOC, a crowd in COCO.
    areas : (N,) float, or None
        Area by which COCO tells small from large, in pixels; None takes that of the region. COCO's annotations give the
        area of the object's outline, also where boxes are compared.
    """

    regions: AnyArray
    labels: AnyArray
    ignored: AnyArray | None = None
    areas: AnyArray | None = None


class Detections(NamedTuple):
    """What was detected in one picture.

    Attributes
    ----------
    regions : (N, 4) float, or (N, H, W) bool
        As in Objects.
    labels : (N,) integers
        The class of each detection.
    scores : (N,) float
        How sure it is; only the order matters.
    """

    regions: AnyArray
    labels: AnyArray
    scores: AnyArray


class Encounter(NamedTuple):
    """Detections (n, in falling order of score) and objects (m) of one class in one picture."""

    scores: Float64[np.ndarray, " n"]
    iou: Float64[np.ndarray, "n m"]
    detected_areas: Float64[np.ndarray, " n"]
    object_areas: Float64[np.ndarray, " m"]
    ignored: Bool[np.ndarray, " m"]


def region_iou(first: AnyArray, second: AnyArray, crowds: AnyArray | None = None) -> Float64[np.ndarray, "n m"]:
    """Return the intersection over union of each of n regions with each of m.

    Parameters
    ----------
    first, second : (n, 4) and (m, 4) numbers, or (n, H, W) and (m, H, W) bool
        Boxes (top, left, bottom, right), half-open; or masks.
    crowds : (m,) bool or None
        Those of the second regions whose overlap is the share of the first region that lies inside.

    Returns
    -------
    (n, m) float64, 0 to 1
        0 for two empty regions.

    Examples
    --------
    >>> region_iou(np.array([[0, 0, 10, 10]]), np.array([[0, 0, 10, 20], [0, 5, 10, 15], [10, 0, 20, 10]]))
    array([[0.5       , 0.33333333, 0.        ]])
    >>> region_iou(np.array([[[True, True, False]]]), np.array([[[False, True, True]]]))
    array([[0.33333333]])
    """
    shared = _shared_masks(first, second) if first.ndim == _MASK_AXES else _shared_boxes(first, second)
    alone = region_areas(first)[:, None]
    union = alone + region_areas(second) - shared
    whole = union if crowds is None else np.where(crowds, alone, union)
    overlaps: Float64[np.ndarray, "n m"] = np.where(whole > 0, shared / np.where(whole > 0, whole, 1), 0.0)
    return overlaps


def region_areas(regions: AnyArray) -> Float64[np.ndarray, " n"]:
    """Return the area of each box or mask in pixels."""
    if regions.ndim == _MASK_AXES:
        return np.count_nonzero(regions, axis=(1, 2)).astype(np.float64)  # type: ignore[no-any-return]
    corners = regions.astype(np.float64)
    return np.prod(corners[:, 2:] - corners[:, :2], axis=1)  # type: ignore[no-any-return]


def _shared_boxes(first: AnyArray, second: AnyArray) -> Float64[np.ndarray, "n m"]:
    one, other = first.astype(np.float64)[:, None], second.astype(np.float64)[None]
    sides = np.minimum(one[..., 2:], other[..., 2:]) - np.maximum(one[..., :2], other[..., :2])
    shared: Float64[np.ndarray, "n m"] = np.prod(np.maximum(sides, 0), axis=2)
    return shared


def _shared_masks(first: AnyArray, second: AnyArray) -> Float64[np.ndarray, "n m"]:
    """Count common pixels pair by pair: slower than one product of matrices, but without copies in floats."""
    counts = [[np.count_nonzero(one & other) for other in second] for one in first]
    return np.array(counts, np.float64).reshape(len(first), len(second))


def meet(truth: Objects, found: Detections, label: int, *, most: int | None = None, crowds: bool = False) -> Encounter:
    """Return the objects and the detections of one class in one picture, side by side.

    Parameters
    ----------
    truth, found : Objects, Detections
        Of one picture.
    label : int
        The class.
    most : int or None
        How many detections are taken, those of the highest scores; of equal scores the earlier ones.
    crowds : bool
        Whether ignored objects are crowds.
    """
    own = np.flatnonzero(truth.labels == label)
    detected = np.flatnonzero(found.labels == label)
    detected = detected[np.argsort(-found.scores[detected], kind="stable")][:most]
    ignored = np.zeros(len(own), bool) if truth.ignored is None else truth.ignored[own]
    regions = found.regions[detected]
    return Encounter(
        scores=found.scores[detected].astype(np.float64),
        iou=region_iou(regions, truth.regions[own], ignored if crowds else None),
        detected_areas=region_areas(regions),
        object_areas=(region_areas(truth.regions[own]) if truth.areas is None else truth.areas[own].astype(np.float64)),
        ignored=ignored,
    )


def match_voc(met: Encounter, least_iou: float) -> Int[np.ndarray, " n"]:
    """Return what each detection is, HIT, FALSE or IGNORED, by the rules of VOC."""
    outcomes = np.full(len(met.iou), FALSE)
    taken = np.zeros_like(met.ignored)
    for i, overlaps in enumerate(met.iou if len(taken) else ()):
        nearest = int(np.argmax(overlaps))
        if overlaps[nearest] < least_iou:
            continue
        if met.ignored[nearest]:
            outcomes[i] = IGNORED
        elif not taken[nearest]:
            outcomes[i], taken[nearest] = HIT, True
    return outcomes


def match_coco(met: Encounter, least_iou: float, area: tuple[float, float]) -> Int[np.ndarray, " n"]:
    """Return what each detection is, HIT, FALSE or IGNORED, by the rules of COCO.

    Objects outside `area` (least, most; both belong to it) are ignored too, and so are detections outside that fall on
    no object.
    """
    low, high = area
    aside = met.ignored | _outside(met.object_areas, low, high)
    outcomes = np.where(_outside(met.detected_areas, low, high), IGNORED, FALSE)
    free = np.ones(len(aside), bool)
    for i, overlaps in enumerate(met.iou):
        fitting = (overlaps >= least_iou) & (free | met.ignored)
        wanted = fitting & ~aside
        candidates = np.flatnonzero(wanted if wanted.any() else fitting)
        if candidates.size:
            chosen = candidates[::-1][np.argmax(overlaps[candidates][::-1])]
            outcomes[i] = IGNORED if aside[chosen] else HIT
            free[chosen] = False
    return outcomes


def count_objects(met: Encounter, area: tuple[float, float] = (0.0, np.inf)) -> int:
    """Return how many objects of an area from least to most are to be found."""
    return int(np.count_nonzero(~met.ignored & ~_outside(met.object_areas, *area)))


def check_pictures(truth: Sequence[Objects], found: Sequence[Detections]) -> None:
    """Refuse objects and detections that do not belong together or are not as their classes say."""
    if len(truth) != len(found) or not truth:
        raise InputError(
            f"objects and detections must be given for the same pictures, one and up, got {len(truth)} and {len(found)}"
        )
    for index, (objects, detections) in enumerate(zip(truth, found, strict=True)):
        for regions in (objects.regions, detections.regions):
            _check_regions(regions, index)
        if objects.regions.shape[1:] != detections.regions.shape[1:]:
            raise InputError(f"objects and detections of picture {index} must both be boxes, or masks of one size")
        _check_lengths(len(objects.regions), objects[1:], index)
        _check_lengths(len(detections.regions), detections[1:], index)
        _check_kinds(objects, detections, index)


def _check_regions(regions: AnyArray, index: int) -> None:
    if regions.ndim == _MASK_AXES and regions.dtype == np.bool_:
        return
    if regions.ndim != _BOX_AXES or regions.shape[1] != 4:  # noqa: PLR2004 - four sides
        given = f"{regions.dtype} {regions.shape}"
        raise InputError(f"regions must be boxes (N, 4) or masks (N, H, W) bool, got {given} in picture {index}")
    if not np.isfinite(regions).all() or (regions[:, 2:] < regions[:, :2]).any():
        raise InputError(f"boxes must be (top, left, bottom, right), finite and in this order, in picture {index}")


def _check_lengths(n_regions: int, others: Sequence[AnyArray | None], index: int) -> None:
    for other in others:
        if other is not None and other.shape != (n_regions,):
            given = f"{other.shape} for {n_regions}"
            raise InputError(f"each region must have one label, score or flag, got {given} in picture {index}")


def _check_kinds(objects: Objects, detections: Detections, index: int) -> None:
    if objects.labels.dtype.kind not in "iu" or detections.labels.dtype.kind not in "iu":
        given = f"{objects.labels.dtype} and {detections.labels.dtype}"
        raise InputError(f"labels must be integers, got {given} in picture {index}")
    if objects.ignored is not None and objects.ignored.dtype != np.bool_:
        raise InputError(f"ignored must be bool, got {objects.ignored.dtype} in picture {index}")
    if np.isnan(detections.scores).any():
        raise InputError(f"scores must be numbers, got NaN in picture {index}")


def _outside(areas: Float64[np.ndarray, " n"], low: float, high: float) -> Bool[np.ndarray, " n"]:
    return (areas < low) | (areas > high)
