"""Pictures and true boxes of a folder in the layout of PASCAL VOC, read with the standard library.

    JPEGImages/NAME.jpg    Annotations/NAME.xml    ImageSets/Main/SPLIT.txt, a name in each line

Corners in the annotations count pixels from 1 and belong to the box; here they count from 0 and boxes are half-open.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree as ET

import numpy as np

from retouch.errors import InputError
from retouch.io.wording import fault
from retouch.metrics.labels.detections import Objects

VOC_CLASSES = (
    *("aeroplane", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat", "chair", "cow"),
    *("diningtable", "dog", "horse", "motorbike", "person", "pottedplant", "sheep", "sofa", "train", "tvmonitor"),
)
"""The twenty classes of PASCAL VOC."""


class VocThing(NamedTuple):
    """One thing: its class, its corners (left, top, right, bottom) in pixels, and whether it need not be found."""

    name: str
    corners: tuple[float, float, float, float]
    is_difficult: bool


class VocAnnotation(NamedTuple):
    """Size of a picture in pixels, and what is in it."""

    width: float
    height: float
    things: tuple[VocThing, ...]


def read_annotation(file: Path) -> VocAnnotation:
    """Read one annotation.

    Raises
    ------
    InputError
        If it is missing or not in VOC's form.
    """
    try:
        tree = ET.fromstring(file.read_bytes())  # noqa: S314 - expat refuses entity bombs, and files are the user's
        width, height = (float(tree.findtext(f"size/{side}", "")) for side in ("width", "height"))
        return VocAnnotation(width, height, tuple(_thing(node) for node in tree.iter("object")))
    except (OSError, ET.ParseError, ValueError, TypeError, AttributeError) as error:
        raise InputError(f"{file} must be an annotation of VOC, but: {fault(error)}") from error


def read_split(root: Path, split: str) -> list[str]:
    """Read the names of a list in ImageSets/Main.

    Raises
    ------
    InputError
        If there is no such list.
    """
    try:
        return (root / "ImageSets" / "Main" / f"{split}.txt").read_text().split()
    except (OSError, ValueError) as error:
        raise InputError(f"{root} must hold ImageSets/Main/{split}.txt, but: {fault(error)}") from error


def picture_path(root: Path, name: str) -> Path:
    """Return where a picture lies: its .jpg, or a file of another ending with that name where there is none.

    Raises
    ------
    InputError
        If there is no such picture.
    """
    jpg = root / "JPEGImages" / f"{name}.jpg"
    found = [jpg] if jpg.exists() else sorted((root / "JPEGImages").glob(f"{name}.*"))
    if not found:
        raise InputError(f"{root} must hold JPEGImages/{name}.jpg, which its list names")
    return found[0]


def objects_of(annotation: VocAnnotation, names: Sequence[str]) -> Objects:
    """Return the things of some classes, numbered by their place in `names`; difficult ones are ignored.

    >>> dog = VocThing("dog", (1.0, 2.0, 3.0, 4.0), False)
    >>> objects = objects_of(VocAnnotation(9.0, 9.0, (dog,)), ("cat", "dog"))
    >>> objects.regions.tolist(), objects.labels.tolist()
    ([[2.0, 1.0, 4.0, 3.0]], [1])
    """
    things = [thing for thing in annotation.things if thing.name in names]
    corners = np.array([thing.corners for thing in things], np.float64).reshape(-1, 4)
    return Objects(
        corners[:, [1, 0, 3, 2]],
        np.array([names.index(thing.name) for thing in things], np.int64),
        np.array([thing.is_difficult for thing in things], np.bool_),
    )


def _thing(node: ET.Element) -> VocThing:
    x1, y1, x2, y2 = (float(node.findtext(f"bndbox/{end}", "")) for end in ("xmin", "ymin", "xmax", "ymax"))
    return VocThing(node.findtext("name", ""), (x1 - 1, y1 - 1, x2, y2), node.findtext("difficult", "0") == "1")
