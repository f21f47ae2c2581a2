"""The seam step: the level of a composed hole is fitted to its border.

Source: the blend is Poisson editing (retouch.arrays.poisson). What it blends is our own: the jump of the level across
the border is measured by least squares in a window around each border pixel, in the model

    value = level + slope . offset + jump * [pixel was filled]

so that a slope that runs through the border, or texture, is not taken for a seam. A jump counts in the measure in which
it stands out of its own uncertainty (the positive part of 1 - variance / jump^2); a membrane through the jumps is then
subtracted. Fills that fit already come through unchanged.
"""

from __future__ import annotations

import cv2
import numpy as np
from jaxtyping import Float32, Float64, Int

from retouch.arrays.compositing import composite
from retouch.arrays.poisson import blend_poisson
from retouch.arrays.types import Image, Mask

_RADIUS_PX = 7
_SIGMA_PX = 3.0
_CORRELATED_PIXELS = 10.0  # neighbouring pixels of a photograph err alike: so many count as one observation
_AT_ONCE = 2048
_LEAST_SHARE = 0.1  # of a window's weight on either side, for a jump to be measured at all
_CROSS = np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]], np.uint8)


def blend_seam(filled: Image, mask: Mask) -> Image:
    """Return the picture with the level inside the holes fitted to what is around them.

    Parameters
    ----------
    filled : (H, W, C) float32, range [0, 1]
        A picture whose holes have been composed; known pixels are bit-equal in the result.
    mask : (H, W) bool
        True where it was filled; some pixels are known.
    """
    border = np.argwhere(cv2.dilate(mask.view(np.uint8), _CROSS).astype(bool) & ~mask)
    if not len(border):
        return filled
    jumps = measure_jumps(filled, mask, border)
    if not jumps.any():
        return filled
    source = filled.copy()
    source[border[:, 0], border[:, 1]] += jumps
    blended = blend_poisson(source, filled, mask)
    return composite(filled, np.clip(blended, 0, 1), mask)


def measure_jumps(filled: Image, mask: Mask, border: Int[np.ndarray, "n 2"]) -> Float32[np.ndarray, "n C"]:
    """Return by how much the filled side is brighter than the known side at each of the given pixels (row, col)."""
    parts = [_jumps_at(filled, mask, border[i : i + _AT_ONCE]) for i in range(0, len(border), _AT_ONCE)]
    return np.concatenate(parts).astype(np.float32)


def _jumps_at(filled: Image, mask: Mask, border: Int[np.ndarray, "n 2"]) -> Float64[np.ndarray, "n C"]:
    """Fit level, slopes and jump in the window around each pixel."""
    steps = np.arange(-_RADIUS_PX, _RADIUS_PX + 1)
    down, right = (s.ravel() for s in np.meshgrid(steps, steps, indexing="ij"))
    rows, columns = border[:, :1] + down, border[:, 1:] + right  # (n, k) each
    inside = (rows >= 0) & (rows < mask.shape[0]) & (columns >= 0) & (columns < mask.shape[1])
    rows, columns = rows.clip(0, mask.shape[0] - 1), columns.clip(0, mask.shape[1] - 1)
    was_filled = mask[rows, columns]
    weights = inside * np.exp(-(down**2 + right**2) / (2 * _SIGMA_PX**2))
    values = filled[rows, columns].astype(np.float64)

    ones = np.ones(was_filled.shape)
    design = np.stack([ones, ones * down, ones * right, was_filled], axis=2)  # (n, k, 4)
    weighted = design * weights[:, :, None]
    normal = weighted.transpose(0, 2, 1) @ design + 1e-9 * np.eye(4)
    inverse = np.linalg.inv(normal)
    fit = inverse @ (weighted.transpose(0, 2, 1) @ values)  # (n, 4, C)
    errors = values - design @ fit
    spread = (weights[:, :, None] * errors**2).sum(axis=1) / weights.sum(axis=1, keepdims=True)
    variance = spread * inverse[:, 3, 3][:, None] * _CORRELATED_PIXELS

    jumps = fit[:, 3]
    share = (weights * was_filled).sum(axis=1) / weights.sum(axis=1)
    measurable = (share > _LEAST_SHARE) & (share < 1 - _LEAST_SHARE)
    trusted = np.maximum(1 - variance / (jumps**2 + 1e-12), 0)
    return np.asarray(jumps * trusted * measurable[:, None])
