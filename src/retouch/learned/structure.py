"""Structure, coarse to fine: at every scale an interpolation is corrected by a small network.

Source: this project, in the spirit of "structure first, detail next" (the pyramid generator of
`retouch.nets.inpainting.two_stage`): coarse scales see a broad hole as a narrow one. The network is a
`retouch.nets.inpainting.residual_unet`; its training is the recipe `residual_unet-photos-128`.

At the coarsest scale the first guess is the blend of kriging and membrane that the network was trained on. At every
finer one the corrected fill from below takes the place of the membrane: near the border kriging counts, in the depth
what was found below.

Symbols: depth the distance of a missing pixel to the nearest known one, in pixels of a scale.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import cv2
import numpy as np

from retouch.arrays.checks import check_pair, without_garbage
from retouch.arrays.compositing import composite
from retouch.arrays.regions import hole_depth
from retouch.arrays.types import Image, Mask, Progress, ignore_progress
from retouch.classical.exemplar.guided import as_colour, guide_by
from retouch.classical.exemplar.patchmatch import inpaint_patchmatch
from retouch.classical.exemplar.residual_aggregation import shrink
from retouch.classical.sparse.blended import inpaint_blended, kriging_weight
from retouch.classical.sparse.kriging import inpaint_kriging
from retouch.errors import InputError
from retouch.learned.correction import correct_fill, open_corrector

DEEPEST_PX = 24.0
"""The greatest depth that the network is shown at the coarsest scale: training had few deeper ones."""

MOST_PIXELS = 1 << 19
"""Scales with more pixels are not shown to the network: what it adds there is detail, and its attention is costly."""

_LEAST_SIDE_PX = 32


class Scale(NamedTuple):
    """The picture at one scale."""

    picture: Image
    mask: Mask


def inpaint_learned_structure(
    image: Image,
    mask: Mask,
    *,
    net: str,
    detail: float = 0.0,
    rng: np.random.Generator | None = None,
    progress: Progress = ignore_progress,
) -> Image:
    """Fill with the structure that a small network sees, coarse to fine.

    Parameters
    ----------
    image : (H, W, C) float32, range [0, 1]
        Picture to repair; values under the mask are never read.
    mask : (H, W) bool
        True where a pixel is missing. An all-False mask returns a copy.
    net : str
        A name in the weight store, or the path of an ONNX file that `retouch export` wrote.
    detail : float
        Above 0, the hole is composed of known patches along the structure, which counts so much beside the likeness of
        patches, at most 1.
    rng : numpy.random.Generator, optional
        For the patches.
    progress : callable, optional
        Called as progress(done, total) in scales, of which detail is one more.

    Returns
    -------
    (H, W, C) float32, range [0, 1]
        Known pixels are bit-equal.

    Raises
    ------
    InputError
        If the pair fails `check_pair` or `detail` is out of range.
    WeightsError
        If the network is missing, damaged or does something else.

    Notes
    -----
    Made for the least error, and smooth: what broad holes lack in texture, `detail` adds.
    """
    check_pair(image, mask)
    if not 0 <= detail <= 1:
        raise InputError(f"detail must be 0 to 1, got {detail}")
    if not mask.any():
        progress(0, 0)
        return image.copy()
    exported = open_corrector(net)
    coloured = as_colour(image) if detail else image
    scales = _scales(coloured, mask)
    n_stages = len(scales) + (detail > 0)
    filled = inpaint_blended(*scales[0])
    for done, scale in enumerate(scales):
        progress(done, n_stages)
        guess = _next_guess(scale, filled) if done else filled
        filled = correct_fill(exported, guess, scale.mask) if scale.mask.size <= MOST_PIXELS else guess
    if detail:
        progress(len(scales), n_stages)
        filled = inpaint_patchmatch(coloured, mask, guide=guide_by(filled, detail), rng=rng)
    progress(n_stages, n_stages)
    return composite(image, filled[:, :, : image.shape[2]], mask)


def _scales(image: Image, mask: Mask) -> list[Scale]:
    """Return the picture at every scale, the coarsest first."""
    known = without_garbage(image, mask)
    halvings = max(0, math.ceil(math.log2(max(float(hole_depth(mask).max()), 1.0) / DEEPEST_PX)))
    while halvings and min(mask.shape) >> halvings < _LEAST_SIDE_PX:
        halvings -= 1
    smaller = [shrink(known, mask, 1 << n) for n in range(halvings, 0, -1)]
    return [Scale(small.picture, small.mask) for small in smaller if small.mask.any()] + [Scale(known, mask)]


def _next_guess(scale: Scale, coarser: Image) -> Image:
    """Return kriging near the border, and in the depth the fill of the scale below."""
    height, width, n_channels = scale.picture.shape
    size = (2 * coarser.shape[1], 2 * coarser.shape[0])
    enlarged = cv2.resize(coarser, size, interpolation=cv2.INTER_CUBIC).reshape(*size[::-1], n_channels)[
        :height, :width
    ]
    weight = kriging_weight(scale.mask)[:, :, None]
    blend = weight * inpaint_kriging(scale.picture, scale.mask) + (1 - weight) * enlarged
    return composite(scale.picture, np.clip(blend, 0, 1).astype(np.float32), scale.mask)
