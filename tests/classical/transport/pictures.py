"""Drawn pictures whose whole is known, with holes that cut their edges and lines."""

from __future__ import annotations

import numpy as np

from retouch.arrays.types import Image, Mask

SIDE = 64


def edge(degrees: float, low: float, high: float, shift_px: float = 0.0) -> Image:
    """Return a straight edge between two levels, one pixel soft, at an angle to the horizontal."""
    rows, columns = np.mgrid[:SIDE, :SIDE] - (SIDE - 1) / 2
    angle = np.deg2rad(degrees)
    inside = np.clip(np.cos(angle) * rows + np.sin(angle) * columns - shift_px + 0.5, 0, 1)
    return np.asarray(low + (high - low) * inside, np.float32)[:, :, None]


def band(width_px: int = 6) -> Mask:
    """Return a mask that cuts such a picture from top to bottom."""
    mask = np.zeros((SIDE, SIDE), bool)
    mask[:, (SIDE - width_px) // 2 : (SIDE + width_px) // 2] = True
    return mask


def ten_edges() -> list[Image]:
    """Return edges at 37 to 53 degrees of several contrasts and places."""
    return [edge(37 + 16 * k / 9, 0.1 + 0.03 * k, 0.55 + 0.04 * k, k / 5 - 1) for k in range(10)]


def arc() -> tuple[Image, Mask]:
    """Return a line of 2 pixels and contrast 0.6 along a circle of radius 20, and a stroke of 9 pixels over its top."""
    rows, columns = np.mgrid[:SIDE, :SIDE]
    line = np.clip(1.5 - np.abs(np.hypot(rows - 44, columns - 32) - 20), 0, 1)
    mask = np.zeros((SIDE, SIDE), bool)
    mask[:, 28:37] = True
    return np.asarray(0.2 + 0.6 * line, np.float32)[:, :, None], mask


def contrast_of_arc(filled: Image) -> float:
    """Return the contrast in the middle of the stroke, as a share of the line's."""
    column = filled[:, 32, 0]
    return float((column[22:27].max() - np.median(column[5:18])) / 0.6)


def bar_with_gap(gap_px: int) -> tuple[Image, Mask]:
    """Return a white bar 10 pixels wide, cut by a taller hole of the given width."""
    image = np.zeros((60, 60, 1), np.float32)
    image[25:35] = 1
    mask = np.zeros((60, 60), bool)
    mask[10:50, 30 - gap_px // 2 : 30 + gap_px // 2] = True
    return image, mask


def psnr(filled: Image, image: Image, mask: Mask) -> float:
    """Return the ratio over the missing pixels in dB."""
    return float(-10 * np.log10(np.mean((filled[mask] - image[mask]) ** 2)))
