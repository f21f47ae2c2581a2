"""A canvas to draw on, at any size.

Coordinates are those of the drawing, not of its pixels: x to the right and y down from the middle of the picture, in
units of its shorter side S. A square picture spans -0.5 to 0.5. The same numbers thus give the same picture at every
size, only finer. A shape says how far each point lies outside of its outline; a pixel is covered by the share that a
straight edge at that distance would leave of it, which smooths the edges.
"""

from __future__ import annotations

from typing import Any, Protocol, TypeAlias, runtime_checkable

import numpy as np
import numpy.typing as npt
from jaxtyping import Float32

from retouch.errors import InputError

Floats: TypeAlias = npt.NDArray[np.float32]
Colour: TypeAlias = tuple[float, float, float] | npt.NDArray[np.floating[Any]]
"""Three numbers in [0, 1], or a picture of the canvas's size."""


@runtime_checkable
class Shape(Protocol):
    """A closed outline."""

    def bounds(self) -> tuple[float, float, float, float]:
        """Return the smallest and the greatest x and y that it reaches: (x1, y1, x2, y2)."""

    def distance(self, x: Floats, y: Floats) -> Floats:
        """Return how far points lie outside, negative inside; x and y broadcast against each other."""


class Canvas:
    """A picture in the making.

    Parameters
    ----------
    height, width : int
        Size in pixels, 1 and up.
    colour : (3,) or (H, W, 3)
        What it is filled with.

    Attributes
    ----------
    pixels : (H, W, 3) float32
    x, y : (1, W) and (H, 1) float32
        Where the pixels' middles lie.
    unit_px : int
        S, how many pixels a unit has.
    """

    def __init__(self, height: int, width: int, colour: Colour = (0.0, 0.0, 0.0)) -> None:
        if height < 1 or width < 1:
            raise InputError(f"a drawing must be at least 1x1 pixels, got {width}x{height}")
        self.unit_px = min(height, width)
        self.x, self.y = coordinates(height, width)
        self.pixels: Floats = np.empty((height, width, 3), np.float32)
        self.pixels[:] = np.asarray(colour, np.float32)

    def cover(self, shape: Shape, softness: float = 0.0) -> tuple[tuple[slice, slice], Floats]:
        """Return the window that a shape can touch, and how much of each pixel in it is covered, 0 to 1.

        `softness` is the width in units of a soft edge around the outline.
        """
        margin = softness / 2 + 1 / self.unit_px
        left, top, right, bottom = shape.bounds()
        rows, cols = self._run(top - margin, bottom + margin, 0), self._run(left - margin, right + margin, 1)
        outside = shape.distance(self.x[:, cols], self.y[rows])
        share = np.clip(0.5 - outside / np.float32(max(softness, 1 / self.unit_px)), 0, 1)
        if softness:
            share = share * share * (3 - 2 * share)
        whole = (rows.stop - rows.start, cols.stop - cols.start)
        return (rows, cols), share if share.shape == whole else np.broadcast_to(share, whole)

    def paint(self, shape: Shape, colour: Colour, opacity: float = 1.0, softness: float = 0.0) -> None:
        """Lay a colour over what the shape covers."""
        window, share = self.cover(shape, softness)
        if share.size:
            self.blend(window, share * np.float32(opacity), colour)

    def blend(self, window: tuple[slice, slice], share: Floats, colour: Colour) -> None:
        """Lay a colour over a window, each pixel by its share."""
        ink = np.asarray(colour, np.float32)
        part = self.pixels[window]
        part += share[..., None] * ((ink[window] if ink.ndim > 1 else ink) - part)

    def _run(self, low: float, high: float, axis: int) -> slice:
        """Return the run of rows (axis 0) or columns (1) that begins before `low` and ends after `high`."""
        length = self.pixels.shape[axis]
        first = min(max(int(low * self.unit_px + length / 2 - 0.5), 0), length)
        return slice(first, min(max(int(high * self.unit_px + length / 2 + 1.5), first), length))

    def finish(self) -> Floats:
        """Return the picture, (H, W, 3) float32 in [0, 1]."""
        return np.clip(self.pixels, 0, 1, out=self.pixels)


def coordinates(height: int, width: int) -> tuple[Float32[np.ndarray, "1 W"], Float32[np.ndarray, "H 1"]]:
    """Return where the middles of the pixels lie, in units of the shorter side.

    >>> coordinates(2, 4)[0].tolist()
    [[-0.75, -0.25, 0.25, 0.75]]
    """
    side = min(height, width)
    x = (np.arange(width, dtype=np.float32) + 0.5 - width / 2) / side
    y = (np.arange(height, dtype=np.float32) + 0.5 - height / 2) / side
    return x[None].astype(np.float32), y[:, None].astype(np.float32)
