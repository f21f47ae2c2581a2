"""A mask shown over its picture: what is to go in red, with a white line around, for a look before anything is done."""

from __future__ import annotations

import numpy as np

from retouch.arrays.regions import dilate_mask
from retouch.arrays.types import Mask
from retouch.io.pictures.picture import Picture
from retouch.tasks.targeting.targets import seen_by_searches

_TINT = (1.0, 0.1, 0.1)
_TINT_SHARE = 0.55
_LINE_PER_LENGTH = 1 / 600


def draw_overlay(picture: Picture, mask: Mask) -> Picture:
    """Return an 8-bit RGB picture with the mask drawn over it.

    Parameters
    ----------
    picture : Picture
    mask : (H, W) bool

    >>> shown = draw_overlay(Picture.from_array(np.zeros((5, 5), np.uint8)), np.eye(5, dtype=bool))
    >>> shown.pixels[2, 2].tolist()
    [140, 14, 14]
    """
    image = seen_by_searches(picture)
    rgb = np.repeat(image, 3, axis=2) if image.shape[2] == 1 else image.copy()
    rgb[mask] += np.float32(_TINT_SHARE) * (np.array(_TINT, np.float32) - rgb[mask])
    width_px = max(1, round(_LINE_PER_LENGTH * max(mask.shape)))
    rgb[dilate_mask(mask, width_px) & ~mask] = 1
    return Picture.from_array(np.rint(rgb * 255).astype(np.uint8))
