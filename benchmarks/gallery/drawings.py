"""Drawn pictures of the methods' gallery: what a method continues or loses shows best where nothing else is there."""

from __future__ import annotations

import numpy as np

from benchmarks.engines import Pixels
from retouch.arrays.types import AnyArray

SIDE_PX = 64
"""Of pictures in which single pixels matter."""

WALL_PX = 192


def draw_bar() -> Pixels:
    """Return a white bar of 10 rows on black, across the middle."""
    rows, _ = _places(SIDE_PX)
    return _painted(np.where(np.abs(rows - (SIDE_PX - 1) / 2) < 5, 1.0, 0.0))


def draw_edge() -> Pixels:
    """Return an edge at 45 degrees, one pixel soft, between two greys."""
    rows, columns = _places(SIDE_PX)
    return _painted(0.2 + 0.6 * np.clip((rows + columns - (SIDE_PX - 1)) / np.sqrt(2) + 0.5, 0, 1))


def draw_arc() -> Pixels:
    """Return a line of 2 pixels along a circle of radius 20."""
    rows, columns = _places(SIDE_PX)
    away = np.abs(np.hypot(rows - 44, columns - 32) - 20)
    return _painted(0.2 + 0.6 * np.clip(1.5 - away, 0, 1))


def draw_rings() -> Pixels:
    """Return smooth waves around a centre beside the picture."""
    rows, columns = _places(SIDE_PX)
    return _painted(0.5 + 0.4 * np.cos(np.hypot(rows - 32, columns + 10) / 5))


def draw_bowl() -> Pixels:
    """Return a surface whose slope grows evenly to the lower right."""
    rows, columns = _places(SIDE_PX)
    return _painted(0.2 + 0.3 * (rows**2 + columns**2) / SIDE_PX**2)


def draw_facade() -> Pixels:
    """Return dark windows in a grid of 36 by 26 pixels on a light wall, with the noise of a camera."""
    rows, columns = _places(WALL_PX)
    down, across = rows % 36, columns % 26
    is_pane = (down > 10) & (down < 30) & (across > 7) & (across < 20)
    noise = np.random.default_rng(0).normal(0, 4, rows.shape)
    return _painted((np.where(is_pane, 50, 190) + noise) / 255)


def draw_floor() -> Pixels:
    """Return a chessboard floor in perspective: rows far up are small and near to each other."""
    rows, columns = _places(WALL_PX)
    depth = (rows + 12) / 40
    tile = np.floor(6 / depth) + np.floor((columns - 96) / (8 * depth) + 100)
    return _painted(np.where(tile % 2 == 0, 60, 200) / 255)


def _places(side: int) -> tuple[AnyArray, AnyArray]:
    rows, columns = np.mgrid[:side, :side].astype(np.float64)
    return rows, columns


def _painted(grey: AnyArray) -> Pixels:
    """Return values in [0, 1] as (H, W, 3) uint8."""
    levels = np.round(255 * np.clip(grey, 0, 1)).astype(np.uint8)
    return np.repeat(levels[:, :, None], 3, axis=2)
