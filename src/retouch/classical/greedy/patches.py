"""What greedy growth shares: the size of a patch, where whole ones lie, and what they are compared by.

Colours are compared in CIE Lab (as A. Criminisi, P. Perez, K. Toyama, "Region filling and object removal by
exemplar-based image inpainting", IEEE Trans. Image Processing 13(9), 2004, Sec. III-B have it), in whole numbers: sums
of squares of them are exact, and so equal for any order of adding and any number of threads.
"""

from __future__ import annotations

import cv2
import numpy as np
from jaxtyping import Bool, Float32, Int16

from retouch.arrays.checks import without_garbage
from retouch.arrays.types import Image, Mask
from retouch.classical.exemplar.guided import as_colour
from retouch.errors import InputError

MOST_PX = 31  # sums of squared differences of larger patches would pass 32 bits
_LEAST_PX = 3
_STEPS = np.float32(4)  # per unit of Lab: finer than the rounding of 8-bit colours
_LAB_RANGE = np.float32(100)
_RGB = 3


def choose_patch_size(known: Bool[np.ndarray, "H W"], asked: int | None, usual: int) -> int:
    """Return the side of the patches, odd, or 0 where not even one of 3x3 pixels is known.

    Parameters
    ----------
    known : (H, W) bool
    asked : int or None
        The side that was asked for; None takes the usual one, and the largest there is where that is too large.
    usual : int
        Odd.

    Raises
    ------
    InputError
        If the side asked for is even, out of range, or no patch of that size is known.

    Examples
    --------
    >>> choose_patch_size(np.ones((6, 9), bool), None, 9)
    5
    """
    if asked is None:
        return next((side for side in range(usual, _LEAST_PX - 1, -2) if whole_patches(known, side).any()), 0)
    if asked % 2 == 0 or not _LEAST_PX <= asked <= MOST_PX:
        raise InputError(f"patch_size must be odd and {_LEAST_PX} to {MOST_PX} pixels, got {asked}")
    if not whole_patches(known, asked).any():
        raise InputError(
            f"some patch of {asked}x{asked} pixels must be wholly known, but the holes leave none; give a smaller "
            "patch_size, or none to take the largest that is known"
        )
    return asked


def whole_patches(known: Bool[np.ndarray, "H W"], side: int) -> Bool[np.ndarray, "H W"]:
    """Return the centres (row and column side // 2 of a patch) of the patches that are wholly known.

    >>> int(whole_patches(np.ones((4, 5), bool), 3).sum())
    6
    """
    box = np.ones((side, side), np.uint8)
    whole = cv2.erode(known.astype(np.uint8), box, borderType=cv2.BORDER_CONSTANT, borderValue=0)
    return whole.astype(bool)


def compared_values(image: Image, mask: Mask) -> Int16[np.ndarray, "H W K"]:
    """Return the known pixels in quarters of a unit of Lab, a hundred units from black to white; 0 under the mask.

    Grey is Lab without colour; pictures of two channels, or of four and more, are compared as they are.
    """
    known = as_colour(np.clip(without_garbage(image, mask), 0, 1))
    lab: Float32[np.ndarray, "H W K"] = (
        cv2.cvtColor(known, cv2.COLOR_RGB2LAB) if known.shape[2] == _RGB else known * _LAB_RANGE
    )
    values = np.rint(lab * _STEPS).astype(np.int16)
    values[mask] = 0
    return values
