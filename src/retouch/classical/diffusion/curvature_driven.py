"""Curvature-driven diffusion: total variation that pays for bends, so that edges join over wide gaps.

Source: T. Chan, J. Shen, "Nontexture inpainting by curvature-driven diffusions", J. Visual Communication and Image
Representation 12(4), 2001:  u_t = div( g(|kappa|) / |grad u|  grad u ),  g(s) = s^p,  with kappa the curvature of the
lines of equal brightness.
Departures: steady states are sought by lagged diffusivity, each step a membrane whose conductance comes from the step
before, where the paper marches in time. Colour shares one conductance: squared gradients are the mean over the
channels, and the curvature is that of their mean, smoothed, as that of single pixels is noise. g has a floor, since a
straight edge of no curvature would conduct nothing and its system be singular; it moves half-way to its new value in
each step, which damps swings. Epsilon falls from 0.1 to its last value over the first two thirds of the steps: sharp
edges no longer move.

u        (H, W, C)  the picture; its differences to the south and to the east make grad u
kappa    (h, w)     divergence of grad v / |grad v|, v the mean over the channels, smoothed
g        (H, W)     (kappa^2 + floor^2)^(p / 2) / sqrt(|grad u|^2 + epsilon^2): the conductance of the next membrane
"""

from __future__ import annotations

import cv2
import numpy as np
from jaxtyping import Float32

from retouch.arrays.checks import check_pair
from retouch.arrays.compositing import composite
from retouch.arrays.regions import bounding_box
from retouch.arrays.types import Image, Mask, Progress, ignore_progress
from retouch.classical.diffusion.groups import share_of
from retouch.classical.diffusion.harmonic import fill_harmonic
from retouch.classical.diffusion.membrane import BoxPart, DirectPart, split_holes
from retouch.errors import InputError

_FLOOR = 0.02  # 1 / px: lines of a radius above 50 pixels count as straight
_FIRST_EPSILON = 0.1
_MARGIN_PX = 6  # reach of the smoothing and of two differences
_LEAST = np.float32(1e-7)  # keeps the system regular


def inpaint_curvature_driven(
    image: Image,
    mask: Mask,
    *,
    power: float = 1.0,
    iterations: int = 24,
    tolerance: float = 2e-3,
    epsilon: float = 3e-3,
    rng: np.random.Generator | None = None,
    progress: Progress = ignore_progress,
) -> Image:
    """Fill each hole by a diffusion that is strong where contours bend and weak where they run straight.

    Parameters
    ----------
    image : (H, W, C) float32, range [0, 1]
        Picture to repair; values under the mask are never read.
    mask : (H, W) bool
        True where a pixel is missing. An all-False mask returns a copy.
    power : float
        p, 0 to 3; 0 is total variation, larger joins edges over wider gaps.
    iterations : int
        Linear solves at most, 1 or more.
    tolerance : float
        Stop when no pixel moves by more than this in one solve.
    epsilon : float
        Gradients below this count as flat in the end, above 0 and at most 0.1.
    rng : numpy.random.Generator, optional
        Not used: nothing here is random.
    progress : callable, optional
        Called as progress(done, total) in missing pixels.

    Returns
    -------
    (H, W, C) float32, range [0, 1]
        Known pixels are bit-equal; filled ones lie within the range of the known.

    Raises
    ------
    InputError
        If the pair fails `check_pair` or an option is out of range.

    Notes
    -----
    About a second for 13,000 missing pixels in colour. The equation belongs to no energy: it need not settle, and a few
    solves more or less may show. Makes stairs of ramps, can join edges that do not belong together, and has no texture.

    Examples
    --------
    >>> bar = np.zeros((20, 20, 1), np.float32)
    >>> bar[6:14] = 1.0
    >>> gap = np.zeros((20, 20), bool)
    >>> gap[4:16, 8:12] = True
    >>> bool(inpaint_curvature_driven(bar, gap)[10, 10, 0] > 0.95)
    True
    """
    check_pair(image, mask)
    if not 0 <= power <= 3 or iterations < 1 or not 0 < epsilon <= _FIRST_EPSILON:  # noqa: PLR2004
        raise InputError(
            f"power must be 0 to 3, iterations at least 1 and epsilon above 0 and at most 0.1, got {power}, "
            f"{iterations} and {epsilon}"
        )
    filled = fill_harmonic(image, mask)
    conductance = np.ones(mask.shape, np.float32)
    done, total = 0, int(np.count_nonzero(mask))
    for part in split_holes(mask):
        size = len(part.pixels)
        hook = share_of(progress, done, size, total)
        _straighten(part, filled, conductance, (power, epsilon), (iterations, tolerance), hook)
        done += size
    progress(total, total)
    return composite(image, filled, mask)


def _straighten(
    part: DirectPart | BoxPart,
    filled: Float32[np.ndarray, "H W C"],
    conductance: Float32[np.ndarray, "H W"],
    law: tuple[float, float],
    limits: tuple[int, float],
    progress: Progress,
) -> None:
    """Relax one part in place until it stands still or the solves are used up."""
    (iterations, tolerance), (power, last) = limits, law
    flat = filled.reshape(-1, filled.shape[2])
    touched = np.zeros(len(flat), np.bool_)
    touched[part.pixels] = True
    shape = (filled.shape[0], filled.shape[1])
    box = bounding_box(touched.reshape(shape)).grown(_MARGIN_PX, _MARGIN_PX, shape).slices
    for iteration in range(iterations):
        before, fallen = flat[part.pixels], min(1.5 * iteration / iterations, 1)
        epsilon = _FIRST_EPSILON * (last / _FIRST_EPSILON) ** fallen
        new = bent_conductance(filled[box], power, epsilon)
        conductance[box] = new if iteration == 0 else (new + conductance[box]) / 2
        part.relax(filled, conductance)
        progress(iteration + 1, iterations)
        if fallen == 1 and np.abs(flat[part.pixels] - before).max() <= tolerance:
            break


def bent_conductance(u: Float32[np.ndarray, "h w C"], power: float, epsilon: float) -> Float32[np.ndarray, "h w"]:
    """Return g at each pixel, scaled so that its greatest value is 1."""
    slope = np.sqrt(sum(np.square(d).mean(axis=2) for d in _differences(u)) + np.float32(epsilon**2))
    v = cv2.GaussianBlur(u.mean(axis=2), (9, 9), 1.0, borderType=cv2.BORDER_REPLICATE).reshape(u.shape[:2])
    padded = np.pad(v, 1, mode="edge")
    south, east = (padded[2:, 1:-1] - padded[:-2, 1:-1]) / 2, (padded[1:-1, 2:] - padded[1:-1, :-2]) / 2
    size = np.sqrt(south**2 + east**2 + np.float32(0.1 * epsilon**2))
    turned = np.pad(south / size, ((1, 1), (0, 0)), mode="edge"), np.pad(east / size, ((0, 0), (1, 1)), mode="edge")
    curvature = (turned[0][2:] - turned[0][:-2] + turned[1][:, 2:] - turned[1][:, :-2]) / 2
    g = (curvature**2 + np.float32(_FLOOR**2)) ** np.float32(power / 2) / slope
    return np.asarray(np.maximum(g / g.max(), _LEAST), np.float32)


def _differences(u: Float32[np.ndarray, "h w C"]) -> tuple[Float32[np.ndarray, "h w C"], Float32[np.ndarray, "h w C"]]:
    """Return the differences to the south and to the east; one that leaves the box is 0."""
    return np.diff(u, axis=0, append=u[-1:]), np.diff(u, axis=1, append=u[:, -1:])
