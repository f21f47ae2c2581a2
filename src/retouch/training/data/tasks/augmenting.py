"""The augmentation of single-shot detectors: other light, a part of the picture, or the picture in a larger one.

Source: W. Liu et al., "SSD: single shot multibox detector", ECCV 2016, sections 2.2 ("Data augmentation") and 3.6
("zoom out"). Departures: a part is kept if the middle of one box at least lies in it, instead of by its overlap with
the boxes; light changes brightness, contrast and saturation, not hue.

A view is a window in fractions of the picture, which may reach beyond it; what lies beyond is filled with the mean.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from jaxtyping import Bool, Float32, UInt8
from PIL import Image as PillowImage

View: TypeAlias = tuple[float, float, float, float]
"""(x1, y1, x2, y2) in fractions of width and height."""
WHOLE: View = (0.0, 0.0, 1.0, 1.0)
_TRIES = 20
_PART_SHARE, _WITHIN_SHARE = 0.5, 0.25
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)


def draw_view(boxes: Float32[np.ndarray, "K 4"], rng: np.random.Generator) -> View:
    """Return the whole picture, a part of it with a box in it, or a window up to 2.5 times as wide around it."""
    chance = rng.random()
    if chance < _PART_SHARE and len(boxes):
        for _ in range(_TRIES):
            wide, aspect = rng.uniform(0.3, 1.0), rng.uniform(0.6, 1.6)
            high = min(max(wide * aspect, 0.3), 1.0)
            x, y = rng.uniform(0, 1 - wide), rng.uniform(0, 1 - high)
            view = (x, y, x + wide, y + high)
            if middles_in(boxes, view).any():
                return view
    if chance > 1 - _WITHIN_SHARE:
        side = rng.uniform(1.0, 2.5)
        x, y = -rng.uniform(0, side - 1), -rng.uniform(0, side - 1)
        return x, y, x + side, y + side
    return WHOLE


def middles_in(boxes: Float32[np.ndarray, "K 4"], view: View) -> Bool[np.ndarray, " K"]:
    """Return whose middle lies in a view.

    >>> middles_in(np.array([[0, 0, 0.2, 0.2], [0.5, 0.5, 1, 1]], np.float32), (0.5, 0.5, 1.0, 1.0)).tolist()
    [False, True]
    """
    x, y = (boxes[:, 0] + boxes[:, 2]) / 2, (boxes[:, 1] + boxes[:, 3]) / 2
    return np.asarray((x >= view[0]) & (x < view[2]) & (y >= view[1]) & (y < view[3]), np.bool_)


def seen_boxes(boxes: Float32[np.ndarray, "K 4"], view: View) -> Float32[np.ndarray, "K 4"]:
    """Return boxes as fractions of a view, cut off at its border.

    >>> seen_boxes(np.array([[0.5, 0.5, 1, 1]], np.float32), (0.0, 0.0, 2.0, 2.0)).tolist()
    [[0.25, 0.25, 0.5, 0.5]]
    """
    shift, sides = np.array(view[:2] * 2), np.array([view[2] - view[0], view[3] - view[1]] * 2)
    return np.asarray(np.clip((boxes - shift) / sides, 0, 1), np.float32)


def look(pixels: UInt8[np.ndarray, "H W C"], view: View, size_px: int) -> UInt8[np.ndarray, "S S C"]:
    """Return a view as a square; what lies beyond the picture has its mean colour."""
    height, width = pixels.shape[:2]
    if view == WHOLE and height == width == size_px:
        return pixels
    clipped = [min(max(value, 0.0), 1.0) for value in view]
    sides = (view[2] - view[0], view[3] - view[1])
    left, top, right, bottom = (
        round((value - view[axis % 2]) / sides[axis % 2] * size_px) for axis, value in enumerate(clipped)
    )
    box = (clipped[0] * width, clipped[1] * height, clipped[2] * width, clipped[3] * height)
    image = PillowImage.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels)
    part = image.resize((max(right - left, 1), max(bottom - top, 1)), PillowImage.Resampling.BICUBIC, box=box)
    mean = np.rint(pixels.mean(axis=(0, 1))).astype(np.uint8)
    square = np.broadcast_to(mean, (size_px, size_px, pixels.shape[2])).copy()
    seen = np.asarray(part).reshape(part.height, part.width, -1)
    square[top : top + part.height, left : left + part.width] = seen[: size_px - top, : size_px - left]
    return square


def change_light(pixels: UInt8[np.ndarray, "S S C"], rng: np.random.Generator) -> UInt8[np.ndarray, "S S C"]:
    """Change brightness (+-0.125), contrast and saturation (x 0.5-1.5), each in half of the cases."""
    values = pixels.astype(np.float32) / 255
    brightness, contrast, saturation = rng.uniform(-0.125, 0.125), *rng.uniform(0.5, 1.5, 2)
    used = rng.random(3) < 0.5  # noqa: PLR2004
    if used[0]:
        values = values + np.float32(brightness)
    if used[1]:
        values = (values - np.float32(0.5)) * np.float32(contrast) + np.float32(0.5)
    if used[2] and pixels.shape[2] == len(_LUMA):
        grey = (values @ _LUMA)[..., None]
        values = grey + np.float32(saturation) * (values - grey)
    return np.rint(np.clip(values, 0, 1) * 255).astype(np.uint8)
