"""What a network is told about a click or a box, in planes beside the picture; training and use share this.

Source: own, after the maps of clicks of N. Xu, B. Price, S. Cohen, J. Yang, T. Huang, "Deep interactive object
selection", CVPR 2016, section 3.1. Departures: bumps of one width for distances; the answer of the classical search
(`posterior`) is a plane of its own, so that a network needs to learn only what colours and place do not say.

    plane 0   probability by colours and place, 0.02 to 0.98
    plane 1   1 at clicks on the thing, falling as a Gaussian of 3 % of the longer side
    plane 2   the same for clicks beside it
    plane 3   1 inside the box; 0 everywhere where none is given
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float32

from retouch.arrays.regions import Box
from retouch.arrays.types import Image
from retouch.masks.selecting.palette import name_colours, to_lab
from retouch.masks.selecting.posterior import Seen, likely_inside
from retouch.masks.selecting.squares import Length

N_PLANES = 4
DOUBT = 0.02
"""How sure plane 0 can be at most."""

_BUMP = 0.03
_RADIUS = 3 / 128
_HINTED = 0.98


def prompt_planes(
    image: Image,
    points: Sequence[tuple[Length, Length]],
    negative_points: Sequence[tuple[Length, Length]] = (),
    box: Box | None = None,
) -> Float32[np.ndarray, "H W 4"]:
    """Return the planes of a prompt.

    Parameters
    ----------
    image : (H, W, C) float32, range [0, 1]
        A part of a picture around the thing; without a box the thing is expected in its middle, half its size.
    points, negative_points : sequence of (row, col)
        On the thing, and not on it; fractions of a pixel do no harm.
    box : Box, optional
        Around the thing, with pixels in the picture; it may reach beyond.

    Returns
    -------
    (H, W, 4) float32, range [0, 1]

    >>> prompt_planes(np.zeros((64, 64, 3), np.float32), [(20, 30)])[20, 30, 1:].tolist()
    [1.0, 0.0, 0.0]
    """
    height, width = image.shape[:2]
    planes = np.zeros((height, width, N_PLANES), np.float32)
    for plane, group in ((1, points), (2, negative_points)):
        for row, col in group:
            np.maximum(planes[..., plane], _bump(height, width, row, col), out=planes[..., plane])
    if box is not None:
        box = box.grown(0, 0, (height, width))
        planes[(*box.slices, 3)] = 1
    expected = box or Box(height // 4, width // 4, height - height // 4, width - width // 4)
    planes[..., 0] = likely_inside(_seen(image, planes), expected).clip(DOUBT, 1 - DOUBT)
    return planes


def _bump(height: int, width: int, row: Length, col: Length) -> Float32[np.ndarray, "H W"]:
    spread = _BUMP * max(height, width)
    down, across = (np.exp(-((np.arange(n) - at) ** 2) / (2 * spread**2)) for n, at in ((height, row), (width, col)))
    return np.outer(down, across).astype(np.float32)


def _seen(image: Image, planes: Float32[np.ndarray, "H W 4"]) -> Seen:
    lab = to_lab(image)
    hints = np.full(lab.shape[:2], -1, np.float32)
    hints[planes[..., 1] > np.exp(-0.5)] = _HINTED  # within one spread of a click
    hints[planes[..., 2] > np.exp(-0.5)] = 1 - _HINTED
    radius_px = max(1, round(_RADIUS * max(image.shape[:2])))
    return Seen(lab[..., 0] / np.float32(100), name_colours(lab), hints, radius_px)
