"""Coherence-enhancing diffusion: smoothing along lines, and next to none across them.

Source: J. Weickert, "Coherence-enhancing diffusion filtering", Int. J. Computer Vision 31, 1999 (structure tensor, the
two conductivities c1 = a across and c2 = a + (1 - a) exp(-C / (l1 - l2)^2) along the line).
Departures: colours share one structure tensor, the mean of those of the channels, so that grey comes out alike with one
channel and with three. The fluxes are taken between pixels: the part along the axis from the two pixels, the part
across it from the central differences at both, so that what leaves one pixel enters the other and the mean is kept.

u        (C, H, W)
d        (3, H, W), the diffusion tensor: rows-rows, rows-columns, columns-columns
l1 >= l2 the eigenvalues of the structure tensor
"""

from __future__ import annotations

import cv2
import numpy as np
from jaxtyping import Float32

from retouch.arrays.gradients import write_divergence, write_gradient

_LEAST = 0.001  # a: what is diffused across lines, so that the tensor is nowhere singular
_TENSOR_PX = 4.0  # rho, the surroundings over which the direction of lines is averaged


def diffusion_tensor(
    u: Float32[np.ndarray, "C H W"], smoothing_px: float, contrast: float
) -> Float32[np.ndarray, "3 H W"]:
    """Return the conductivity at each pixel: high along lines, `_LEAST` elsewhere.

    Parameters
    ----------
    u : (C, H, W) float32
    smoothing_px : float
        Standard deviation of the bell under which gradients are taken, 0 for none.
    contrast : float
        The fourth root of C: lines whose eigenvalues differ by contrast^2 or more are smoothed along.

    Examples
    --------
    Stripes that run down the picture conduct along the rows' axis, where the tensor's first entry is near 1:

    >>> stripes = np.tile(np.sin(np.arange(32) / 2), (1, 32, 1)).astype(np.float32)
    >>> d = diffusion_tensor(stripes, 0.0, 0.01)
    >>> d[:, 16, 16].round(2).tolist()
    [1.0, -0.0, 0.0]
    """
    j11, j12, j22 = (_blurred(entry, _TENSOR_PX) for entry in _products(blurred_planes(u, smoothing_px)))
    gap = np.sqrt((j11 - j22) ** 2 + 4 * j12**2)  # l1 - l2
    along = _LEAST + (1 - _LEAST) * np.exp(-((contrast**2 / np.maximum(gap, 1e-20)) ** 2))
    # (cos 2t, sin 2t) of the direction t of the greatest change; the line runs at right angles to it.
    cosine, sine = (part / np.maximum(gap, 1e-20) for part in (j11 - j22, 2 * j12))
    mean, half = (along + _LEAST) / 2, (along - _LEAST) / 2
    return np.stack([mean - half * cosine, -half * sine, mean + half * cosine]).astype(np.float32)


def write_tensor_change(
    u: Float32[np.ndarray, "C H W"], d: Float32[np.ndarray, "3 H W"], slope: Float32[np.ndarray, "2 C H W"]
) -> Float32[np.ndarray, "C H W"]:
    """Return div(D grad u); `slope` is overwritten."""
    rows, columns = _central(u, 1), _central(u, 2)
    write_gradient(u, slope)
    south, east = slope
    south *= _between(d[0], 0)
    south[:, :-1] += _between(d[1], 0)[:-1] * (columns[:, :-1] + columns[:, 1:]) / 2
    east *= _between(d[2], 1)
    east[:, :, :-1] += _between(d[1], 1)[:, :-1] * (rows[:, :, :-1] + rows[:, :, 1:]) / 2
    change = np.empty_like(u)
    write_divergence(slope, change)
    return change


def blurred_planes(u: Float32[np.ndarray, "C H W"], radius_px: float) -> Float32[np.ndarray, "C H W"]:
    """Return each plane under a bell of that standard deviation, or the planes themselves where it is 0."""
    return u if radius_px == 0 else np.stack([_blurred(plane, radius_px) for plane in u])


def _blurred(plane: Float32[np.ndarray, "H W"], radius_px: float) -> Float32[np.ndarray, "H W"]:
    return np.asarray(cv2.GaussianBlur(plane, (0, 0), radius_px, borderType=cv2.BORDER_REFLECT))


def _products(u: Float32[np.ndarray, "C H W"]) -> tuple[Float32[np.ndarray, "H W"], ...]:
    rows, columns = _central(u, 1), _central(u, 2)
    return (rows**2).mean(axis=0), (rows * columns).mean(axis=0), (columns**2).mean(axis=0)


def _central(u: Float32[np.ndarray, "C H W"], axis: int) -> Float32[np.ndarray, "C H W"]:
    """Return half the difference of the two neighbours along an axis, with the border mirrored."""
    margins = [(0, 0)] * 3
    margins[axis] = (1, 1)
    padded = np.moveaxis(np.pad(u, margins, mode="edge"), axis, 0)
    return np.asarray(np.moveaxis((padded[2:] - padded[:-2]) / 2, 0, axis))


def _between(entry: Float32[np.ndarray, "H W"], axis: int) -> Float32[np.ndarray, "H W"]:
    """Return the mean of each pixel and the next along an axis; the last keeps its own."""
    following = np.concatenate([entry[1:], entry[-1:]]) if axis == 0 else np.hstack([entry[:, 1:], entry[:, -1:]])
    return np.asarray((entry + following) / 2)
