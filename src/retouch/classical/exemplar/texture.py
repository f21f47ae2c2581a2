"""The strength of the texture around each pixel, compared beside the colours.

Source: A. Newson et al., "Video inpainting of complex scenes", SIAM J. Imaging Sciences 7(4), 2014, section 3.3: the
first guess of a hole is smooth, and colours alone would let it attract smooth patches for ever.
Departure: one value, the sum over both directions, in place of two.
"""

from __future__ import annotations

import cv2
import numpy as np
from jaxtyping import Bool, Float32

_BOX_PX = 5


def texture_strength(
    picture: Float32[np.ndarray, "H W C"], mask: Bool[np.ndarray, "H W"]
) -> Float32[np.ndarray, "H W"]:
    """Return the local mean of |d/dx| + |d/dy| of the grey picture over pairs of known pixels, in [0, 1].

    It is scaled with the root of the number of channels, so that it weighs alike beside one channel and beside three.
    """
    grey = picture.mean(axis=2)
    known = ~mask
    across, down = np.zeros_like(grey), np.zeros_like(grey)
    across[:, 1:] = np.abs(np.diff(grey, axis=1)) * (known[:, 1:] & known[:, :-1])
    down[1:] = np.abs(np.diff(grey, axis=0)) * (known[1:] & known[:-1])
    box = (_BOX_PX, _BOX_PX)
    share = np.maximum(cv2.boxFilter(known.astype(np.float32), -1, box), 1 / _BOX_PX**2)
    mean = cv2.boxFilter(across + down, -1, box) / share
    return np.where(mask, 0, np.minimum(mean * np.sqrt(picture.shape[2] / 3), 1)).astype(np.float32)
