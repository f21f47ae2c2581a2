"""Fractional-order diffusion: between a membrane and a plate, with derivatives of any order from Fourier transforms.

Source: J. Bai, X.-C. Feng, "Fractional-order anisotropic diffusion for image denoising", IEEE Trans. Image Processing
16(10), 2007 (the flow and the central derivative by the discrete Fourier transform); G. Sridevi, S. Srinivas Kumar,
"Image inpainting based on fractional-order nonlinear diffusion for image reconstruction", Circuits, Systems, and Signal
Processing 38, 2019 (its use in a hole, with the order set by hand).
Departures: the steady state is sought in rounds of conjugate gradients with the conductance of the round before, not by
marching in time; known pixels are fixed. A derivative along an axis needs transforms along that axis only, of the lines
followed by their mirror images, which have no jump where they meet. The mirror image of a line has another derivative
than the line: the conductance takes the mean of both squares, so that a mirrored picture gives the mirrored result.

u        (H, W, C)     the picture
D_x u    (H, 2 W, C)   its derivative of order a along the rows of picture and mirror image; D_y u alike, (2 H, W, C)
s^2      (H, W)        squares of D_x u and D_y u, means over the channels and over picture and mirror image, added up
g        (H, W)        1 / (1 + s^2 / contrast^2)
A        R (D_x^T g D_x + D_y^T g D_y) R^T,  R the choice of the missing pixels:  A u = 0  is the steady state
"""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Float32, Float64
from scipy import fft

from retouch.arrays.checks import check_pair
from retouch.arrays.compositing import composite
from retouch.arrays.regions import bounding_box
from retouch.arrays.types import AnyArray, Image, Mask, Progress, ignore_progress
from retouch.classical.diffusion.biharmonic import fill_biharmonic
from retouch.classical.diffusion.harmonic import fill_harmonic
from retouch.errors import InputError

_MARGIN_PX = 16
_STEPS_PER_ROUND = 8
_LEAST = 1e-20


def inpaint_fractional(
    image: Image,
    mask: Mask,
    *,
    order: float = 1.5,
    contrast: float = 0.2,
    rounds: int = 3,
    rng: np.random.Generator | None = None,
    progress: Progress = ignore_progress,
) -> Image:
    """Fill each hole so that its derivatives of a fractional order are small, less so where they are large around it.

    Parameters
    ----------
    image : (H, W, C) float32, range [0, 1]
        Picture to repair; values under the mask are never read.
    mask : (H, W) bool
        True where a pixel is missing. An all-False mask returns a copy.
    order : float
        1 to 2: order 1 continues values, order 2 slopes too.
    contrast : float
        Derivatives well above this are let stand, above 0; numpy.inf makes the diffusion linear.
    rounds : int
        Times that the conductance is taken anew, 1 or more; 8 steps of conjugate gradients each.
    rng : numpy.random.Generator, optional
        Not used: nothing here is random.
    progress : callable, optional
        Called as progress(done, total) in rounds.

    Returns
    -------
    (H, W, C) float32, range [0, 1]
        Known pixels are bit-equal; filled ones may overshoot the known values and are cut off at 0 and 1.

    Raises
    ------
    InputError
        If the pair fails `check_pair` or an option is out of range.

    Notes
    -----
    A few seconds for a picture of 512x512 pixels in colour. The order must be set by hand: near 2 it overshoots in
    broad holes, near 1 it leaves edges blurred, and no rule tells which is the lesser evil for a picture.

    Examples
    --------
    >>> grey = np.full((9, 9, 1), 0.25, np.float32)
    >>> float(inpaint_fractional(grey, np.eye(9, dtype=bool))[4, 4, 0].round(6))
    0.25
    """
    check_pair(image, mask)
    if not 1 <= order <= 2 or not contrast > 0 or rounds < 1:  # noqa: PLR2004
        raise InputError(
            f"order must be 1 to 2, contrast above 0 and rounds at least 1, got {order}, {contrast} and {rounds}"
        )
    filled = _start(image, mask, order)
    if mask.any():
        box = bounding_box(mask).grown(_MARGIN_PX, _MARGIN_PX, (mask.shape[0], mask.shape[1])).slices
        u, hole = filled[box].copy(), mask[box]
        for round_ in range(rounds):
            g = conductance(u, order, contrast)
            u[hole] += _towards_rest(u, hole, g, order)[hole]
            progress(round_ + 1, rounds)
        filled[box] = u
    progress(rounds, rounds)
    return composite(image, np.clip(filled, 0, 1), mask)


def _start(image: Image, mask: Mask, order: float) -> Float32[np.ndarray, "H W C"]:
    """Return the fills of order 1 and 2, mixed by how near the order is to each."""
    share = np.float32(order - 1)
    return fill_harmonic(image, mask) * (1 - share) + fill_biharmonic(image, mask) * share


def derive(u: AnyArray, axis: int, order: float) -> AnyArray:
    """Return the central derivative of picture and mirror image along an axis, twice as long as u there."""
    length = 2 * u.shape[axis]
    both = np.concatenate([u, np.flip(u, axis)], axis)
    return np.asarray(fft.irfft(fft.rfft(both, axis=axis) * _symbol(length, axis, order), length, axis=axis))


def derive_back(v: AnyArray, axis: int, order: float) -> AnyArray:
    """Apply the transpose of `derive`: half as long as v along the axis."""
    length = v.shape[axis]
    both = fft.irfft(fft.rfft(v, axis=axis) * _symbol(length, axis, order).conj(), length, axis=axis)
    first, second = np.split(both, 2, axis)
    return np.asarray(first + np.flip(second, axis))


def _symbol(length: int, axis: int, order: float) -> AnyArray:
    """Return (1 - e^(-j w))^a e^(j a w / 2), which is (2 j sin(w / 2))^a, along an axis of a picture (h, w, C)."""
    angles = np.pi * np.arange(length // 2 + 1) / length
    values = (2 * np.sin(angles)) ** order * np.exp(0.5j * np.pi * order)
    # The highest frequency of a real signal has no phase: only the real part of its derivative is left.
    values[-1] = values[-1].real
    return np.expand_dims(values.astype(np.complex64), tuple({0, 1, 2} - {axis}))


def conductance(u: Float32[np.ndarray, "h w C"], order: float, contrast: float) -> Float32[np.ndarray, "h w"]:
    """Return g at each pixel."""
    squares = np.zeros(u.shape[:2], np.float32)
    for axis in (0, 1):
        first, mirrored = np.split(np.square(derive(u, axis, order)).mean(axis=2), 2, axis)
        squares += (first + np.flip(mirrored, axis)) / 2
    return np.asarray(1 / (1 + squares / np.float32(contrast) ** 2), np.float32)


def apply_flow(u: AnyArray, g: Float32[np.ndarray, "h w"], order: float) -> AnyArray:
    """Return D_x^T g D_x u + D_y^T g D_y u."""
    total = np.zeros_like(u)
    for axis in (0, 1):
        weight = np.concatenate([g, np.flip(g, axis)], axis)[:, :, None]
        total += derive_back(weight * derive(u, axis, order), axis, order)
    return total


def _towards_rest(
    u: Float32[np.ndarray, "h w C"], hole: Mask, g: Float32[np.ndarray, "h w"], order: float
) -> Float32[np.ndarray, "h w C"]:
    """Return what some steps of conjugate gradients add to u in the hole, all channels side by side."""
    inside = hole[:, :, None]
    move = np.zeros_like(u)
    r = np.where(inside, -apply_flow(u, g, order), np.float32(0))
    p, energy = r.copy(), _dot(r, r)
    for _ in range(_STEPS_PER_ROUND):
        ap = np.where(inside, apply_flow(p, g, order), np.float32(0))
        step = np.where(energy > _LEAST, energy / np.maximum(_dot(p, ap), _LEAST), 0).astype(np.float32)
        move += step * p
        r -= step * ap
        before, energy = energy, _dot(r, r)
        p = r + np.where(before > _LEAST, energy / np.maximum(before, _LEAST), 0).astype(np.float32) * p
    return move


def _dot(a: AnyArray, b: AnyArray) -> Float64[np.ndarray, " C"]:
    """Return the inner product of each channel."""
    total: Any = np.einsum("hwc,hwc->c", a, b, dtype=np.float64)
    return np.asarray(total)
