"""What every segmenter gives: instances, and the one that a click means.

Source: the removal pipeline of the object-removal sheet, section 3: the smallest instance whose mask holds the click.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple, Protocol

import numpy as np

from retouch.arrays.regions import Box
from retouch.arrays.types import Image, Mask


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


class Segmenter(Protocol):
    """Anything that finds things."""

    def segment(self, image: Image) -> list[Instance]:
        """Return all things, the surest first."""
        ...

    def segment_at(self, image: Image, point: tuple[int, int]) -> Instance | None:
        """Return the thing at (row, col), or None."""
        ...


def smallest_at(instances: Iterable[Instance], point: tuple[int, int]) -> Instance | None:
    """Return the instance with the fewest pixels among those whose mask holds the point (row, col).

    >>> whole, dot = np.ones((3, 3), bool), np.eye(3, dtype=bool)
    >>> box = Box(0, 0, 3, 3)
    >>> smallest_at([Instance(whole, box, "sky", 1.0), Instance(dot, box, "bird", 0.5)], (1, 1)).label
    'bird'
    """
    hit = [instance for instance in instances if instance.mask[point]]
    return min(hit, key=lambda instance: int(np.count_nonzero(instance.mask)), default=None)
