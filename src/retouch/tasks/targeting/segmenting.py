"""The optional models: a YOLOX or an SSD sees all things, a MobileSAM answers clicks, a text detector finds text."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

from retouch.arrays.regions import bounding_box
from retouch.arrays.types import Image
from retouch.errors import UsageError, unknown_name
from retouch.metrics.labels.voc_files import VOC_CLASSES
from retouch.runtime.segmenters.clicked_network import segment_clicked
from retouch.runtime.segmenters.instances import Instance, read_labels
from retouch.runtime.segmenters.sam import ClickedMasks, open_clicked_masks
from retouch.runtime.segmenters.ssd_detector import SsdDetector, is_ssd, open_ssd
from retouch.runtime.segmenters.text_network import INSTALLED, TextNetwork, is_text_network, open_text_network
from retouch.runtime.segmenters.yolox import Yolox, open_yolox
from retouch.runtime.session import open_net
from retouch.tasks.targeting.coco_classes import COCO_CLASSES
from retouch.tasks.targeting.reaching import reach_sides
from retouch.tasks.targeting.target import TEXT, Target

Detector: TypeAlias = Yolox | SsdDetector

_POINTS = "points"


def open_segmenter(target: Target) -> Detector | ClickedMasks | None:
    """Open what sees the things of a target, told by what it takes and gives; None where no model is given for them.

    Raises
    ------
    WeightsError
        If the file is missing or is no such model.
    UsageError
        If the model cannot answer what is asked, or does not know a class.
    MissingExtraError
        As `open_text`.
    """
    if target.model is None:
        return None
    if open_text(target.model) is not None:
        if TEXT not in target.find or target.classes or target.all_but:
            raise UsageError(_only(target.model, "gives a map, as text detectors do (--text)"))
        return None
    net = open_net(target.model)
    if _POINTS in net.inputs:
        if target.classes or target.all_but:
            raise UsageError(_only(target.model, "answers clicks"))
        return open_clicked_masks(target.model)
    model = open_detector(target.model, target.labels)
    check_classes(target.classes, model.labels)
    return model


def open_detector(path: str | os.PathLike[str], labels: str | os.PathLike[str] | None = None) -> Detector:
    """Open a network that gives boxes, with the names of its classes: see `class_names`.

    Raises
    ------
    WeightsError
        If a file is missing, the network is of another kind, or there are not as many labels as classes.
    """
    if is_ssd(open_net(path)):
        ssd = open_ssd(path, read_labels(Path(labels)) if labels else ())
        return replace(ssd, labels=class_names(ssd))
    yolox = open_yolox(path, labels)
    return replace(yolox, labels=class_names(yolox))


def open_text(model: str | os.PathLike[str]) -> TextNetwork | None:
    """Open a model that finds text; None where it is of another kind.

    Raises
    ------
    WeightsError
        If the file is missing or no network.
    MissingExtraError
        If the detector of the extra `text` is asked for and is not installed.
    """
    if os.fspath(model) == INSTALLED:
        return open_text_network()
    return open_text_network(model) if is_text_network(open_net(model)) else None


def all_things(model: Detector, image: Image) -> list[Instance]:
    """Return all things that a model sees and that have a mask, the surest first; each mask reaches its box.

    Parameters
    ----------
    model : Detector
    image : (H, W, C) float32, range [0, 1]
    """
    things = []
    for box, kind, score in model.detect(image):
        mask = segment_clicked(image, [], (), box).mask
        if mask.any():
            whole = reach_sides(mask, box)
            things.append(Instance(whole, bounding_box(whole), model.label_of(kind), score))
    return things


def class_names(model: Detector) -> tuple[str, ...]:
    """Return the names of a model's classes: given ones, those of COCO or VOC by their number, else numbers."""
    if model.labels:
        return tuple(model.labels)
    known = {len(names): tuple(names) for names in (COCO_CLASSES, VOC_CLASSES)}
    return known.get(model.n_kinds, tuple(str(kind) for kind in range(model.n_kinds)))


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


def _only(model: str | os.PathLike[str], what: str) -> str:
    return f"'{os.fspath(model)}' only {what}; give an exported YOLOX or SSD to find classes or all things"
