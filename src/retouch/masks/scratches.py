"""Scratches of an old photograph: long thin lines that hardly bend, curled hairs, and specks of dust.

Source: this project, after scans of damaged prints: 1-30 polylines of 1-3 px, and speckles. Widths are pixels at every
size, as on a scan whose damage is finer than its scene; lengths follow the picture.
"""

from __future__ import annotations

import math

import cv2
import numpy as np
from jaxtyping import UInt8

from retouch.arrays.types import Mask
from retouch.errors import InputError
from retouch.masks.canvas import REFERENCE_SIDE, blank_canvas, finish_mask

MAX_SCRATCHES = 30
WIDTHS_PX = (1, 2, 3)
_N_STEPS = 24
_HAIR_SHARE = 0.25
_GAP_SHARE = 0.06
_MAX_SPECKS = 40  # in the area of a 256 x 256 picture


def draw_scratch(height: int, width: int, rng: np.random.Generator, *, n_scratches: int = 0) -> Mask:
    """Draw scratches and hairs 1-3 px wide, broken here and there, and speckles 1-3 px wide.

    Parameters
    ----------
    height, width : int
        Size of the picture in pixels, 1 x 1 and up.
    rng : numpy.random.Generator
        Source of every random choice.
    n_scratches : int, 1 to 30, or 0
        Number of lines; 0 draws it uniformly from 1-30.

    Raises
    ------
    InputError
        If `n_scratches` is not 0 to 30.
    """
    if not 0 <= n_scratches <= MAX_SCRATCHES:
        raise InputError(f"n_scratches must be 1 to {MAX_SCRATCHES}, or 0 for a random number, got {n_scratches}")
    canvas = blank_canvas(height, width)
    layers = [np.zeros_like(canvas) for _ in WIDTHS_PX]  # single pixels, to be drawn over with a nib of each width
    for _ in range(n_scratches or rng.integers(1, MAX_SCRATCHES + 1)):
        _draw_hair_or_scratch(layers, rng)
    _draw_specks(layers, rng)
    for width_px, layer in zip(WIDTHS_PX, layers, strict=True):
        canvas |= cv2.dilate(layer, _nib(width_px))
    return finish_mask(canvas, rng)


def _nib(width_px: int) -> UInt8[np.ndarray, "N N"]:
    """Return the shape that, moved along a line of single pixels, makes it `width_px` wide: a cross for 3 px."""
    shape = cv2.MORPH_CROSS if width_px % 2 else cv2.MORPH_RECT
    return cv2.getStructuringElement(shape, (width_px, width_px))


def _draw_hair_or_scratch(layers: list[UInt8[np.ndarray, "H W"]], rng: np.random.Generator) -> None:
    height, width = layers[0].shape
    if rng.random() < _HAIR_SHARE:  # short and curled: it turns by one to five radians
        length = rng.uniform(0.05, 0.25) * min(height, width)
        turn = rng.choice((-1, 1)) * rng.uniform(1, 5) / _N_STEPS
    else:  # long and nearly straight
        length = rng.uniform(0.15, 1.2) * max(height, width)
        turn = rng.normal(0, 0.2) / _N_STEPS
    headings = rng.uniform(0, 2 * math.pi) + np.cumsum(turn + rng.normal(0, 0.03, size=_N_STEPS))
    steps = length / _N_STEPS * np.stack([np.cos(headings), np.sin(headings)], axis=1)
    vertices = np.rint(rng.uniform(0, (width, height)) + np.cumsum(steps, axis=0)).astype(np.int32)
    segments = np.stack([vertices[:-1], vertices[1:]], axis=1)  # (n, 2 ends, x and y)
    lifted = rng.random(len(segments)) < _GAP_SHARE  # and put down again with another pressure
    pressure = rng.integers(len(layers)) + np.cumsum(lifted * rng.integers(-1, 2, size=len(segments)))
    for i, layer in enumerate(layers):
        pressed = np.clip(pressure, 0, len(layers) - 1) == i
        cv2.polylines(layer, list(segments[pressed & ~lifted]), isClosed=False, color=1)


def _draw_specks(layers: list[UInt8[np.ndarray, "H W"]], rng: np.random.Generator) -> None:
    n_most = math.ceil(_MAX_SPECKS * layers[0].size / REFERENCE_SIDE**2)
    for layer in layers:
        n_specks = rng.integers(0, n_most // len(layers) + 1)
        layer.flat[rng.integers(layer.size, size=n_specks)] = 1
