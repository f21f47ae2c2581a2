"""The artefact map of a picture, whole or under a mask."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float32

from retouch.arrays.regions import Box, bounding_box
from retouch.arrays.types import Image, Mask, Progress, ignore_progress
from retouch.errors import InputError
from retouch.learned.artefacts import BUDGET_BYTES, Detector, detect_artefacts, open_detector


def artefact_map(
    image: Image,
    mask: Mask | None = None,
    *,
    detector: Detector | None = None,
    budget_bytes: int = BUDGET_BYTES,
    progress: Progress = ignore_progress,
) -> Float32[np.ndarray, "H W"]:
    """Return how likely each pixel was filled in.

    Parameters
    ----------
    image : (H, W, C) float32, range [0, 1]
        A finished picture, grey or RGB.
    mask : (H, W) bool, optional
        True where it is known to be filled. Only these pixels are judged, by what is in them and around them; all
        others are 0. Only their surroundings go through the network.
    detector : Detector, optional
        By default the one that comes with the package.
    budget_bytes : int
        What one tile of the network may use.
    progress : callable, optional
        Called as progress(done, total) in tiles.

    Returns
    -------
    (H, W) float32, range [0, 1]
        About 1/2 where the network cannot tell.

    Raises
    ------
    InputError
        If the picture is not grey or RGB or not finite, or the mask has another size.
    WeightsError
        If the network is missing or damaged.

    Examples
    --------
    >>> image, mask = np.full((9, 9, 3), 0.5, np.float32), np.zeros((9, 9), bool)
    >>> float(artefact_map(image, mask).max())
    0.0
    """
    detector = detector or open_detector()
    if mask is None:
        return detect_artefacts(image, detector, budget_bytes=budget_bytes, progress=progress)
    if mask.shape != image.shape[:2]:
        raise InputError(
            f"image and mask must have the same width and height, got image {image.shape[1]}x{image.shape[0]} and mask "
            f"{mask.shape[1]}x{mask.shape[0]}"
        )
    heat = np.zeros(mask.shape, np.float32)
    if not mask.any():
        return heat
    box = _seen_around(mask, detector)
    part = np.ascontiguousarray(image[box.slices])
    heat[box.slices] = detect_artefacts(part, detector, budget_bytes=budget_bytes, progress=progress)
    return np.where(mask, heat, np.float32(0))


def _seen_around(mask: Mask, detector: Detector) -> Box:
    """Return the box of what the network sees of these pixels, its corner on the grid of the strided layers."""
    step = detector.card.multiple
    margin = detector.card.radius_px if detector.card.radius_px is not None else max(mask.shape)
    box = bounding_box(mask).grown(margin, margin, (mask.shape[0], mask.shape[1]))
    return Box(box.top // step * step, box.left // step * step, box.bottom, box.right)
