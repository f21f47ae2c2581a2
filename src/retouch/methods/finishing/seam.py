"""The seam step: the level of a composed hole is fitted to its border.

Source: P. Perez, M. Gangnet, A. Blake, "Poisson image editing", SIGGRAPH 2003, Eq. 4: the correction is the membrane
through the differences at the border.
Departures: the differences are jumps of the level, measured on both sides of the border (see jumps.py), so that a fill
that fits already comes through unchanged. Where the user has drawn areas, the level is not fitted where one meets
another: a hole that is filled from the wall is not to take on the level of the person beside it.
"""

from __future__ import annotations

import cv2
import numpy as np

from retouch.arrays.compositing import composite
from retouch.arrays.types import AnyArray, Image, Mask
from retouch.classical.diffusion.harmonic import fill_harmonic
from retouch.methods.finishing.jumps import measure_jumps

_CROSS = np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]], np.uint8)
_TOLERANCE = 3e-3  # of a jump: an eighth of a level for one of 40 levels


def blend_seam(filled: Image, mask: Mask, areas: AnyArray | None = None) -> Image:
    """Return the picture with the level inside the holes fitted to what is around them.

    Parameters
    ----------
    filled : (H, W, C) float32, range [0, 1]
        A picture whose holes have been composed; known pixels are bit-equal in the result.
    mask : (H, W) bool
        True where it was filled; some pixels are known.
    areas : (H, W) int, optional
        Of what is filled and of what is known, 0 for none.
    """
    border = np.argwhere(cv2.dilate(mask.view(np.uint8), _CROSS).astype(bool) & ~mask)
    if not len(border):
        return filled
    jumps = measure_jumps(filled, mask, border)
    if areas is not None:
        from retouch.methods.planning.boundaries import find_meetings  # noqa: PLC0415 - scipy, as few fills need it

        jumps[find_meetings(areas.astype(np.int32))[border[:, 0], border[:, 1]]] = 0
    if not jumps.any():
        return filled
    at_border = np.full_like(filled, 0.5)
    at_border[border[:, 0], border[:, 1]] += jumps / 2  # a membrane lies in [0, 1]
    correction = 2 * fill_harmonic(at_border, mask, tolerance=_TOLERANCE) - 1
    return composite(filled, np.clip(filled - correction, 0, 1), mask)
