"""Edge-enhancing diffusion: values flow along edges and hardly across them, so that edges stay sharp over the hole.

Source: J. Weickert, M. Welk, "Tensor field interpolation with PDEs", in Visualization and Processing of Tensor Fields,
Springer, 2006, and I. Galic, J. Weickert, M. Welk, A. Bruhn, A. Belyaev, H.-P. Seidel, "Image compression with
anisotropic diffusion", J. Math. Imaging and Vision 31, 2008, section 3: the steady state of  u_t = div(D grad u)  in
the hole, with D made of the smoothed gradient and Charbonnier's diffusivity. Colour shares one tensor. Time is stepped
by D. Hafner, P. Ochs, J. Weickert, M. Reissel, S. Grewenig, "FSI schemes: fast semi-iterative solvers for PDEs and
optimisation methods", GCPR 2016.
Departures: squared gradients are the mean over the channels, so that the contrast means the same for grey and colour;
the start is harmonic, as a steady state does not depend on it where it is the only one and comes sooner. Fluxes live on
cells of 2x2 pixels as the gradient of an energy, so that no step can raise it: see `_push`.

u       (H, W, C)  the picture
J       (n, 3)     sum over channels of grad u_sigma grad u_sigma^T at each cell: its entries rr, rc, cc
D       (n, 3)     the same eigenvectors as J, its eigenvalues mu turned into 1 / sqrt(1 + mu / contrast^2)
energy  sum over cells of  grad u^T D grad u + (trace D) / 20 * twist^2,  twist the difference of the cell's diagonals:
        a chessboard has no mean gradient in any cell, and only its twist keeps it down
"""

from __future__ import annotations

from typing import no_type_check

import cv2
import numpy as np
from jaxtyping import Float32, Int64
from numba import njit

from retouch.arrays.checks import check_pair
from retouch.arrays.compositing import composite
from retouch.arrays.regions import bounding_box
from retouch.arrays.types import AnyArray, Image, Mask, Progress, ignore_progress
from retouch.classical.diffusion.harmonic import fill_harmonic
from retouch.errors import InputError

_STEPS_PER_ROUND = 40
_STEP = 0.45  # the greatest eigenvalue of the energy's gradient is 4, reached by stripes one pixel wide
_TWIST = np.float32(0.05)
_TRUNCATED_SIGMAS = 4


def inpaint_edge_enhancing(
    image: Image,
    mask: Mask,
    *,
    contrast: float = 0.004,
    sigma_px: float = 1.0,
    rounds: int = 40,
    tolerance: float = 2e-4,
    rng: np.random.Generator | None = None,
    progress: Progress = ignore_progress,
) -> Image:
    """Fill each hole with the steady state of a diffusion that runs along edges.

    Parameters
    ----------
    image : (H, W, C) float32, range [0, 1]
        Picture to repair; values under the mask are never read.
    mask : (H, W) bool
        True where a pixel is missing. An all-False mask returns a copy.
    contrast : float
        Gradients (per pixel, of the smoothed picture) well above this count as edges, above 0; smaller is sharper.
    sigma_px : float
        Standard deviation of the smoothing before the gradient is taken, above 0: noise below it makes no edges.
    rounds : int
        Times that the tensor is taken anew at most, 1 or more; 40 steps of diffusion each.
    tolerance : float
        Stop when no pixel moves by more than this in one round.
    rng : numpy.random.Generator, optional
        Not used: nothing here is random.
    progress : callable, optional
        Called as progress(done, total) in rounds.

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
    About a second for 13,000 missing pixels in colour. Joins an edge across a gap only where the gap is narrower than
    the bar beside the edge, as total variation does, but leaves ramps smooth. Thin lines that the hole cuts are lost;
    no texture, and a blur where the border shows no clear edge.

    Examples
    --------
    >>> ramp = np.tile(np.linspace(0, 1, 11, dtype=np.float32), (11, 1))[:, :, None]
    >>> hole = np.zeros((11, 11), bool)
    >>> hole[3:8, 3:8] = True
    >>> float(inpaint_edge_enhancing(ramp, hole)[5, 5, 0].round(3))
    0.5
    """
    check_pair(image, mask)
    if not (contrast > 0 and sigma_px > 0) or rounds < 1:
        raise InputError(
            f"contrast and sigma_px must be above 0 and rounds at least 1, got {contrast}, {sigma_px} and {rounds}"
        )
    filled = fill_harmonic(image, mask)
    if mask.any():
        margin = int(np.ceil(_TRUNCATED_SIGMAS * sigma_px)) + 2
        box = bounding_box(mask).grown(margin, margin, (mask.shape[0], mask.shape[1])).slices
        filled[box] = _diffuse(filled[box].copy(), mask[box], (contrast, sigma_px), (rounds, tolerance), progress)
    progress(rounds, rounds)
    return composite(image, filled, mask)


def _diffuse(
    u: Float32[np.ndarray, "h w C"],
    hole: Mask,
    tensor: tuple[float, float],
    limits: tuple[int, float],
    progress: Progress,
) -> Float32[np.ndarray, "h w C"]:
    """Run rounds of diffusion, each with its own tensor, until the hole stands still."""
    contrast, sigma_px = tensor
    rounds, tolerance = limits
    sites, cells = np.argwhere(hole), cells_of(hole)
    low, high = u[~hole].min(axis=0), u[~hole].max(axis=0)
    for round_ in range(rounds):
        before = u[hole]
        run_diffusion(u, sites, cells, diffusion_tensor(u, cells, contrast, sigma_px), _STEPS_PER_ROUND)
        u[hole] = np.clip(u[hole], low, high)  # steps with memory may overshoot
        progress(round_ + 1, rounds)
        if np.abs(u[hole] - before).max() <= tolerance:
            break
    return u


def cells_of(hole: Mask) -> Int64[np.ndarray, "n 2"]:
    """Return the first pixel of every 2x2 block with a missing pixel; -1 where it lies outside the picture."""
    padded = np.pad(hole, 1)
    touched = padded[:-1, :-1] | padded[:-1, 1:] | padded[1:, :-1] | padded[1:, 1:]
    return np.argwhere(touched) - 1


def diffusion_tensor(
    u: Float32[np.ndarray, "h w C"], cells: Int64[np.ndarray, "n 2"], contrast: float, sigma_px: float
) -> Float32[np.ndarray, "n 3"]:
    """Return D at each cell, its entries rr, rc and cc, from the gradient of the smoothed picture."""
    size = 2 * int(np.ceil(_TRUNCATED_SIGMAS * sigma_px)) + 1
    smooth = cv2.GaussianBlur(u, (size, size), sigma_px, borderType=cv2.BORDER_REPLICATE).reshape(u.shape)
    top, bottom = (np.clip(cells[:, 0] + i, 0, u.shape[0] - 1) for i in (0, 1))
    left, right = (np.clip(cells[:, 1] + i, 0, u.shape[1] - 1) for i in (0, 1))
    falling = smooth[bottom, right] - smooth[top, left]
    rising = smooth[bottom, left] - smooth[top, right]
    down, across = (falling + rising) / 2, (falling - rising) / 2
    rr, rc, cc = ((a * b).mean(axis=1) / contrast**2 for a, b in ((down, down), (down, across), (across, across)))
    half, spread = (rr + cc) / 2, np.hypot((rr - cc) / 2, rc)
    strong, weak = (1 / np.sqrt(1 + np.maximum(mu, 0)) for mu in (half + spread, half - spread))
    # D = m I + k (J - mean eigenvalue), which has the eigenvectors of J.
    mean, k = (strong + weak) / 2, (strong - weak) / (2 * np.maximum(spread, np.float32(1e-12)))
    return np.stack([mean + k * (rr - half), k * rc, mean + k * (cc - half)], axis=1).astype(np.float32)


@njit(cache=True, nogil=True)
@no_type_check
def _push(u: AnyArray, cells: AnyArray, tensor: AnyArray, force: AnyArray) -> None:
    """Add half of the downhill gradient of the energy to `force`, (h, w, C); border pixels stand for those outside."""
    height, width, n_channels = u.shape
    for k in range(len(cells)):
        top, left = max(cells[k, 0], 0), max(cells[k, 1], 0)
        bottom, right = min(cells[k, 0] + 1, height - 1), min(cells[k, 1] + 1, width - 1)
        rr, rc, cc = tensor[k, 0], tensor[k, 1], tensor[k, 2]
        for c in range(n_channels):
            falling = u[bottom, right, c] - u[top, left, c]
            rising = u[bottom, left, c] - u[top, right, c]
            down, across = (falling + rising) / 2, (falling - rising) / 2
            flow_down = (rr * down + rc * across) / 2
            flow_across = (rc * down + cc * across) / 2
            twist = u[top, left, c] + u[bottom, right, c] - u[top, right, c] - u[bottom, left, c]
            twist *= _TWIST * (rr + cc)
            # A pixel that stands for one outside the picture moves by its own part only.
            if cells[k, 0] >= 0 and cells[k, 1] >= 0:
                force[top, left, c] += flow_down + flow_across - twist
            if cells[k, 0] >= 0 and cells[k, 1] + 1 < width:
                force[top, right, c] += flow_down - flow_across + twist
            if cells[k, 0] + 1 < height and cells[k, 1] >= 0:
                force[bottom, left, c] += -flow_down + flow_across + twist
            if cells[k, 0] + 1 < height and cells[k, 1] + 1 < width:
                force[bottom, right, c] += -flow_down - flow_across - twist


@njit(cache=True, nogil=True)
@no_type_check
def run_diffusion(u: AnyArray, sites: AnyArray, cells: AnyArray, tensor: AnyArray, n_steps: int) -> None:
    """Take one cycle of FSI steps with a fixed tensor at the missing pixels `sites`, (n, 2), in place."""
    force = np.zeros_like(u)
    before = u.copy()
    for step in range(n_steps):
        ahead = np.float32((4 * step + 2) / (2 * step + 3))
        _push(u, cells, tensor, force)
        for k in range(len(sites)):
            y, x = sites[k, 0], sites[k, 1]
            for c in range(u.shape[2]):
                value = ahead * (u[y, x, c] + np.float32(_STEP) * force[y, x, c]) + (1 - ahead) * before[y, x, c]
                before[y, x, c], u[y, x, c] = u[y, x, c], value
        force[:] = 0
