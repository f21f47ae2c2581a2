"""What every search for damage shares: its gate, the part of the picture it looks at, and the most it may mask."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from retouch.arrays.checks import check_pair
from retouch.arrays.regions import Box, mask_ratio
from retouch.arrays.types import Image, Mask
from retouch.errors import InputError


class Limited(NamedTuple):
    """A mask of the whole picture, and why it is empty where something was found but refused."""

    mask: Mask
    reason: str


def check_search(image: Image, sensitivity: float, region: Box | None, most_share: float) -> Box:
    """Refuse what no search can work on, and return the box that is looked at: the region, or the whole picture.

    Raises
    ------
    InputError
        If the picture is not (H, W, 1 or 3) float32 and finite, sensitivity or share leave their range, or the region
        is empty or not inside the picture.

    Examples
    --------
    >>> check_search(np.zeros((4, 6, 1), np.float32), 0.5, None, 0.3)
    Box(top=0, left=0, bottom=4, right=6)
    """
    check_pair(image, np.zeros(image.shape[:2], bool))
    height, width, n_channels = image.shape
    if n_channels not in (1, 3):
        raise InputError(f"a picture must have 1 or 3 channels to look for damage in, got {n_channels}")
    if not 0 <= sensitivity <= 1:
        raise InputError(f"sensitivity must be 0 (only what is certain) to 1 (all that may be), got {sensitivity}")
    if not 0 < most_share <= 1:
        raise InputError(f"most_share must be above 0 and at most 1, the largest share to mask, got {most_share}")
    if region is None:
        return Box(0, 0, height, width)
    if not (0 <= region.top < region.bottom <= height and 0 <= region.left < region.right <= width):
        raise InputError(
            f"the region must hold pixels and lie inside the picture of {width}x{height}, got x0,y0,x1,y1 = "
            f"{region.left},{region.top},{region.right},{region.bottom}"
        )
    return region


def limited(found: Mask, box: Box, shape: tuple[int, int], most_share: float) -> Limited:
    """Put what was found inside a box into a mask of the picture, or empty it where it covers too much.

    Examples
    --------
    >>> limited(np.ones((1, 2), bool), Box(0, 0, 1, 2), (1, 4), 0.25).reason
    'what was found covers 50 % of the picture, above the limit of 25 %: raise most_share or name a region'
    """
    mask = np.zeros(shape, bool)
    mask[box.slices] = found
    share = mask_ratio(mask)
    if share > most_share:
        reason = (
            f"what was found covers {share:.0%} of the picture, above the limit of {most_share:.0%}: "
            "raise most_share or name a region"
        ).replace("%", " %")
        return Limited(np.zeros(shape, bool), reason)
    return Limited(mask, "")
