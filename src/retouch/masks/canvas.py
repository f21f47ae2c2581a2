"""The sheet that every mask family draws on: its size, its scale, its lines, and what is true of each finished mask.

Two rules hold for every family. Lengths that its source gives in pixels of a 256 x 256 picture are multiplied by
S / 256, where S = min(H, W), and are never below 1 px. And a finished mask has at least one missing pixel and, when
the picture has more than one pixel, at least one known: where a family would break that (a hole smaller than a pixel,
a stroke wider than the picture), one pixel drawn at random is changed. A picture of 1 x 1 is therefore all missing.
"""

from __future__ import annotations

import cv2
import numpy as np
from jaxtyping import UInt8

from retouch.arrays.types import Mask
from retouch.errors import InputError

REFERENCE_SIDE = 256
"""Side in pixels of the pictures for which the sources state widths and lengths."""


def blank_canvas(height: int, width: int) -> UInt8[np.ndarray, "H W"]:
    """Return a canvas of zeros (nothing missing) to draw ones on, or refuse a size below 1 x 1."""
    if height < 1 or width < 1:
        raise InputError(f"a mask must be at least 1x1 pixels, got {width}x{height}")
    return np.zeros((height, width), np.uint8)


def canvas_scale(canvas: UInt8[np.ndarray, "H W"]) -> float:
    """Return S / 256 with S the shorter side: 1.0 for a 256 x 256 picture."""
    height, width = canvas.shape
    return float(min(height, width)) / REFERENCE_SIDE


def scaled(length_px: int, scale: float) -> int:
    """Return a length stated for 256 px in whole pixels of this picture, at least 1.

    >>> scaled(40, 0.5), scaled(3, 0.01)
    (20, 1)
    """
    return max(1, round(length_px * scale))


def draw_line(
    canvas: UInt8[np.ndarray, "H W"], start: tuple[float, float], end: tuple[float, float], width_px: int
) -> None:
    """Draw a line with round ends from (row, col) `start` to `end`, without antialiasing.

    It is `width_px` wide when that is odd, one pixel wider when even: a line centred on a pixel has an odd width.
    """
    thickness = width_px - 1 + (width_px == 1 or width_px % 2 == 0)  # OpenCV draws 3, 5, 7 px for thickness 2, 4, 6
    cv2.line(canvas, _xy(start), _xy(end), 1, thickness)


def draw_disc(canvas: UInt8[np.ndarray, "H W"], centre: tuple[float, float], width_px: int) -> None:
    """Draw a filled disc around (row, col) `centre`, as wide as a line of `width_px`."""
    cv2.circle(canvas, _xy(centre), width_px // 2, 1, cv2.FILLED)


def finish_mask(canvas: UInt8[np.ndarray, "H W"], rng: np.random.Generator) -> Mask:
    """Turn a canvas into a mask with at least one missing and, above 1 x 1, at least one known pixel."""
    mask = canvas.astype(np.bool_)
    n_missing = np.count_nonzero(mask)
    if n_missing == 0 or (n_missing == mask.size > 1):
        pixel = rng.integers(mask.size)
        mask.flat[pixel] = not mask.flat[pixel]
    return mask


def check_share(name: str, value: float) -> None:
    """Refuse an option that must lie strictly between 0 and 1."""
    if not 0 < value < 1:
        raise InputError(f"{name} must be above 0 and below 1, got {value}")


def _xy(point: tuple[float, float]) -> tuple[int, int]:
    return round(float(point[1])), round(float(point[0]))
