"""The optional models behind clicks and classes: a YOLOX that sees all things, or a MobileSAM that answers clicks."""

from __future__ import annotations

import os
from collections.abc import Sequence

from retouch.arrays.regions import bounding_box
from retouch.arrays.types import Image
from retouch.errors import InputError, UsageError, unknown_name
from retouch.masks.selecting.pointing import segment_box
from retouch.runtime.segmenters.instances import Instance
from retouch.runtime.segmenters.sam import ClickedMasks, open_clicked_masks
from retouch.runtime.segmenters.yolox import Yolox, open_yolox
from retouch.runtime.session import open_net
from retouch.tasks.targeting.coco_classes import COCO_CLASSES
from retouch.tasks.targeting.reaching import reach_sides
from retouch.tasks.targeting.target import Target

_POINTS = "points"
_OUTPUT = "output"
_BESIDE_CLASSES = 5  # of a prediction: the box and its objectness


def open_segmenter(target: Target) -> Yolox | ClickedMasks | None:
    """Open the model of a target, told by what it takes; None where none is given.

    Raises
    ------
    WeightsError
        If the file is missing or is neither of the two.
    UsageError
        If all things are asked for and the model only answers clicks, or it does not know a class.
    """
    if target.model is None:
        return None
    if _POINTS in open_net(target.model).inputs:
        if target.classes or target.all_but:
            raise UsageError(
                f"'{os.fspath(target.model)}' only answers clicks; give a YOLOX to find classes or all things"
            )
        return open_clicked_masks(target.model)
    model = open_yolox(target.model, target.labels)
    names = class_names(model)
    check_classes(target.classes, names)
    return Yolox(model.net, names, model.least_score, model.most_overlap)


def all_things(model: Yolox, image: Image) -> list[Instance]:
    """Return all things that a model sees and that have a mask, the surest first; each mask reaches its box.

    Parameters
    ----------
    model : Yolox
        With the names of its classes.
    image : (H, W, C) float32, range [0, 1]
    """
    things = []
    for box, kind, score in model.detect(image):
        mask = segment_box(image, box).mask
        if mask.any():
            whole = reach_sides(mask, box)
            things.append(Instance(whole, bounding_box(whole), model.labels[kind], score))
    return things


def class_names(model: Yolox) -> tuple[str, ...]:
    """Return the names of a model's classes: those of its file, of COCO where it has 80, else their numbers."""
    if model.labels:
        return tuple(model.labels)
    n_classes = (model.net.outputs[_OUTPUT][-1] or 0) - _BESIDE_CLASSES
    return COCO_CLASSES if n_classes == len(COCO_CLASSES) else tuple(str(kind) for kind in range(max(n_classes, 0)))


def check_classes(wanted: Sequence[str], known: Sequence[str]) -> None:
    """Refuse a class that the model does not know.

    Raises
    ------
    UsageError
        With the nearest class that it knows.

    >>> check_classes(["dog"], ["cat", "dog"])
    """
    for name in wanted:
        if name not in known:
            raise UsageError(unknown_name("class", name, known))


def check_inside(points: Sequence[tuple[int, int]], shape: tuple[int, int]) -> None:
    """Refuse a click (row, col) beside a picture of `shape` (H, W).

    Raises
    ------
    InputError
        With the click as x,y.
    """
    height, width = shape
    for row, col in points:
        if not (0 <= row < height and 0 <= col < width):
            raise InputError(f"a click must be inside the picture {width}x{height}, got x,y = {col},{row}")
