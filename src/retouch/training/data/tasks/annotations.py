"""Boxes of COCO and PASCAL VOC, read with the standard library.

Boxes are corners (x1, y1, x2, y2) as fractions of width and height; classes count from 0, the background not counted.
COCO's categories are numbered in the order of their ids, VOC's alphabetically, as both are everywhere.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from retouch.errors import InputError, UsageError, unknown_name
from retouch.io.wording import fault
from retouch.metrics.labels.voc_files import VOC_CLASSES, read_annotation, read_split
from retouch.training.data.sources.files import Entry


class Boxed(NamedTuple):
    """A picture with boxes in fractions of its sides, and their classes."""

    entry: Entry
    boxes: tuple[tuple[float, float, float, float], ...]
    classes: tuple[int, ...]


def read_coco(annotations: Path, pictures: Path, only: Sequence[str] = ()) -> tuple[list[Boxed], tuple[str, ...]]:
    """Return the pictures of an annotation file, sorted by name, and the names of the classes.

    Crowds are left out, and pictures in which nothing is left.

    Parameters
    ----------
    annotations : path
        Such as annotations/instances_train2017.json.
    pictures : path
        Folder of the pictures.
    only : sequence of str
        Categories to keep, numbered in this order; empty keeps all.

    Raises
    ------
    InputError
        If the file is not one of COCO's form.
    UsageError
        If a category does not exist.
    """
    try:
        whole = json.loads(annotations.read_bytes())
        images = {image["id"]: image for image in whole["images"]}
        by_id = {entry["id"]: entry["name"] for entry in sorted(whole["categories"], key=lambda each: each["id"])}
        names = _kept(tuple(by_id.values()), only)
        things: dict[int, list[tuple[tuple[float, float, float, float], int]]] = {}
        for thing in whole["annotations"]:
            name, image = by_id[thing["category_id"]], images[thing["image_id"]]
            if name in names and not thing.get("iscrowd", 0):
                box = _fractions(thing["bbox"], image)
                things.setdefault(thing["image_id"], []).append((box, names.index(name)))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{annotations} must be a file of COCO's instances, but: {fault(error)}") from error
    found = [_boxed(images[number]["file_name"], pictures, entries) for number, entries in things.items()]
    return sorted(found, key=lambda boxed: boxed.entry.name), names


def read_voc(
    root: Path, split: str = "trainval", only: Sequence[str] = (), *, with_difficult: bool = False
) -> tuple[list[Boxed], tuple[str, ...]]:
    """Return the pictures of a year of VOC, in the order of its list, and the names of the classes.

    Things that are marked as difficult are left out unless asked for, and pictures in which nothing is left.

    Parameters
    ----------
    root : path
        With JPEGImages, Annotations and ImageSets/Main.
    split : str
        Name of a list in ImageSets/Main.
    only : sequence of str
        Classes to keep, numbered in this order; empty keeps all twenty.

    Raises
    ------
    InputError
        If the list or an annotation is missing or not in VOC's form.
    """
    names = _kept(VOC_CLASSES, only)
    found = []
    for stem in read_split(root, split):
        entries = _voc_things(root / "Annotations" / f"{stem}.xml", names, with_difficult=with_difficult)
        if entries:
            found.append(_boxed(f"{stem}.jpg", root / "JPEGImages", entries))
    return found, names


def _voc_things(
    file: Path, names: tuple[str, ...], *, with_difficult: bool
) -> list[tuple[tuple[float, float, float, float], int]]:
    """Return boxes and classes of an annotation."""
    annotation = read_annotation(file)
    if annotation.width <= 0 or annotation.height <= 0:
        raise InputError(f"{file} must state the size of its picture, got {annotation.width:g}x{annotation.height:g}")
    entries = []
    for name, (left, top, right, bottom), is_difficult in annotation.things:
        if name in names and (with_difficult or not is_difficult):
            width, height = annotation.width, annotation.height
            entries.append(((left / width, top / height, right / width, bottom / height), names.index(name)))
    return entries


def _kept(names: tuple[str, ...], only: Sequence[str]) -> tuple[str, ...]:
    for name in only:
        if name not in names:
            raise UsageError(unknown_name("class of boxes", name, names))
    return tuple(only) or names


def _fractions(box: Sequence[float | int], image: dict[str, Any]) -> tuple[float, float, float, float]:
    """Return COCO's (x, y, width, height) in pixels as corners in fractions, cut off at the picture's border."""
    x, y, wide, high = (float(value) for value in box)
    width, height = float(image["width"]), float(image["height"])
    corners = (x / width, y / height, (x + wide) / width, (y + high) / height)
    x1, y1, x2, y2 = (min(max(value, 0.0), 1.0) for value in corners)
    return x1, y1, x2, y2


def _boxed(name: str, folder: Path, entries: Sequence[tuple[tuple[float, float, float, float], int]]) -> Boxed:
    boxes, classes = zip(*entries, strict=True)
    return Boxed(Entry(f"{folder.name}/{name}", folder / name), boxes, classes)
