"""Outlines of shapes, as distances.

All lengths are in units of the canvas. Distances of ellipses are first-order (value over slope), exact on the outline,
which is where they are looked at.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from retouch.arrays.types import AnyArray
from retouch.training.data.synthetic.drawing.canvas import Floats, Shape


@dataclass(frozen=True)
class Ellipse:
    """An ellipse around (x, y) with half-axes rx and ry, turned by `turn` radians (clockwise, y down)."""

    x: float
    y: float
    rx: float
    ry: float
    turn: float = 0.0

    def bounds(self) -> tuple[float, float, float, float]:
        """Return x1, y1, x2, y2."""
        cos, sin = math.cos(self.turn), math.sin(self.turn)
        wide, high = math.hypot(self.rx * cos, self.ry * sin), math.hypot(self.rx * sin, self.ry * cos)
        return self.x - wide, self.y - high, self.x + wide, self.y + high

    def distance(self, x: Floats, y: Floats) -> Floats:
        """Return the distance outside."""
        u, v = _turned(x - float(self.x), y - float(self.y), float(self.turn))
        rx, ry = float(self.rx), float(self.ry)
        u, v = u / rx, v / ry
        square = u * u + v * v
        slope = 2 * np.sqrt((u / rx) ** 2 + (v / ry) ** 2)
        return np.asarray(((square - 1) / np.maximum(slope, 1e-6)), np.float32)


@dataclass(frozen=True)
class Box:
    """A rectangle around (x, y), half as wide as `rx` twice over and as high as `ry` twice over, corners rounded."""

    x: float
    y: float
    rx: float
    ry: float
    turn: float = 0.0
    rounding: float = 0.0

    def bounds(self) -> tuple[float, float, float, float]:
        """Return x1, y1, x2, y2."""
        cos, sin = abs(math.cos(self.turn)), abs(math.sin(self.turn))
        wide, high = self.rx * cos + self.ry * sin, self.rx * sin + self.ry * cos
        return self.x - wide, self.y - high, self.x + wide, self.y + high

    def distance(self, x: Floats, y: Floats) -> Floats:
        """Return the distance outside."""
        u, v = _turned(x - float(self.x), y - float(self.y), float(self.turn))
        right, below = np.abs(u) - float(self.rx - self.rounding), np.abs(v) - float(self.ry - self.rounding)
        inside = np.minimum(np.maximum(right, below), 0)
        return np.asarray((np.hypot(np.maximum(right, 0), np.maximum(below, 0)) + inside - self.rounding), np.float32)


@dataclass(frozen=True)
class Stroke:
    """A line with round ends through points (x, y), `width` wide."""

    points: tuple[tuple[float, float], ...]
    width: float

    def bounds(self) -> tuple[float, float, float, float]:
        """Return x1, y1, x2, y2."""
        return _bounds(self.points, self.width / 2)

    def distance(self, x: Floats, y: Floats) -> Floats:
        """Return the distance outside."""
        pieces = zip(self.points[:-1], self.points[1:], strict=True)
        nearest = np.minimum.reduce([_square_to_piece(x, y, start, end) for start, end in pieces])
        return np.asarray((np.sqrt(nearest) - self.width / 2), np.float32)


@dataclass(frozen=True)
class Polygon:
    """A convex polygon through points (x, y), in either sense of rotation."""

    points: tuple[tuple[float, float], ...]

    def bounds(self) -> tuple[float, float, float, float]:
        """Return x1, y1, x2, y2."""
        return _bounds(self.points, 0.0)

    def distance(self, x: Floats, y: Floats) -> Floats:
        """Return the distance to the nearest side's line; beyond a corner it is less than the true distance."""
        pieces = list(zip(self.points, (*self.points[1:], self.points[0]), strict=True))
        sense = 1.0 if sum(a[0] * b[1] - a[1] * b[0] for a, b in pieces) > 0 else -1.0
        outside: AnyArray = np.full((1, 1), -np.inf, np.float32)
        for start, end in pieces:
            dx, dy = float(end[0] - start[0]), float(end[1] - start[1])
            scale = sense / max(math.hypot(dx, dy), 1e-9)
            side = x * (dy * scale) - y * (dx * scale) - float(start[0] * dy - start[1] * dx) * scale
            outside = np.maximum(outside, side)
        return np.asarray(outside, np.float32)


@dataclass(frozen=True)
class Both:
    """What lies in both of two shapes."""

    first: Shape
    second: Shape

    def bounds(self) -> tuple[float, float, float, float]:
        """Return x1, y1, x2, y2."""
        a, b = self.first.bounds(), self.second.bounds()
        return max(a[0], b[0]), max(a[1], b[1]), min(a[2], b[2]), min(a[3], b[3])

    def distance(self, x: Floats, y: Floats) -> Floats:
        """Return the distance outside."""
        return np.maximum(self.first.distance(x, y), self.second.distance(x, y))


def _turned(x: Floats, y: Floats, turn: float) -> tuple[Floats, Floats]:
    if turn == 0:
        return x, y  # left as a row and a column, which is cheaper
    cos, sin = math.cos(turn), math.sin(turn)
    return x * cos + y * sin, y * cos - x * sin


def _bounds(points: tuple[tuple[float, float], ...], margin: float) -> tuple[float, float, float, float]:
    x, y = zip(*points, strict=True)
    return min(x) - margin, min(y) - margin, max(x) + margin, max(y) + margin


def _square_to_piece(x: Floats, y: Floats, start: tuple[float, float], end: tuple[float, float]) -> Floats:
    """Return the squared distance to a piece of a straight line."""
    dx, dy = float(end[0] - start[0]), float(end[1] - start[1])
    u, v = x - float(start[0]), y - float(start[1])
    along = np.clip((u * dx + v * dy) / max(dx * dx + dy * dy, 1e-12), 0, 1)
    return np.asarray((u - along * dx) ** 2 + (v - along * dy) ** 2, np.float32)
