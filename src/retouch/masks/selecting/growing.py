"""Masks made fit for removal: grown so that no rim of the thing stays, and kept off its neighbours.

Source: the removal pipeline of the object-removal sheet, section 3 (a thesis whose one dilation by 5x5 was meant for
640x480). Departure: the width follows the size of the picture, k = max(3, 2 round(0.004 max(H, W)) + 1).
"""

from __future__ import annotations

from collections.abc import Iterable

import cv2
import numpy as np

from retouch.arrays.types import Mask
from retouch.errors import InputError

_PER_LENGTH = 0.004
_LEAST_PX = 3
_RIM_PX = 2


def growth_px(height: int, width: int) -> int:
    """Return the side of the square that a mask is dilated with, odd.

    >>> growth_px(480, 640), growth_px(240, 320), growth_px(3000, 4000)
    (7, 3, 33)
    """
    return max(_LEAST_PX, 2 * round(_PER_LENGTH * max(height, width)) + 1)


def grow_mask(mask: Mask) -> Mask:
    """Return the mask dilated once by a square scaled to the picture.

    Parameters
    ----------
    mask : (H, W) bool

    Returns
    -------
    (H, W) bool
        Holds the mask.

    >>> seed = np.zeros((9, 9), bool)
    >>> seed[4, 4] = True
    >>> int(grow_mask(seed).sum())
    9
    """
    side = growth_px(*mask.shape)
    return cv2.dilate(mask.astype(np.uint8), np.ones((side, side), np.uint8)).astype(bool)


def protect_neighbours(mask: Mask, neighbours: Iterable[Mask]) -> Mask:
    """Return the mask without the insides of other things.

    Parameters
    ----------
    mask : (H, W) bool
    neighbours : iterable of (H, W) bool
        Masks of the other things; each is eroded by 2 px first, because its rim may belong to the target. The border
        of the picture does not count as a rim.

    Returns
    -------
    (H, W) bool

    Raises
    ------
    InputError
        If a neighbour has another size.

    >>> everything, other = np.ones((9, 9), bool), np.zeros((9, 9), bool)
    >>> other[2:7, 2:7] = True
    >>> int((~protect_neighbours(everything, [other])).sum())
    1
    """
    kept = mask.copy()
    square = np.ones((2 * _RIM_PX + 1, 2 * _RIM_PX + 1), np.uint8)
    for other in neighbours:
        if other.shape != mask.shape:
            raise InputError(f"a neighbour's mask must have the size of the mask {mask.shape}, got {other.shape}")
        kept &= ~cv2.erode(other.astype(np.uint8), square).astype(bool)
    return kept
