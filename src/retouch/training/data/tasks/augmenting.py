"""The augmentation of single-shot detectors: other light, the picture in a larger one, a part of it.

Source: W. Liu et al., "SSD: single shot multibox detector", ECCV 2016, sections 2.2 ("Data augmentation") and 3.6 (the
larger one), after A. Howard, "Some improvements on deep convolutional neural network based image classification", 2013,
for the light; ranges from the authors' files for Caffe.
Departures: parts are at least 0.3 of each side, as in those files, where the paper says 0.1; where no part is found in
50 draws the whole is taken.

A view is a window in fractions of the picture, which may reach beyond it; what lies beyond is filled with the mean. A
part of a larger picture is a view too, so that pixels are sampled once.
"""

from __future__ import annotations

from typing import TypeAlias

import cv2
import numpy as np
from jaxtyping import Bool, Float32, UInt8
from PIL import Image as PillowImage

View: TypeAlias = tuple[float, float, float, float]
"""(x1, y1, x2, y2) in fractions of width and height."""
WHOLE: View = (0.0, 0.0, 1.0, 1.0)
_TRIES = 50
_LARGEST = 4.0
_LEAST_SIDE, _LEAST_ASPECT, _MOST_ASPECT = 0.3, 0.5, 2.0
_OVERLAPS = (0.1, 0.3, 0.5, 0.7, 0.9, 0.0)
"""What a part must share with one box at least; 0 is any part with the middle of a box in it."""
_BRIGHTNESS, _HUE_DEGREES = 32 / 255, 18.0


def draw_view(boxes: Float32[np.ndarray, "K 4"], rng: np.random.Generator) -> View:
    """Return what is looked at: in half of the cases the picture lies in a larger one, and of that a part is taken.

    Parameters
    ----------
    boxes : (K, 4)
        Corners; K may be 0, and then no part is taken.
    rng : numpy.random.Generator
    """
    canvas = _larger(rng) if rng.random() < 0.5 else WHOLE  # noqa: PLR2004
    return within(canvas, _part(seen_boxes(boxes, canvas), rng))


def within(outer: View, inner: View) -> View:
    """Return a view of a view as a view of the picture.

    >>> within((-1.0, 0.0, 1.0, 1.0), (0.5, 0.5, 1.0, 1.0))
    (0.0, 0.5, 1.0, 1.0)
    """
    wide, high = outer[2] - outer[0], outer[3] - outer[1]
    x1, y1, x2, y2 = inner
    return outer[0] + x1 * wide, outer[1] + y1 * high, outer[0] + x2 * wide, outer[1] + y2 * high


def _larger(rng: np.random.Generator) -> View:
    """Return a window 1 to 4 times as wide and high around the picture."""
    side = rng.uniform(1.0, _LARGEST)
    x, y = -rng.uniform(0, side - 1, 2)
    return x, y, x + side, y + side


def _part(boxes: Float32[np.ndarray, "K 4"], rng: np.random.Generator) -> View:
    """Return the whole, or a part that shares enough with one of the boxes: each wish is as likely as the whole."""
    wish = int(rng.integers(len(_OVERLAPS) + 1))
    if wish == len(_OVERLAPS) or not len(boxes):
        return WHOLE
    for _ in range(_TRIES):
        wide, high = rng.uniform(_LEAST_SIDE, 1.0, 2)
        if not _LEAST_ASPECT <= wide / high <= _MOST_ASPECT:
            continue
        x, y = rng.uniform(0, 1 - wide), rng.uniform(0, 1 - high)
        view = (x, y, x + wide, y + high)
        kept = middles_in(boxes, view)
        if kept.any() and overlaps(boxes[kept], view).max() >= _OVERLAPS[wish]:
            return view
    return WHOLE


def overlaps(boxes: Float32[np.ndarray, "K 4"], view: View) -> Float32[np.ndarray, " K"]:
    """Return the intersection over union of boxes with a view.

    >>> overlaps(np.array([[0, 0, 0.5, 1], [0, 0, 1, 1]], np.float32), (0.0, 0.0, 0.5, 0.5)).tolist()
    [0.5, 0.25]
    """
    window = np.array(view, np.float32)
    sides = np.minimum(boxes[:, 2:], window[2:]) - np.maximum(boxes[:, :2], window[:2])
    shared = np.maximum(sides, 0).prod(axis=1)
    union = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1) + (window[2:] - window[:2]).prod() - shared
    return np.asarray(shared / np.maximum(union, np.finfo(np.float32).tiny), np.float32)


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
    """Change brightness, contrast, saturation and hue, each in half of the cases.

    Brightness by up to 32 of 255, contrast and saturation 0.5 to 1.5 times, hue by up to 18 degrees; contrast comes
    before the colours or behind them. Pictures of one channel have no saturation and no hue.
    """
    brightness, contrast = rng.uniform(-_BRIGHTNESS, _BRIGHTNESS), rng.uniform(0.5, 1.5)
    saturation, hue = rng.uniform(0.5, 1.5), rng.uniform(-_HUE_DEGREES, _HUE_DEGREES)
    uses_brightness, uses_contrast, uses_saturation, uses_hue, contrast_last = rng.random(5) < 0.5  # noqa: PLR2004
    values = pixels.astype(np.float32) / np.float32(255)
    if uses_brightness:
        values = values + np.float32(brightness)
    factor = np.float32(contrast if uses_contrast else 1.0)
    if not contrast_last:
        values = values * factor
    if pixels.shape[2] == 3:  # noqa: PLR2004 - colours
        values = _recolour(values, saturation if uses_saturation else 1.0, hue if uses_hue else 0.0)
    if contrast_last:
        values = values * factor
    changed: UInt8[np.ndarray, "S S C"] = np.rint(np.clip(values, 0, 1) * 255).astype(np.uint8)
    return changed


def _recolour(values: Float32[np.ndarray, "S S 3"], saturation: float, hue: float) -> Float32[np.ndarray, "S S 3"]:
    """Return colours of that many times the saturation, turned by an angle in degrees."""
    if saturation == 1.0 and hue == 0.0:
        return values
    hsv = cv2.cvtColor(np.clip(values, 0, 1), cv2.COLOR_RGB2HSV)  # degrees, and two fractions
    hsv[..., 0] = (hsv[..., 0] + np.float32(hue)) % 360
    hsv[..., 1] = np.minimum(hsv[..., 1] * np.float32(saturation), 1)
    turned: Float32[np.ndarray, "S S 3"] = cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB).astype(np.float32)
    return turned
