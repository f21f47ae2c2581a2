"""Applies the measures of labels, boxes, masks and joints to two files.

What the files are follows from the measure: label maps (grey pictures), masks (white is the object), JSON with boxes
or with joints. See `retouch.metrics.labels.label_files` and `retouch.metrics.labels.joints`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from retouch.arrays.types import AnyArray, Mask
from retouch.errors import InputError, UsageError
from retouch.io.pictures.mask_files import read_mask
from retouch.metrics.catalogue import LABELS, find_metric, metric_names
from retouch.metrics.labels.average_precision import coco_map, voc_map
from retouch.metrics.labels.joints import read_joints, wnjd
from retouch.metrics.labels.label_files import read_detections, read_label_map, read_objects
from retouch.metrics.labels.mask_overlap import mask_iou, mask_recall, over_cover
from retouch.metrics.labels.pixel_accuracy import (
    class_recall,
    confusion_matrix,
    mean_iou,
    mean_pixel_accuracy,
    pixel_accuracy,
)

_HOLE = "_hole"
_MOST_LABELS = 256  # a matrix of more is no table to read

FilePath = str | os.PathLike[str]
LabelScore = float | dict[str, Any]
"""A number; or several of them by name, for measures that are a table."""


def split_column(column: str) -> tuple[str, bool]:
    """Return the metric of a column and whether it is restricted to the hole.

    >>> split_column("pixel_accuracy_hole"), split_column("wnjd")
    (('pixel_accuracy', True), ('wnjd', False))
    """
    in_hole = column not in metric_names() and column.endswith(_HOLE)
    return (column.removesuffix(_HOLE) if in_hole else column), in_hole


def judges_labels(columns: Iterable[str]) -> bool:
    """Whether the measures asked for judge labels, boxes, masks or joints.

    Raises
    ------
    UsageError
        If some do and others do not: there are no files that both could judge. Or if a name is unknown.
    """
    kinds = {column: find_metric(split_column(column)[0]).kind == LABELS for column in columns}
    if any(kinds.values()) and not all(kinds.values()):
        one, other = (next(column for column, labels in kinds.items() if labels is wanted) for wanted in (True, False))
        raise UsageError(f"'{one}' judges labels and '{other}' pictures; ask for them one after the other")
    return any(kinds.values())


def score_labels(
    columns: Iterable[str], truth: FilePath, found: FilePath, *, mask: FilePath | None = None, invert_mask: bool = False
) -> dict[str, LabelScore]:
    """Measure how near what was found comes to the truth.

    Parameters
    ----------
    columns : iterable of str
        Measures of kind "labels", with "_hole" behind those of pixels to count inside `mask` only.
    truth, found : path
    mask : path or None
        White where pixels were missing.
    invert_mask : bool
        Black is where pixels were missing.

    Returns
    -------
    dict from column to a number, or to several numbers by name

    Raises
    ------
    InputError
        If a file cannot be read, or the two do not fit together.
    UsageError
        If a measure cannot be restricted to the hole, or there is no mask to do so.
    """
    scores: dict[str, LabelScore] = {}
    for column in columns:
        name, in_hole = split_column(column)
        if in_hole and not find_metric(name).in_hole:
            raise UsageError(f"metric '{name}' cannot be restricted to the hole; ask for '{name}'")
        if in_hole and mask is None:
            raise UsageError(f"metric '{column}' needs a mask; name it with --mask, or ask for '{name}'")
        if name in _OF_FILES:
            scores[column] = _OF_FILES[name](truth, found)
            continue
        maps = read_label_map(truth), read_label_map(found)
        hole = read_mask(mask, shape=_size(maps[0]), invert=invert_mask) if mask is not None and in_hole else None
        scores[column] = _OF_MAPS[name](*maps, hole)
    return scores


def _size(plane: AnyArray) -> tuple[int, int]:
    return plane.shape[0], plane.shape[1]


def _wnjd(truth: FilePath, found: FilePath) -> float:
    original, reconstructed = read_joints(truth), read_joints(found)
    if original.size != reconstructed.size:
        raise InputError(f"joints must be of pictures of one size, got {original.size} and {reconstructed.size}")
    return wnjd(original.points, reconstructed.points, original.size)


def _of_masks(measure: Callable[[AnyArray, AnyArray], float]) -> Callable[[FilePath, FilePath], float]:
    return lambda truth, found: measure(read_mask(found), read_mask(truth))


def _voc(truth: FilePath, found: FilePath) -> LabelScore:
    objects, detections = read_objects(truth), read_detections(found)
    return {f"VOC{style}": voc_map(objects, detections, style=style) for style in ("07", "10")}


def _coco(truth: FilePath, found: FilePath) -> LabelScore:
    return dict(coco_map(read_objects(truth), read_detections(found))._asdict())


def _counts(truth: AnyArray, found: AnyArray, hole: Mask | None) -> tuple[list[int], AnyArray]:
    """Return the labels that occur, and the confusion matrix of these alone."""
    labels = np.union1d(truth, found)
    if len(labels) > _MOST_LABELS:
        raise InputError(f"label maps must hold at most {_MOST_LABELS} labels, got {len(labels)}; are these pictures?")
    places = [np.searchsorted(labels, one) for one in (truth, found)]
    return labels.tolist(), confusion_matrix(places[0], places[1], len(labels), mask=hole)


def _confusion(truth: AnyArray, found: AnyArray, hole: Mask | None) -> LabelScore:
    labels, matrix = _counts(truth, found, hole)
    return {"labels": labels, "matrix": matrix.tolist()}


def _recall(truth: AnyArray, found: AnyArray, hole: Mask | None) -> LabelScore:
    labels, matrix = _counts(truth, found, hole)
    return {str(label): float(value) for label, value in zip(labels, class_recall(matrix), strict=True)}


def _mean_iou(truth: AnyArray, found: AnyArray, hole: Mask | None) -> LabelScore:
    return mean_iou(_counts(truth, found, hole)[1])


def _accuracy(truth: AnyArray, found: AnyArray, hole: Mask | None) -> LabelScore:
    return pixel_accuracy(truth, found, mask=hole)


def _mean_accuracy(truth: AnyArray, found: AnyArray, hole: Mask | None) -> LabelScore:
    everywhere = np.ones(truth.shape, np.bool_) if hole is None else hole
    return dict(mean_pixel_accuracy([(truth, found, everywhere)])._asdict())


_OF_FILES: Mapping[str, Callable[[FilePath, FilePath], LabelScore]] = {
    "wnjd": _wnjd,
    "mask_recall": _of_masks(mask_recall),
    "over_cover": _of_masks(over_cover),
    "mask_iou": _of_masks(mask_iou),
    "voc_map": _voc,
    "coco_map": _coco,
}
_OF_MAPS: Mapping[str, Callable[[AnyArray, AnyArray, Mask | None], LabelScore]] = {
    "pixel_accuracy": _accuracy,
    "mean_pixel_accuracy": _mean_accuracy,
    "confusion_matrix": _confusion,
    "class_recall": _recall,
    "mean_iou": _mean_iou,
}
