"""Clicks held against a picture, and the connected parts of a mask that clicks mean."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import cv2
import numpy as np

from retouch.arrays.checks import check_noisy
from retouch.arrays.types import Image, Mask
from retouch.errors import InputError

Point: TypeAlias = tuple[int, int]
"""(row, col)."""

_LEAST_SHARE = 0.05  # of the largest part


def check_clicks(image: Image, points: Sequence[Point]) -> None:
    """Refuse a picture with a value that is no number, and clicks outside it.

    Raises
    ------
    InputError
    """
    check_noisy(image, 0.0)
    height, width = image.shape[:2]
    for row, col in points:
        if not (0 <= row < height and 0 <= col < width):
            raise InputError(f"a click must be inside the picture {width}x{height}, got x,y = {col},{row}")


def parts_at(mask: Mask, points: Sequence[Point]) -> Mask:
    """Return the connected parts that are clicked on.

    >>> parts_at(np.array([[True, False, True]]), [(0, 0)]).tolist()
    [[True, False, False]]
    """
    _, labels = cv2.connectedComponents(mask.astype(np.uint8), connectivity=8)
    wanted = {int(labels[point]) for point in points} - {0}
    return np.isin(labels, list(wanted))


def large_parts(mask: Mask) -> Mask:
    """Return the connected parts that have at least a twentieth of the pixels of the largest one.

    >>> large_parts(np.array([[True] * 21 + [False, True]])).sum()
    np.int64(21)
    """
    n, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    sizes = stats[1:n, cv2.CC_STAT_AREA]
    return np.isin(labels, 1 + np.flatnonzero(sizes >= _LEAST_SHARE * sizes.max(initial=0)))
