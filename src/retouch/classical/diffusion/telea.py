"""Telea's fast-marching inpainting, as implemented by OpenCV.

Source: A. Telea, "An image inpainting technique based on the fast marching method", J. Graphics Tools 9(1), 2004,
section 2; the code that runs is OpenCV's `INPAINT_TELEA`. Departures: see fast_marching.
"""

from __future__ import annotations

import cv2
import numpy as np

from retouch.arrays.types import Image, Mask, Progress, ignore_progress
from retouch.classical.diffusion.fast_marching import march


def inpaint_telea(
    image: Image,
    mask: Mask,
    *,
    radius_px: int = 3,
    rng: np.random.Generator | None = None,
    progress: Progress = ignore_progress,
) -> Image:
    """Fill from the border inwards: each pixel is a weighted mean of first-order estimates from known neighbours.

    Parameters
    ----------
    image : (H, W, C) float32, range [0, 1]
        Picture to repair; values under the mask are never read.
    mask : (H, W) bool
        True where a pixel is missing. An all-False mask returns a copy.
    radius_px : int
        Neighbours up to this distance take part, 1 to 100 pixels.
    rng : numpy.random.Generator, optional
        Not used: nothing here is random.
    progress : callable, optional
        Called as progress(done, total) in channels.

    Returns
    -------
    (H, W, C) float32, range [0, 1]
        Known pixels are bit-equal; filled ones lie within the range of the known.

    Raises
    ------
    InputError
        If the pair fails `check_pair` or the radius is out of range.

    Notes
    -----
    Fast; smears along the march and leaves a seam where fronts meet. On thin damage harmonic and biharmonic are better.

    Examples
    --------
    >>> grey = np.full((5, 5, 1), 0.25, np.float32)
    >>> float(inpaint_telea(grey, np.eye(5, dtype=bool))[2, 2, 0])
    0.25
    """
    return march(image, mask, radius_px, cv2.INPAINT_TELEA, progress)
