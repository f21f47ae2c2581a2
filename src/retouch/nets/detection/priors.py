"""Priors of single-shot detectors: where their boxes start from. Torch stays out, since exported nets need them too.

Source: W. Liu, D. Anguelov, D. Erhan, C. Szegedy, S. Reed, C.-Y. Fu, A. C. Berg, "SSD: Single Shot MultiBox Detector",
ECCV 2016, section 2.2, Eq. 4 (scales); Z. Li, F. Zhou, "FSSD", arXiv:1712.00960, 2017; sizes in px from their authors'
files.
Departures: none.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from math import sqrt

import numpy as np
from jaxtyping import Float32

VARIANCES = (0.1, 0.2)
"""What centre and size offsets are divided by."""

MEAN_RGB = (123.0, 117.0, 104.0)
"""Mean colour of ImageNet in the published rounding, 0-255: what pictures are taken less by."""


@dataclass(frozen=True)
class PriorLayout:
    """Where priors lie and how large they are.

    Attributes
    ----------
    side : int
        Of the square picture, px.
    maps : tuple of int
        Side of each feature map.
    steps : tuple of int
        Pixels of the picture from one cell of each map to the next.
    smallest, largest : tuple of float
        Two squares in each cell: of side `smallest`, and of the geometric mean of both, px.
    aspects : tuple of tuples of float
        Further boxes of the smallest square's area, of these width:height ratios and their inverses.
    """

    side: int
    maps: tuple[int, ...]
    steps: tuple[int, ...]
    smallest: tuple[float, ...]
    largest: tuple[float, ...]
    aspects: tuple[tuple[float, ...], ...]

    def per_cell(self) -> list[int]:
        """Return the number of priors in a cell of each map."""
        return [2 + 2 * len(aspects) for aspects in self.aspects]

    def n_priors(self) -> int:
        """Return the number of all priors."""
        return sum(cells**2 * count for cells, count in zip(self.maps, self.per_cell(), strict=True))


_SMALLEST_VOC = (30.0, 60.0, 111.0, 162.0, 213.0, 264.0)
_LARGEST_VOC = (60.0, 111.0, 162.0, 213.0, 264.0, 315.0)

VOC_300 = PriorLayout(
    side=300,
    maps=(38, 19, 10, 5, 3, 1),
    steps=(8, 16, 32, 64, 100, 300),
    smallest=_SMALLEST_VOC,
    largest=_LARGEST_VOC,
    aspects=((2.0,), (2.0, 3.0), (2.0, 3.0), (2.0, 3.0), (2.0,), (2.0,)),
)
"""8,732 priors of SSD300 for Pascal VOC."""

COCO_300 = PriorLayout(
    side=300,
    maps=VOC_300.maps,
    steps=VOC_300.steps,
    smallest=(21.0, 45.0, 99.0, 153.0, 207.0, 261.0),
    largest=(45.0, 99.0, 153.0, 207.0, 261.0, 315.0),
    aspects=VOC_300.aspects,
)
"""8,732 priors of SSD300 for COCO."""

TINY_96 = PriorLayout(
    side=96,
    maps=(12, 6, 3, 1),
    steps=(8, 16, 32, 96),
    smallest=(9.6, 19.2, 43.2, 67.2),
    largest=(19.2, 43.2, 67.2, 91.2),
    aspects=((2.0,), (2.0, 3.0), (2.0, 3.0), (2.0,)),
)
"""850 priors for pictures of 96 px; ours, in the proportions of SSD300."""

FSSD_VOC_300 = PriorLayout(
    side=300,
    maps=VOC_300.maps,
    steps=VOC_300.steps,
    smallest=VOC_300.smallest,
    largest=VOC_300.largest,
    aspects=((2.0, 3.0), (2.0, 3.0), (2.0, 3.0), (2.0, 3.0), (2.0,), (2.0,)),
)
"""11,620 priors: six instead of four in each cell of the largest map."""

VOC_512 = PriorLayout(
    side=512,
    maps=(64, 32, 16, 8, 4, 2, 1),
    steps=(8, 16, 32, 64, 128, 256, 512),
    smallest=(35.84, 76.8, 153.6, 230.4, 307.2, 384.0, 460.8),
    largest=(76.8, 153.6, 230.4, 307.2, 384.0, 460.8, 537.6),
    aspects=((2.0,), (2.0, 3.0), (2.0, 3.0), (2.0, 3.0), (2.0, 3.0), (2.0,), (2.0,)),
)
"""24,564 priors of SSD512 for Pascal VOC."""

SIX_MAPS_96 = PriorLayout(
    side=96,
    maps=(12, 6, 3, 2, 1, 1),
    steps=(8, 16, 32, 48, 96, 96),
    smallest=(9.6, 19.2, 35.52, 51.84, 68.16, 84.48),
    largest=(19.2, 35.52, 51.84, 68.16, 84.48, 100.8),
    aspects=VOC_300.aspects,
)
"""878 priors for pictures of 96 px; ours, in the proportions of SSD300, and with as many maps."""

KNOWN_LAYOUTS = (VOC_300, COCO_300, FSSD_VOC_300, VOC_512, TINY_96, SIX_MAPS_96)
"""Of all detectors of this package."""


def prior_boxes(layout: PriorLayout) -> Float32[np.ndarray, "P 4"]:
    """Return all priors as centres (cx, cy, w, h), fractions of the side, clipped to [0, 1].

    They go map after map, row after row, cell after cell: the order of a detector's answers.

    >>> prior_boxes(VOC_300).shape
    (8732, 4)
    """
    rows = [prior for level in range(len(layout.maps)) for prior in _level_priors(layout, level)]
    return np.clip(np.array(rows, np.float32), 0, 1)


def _level_priors(layout: PriorLayout, level: int) -> Iterator[tuple[float, float, float, float]]:
    step = layout.steps[level] / layout.side
    small = layout.smallest[level] / layout.side
    middle = sqrt(small * layout.largest[level] / layout.side)
    sizes = [(small, small), (middle, middle)]
    for aspect in layout.aspects[level]:
        stretch = sqrt(aspect)
        sizes += [(small * stretch, small / stretch), (small / stretch, small * stretch)]
    for row, column in product(range(layout.maps[level]), repeat=2):
        for width, height in sizes:
            yield (column + 0.5) * step, (row + 0.5) * step, width, height
