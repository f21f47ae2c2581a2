"""A drawn picture, half texture and half slope, with a hole across both, for the tests of inspection."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from retouch.arrays.types import AnyArray, Image, Mask


def textured(seed: int = 0, side: int = 96) -> Image:
    """Return a slope whose left half carries noise with a grain of about 3 px, (side, side, 3) in [0, 1]."""
    noise = ndimage.gaussian_filter(np.random.default_rng(seed).standard_normal((side, side)), 1.0)
    noise /= noise.std()
    slope = np.tile(np.linspace(0.3, 0.6, side), (side, 1))
    left = np.arange(side)[None, :] < side // 2
    grey = (slope + np.where(left, 0.12 * noise, 0.0)).clip(0, 1)
    return np.repeat(grey[:, :, None], 3, axis=2).astype(np.float32)


def hole(side: int = 96) -> Mask:
    """Return a bar across both halves, a quarter of the side high."""
    mask = np.zeros((side, side), bool)
    mask[3 * side // 8 : 5 * side // 8, side // 6 : 5 * side // 6] = True
    return mask


def in_levels(image: Image) -> AnyArray:
    """Return it in 8 bits."""
    return np.rint(image * 255).astype(np.uint8)
