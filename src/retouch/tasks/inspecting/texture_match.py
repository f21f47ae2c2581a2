"""Texture mismatch: how differently gradients are distributed in a filled hole and in the ring of known pixels around.

Source: own measure; the histograms and their chi-square distance are those of `retouch.metrics.texture.texture_gap`,
which compares two pictures. Here a hole is compared with its surroundings, so that no reference is needed.
"""

from __future__ import annotations

from retouch.arrays.regions import bounding_box, hole_depth
from retouch.arrays.types import Image, Mask
from retouch.metrics.texture.texture_gap import gradient_shares, share_distance

RING_PX = 24


def texture_mismatch(image: Image, mask: Mask) -> float:
    """Return how much the texture of the filled pixels differs from that of the known pixels around them.

    Parameters
    ----------
    image : (H, W, C) float32, range [0, 1]
        The finished picture, C = 1 or 3.
    mask : (H, W) bool
        True where it was filled.

    Returns
    -------
    float, 0 to 1
        0 where hole and ring have the same share of pixels in every bin; 0 too where there is no hole or no ring.

    Notes
    -----
    A hole between two textures is compared with the mixture of both. Two samples of n pixels of one texture differ by
    10/n to 30/n, so that small holes say little.

    Examples
    --------
    A ramp whose hole is flat: in the hole, only the pixels at its rim have a gradient.

    >>> import numpy as np
    >>> ramp = np.tile(np.linspace(0, 1, 64, dtype=np.float32), (64, 1))[:, :, None]
    >>> mask = np.zeros((64, 64), bool)
    >>> mask[16:48, 16:48] = True
    >>> flat = np.where(mask[:, :, None], np.float32(0.5), ramp)
    >>> texture_mismatch(ramp, mask) < 0.1 < 0.8 < texture_mismatch(flat, mask)
    True
    """
    if not mask.any():
        return 0.0
    near = bounding_box(mask).grown(RING_PX + 1, RING_PX + 1, (mask.shape[0], mask.shape[1])).slices
    filled = mask[near]
    ring = ~filled & (hole_depth(~filled) <= RING_PX)
    if not ring.any():
        return 0.0
    return share_distance(*(gradient_shares(image[near], 1.0, part) for part in (ring, filled)))
