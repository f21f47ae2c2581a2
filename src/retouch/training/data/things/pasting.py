"""Things cut out of one picture and laid over another so that no seam gives them away."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from jaxtyping import Bool, Float32, UInt8

from retouch.arrays.regions import bounding_box

_RIM_PX = 2  # at most lost on every side
_LEAST_SHARE, _MOST_SHARE = 0.25, 0.95  # of the ground's shorter side that the thing's longer one takes
_MOST_ENLARGED = 2.0
_SOFTNESS_PX = (0.4, 1.2)
_MATCHED = 0.5  # at most of the way to the colours of the new place
_BLUR_SHARE = 0.3


class Scene(NamedTuple):
    """A picture, one thing in it, and what somebody has labelled."""

    image: UInt8[np.ndarray, "H W 3"]
    thing: Bool[np.ndarray, "H W"]
    known: Bool[np.ndarray, "H W"]


def cut_out(scene: Scene, rng: np.random.Generator) -> Scene:
    """Return the part of a picture around its thing, the thing being without its rim.

    A thing that would be gone keeps its rim.
    """
    box = bounding_box(scene.thing)
    rim = int(rng.integers(1, _RIM_PX + 1))
    inner = cv2.erode(np.pad(scene.thing, 1).astype(np.uint8), np.ones((2 * rim + 1, 2 * rim + 1), np.uint8))
    thing = inner[1:-1, 1:-1] > 0
    thing = thing if thing.any() else scene.thing
    cut = box.grown(2, 2, scene.thing.shape)
    return Scene(*(array[cut.slices] for array in (scene.image, thing, np.ones_like(thing))))


def paste(cut: Scene, ground: UInt8[np.ndarray, "H W 3"], rng: np.random.Generator) -> Scene:
    """Return a picture with a cut-out somewhere in it, in a size of its own, now and then partly outside."""
    height, width = ground.shape[:2]
    share = float(np.exp(rng.uniform(np.log(_LEAST_SHARE), np.log(_MOST_SHARE))))
    scale = min(share * min(height, width) / max(cut.thing.shape), _MOST_ENLARGED)
    size = tuple(max(round(n * scale), 4) for n in cut.thing.shape)
    colours = cv2.resize(cut.image, size[::-1], interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    solid = cv2.resize(cut.thing.astype(np.float32), size[::-1], interpolation=cv2.INTER_AREA)
    top, left = (
        int(rng.integers(-n // 4, max(side - 3 * n // 4, 1))) for n, side in zip(size, (height, width), strict=True)
    )
    first = np.maximum((top, left), 0)
    last = np.minimum((top + size[0], left + size[1]), (height, width))
    there = np.s_[first[0] : last[0], first[1] : last[1]]
    here = np.s_[first[0] - top : last[0] - top, first[1] - left : last[1] - left]
    cover: Float32[np.ndarray, "H W"] = np.zeros((height, width), np.float32)
    cover[there] = solid[here]
    cover = cv2.GaussianBlur(cover, (0, 0), rng.uniform(*_SOFTNESS_PX)).astype(np.float32)
    laid = ground.astype(np.float32)
    laid[there] = _matched(colours[here].astype(np.float32), solid[here], laid[there], rng)
    mixed = ground + cover[..., None] * (laid - ground)
    if rng.random() < _BLUR_SHARE:
        mixed = cv2.GaussianBlur(mixed, (0, 0), rng.uniform(*_SOFTNESS_PX))
    thing = cover > 0.5  # noqa: PLR2004 - more thing than ground
    return Scene(np.rint(mixed.clip(0, 255)).astype(np.uint8), thing, np.ones_like(thing))


def _matched(
    colours: Float32[np.ndarray, "h w 3"],
    solid: Float32[np.ndarray, "h w"],
    ground: Float32[np.ndarray, "h w 3"],
    rng: np.random.Generator,
) -> Float32[np.ndarray, "h w 3"]:
    """Return the cut-out moved a random part of the way to the mean colour of what it covers."""
    if solid.sum() < 1:
        return colours
    weights = solid[..., None] / solid.sum()
    shift = (weights * (ground - colours)).sum(axis=(0, 1))
    moved: Float32[np.ndarray, "h w 3"] = colours + np.float32(rng.uniform(0, _MATCHED)) * shift
    return moved
