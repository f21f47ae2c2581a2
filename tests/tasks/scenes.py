"""Pictures with things on grounds that are known, for the tests of tasks."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from retouch.arrays.types import AnyArray, Mask

CLICK = (60, 80)
"""(row, col) in the middle of the thing."""

COLOUR = (220, 40, 170)


class Scene(NamedTuple):
    """A picture, what it shows without its thing, and where that is."""

    picture: AnyArray
    ground: AnyArray
    thing: Mask


def shapes(kind: str = "ellipse", seed: int = 0) -> Scene:
    """Return 120 x 160 px of a shaded, grainy ground with one shape of another colour around `CLICK`."""
    rng = np.random.default_rng(seed)
    rows, cols = np.mgrid[:120, :160]
    shade = 90 + 0.4 * rows + 0.2 * cols + 6 * np.sin(cols / 5)
    ground = np.stack([shade, shade + 25, shade - 15], axis=2) + rng.normal(0, 2, (120, 160, 3))
    drawn = np.zeros((120, 160), np.uint8)
    row, col = CLICK
    if kind == "ellipse":
        cv2.ellipse(drawn, (col, row), (24, 15), 20, 0, 360, 1, -1)
    elif kind == "rectangle":
        cv2.rectangle(drawn, (col - 14, row - 20), (col + 14, row + 20), 1, -1)
    else:
        cv2.fillPoly(drawn, [np.array([[col, row - 22], [col - 22, row + 20], [col + 22, row + 20]])], 1)
    thing = np.array(COLOUR) + rng.normal(0, 3, (120, 160, 3))
    clean = np.rint(ground).clip(0, 255).astype(np.uint8)
    shown = np.rint(np.where(drawn[:, :, None] > 0, thing, ground)).clip(0, 255).astype(np.uint8)
    return Scene(shown, clean, drawn > 0)


def pair() -> tuple[AnyArray, Mask, Mask]:
    """Return a picture of two things of different colours that touch at column 80, and their masks."""
    picture = shapes().ground.copy()
    left, right = np.zeros((120, 160), bool), np.zeros((120, 160), bool)
    left[40:80, 50:80] = True
    right[40:80, 80:110] = True
    picture[left] = 210, 50, 40
    picture[right] = 40, 60, 220
    return picture, left, right


def hole_psnr(result: AnyArray, truth: AnyArray, hole: Mask) -> float:
    """Return the PSNR of 8-bit pictures in a hole."""
    difference = result[hole].astype(float) - truth[hole]
    return float(10 * np.log10(255**2 / np.mean(difference**2)))
