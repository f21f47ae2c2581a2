"""Judges of candidates: each gives a number to every one of some fills of the same hole, without the truth.

artefacts  The mean of the artefact map in the hole (R. Zhang et al., "Pixel-wise dense detector for image inpainting",
           Computer Graphics Forum 2020).
texture    How differently gradients are distributed in the hole and around it.
prediction The distance from the blend of kriging and membrane, the least-error guess at hand. A fill c has the expected
           squared error E|c - truth|^2 = E|truth - m|^2 + |c - m|^2, m being the mean of what the truth can be: the
           nearest to m is best. That is an argument for the error and not for the eye: a blur is nearest.

The default is `prediction`, by measurement. On 12 photographs that nothing was trained on, with 10 to 20 % missing
and six candidates each, Spearman's correlation of the score with the squared error was -0.52 for artefacts, -0.50 for
texture and +0.65 for prediction, each +-0.2; on 11 pictures of CBSD68 afterwards -0.62, -0.48 and +0.61. Artefacts
and texture are worse than chance: what is smooth is found most easily and has the least error. With a perceptual
distance (HED) it was -0.32, -0.17 and +0.37, each +-0.3. Of four candidates, prediction's choice was 0.71 dB better
in the hole than their mean, of 0.87 dB that a perfect one gains; it was `auto`'s fill every time, so that nothing is
gained over that. In one square of 72 px, on eight of the photographs, where all candidates are composed of patches,
no judge differs from chance: prediction has +0.38 with the squared error and -0.32 with HED, artefacts and texture
about -0.36 and +0.33, each +-0.4. So the order of candidates there is a suggestion, and the eye decides. The
benchmark is `benchmarks/quality/inspecting.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

import numpy as np
from jaxtyping import Float32

from retouch.arrays.types import Image, Mask
from retouch.io.pictures.picture import Picture
from retouch.methods.crop_run import FillRequest
from retouch.methods.fill import fill_picture
from retouch.tasks.inspecting.texture_match import texture_mismatch

Heat: TypeAlias = Float32[np.ndarray, "H W"]
Judge: TypeAlias = Callable[[Sequence[Image], Sequence[Heat], Mask], list[float]]

ARTEFACTS, TEXTURE, PREDICTION = "artefacts", "texture", "prediction"
DEFAULT_JUDGE = PREDICTION


def judge_artefacts(images: Sequence[Image], heats: Sequence[Heat], mask: Mask) -> list[float]:
    """Return the mean of each artefact map in the hole."""
    return [float(heat[mask].mean()) for heat in heats]


def judge_texture(images: Sequence[Image], heats: Sequence[Heat], mask: Mask) -> list[float]:
    """Return how much the texture of each fill differs from that around the hole."""
    return [texture_mismatch(image, mask) for image in images]


def judge_prediction(images: Sequence[Image], heats: Sequence[Heat], mask: Mask) -> list[float]:
    """Return the root mean square distance of each fill from the interpolation of what is known.

    Parameters
    ----------
    images : sequence of (H, W, C) float32, range [0, 1]
        Finished pictures that differ under the mask only.
    heats : sequence of (H, W) float32
        Their artefact maps; not looked at here.
    mask : (H, W) bool
        True where they were filled; not empty.

    Examples
    --------
    Between two equal pixels their value is predicted:

    >>> fills = [np.array([[[0.5], [middle], [0.5]]], np.float32) for middle in (0.5, 0.75)]
    >>> judge_prediction(fills, [], np.array([[False, True, False]]))
    [0.0, 0.25]
    """
    if not images:
        return []
    request = FillRequest("blended")
    predicted = fill_picture(Picture.from_array(images[0]), mask, request).picture.pixels[mask]
    return [float(np.sqrt(np.mean((image[mask] - predicted) ** 2))) for image in images]


JUDGES: Mapping[str, Judge] = {ARTEFACTS: judge_artefacts, TEXTURE: judge_texture, PREDICTION: judge_prediction}
"""Each gives a number from 0 to 1 to every one of some finished pictures; the least is the best."""
