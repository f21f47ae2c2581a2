"""Bertalmio's inpainting: smoothness is carried into the hole along lines of equal brightness.

Source: M. Bertalmio, G. Sapiro, V. Caselles, C. Ballester, "Image inpainting", SIGGRAPH 2000, Eqs. 5-11: steps of
transport, with a few steps of curvature flow between them that keep the lines from crossing.
Departures: the start is harmonic, not the values that happen to lie under the mask, which are never read here. A round
has 2 steps of transport, not 15: on ten straight edges over a band of 6 pixels that is better by 2 dB, and it loses
less in texture. A step moves no pixel by more than `_MOST_CHANGE`, as the transport grows with the square of the
contrast and is unstable where that is large. No diffusion before the start: it would change known pixels. Channels are
filled one by one.

u      (H, W, C)  the picture, 0 to 255 as in the paper, whose time step depends on the scale
L      (H, W, C)  its Laplacian, at the missing pixels and their neighbours
N      (2,)       direction of the line of equal brightness, at right angles to the gradient
beta   change of L along N; the transport is  u_t = beta |grad u|,  the gradient taken against the stream (upwind)
"""

from __future__ import annotations

from typing import no_type_check

import numpy as np
from numba import njit

from retouch.arrays.checks import check_pair
from retouch.arrays.compositing import composite
from retouch.arrays.regions import dilate_mask
from retouch.arrays.types import AnyArray, Image, Mask, Progress, ignore_progress
from retouch.classical.diffusion.harmonic import fill_harmonic
from retouch.errors import InputError

_SCALE = np.float32(255)
_TIME_STEP = np.float32(0.1)
_MOST_CHANGE = np.float32(2.0)  # of 255
_FLAT = np.float32(1e-6)


def inpaint_bertalmio(
    image: Image,
    mask: Mask,
    *,
    rounds: int = 60,
    transport_steps: int = 2,
    diffusion_steps: int = 2,
    tolerance: float = 1e-4,
    rng: np.random.Generator | None = None,
    progress: Progress = ignore_progress,
) -> Image:
    """Fill each hole by carrying the Laplacian of the picture along its lines of equal brightness.

    Parameters
    ----------
    image : (H, W, C) float32, range [0, 1]
        Picture to repair; values under the mask are never read.
    mask : (H, W) bool
        True where a pixel is missing. An all-False mask returns a copy.
    rounds : int
        Rounds of transport and diffusion at most, 1 or more.
    transport_steps, diffusion_steps : int
        Steps of each in a round, 0 or more.
    tolerance : float
        Stop when a round moves the missing pixels by less than this on the average.
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
    About half a second for 13,000 missing pixels in colour. Joins edges over gaps of a few pixels; blurs broad holes,
    whose middle the transport does not reach, and has no texture.

    Examples
    --------
    >>> ramp = np.tile(np.linspace(0, 1, 11, dtype=np.float32), (11, 1))[:, :, None]
    >>> hole = np.zeros((11, 11), bool)
    >>> hole[3:8, 3:8] = True
    >>> float(inpaint_bertalmio(ramp, hole)[5, 5, 0].round(3))
    0.5
    """
    check_pair(image, mask)
    if rounds < 1 or min(transport_steps, diffusion_steps) < 0:
        raise InputError(
            f"rounds must be at least 1 and the steps in a round 0 or more, got {rounds}, {transport_steps} and "
            f"{diffusion_steps}"
        )
    u = fill_harmonic(image, mask) * _SCALE
    if mask.any():
        sites, ring = np.argwhere(mask), np.argwhere(dilate_mask(mask, 1))
        low, high = u[~mask].min(axis=0), u[~mask].max(axis=0)
        laplacian, change = np.zeros_like(u), np.zeros((len(sites), u.shape[2]), np.float32)
        for round_ in range(rounds):
            before = u[mask]
            for _ in range(transport_steps):
                write_laplacian(u, ring, laplacian)
                transport(u, laplacian, sites, change)
                add_change(u, sites, change, low, high)
            for _ in range(diffusion_steps):
                flow_by_curvature(u, sites, change)
                add_change(u, sites, change, low, high)
            progress(round_ + 1, rounds)
            if np.abs(u[mask] - before).mean() <= tolerance * _SCALE:
                break
    progress(rounds, rounds)
    return composite(image, np.clip(u / _SCALE, 0, 1), mask)


@njit(cache=True, nogil=True)
@no_type_check
def write_laplacian(u: AnyArray, places: AnyArray, out: AnyArray) -> None:
    """Write the 5-point Laplacian at the given places, (n, 2); border pixels stand for those outside."""
    height, width, n_channels = u.shape
    for k in range(len(places)):
        y, x = places[k, 0], places[k, 1]
        up, down, left, right = max(y - 1, 0), min(y + 1, height - 1), max(x - 1, 0), min(x + 1, width - 1)
        for c in range(n_channels):
            out[y, x, c] = u[up, x, c] + u[down, x, c] + u[y, left, c] + u[y, right, c] - 4 * u[y, x, c]


@njit(cache=True, nogil=True)
@no_type_check
def transport(u: AnyArray, laplacian: AnyArray, sites: AnyArray, change: AnyArray) -> None:
    """Write the change of one step of transport at the missing pixels into `change`, (n, C)."""
    height, width, n_channels = u.shape
    for k in range(len(sites)):
        y, x = sites[k, 0], sites[k, 1]
        up, down, left, right = max(y - 1, 0), min(y + 1, height - 1), max(x - 1, 0), min(x + 1, width - 1)
        for c in range(n_channels):
            here = u[y, x, c]
            gy, gx = (u[down, x, c] - u[up, x, c]) / 2, (u[y, right, c] - u[y, left, c]) / 2
            slope = np.sqrt(gy * gy + gx * gx)
            if slope < _FLAT:
                change[k, c] = 0
                continue
            to_south = laplacian[down, x, c] - laplacian[up, x, c]
            to_east = laplacian[y, right, c] - laplacian[y, left, c]
            beta = (gx * to_south - gy * to_east) / slope  # Eqs. 7-9, N = (gx, -gy) in (row, column)
            back_y, ahead_y, back_x, ahead_x = (
                here - u[up, x, c],
                u[down, x, c] - here,
                here - u[y, left, c],
                u[y, right, c] - here,
            )
            if beta > 0:
                against = min(back_y, 0) ** 2 + max(ahead_y, 0) ** 2 + min(back_x, 0) ** 2 + max(ahead_x, 0) ** 2
            else:
                against = max(back_y, 0) ** 2 + min(ahead_y, 0) ** 2 + max(back_x, 0) ** 2 + min(ahead_x, 0) ** 2
            step = _TIME_STEP * beta * np.sqrt(against)  # Eqs. 5, 6 and 10
            change[k, c] = min(max(step, -_MOST_CHANGE), _MOST_CHANGE)


@njit(cache=True, nogil=True)
@no_type_check
def flow_by_curvature(u: AnyArray, sites: AnyArray, change: AnyArray) -> None:
    """Write the change of one step of  u_t = curvature |grad u|  at the missing pixels into `change`, (n, C)."""
    height, width, n_channels = u.shape
    for k in range(len(sites)):
        y, x = sites[k, 0], sites[k, 1]
        up, down, left, right = max(y - 1, 0), min(y + 1, height - 1), max(x - 1, 0), min(x + 1, width - 1)
        for c in range(n_channels):
            here = u[y, x, c]
            gy, gx = (u[down, x, c] - u[up, x, c]) / 2, (u[y, right, c] - u[y, left, c]) / 2
            squared = gy * gy + gx * gx
            yy, xx = u[down, x, c] + u[up, x, c] - 2 * here, u[y, right, c] + u[y, left, c] - 2 * here
            yx = (u[down, right, c] + u[up, left, c] - u[up, right, c] - u[down, left, c]) / 4
            bend = (xx * gy * gy - 2 * gx * gy * yx + yy * gx * gx) / (squared + _FLAT)
            change[k, c] = _TIME_STEP * bend  # Eq. 11 with g = 1 in the hole


@njit(cache=True, nogil=True)
@no_type_check
def add_change(u: AnyArray, sites: AnyArray, change: AnyArray, low: AnyArray, high: AnyArray) -> None:
    """Move the missing pixels, within the range of the known ones of their channel."""
    for k in range(len(sites)):
        y, x = sites[k, 0], sites[k, 1]
        for c in range(u.shape[2]):
            u[y, x, c] = min(max(u[y, x, c] + change[k, c], low[c]), high[c])
