"""Structure: an interpolation, and what a small network adds to it at the scale where it sees a hole whole.

Source: this project, in the spirit of "structure first, detail next" (the pyramid generator of
`retouch.nets.inpainting.two_stage`). The network is a `retouch.nets.inpainting.residual_unet`; the one that ships was
trained by the recipe `residual_unet-photos-64`.

The network corrects the blend of kriging and membrane. Where a hole is deeper than those of the training, a smaller
picture is corrected, and what was added there is enlarged: it is smooth. On 22 cases of Set14, by
which this was chosen, one scale gained 0.09 dB; a correction of the correction at every finer scale gained nothing.
"""

from __future__ import annotations

import math

import numpy as np

from retouch.arrays.checks import check_pair
from retouch.arrays.compositing import composite
from retouch.arrays.regions import hole_depth
from retouch.arrays.types import Image, Mask, Progress, ignore_progress
from retouch.classical.exemplar.residual_aggregation import enlarge, shrink
from retouch.classical.sparse.blended import inpaint_blended
from retouch.learned.correction import SHIPPED, correct_fill, open_corrector
from retouch.runtime.exported import Exported

DEEPEST_PX = 32.0
"""The greatest distance to a known pixel that the network is shown: training had few greater ones."""

MOST_PIXELS = 1 << 18
"""The largest picture that it is shown: 512 x 512, which takes it 134 MB."""

_LEAST_SIDE_PX = 32


def inpaint_learned_structure(
    image: Image,
    mask: Mask,
    *,
    net: str = SHIPPED,
    rng: np.random.Generator | None = None,
    progress: Progress = ignore_progress,
) -> Image:
    """Fill by interpolation, corrected by a small network.

    Parameters
    ----------
    image : (H, W, C) float32, range [0, 1]
        Picture to repair; values under the mask are never read.
    mask : (H, W) bool
        True where a pixel is missing. An all-False mask returns a copy.
    net : str
        "structure", which comes with the package; a name in the weight store; or the path of an ONNX file that
        `retouch export` wrote.
    rng : numpy.random.Generator, optional
        Not used: nothing here is random.
    progress : callable, optional
        Called as progress(done, total) before and after.

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
    Made for the least error, and smooth: broad holes get no texture. See detail.py for that.
    """
    check_pair(image, mask)
    if not mask.any():
        progress(0, 0)
        return image.copy()
    exported = open_corrector(net)
    progress(0, 1)
    filled = fill_structure(image, mask, exported)
    progress(1, 1)
    return filled


def fill_structure(image: Image, mask: Mask, exported: Exported) -> Image:
    """Return the picture with its hole filled by the blend of kriging and membrane and its correction.

    Parameters
    ----------
    image : (H, W, C) float32, range [0, 1]
    mask : (H, W) bool
        Not empty.
    exported : Exported
        Of `open_corrector`.
    """
    guess = inpaint_blended(image, mask)
    n_halvings = _n_halvings(mask)
    if n_halvings == 0:
        return correct_fill(exported, guess, mask)
    small = shrink(image, mask, 1 << n_halvings)
    coarse = inpaint_blended(small.picture, small.mask)
    added = correct_fill(exported, coarse, small.mask) - coarse
    enlarged = enlarge(added, 1 << n_halvings)[: mask.shape[0], : mask.shape[1]]
    return composite(image, np.clip(guess + enlarged, 0, 1), mask)


def _n_halvings(mask: Mask) -> int:
    """Return how often the picture is halved: for its depth as long as something remains, and for its size."""
    for_depth = math.ceil(math.log2(max(float(hole_depth(mask).max()) / DEEPEST_PX, 1.0)))
    while for_depth and min(mask.shape) >> for_depth < _LEAST_SIDE_PX:
        for_depth -= 1
    return max(for_depth, math.ceil(math.log2(max(mask.size / MOST_PIXELS, 1.0)) / 2))
