"""Dark marks that may as well be eyes, lips or nostrils, told from scratches, hairs and dust.

Source: own. Damage of a print is mostly light, for the paper shows; a dark scratch or a hair is much longer than wide.
What is dark against the median around it and not so long is doubtful: in portraits it is mostly the face.

    elongation   squared length of a part divided by its area: 1.3 for a disc, n for a line n times as long as wide
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from scipy import ndimage

from retouch.arrays.colour import to_grey
from retouch.arrays.regions import dilate_mask
from retouch.arrays.types import Image, Mask

_AROUND_PX = 21
_APART = 6  # levels of 255
_LEAST_PIXELS = 4
_LARGEST_GLINT = 20
_EIGHT = np.ones((3, 3), bool)
_LEAST_ELONGATION = 10.0
_RIM_PX = 2


class Sorted(NamedTuple):
    """The damage that is certain enough, and how many dark marks were left out."""

    mask: Mask
    n_left: int


def without_doubtful(image: Image, damage: Mask) -> Sorted:
    """Return damage without dark marks that are not long and thin.

    Parameters
    ----------
    image : (H, W, 1 or 3) float32, range [0, 1]
    damage : (H, W) bool

    Examples
    --------
    A dark dot goes, a dark line and a light dot stay:

    >>> photo, found = np.full((60, 60, 1), 0.5, np.float32), np.zeros((60, 60), bool)
    >>> photo[10:16, 10:16], photo[10:16, 40:46], photo[50:53, 5:55] = 0, 1, 0
    >>> found[photo[:, :, 0] != 0.5] = True
    >>> kept = without_doubtful(photo, found)
    >>> kept.n_left, [bool(kept.mask[at]) for at in ((12, 12), (12, 42), (51, 30))]
    (1, [False, True, True])
    """
    grey = np.ascontiguousarray(np.rint(to_grey(image)[:, :, 0] * 255).astype(np.uint8))
    excess = grey.astype(np.int16) - cv2.medianBlur(grey, _AROUND_PX)
    doubtful, n_left = _short_parts(damage & (excess < -_APART))
    near = dilate_mask(doubtful, _RIM_PX)
    light = _certain_parts(damage & (excess > _APART), near)
    return Sorted(damage & (~near | dilate_mask(light, 1)), n_left)


def _short_parts(dark: Mask) -> tuple[Mask, int]:
    """Return the parts of dark damage that are not long and thin, and their number."""
    labels, n_parts = ndimage.label(dark, _EIGHT)
    areas = np.bincount(labels.ravel(), minlength=n_parts + 1)
    short = np.zeros(n_parts + 1, bool)
    for number, place in enumerate(ndimage.find_objects(labels), start=1):
        squared_length = sum((part.stop - part.start) ** 2 for part in place)
        short[number] = areas[number] >= _LEAST_PIXELS and squared_length < _LEAST_ELONGATION * areas[number]
    return short[labels], int(np.count_nonzero(short))


def _certain_parts(light: Mask, near_doubtful: Mask) -> Mask:
    """Return the light damage without glints: small parts that lie in or beside a doubtful mark."""
    labels, n_parts = ndimage.label(light, _EIGHT)
    areas = np.bincount(labels.ravel(), minlength=n_parts + 1)
    beside = np.bincount(labels[near_doubtful], minlength=n_parts + 1)
    glint = (areas < _LARGEST_GLINT) & (beside > 0)
    certain: Mask = light & ~glint[labels]
    return certain
