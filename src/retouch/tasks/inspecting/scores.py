"""Numbers read off an artefact map: its mean, and its hot parts, the worst first."""

from __future__ import annotations

from typing import Any, NamedTuple

import cv2
import numpy as np
from jaxtyping import Float32

from retouch.arrays.regions import Box
from retouch.arrays.types import Mask
from retouch.errors import InputError

THRESHOLD = 0.5
"""From here on a pixel is hot: the network takes it for filled rather than for known."""

LEAST_PX = 24
"""Hot parts of fewer pixels are left out: about the smallest that the map, made at a quarter of the size, can place."""


class HotPart(NamedTuple):
    """One 8-connected part of hot pixels.

    Attributes
    ----------
    box : Box
        Around it.
    heat : float
        Mean of its pixels, 0 to 1.
    area_px : int
        Their number.
    """

    box: Box
    heat: float
    area_px: int

    def to_dict(self) -> dict[str, Any]:
        """Return plain types for JSON; the box as x, y, width, height."""
        box = self.box
        place = {"x": box.left, "y": box.top, "width": box.width, "height": box.height}
        return {"box": place, "heat": round(self.heat, 4), "area_px": self.area_px}


class HeatScore(NamedTuple):
    """What an artefact map says in a few numbers; 0 is best in all of them.

    Attributes
    ----------
    mean : float
        Mean of the judged pixels, 0 to 1.
    worst : float
        Mean of the worst hot part; 0 where there is none.
    hot_share : float
        Share of the judged pixels that are hot.
    parts : tuple of HotPart
        The worst first: by the sum of what their pixels have above the threshold.
    """

    mean: float
    worst: float
    hot_share: float
    parts: tuple[HotPart, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return plain types for JSON."""
        numbers = {name: round(getattr(self, name), 4) for name in ("mean", "worst", "hot_share")}
        return {**numbers, "parts": [part.to_dict() for part in self.parts]}


def score_heat(
    heat: Float32[np.ndarray, "H W"],
    mask: Mask | None = None,
    *,
    threshold: float = THRESHOLD,
    least_px: int = LEAST_PX,
) -> HeatScore:
    """Return the numbers of an artefact map.

    Parameters
    ----------
    heat : (H, W) float32, range [0, 1]
    mask : (H, W) bool, optional
        The pixels that count; by default all.
    threshold : float, range 0 to 1
        What counts as hot.
    least_px : int
        Hot parts of fewer pixels are left out.

    Examples
    --------
    >>> heat = np.array([[0.9, 0.7, 0.0, 0.0]], np.float32)
    >>> score = score_heat(heat, least_px=1)
    >>> round(score.mean, 3), round(score.worst, 3), score.hot_share, score.parts[0].box
    (0.4, 0.8, 0.5, Box(top=0, left=0, bottom=1, right=2))
    """
    counted = np.ones(heat.shape, bool) if mask is None else mask
    if not counted.any():
        return HeatScore(0.0, 0.0, 0.0, ())
    hot = (heat >= threshold) & counted
    parts = []
    for part, pixels in hot_parts(hot, least_px):
        inside = heat[part.slices][pixels]
        parts.append(HotPart(part, float(inside.mean()), len(inside)))
    parts.sort(key=lambda part: -(part.heat - threshold) * part.area_px)
    worst = parts[0].heat if parts else 0.0
    return HeatScore(float(heat[counted].mean()), worst, float(hot[counted].mean()), tuple(parts))


def hot_parts(hot: Mask, least_px: int) -> list[tuple[Box, Mask]]:
    """Return the 8-connected parts of at least so many pixels: the box of each, and its pixels within the box.

    Raises
    ------
    InputError
        If `least_px` is below 1.
    """
    if least_px < 1:
        raise InputError(f"the least size of a hot part must be 1 pixel or more, got {least_px}")
    n_labels, labels, stats, _ = cv2.connectedComponentsWithStats(hot.view(np.uint8), connectivity=8)
    found = []
    for label in range(1, n_labels):
        left, top, width, height, area = (int(n) for n in stats[label])
        if area >= least_px:
            box = Box(top, left, top + height, left + width)
            found.append((box, labels[box.slices] == label))
    return found
