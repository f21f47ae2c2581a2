"""One scale: an interpolation, corrected by a small network.

Source: this project; the network is a `retouch.nets.inpainting.residual_unet`, its training the recipe
`residual-unet-thin`.
"""

from __future__ import annotations

import numpy as np

from retouch.arrays.checks import check_pair
from retouch.arrays.types import Image, Mask, Progress, ignore_progress
from retouch.classical.sparse.blended import inpaint_blended
from retouch.learned.correction import correct_fill
from retouch.learned.shipped import THIN, open_corrector


def inpaint_learned_thin(
    image: Image,
    mask: Mask,
    *,
    net: str = THIN,
    rng: np.random.Generator | None = None,
    progress: Progress = ignore_progress,
) -> Image:
    """Interpolate, and let a small network correct the result.

    Parameters
    ----------
    image : (H, W, C) float32, range [0, 1]
        Picture to repair; values under the mask are never read.
    mask : (H, W) bool
        True where a pixel is missing. An all-False mask returns a copy.
    net : str
        The network: one that ships with retouch, a name in the weight store, or the path of an ONNX file.
    rng : numpy.random.Generator, optional
        Not used: nothing here is random.
    progress : callable, optional
        Called as progress(done, total): the interpolation is the first of two steps.

    Returns
    -------
    (H, W, C) float32, range [0, 1]
        Known pixels are bit-equal.

    Raises
    ------
    InputError
        If the pair fails `check_pair`.
    WeightsError
        If the network is missing, damaged or does something else.

    Notes
    -----
    For scratches, hairs and text; the network sees each hole at one scale only.
    """
    check_pair(image, mask)
    if not mask.any():
        progress(0, 0)
        return image.copy()
    exported = open_corrector(net)
    progress(0, 2)
    guess = inpaint_blended(image, mask)
    progress(1, 2)
    filled = correct_fill(exported, guess, mask)
    progress(2, 2)
    return filled
