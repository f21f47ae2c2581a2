"""Fills of label maps that spread the labels around a hole: nearest, layout, vote, Navier-Stokes, PatchMatch.

Source: L. Berlincioni et al., "Road Layout Understanding by Generative Adversarial Inpainting", in Inpainting and
Denoising Challenges, Springer 2019: nearest neighbour, Navier-Stokes (M. Bertalmio et al., CVPR 2001) and PatchMatch
(C. Barnes et al., SIGGRAPH 2009) on maps in colour. `layout` and `vote` are our own.

Departures: colours are snapped to the nearest of a class that may be given, where the source leaves them; PatchMatch is
that of this package instead of a product's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np
from jaxtyping import Bool, Float32, UInt8
from scipy import ndimage

from retouch.arrays.types import Image, Mask
from retouch.classical.diffusion.harmonic import fill_harmonic
from retouch.classical.exemplar.patchmatch import inpaint_patchmatch
from retouch.tasks.label_maps.classes import ClassList
from retouch.tasks.label_maps.files import Labels, colours_of

_FADING_PX = 16.0
_NS_RADIUS_PX = 3
_SQUEEZE = 2


@dataclass(frozen=True)
class LabelHole:
    """What is to be filled, and from what.

    Attributes
    ----------
    labels : (H, W) uint8
    unknown : (H, W) bool
        Every pixel that gives no label: what is removed, what moves, and what is not trusted.
    classes : ClassList
    allowed : tuple of int
        The ids that may be given.
    seed : int
    """

    labels: Labels
    unknown: Mask
    classes: ClassList
    allowed: tuple[int, ...]
    seed: int = 0


class Guess(NamedTuple):
    """Ids for all pixels, and how sure each is, 0 to 1."""

    labels: Labels
    confidence: Float32[np.ndarray, "H W"]


def spread_nearest(hole: LabelHole) -> Guess:
    """Give each pixel the label of the nearest known one, by Euclid's distance; sure beside it, half so 16 px away."""
    far, places = ndimage.distance_transform_edt(hole.unknown, return_indices=True)
    return Guess(hole.labels[tuple(places)], np.exp2(-np.maximum(far - 1, 0) / _FADING_PX).astype(np.float32))


def spread_layout(hole: LabelHole) -> Guess:
    """As `spread_votes` on a map of half the width: what is beside a pixel counts for more than what is above it.

    Streets lie in layers, one above the other. Pairs of columns are averaged over their known pixels first.
    """
    ids = np.array(hole.allowed, np.uint8)
    known = ~hole.unknown
    planes = _paired((hole.labels[:, :, None] == ids) & known[:, :, None])
    counts = _paired(known[:, :, None])
    halves = fill_harmonic((planes / np.maximum(counts, 1)).astype(np.float32), counts[:, :, 0] == 0)
    return _winning(np.repeat(halves, _SQUEEZE, axis=1)[:, : known.shape[1]], ids)


def spread_votes(hole: LabelHole) -> Guess:
    """Solve the Laplace equation for the one-hot plane of each class, and take the class that is highest.

    A plane is the chance that a random walk from the pixel first meets that class; it is the confidence.
    """
    ids = np.array(hole.allowed, np.uint8)
    return _winning(fill_harmonic((hole.labels[:, :, None] == ids).astype(np.float32), hole.unknown), ids)


def spread_navier_stokes(hole: LabelHole) -> Guess:
    """Carry the isophotes of the map in colour on, by OpenCV with radius 3, and snap."""
    picture = np.where(hole.unknown[:, :, None], np.uint8(0), colours_of(hole.labels, hole.classes))
    filled = cv2.inpaint(picture, hole.unknown.astype(np.uint8), _NS_RADIUS_PX, cv2.INPAINT_NS)
    return _snapped(filled.astype(np.float32), hole)


def spread_patches(hole: LabelHole) -> Guess:
    """Compose the map in colour of its own patches, and snap."""
    picture = (colours_of(hole.labels, hole.classes) / np.float32(255)).astype(np.float32)
    filled = inpaint_patchmatch(picture, hole.unknown, rng=np.random.default_rng(hole.seed))
    return _snapped(filled * np.float32(255), hole)


def _paired(planes: Bool[np.ndarray, "H W C"]) -> Float32[np.ndarray, "H w C"]:
    """Return the sums of pairs of columns; a last odd one stays alone."""
    even = np.pad(planes, ((0, 0), (0, planes.shape[1] % _SQUEEZE), (0, 0))).astype(np.float32)
    return even[:, ::_SQUEEZE] + even[:, 1::_SQUEEZE]


def _winning(planes: Float32[np.ndarray, "H W C"], ids: UInt8[np.ndarray, " C"]) -> Guess:
    """Take the highest plane at each pixel, and its height as confidence."""
    return Guess(ids[planes.argmax(axis=2)], np.clip(planes.max(axis=2), 0, 1))


def _snapped(picture: Image, hole: LabelHole) -> Guess:
    """Take the allowed class of the nearest colour; sure where the second is far, 1/2 where both are as near."""
    ids = {one.colour: one.id for one in reversed(hole.classes.classes) if one.id in hole.allowed}
    table, numbers = np.array(list(ids), np.float32), np.array(list(ids.values()), np.uint8)
    pixels = picture[hole.unknown]
    gaps = np.linalg.norm(pixels[:, None] - table, axis=2)
    labels, sure = hole.labels.copy(), np.ones(hole.labels.shape, np.float32)
    labels[hole.unknown] = numbers[gaps.argmin(axis=1)]
    if len(numbers) > 1:
        near = np.partition(gaps, 1, axis=1)[:, :2]
        sure[hole.unknown] = near[:, 1] / np.maximum(near.sum(axis=1), 1e-6)
    return Guess(labels, sure)
