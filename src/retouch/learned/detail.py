"""Detail along a structure: the hole is composed of known patches that agree with what a network saw at large.

Source: this project; "structure first, detail next" as in `retouch.nets.inpainting.two_stage`, with PatchMatch
completion in place of the second network. Known texture is the source, the learned fill is what patches are compared
with besides each other. It is smooth in the hole, so the known part is smoothed for the comparison as well.
"""

from __future__ import annotations

import cv2
import numpy as np

from retouch.arrays.checks import check_pair
from retouch.arrays.types import Image, Mask, Progress, ignore_progress
from retouch.classical.exemplar.patchmatch import Guide, inpaint_patchmatch
from retouch.errors import InputError
from retouch.learned.shipped import STRUCTURE
from retouch.learned.structure import inpaint_learned_structure

_SMOOTHING_PX = 2.0


def inpaint_learned_detail(
    image: Image,
    mask: Mask,
    *,
    net: str = STRUCTURE,
    guidance: float = 0.5,
    patch_size: int = 7,
    rng: np.random.Generator | None = None,
    progress: Progress = ignore_progress,
) -> Image:
    """Compose the hole of known patches along the structure that a small network sees.

    Parameters
    ----------
    image : (H, W, C) float32, range [0, 1]
        Picture to repair; values under the mask are never read.
    mask : (H, W) bool
        True where a pixel is missing. An all-False mask returns a copy.
    net : str
        The network of the structure: one that ships with retouch, a name in the weight store, or the path of an ONNX
        file.
    guidance : float
        How much a difference from the structure counts beside one between patches, 0 to 1.
    patch_size : int
        Side of the square patches, odd, 3 to 15 pixels.
    rng : numpy.random.Generator, optional
        Source of chance; seed 0 if not given.
    progress : callable, optional
        Called as progress(done, total) in rounds of the search.

    Returns
    -------
    (H, W, C) float32, range [0, 1]
        Known pixels are bit-equal.

    Raises
    ------
    InputError
        If the pair fails `check_pair` or an option is out of range.
    WeightsError
        If the network is missing, damaged or does something else.
    """
    check_pair(image, mask)
    if not 0 <= guidance <= 1:
        raise InputError(f"guidance must be 0 to 1, got {guidance}")
    if not mask.any():
        progress(0, 0)
        return image.copy()
    # Grey goes through as three equal channels: the last bit of a structure can decide between two patches.
    coloured = np.repeat(image, 3, axis=2) if image.shape[2] == 1 else image
    structure = inpaint_learned_structure(coloured, mask, net=net)
    guide = Guide(_smoothed(structure), guidance)
    filled = inpaint_patchmatch(coloured, mask, patch_size=patch_size, guide=guide, rng=rng, progress=progress)
    return np.ascontiguousarray(filled[:, :, : image.shape[2]])


def _smoothed(picture: Image) -> Image:
    layers = [
        cv2.GaussianBlur(np.ascontiguousarray(layer), (0, 0), _SMOOTHING_PX) for layer in picture.transpose(2, 0, 1)
    ]
    return np.dstack(layers)
