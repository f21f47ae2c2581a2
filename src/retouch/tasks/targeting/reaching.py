"""A mask made to reach the sides of the box that is tight around its thing, for what is cut off there shows later.

Source: own. Feet and hair have other colours than the rest, so that what is found ends short of the box. What ends
short by little is continued straight to the side, as broad as its last tenth. On 14 things in frames of two clips,
boxes given, the network's mask held 0.97 of them so after growing in place of 0.92; overlap fell from 0.61 to 0.60.
"""

from __future__ import annotations

from retouch.arrays.regions import Box, bounding_box
from retouch.arrays.types import Mask

_LAST = 0.12
_MOST_SHORT = 0.15  # of the box: a gap that is wider says that the box is not tight


def reach_sides(mask: Mask, box: Box) -> Mask:
    """Return the mask continued to the sides of a box that it nearly reaches.

    Parameters
    ----------
    mask : (H, W) bool
        With at least one pixel.
    box : Box
        Inside the picture; tight around the thing.

    Examples
    --------
    >>> import numpy as np
    >>> mask = np.zeros((20, 4), bool)
    >>> mask[0:18, 1:3] = True
    >>> reach_sides(mask, Box(0, 1, 20, 3))[:, 1].all()
    np.True_
    """
    result = mask.copy()
    own, (height, width) = bounding_box(mask), mask.shape
    _continue_down(result, mask, (own.top, own.bottom), (box.bottom, box.height))
    _continue_down(result[::-1], mask[::-1], (height - own.bottom, height - own.top), (height - box.top, box.height))
    across, own_across = result.T, mask.T
    _continue_down(across, own_across, (own.left, own.right), (box.right, box.width))
    _continue_down(across[::-1], own_across[::-1], (width - own.right, width - own.left), (width - box.left, box.width))
    return result


def _continue_down(result: Mask, mask: Mask, rows: tuple[int, int], side: tuple[int, int]) -> None:
    """Continue a mask that lies in `rows` to the row where the box ends, into `result`, if that is not far."""
    (top, bottom), (last, length) = rows, side
    if not bottom < last <= bottom + _MOST_SHORT * length:
        return
    band = max(2, round(_LAST * (bottom - top)))
    ending = mask[max(bottom - band, top) : bottom].any(axis=0)
    result[bottom:last, ending] = True
