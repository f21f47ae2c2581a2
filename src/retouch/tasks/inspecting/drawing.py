"""An artefact map as a picture: in grey, or red over the picture that it judges."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float32, UInt8

from retouch.arrays.colour import to_grey
from retouch.arrays.types import Image

_MOST_TINT = 0.85
_PALE = 0.6
_RED, _YELLOW = np.array([0.9, 0.05, 0.05], np.float32), np.array([1.0, 0.9, 0.1], np.float32)


def heat_in_grey(heat: Float32[np.ndarray, "H W"]) -> UInt8[np.ndarray, "H W 1"]:
    """Return the map with 0 in black and 1 in white.

    >>> heat_in_grey(np.array([[0.0, 1.0]], np.float32)).ravel().tolist()
    [0, 255]
    """
    levels: UInt8[np.ndarray, "H W 1"] = np.rint(heat * 255).astype(np.uint8)[:, :, None]
    return levels


def heat_over(image: Image, heat: Float32[np.ndarray, "H W"]) -> UInt8[np.ndarray, "H W 3"]:
    """Return the picture in pale grey, red where the map is above 1/2 and yellow where it nears 1.

    What is not above 1/2 is no likelier filled than known, and stays grey.

    Parameters
    ----------
    image : (H, W, C) float32, range [0, 1]
        Grey or RGB.
    heat : (H, W) float32, range [0, 1]

    Examples
    --------
    Where nothing is hot, black becomes the darkest of the pale greys, 255 (1 - 0.6):

    >>> heat_over(np.zeros((1, 1, 3), np.float32), np.zeros((1, 1), np.float32)).ravel().tolist()
    [102, 102, 102]
    """
    pale = 1 - _PALE * (1 - to_grey(image)[:, :, :1])
    amount = (2 * heat - 1).clip(0, 1)[:, :, None]
    colour = _RED + (_YELLOW - _RED) * amount**2
    tint = _MOST_TINT * amount
    levels: UInt8[np.ndarray, "H W 3"] = np.rint((pale * (1 - tint) + colour * tint).clip(0, 1) * 255).astype(np.uint8)
    return levels
