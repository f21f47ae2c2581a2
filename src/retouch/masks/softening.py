"""Soft masks: a hole that fades out into the known pixels, for blending. An option to ask for, never a default."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from retouch.arrays.regions import hole_depth
from retouch.arrays.types import Mask
from retouch.errors import InputError


def soften_mask(mask: Mask, radius_px: float) -> npt.NDArray[np.float32]:
    """Return weights that are 1 in the hole and fall linearly to 0 over the known pixels around it.

    A known pixel at Euclidean distance d from the hole gets max(0, 1 - d / (radius_px + 1)), so the nearest ones are
    always below 1 and everything beyond `radius_px` + 1 is exactly 0.

    Parameters
    ----------
    mask : (H, W) bool
        True where a pixel is missing. An all-False mask gives all zeros.
    radius_px : float, 0 or more
        How far the weights reach outwards; 0 returns the hard mask.

    Returns
    -------
    (H, W) float32, range [0, 1]

    Raises
    ------
    InputError
        If `radius_px` is negative.

    Examples
    --------
    >>> soften_mask(np.array([[True, False, False, False]]), 1.0)
    array([[1. , 0.5, 0. , 0. ]], dtype=float32)
    """
    if not radius_px >= 0:
        raise InputError(f"the radius of a soft mask must be 0 or more pixels, got {radius_px}")
    if not mask.any():
        return np.zeros(mask.shape, np.float32)
    return np.clip(1 - hole_depth(~mask) / np.float32(radius_px + 1), 0, 1)
