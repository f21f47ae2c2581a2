"""Values that a file clipped: they show less noise than there was, so estimators leave them out.

Source: own. In pictures of 8 or 16 bits, and in floats made of them, values beyond the range are stored as its ends. So
the least and the greatest value of a channel are taken for clipped; where noise was never clipped these are two pixels.
"""

from __future__ import annotations

import cv2
import numpy as np
from jaxtyping import Bool

from retouch.arrays.noise_level.patch_covariance import Plane

_LEAST_SHARE = 0.02  # of the patches: fewer say less than all of them


def unclipped(plane: Plane) -> Bool[np.ndarray, "H W"]:
    """Return where a channel holds neither its least nor its greatest value; everywhere if hardly a pixel does.

    >>> unclipped(np.float32([[0, 0, 0.4, 0.5, 1]])).tolist()
    [[False, False, True, True, False]]
    """
    inside: Bool[np.ndarray, "H W"] = (plane > plane.min()) & (plane < plane.max())
    return inside if inside.mean() >= _LEAST_SHARE else np.ones_like(inside)


def unclipped_patches(plane: Plane, side: int, stride: int) -> Bool[np.ndarray, "R C"] | None:
    """Return which patches hold no clipped value, as `patch_covariance` takes it; None where too few would be left."""
    inside = unclipped(plane).astype(np.uint8)
    least = cv2.erode(inside, np.ones((side, side), np.uint8), anchor=(0, 0), borderType=cv2.BORDER_REPLICATE)
    height, width = plane.shape
    chosen: Bool[np.ndarray, "R C"] = least[: height - side + 1 : stride, : width - side + 1 : stride] > 0
    return chosen if chosen.mean() >= _LEAST_SHARE else None
