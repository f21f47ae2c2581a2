"""What every segmenter gives: instances, and the one that a click means.

Source: the removal pipeline of the object-removal sheet, section 3: the smallest instance whose mask holds the click.
Detectors give boxes, of which `segment_clicked` makes masks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np

from retouch.arrays.regions import Box
from retouch.arrays.types import Image, Mask
from retouch.errors import WeightsError
from retouch.masks.selecting.parts import check_clicks
from retouch.runtime.segmenters.clicked_network import segment_clicked


class Instance(NamedTuple):
    """One thing in a picture.

    Attributes
    ----------
    mask : (H, W) bool
    box : Box
    label : str
        Its class; empty where the segmenter has none.
    score : float, range [0, 1]
    """

    mask: Mask
    box: Box
    label: str
    score: float


class Detection(NamedTuple):
    """A box with its class number and score."""

    box: Box
    kind: int
    score: float


@runtime_checkable
class Segmenter(Protocol):
    """Anything that finds things."""

    def segment(self, image: Image) -> list[Instance]:
        """Return all things, the surest first."""
        ...

    def segment_at(self, image: Image, point: tuple[int, int]) -> Instance | None:
        """Return the thing at (row, col), or None."""
        ...


def masked(image: Image, found: Iterable[Detection], label_of: Callable[[int], str]) -> list[Instance]:
    """Return a thing for each box in which one stands out, in their order.

    Parameters
    ----------
    image : (H, W, C) float32, range [0, 1]
    found : iterable of Detection
        Boxes that share pixels with the picture.
    label_of : callable
        Gives the name of a class number.

    Raises
    ------
    InputError, WeightsError
        As `segment_clicked`.

    Notes
    -----
    Costs a `segment_clicked` for each box.
    """
    answers = ((segment_clicked(image, [], (), each.box), each) for each in found)
    return [Instance(s.mask, s.box, label_of(each.kind), each.score) for s, each in answers if s.box is not None]


def thing_at(segmenter: Segmenter, image: Image, point: tuple[int, int]) -> Instance | None:
    """Return the smallest thing that a segmenter sees at (row, col), or None.

    Raises
    ------
    InputError
        If the point is outside the picture.
    """
    check_clicks(image, [point])
    return smallest_at(segmenter.segment(image), point)


def read_labels(path: Path) -> tuple[str, ...]:
    """Return the names of classes in a text file, one a line.

    Raises
    ------
    WeightsError
        If it cannot be read.
    """
    try:
        return tuple(path.read_text(encoding="utf-8").splitlines())
    except (OSError, ValueError) as error:
        raise WeightsError(f"cannot read the class names '{path}'; give a text file with one a line") from error


def smallest_at(instances: Iterable[Instance], point: tuple[int, int]) -> Instance | None:
    """Return the instance with the fewest pixels among those whose mask holds the point (row, col).

    >>> whole, dot = np.ones((3, 3), bool), np.eye(3, dtype=bool)
    >>> box = Box(0, 0, 3, 3)
    >>> smallest_at([Instance(whole, box, "sky", 1.0), Instance(dot, box, "bird", 0.5)], (1, 1)).label
    'bird'
    """
    hit = [instance for instance in instances if instance.mask[point]]
    return min(hit, key=lambda instance: int(np.count_nonzero(instance.mask)), default=None)
