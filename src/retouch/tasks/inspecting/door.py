"""The Python door of inspection, for every kind of picture."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from jaxtyping import Float32

from retouch.arrays.types import Image, Mask, Progress, ignore_progress
from retouch.io.pictures.conversion import in_rgb
from retouch.io.pictures.picture import Picture
from retouch.methods.kinds import to_picture
from retouch.methods.marks import to_mask
from retouch.tasks.inspecting.artefact_map import artefact_map
from retouch.tasks.inspecting.scores import HeatScore, score_heat

if TYPE_CHECKING:
    from retouch.methods.kinds import AnyPicture


class Inspection(NamedTuple):
    """An artefact map and its numbers.

    Attributes
    ----------
    heat : (H, W) float32, range [0, 1]
        How likely each pixel was filled in; 0 outside of the mask, if one was given.
    score : HeatScore
    """

    heat: Float32[np.ndarray, "H W"]
    score: HeatScore


def inspect_artefacts(
    image: AnyPicture, mask: AnyPicture | None = None, *, progress: Progress | None = None
) -> Inspection:
    """Return where a picture looks filled in.

    Parameters
    ----------
    image : path, bytes, PIL.Image.Image, numpy.ndarray or Picture
        As for `retouch.fill`; alpha is not looked at.
    mask : path, bytes, PIL.Image.Image or (H, W) numpy.ndarray, optional
        White where it is known to be filled, of the picture's size: only these pixels are judged.
    progress : callable, optional
        Called as progress(done, total) in tiles.

    Returns
    -------
    Inspection
        Its `heat` and `score`.

    Raises
    ------
    InputError
        If picture or mask cannot be read, or they differ in size.
    WeightsError
        If the network is missing or damaged.

    Notes
    -----
    The network knows the fills of retouch's own methods. Smooth fills of textured places stand out most; a fill of
    copied patches shows where they do not fit, and a good one is not found. What is smooth by nature, such as sky or
    defocus, can look filled: of intact photographs a third of the pixels are above 1/2, so that without a mask a hot
    part is a place to look at, and no proof.

    Examples
    --------
    >>> inspect_artefacts(np.zeros((8, 8), np.uint8), np.zeros((8, 8), bool)).score.mean
    0.0
    """
    picture = to_picture(image)
    missing = None if mask is None else to_mask(mask, picture.shape)
    return inspect_picture(picture, missing, progress or ignore_progress)


def inspect_picture(picture: Picture, mask: Mask | None, progress: Progress = ignore_progress) -> Inspection:
    """Do the same for a decoded picture and a mask of its size."""
    heat = artefact_map(judged_image(picture), mask, progress=progress)
    return Inspection(heat, score_heat(heat, mask))


def judged_image(picture: Picture) -> Image:
    """Return a picture as the network is shown it: (H, W, 1 or 3) float32 in [0, 1], alpha left out."""
    return in_rgb(picture).to_float()
