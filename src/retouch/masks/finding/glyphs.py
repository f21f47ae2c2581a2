"""Candidates for letters: thin parts of one even colour.

Source: this project, after B. Epshtein, E. Ofek, Y. Wexler, "Detecting text in natural scenes with stroke width
transform", CVPR 2010: letters have strokes of one width. What is brighter or darker than everything as wide as a stroke
(top-hat and black-hat of each channel) is thin; the colours that many thin pixels share are those a caption may have;
the connected thin parts of each such colour are its candidates.
Departures: the stroke width is read from the distance to the border of a part instead of from rays across it: in a
stroke of constant width that distance has a mean of half its maximum, in a disc of a third.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from jaxtyping import Bool, Float32
from scipy import ndimage

_LEVELS = 32
_LEAST_CROWD = 4  # pixels: fewer are no crowd
_SMALLEST_PX = 4
_FEWEST_PIXELS = 5
_WIDEST = 14.0  # times its height: a word whose letters touch
_LEAST_EVENNESS = 0.55
_NEAR = 0.16  # of a colour, in its farthest channel


class Glyph(NamedTuple):
    """One part: its box in pixels, its pixels' number, and half its stroke's width, how thick it is."""

    top: int
    left: int
    bottom: int
    right: int
    n_pixels: int
    radius_px: float

    @property
    def height(self) -> int:
        """Number of rows."""
        return self.bottom - self.top

    @property
    def width(self) -> int:
        """Number of columns."""
        return self.right - self.left


def thin_contrasts(
    picture: Float32[np.ndarray, "H W C"], stroke_px: int
) -> tuple[Float32[np.ndarray, "H W"], Float32[np.ndarray, "H W"]]:
    """Return by how much a pixel is above, and below, all that is wider than a stroke, in the best of its channels.

    Examples
    --------
    >>> page = np.zeros((5, 9, 1), np.float32)
    >>> page[:, 4] = 0.75
    >>> above, below = thin_contrasts(page, 2)
    >>> above[2].tolist(), float(below.max())
    ([0.0, 0.0, 0.0, 0.0, 0.75, 0.0, 0.0, 0.0, 0.0], 0.0)
    """
    side = 2 * stroke_px + 1
    square = cv2.getStructuringElement(cv2.MORPH_RECT, (side, side))
    planes = [np.ascontiguousarray(picture[:, :, c]) for c in range(picture.shape[2])]
    above = np.max([cv2.morphologyEx(plane, cv2.MORPH_TOPHAT, square) for plane in planes], axis=0)
    below = np.max([cv2.morphologyEx(plane, cv2.MORPH_BLACKHAT, square) for plane in planes], axis=0)
    return above, below


def shared_colours(
    picture: Float32[np.ndarray, "H W C"], weight: Float32[np.ndarray, "H W"], n_most: int
) -> list[Float32[np.ndarray, " C"]]:
    """Return the colours on which thin pixels crowd: those that many have, and few have nearly.

    Examples
    --------
    >>> page = np.zeros((8, 8, 1), np.float32)
    >>> page[2:6, 2] = 0.75
    >>> [c.tolist() for c in shared_colours(page, (page[:, :, 0] > 0).astype(np.float32), 3)]
    [[0.75]]
    """
    n_channels = picture.shape[2]
    colours = picture[weight > 0]
    cells = np.minimum((colours * _LEVELS).astype(np.int64), _LEVELS - 1)
    counts = np.zeros((_LEVELS,) * n_channels)
    np.add.at(counts, tuple(cells.T), weight[weight > 0])
    own = ndimage.uniform_filter(counts, 3, mode="constant") * 3**n_channels
    around = ndimage.uniform_filter(counts, 9, mode="constant") * 9**n_channels
    crowding = own**2 / (around + _LEAST_CROWD)
    found: list[Float32[np.ndarray, " C"]] = []
    for _ in range(n_most):
        peak = np.unravel_index(crowding.argmax(), crowding.shape)
        inside = (np.abs(cells - np.array(peak)) <= 1).all(axis=1)
        if not inside.any():
            break
        found.append(np.median(colours[inside], axis=0).astype(np.float32))
        crowding[tuple(slice(max(i - 3, 0), i + 4) for i in peak)] = 0
    return found


def near_colour(
    picture: Float32[np.ndarray, "H W C"], colour: Float32[np.ndarray, " C"], tolerance: float = _NEAR
) -> Bool[np.ndarray, "H W"]:
    """Tell of each pixel whether no channel is farther from a colour than a tolerance."""
    near: Bool[np.ndarray, "H W"] = np.abs(picture - colour).max(axis=2) < tolerance
    return near


def find_glyphs(near: Bool[np.ndarray, "H W"]) -> list[Glyph]:
    """Return the connected parts that may be letters.

    Examples
    --------
    >>> page = np.zeros((40, 40), bool)
    >>> page[10:20, 18:21] = True
    >>> find_glyphs(page)
    [Glyph(top=10, left=18, bottom=20, right=21, n_pixels=30, radius_px=1.4)]
    """
    n_parts, labels, stats, _ = cv2.connectedComponentsWithStats(near.astype(np.uint8), connectivity=8)
    if n_parts == 1:
        return []
    depth = cv2.distanceTransform(np.pad(near.astype(np.uint8), 1), cv2.DIST_L2, 3)[1:-1, 1:-1] - 0.5
    numbers = np.arange(1, n_parts)
    deepest = np.asarray(ndimage.maximum(depth, labels, numbers))
    evenness = 2 * np.asarray(ndimage.mean(depth, labels, numbers)) / deepest
    x, y, w, h, n = stats[1:].T
    fits = (h >= _SMALLEST_PX) & (h <= near.shape[0] / 3) & (w <= _WIDEST * h) & (evenness >= _LEAST_EVENNESS)
    fits &= (2 * deepest <= 0.6 * np.maximum(h, w)) & (n >= _FEWEST_PIXELS)
    fits &= (n <= 0.95 * w * h) | (w <= 0.4 * h)  # a full rectangle is a letter where it is an upright stroke
    return [
        Glyph(int(y[i]), int(x[i]), int(y[i] + h[i]), int(x[i] + w[i]), int(n[i]), round(float(deepest[i]), 1))
        for i in np.flatnonzero(fits)
    ]
