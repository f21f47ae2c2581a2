"""Perona-Malik diffusion: heat that flows where the picture is smooth and is held up at edges.

Source: P. Perona, J. Malik, "Scale-space and edge detection using anisotropic diffusion", IEEE Trans. Pattern Analysis
and Machine Intelligence 12(7), 1990 (u_t = div(g(|grad u|) grad u), both functions g, the flow between the four
neighbours); F. Catte, P.-L. Lions, J.-M. Morel, T. Coll, "Image selective smoothing and edge detection by nonlinear
diffusion", SIAM J. Numerical Analysis 29(1), 1992 (g of a blurred picture).
Departures: channels share their edges, by the root of the mean of their squared differences, so that grey comes out
alike with one channel and with three. How long heat flows is a rule of ours, fitted on 6 photographs for
sigma 5/255 to 75/255 (every sixtieth of ../shared/data/train-photos/bsds500-train-test, turned grey; none is in a test
set), and within 0.1 dB of the best there.

u   (C, H, W)
s   the difference of two neighbours; g1 = exp(-(s / K)^2), g2 = 1 / (1 + (s / K)^2)
"""

from __future__ import annotations

import math
from typing import Literal, TypeAlias

import numpy as np
from jaxtyping import Float32

from retouch.arrays.checks import check_noisy
from retouch.arrays.gradients import write_divergence, write_gradient
from retouch.arrays.types import Image, Progress, ignore_progress
from retouch.denoising.variational.anisotropic_diffusion import blurred_planes, diffusion_tensor, write_tensor_change
from retouch.errors import InputError

Conductivity: TypeAlias = Literal["exponential", "rational", "coherence"]
_CONTRASTS: dict[str, float] = {"exponential": 1.6, "rational": 0.6, "coherence": 0.05}
_ITERATIONS, _ITERATIONS_PER_SIGMA = 10.0, 70.0
_MOST_STEP = 0.25  # of the four neighbours: beyond it values may leave the range
_LEAST_CONTRAST = 1e-15


def denoise_perona_malik(
    image: Image,
    sigma: float,
    *,
    conductivity: Conductivity = "rational",
    contrast_per_sigma: float | None = None,
    iterations: int | None = None,
    step: float = 0.2,
    smoothing_px: float = 0.0,
    progress: Progress = ignore_progress,
) -> Image:
    """Let values flow between neighbours that differ little.

    Parameters
    ----------
    image : (H, W, C) float32
        Noisy picture; noise may have taken values out of [0, 1].
    sigma : float, range [0, 1]
        Standard deviation of the noise. 0 returns a copy.
    conductivity : str
        "exponential" is g1 and prefers steep edges, "rational" is g2 and prefers wide areas; "coherence" smooths along
        lines only, which mends broken ones and draws lines into noise.
    contrast_per_sigma : float or None
        K / sigma, above 0: differences above K are edges. None takes 0.6 for "rational", 1.6 for "exponential" and
        0.05 for "coherence", where K^4 is Weickert's C.
    iterations : int or None
        Steps, 1 or more; None takes 10 + 70 sigma, rounded.
    step : float
        Length of a step, above 0 and at most 0.25.
    smoothing_px : float
        Edges are looked for in a picture blurred by so many pixels, 0 to 64.
    progress : callable, optional
        Called as progress(done, total) in steps.

    Returns
    -------
    (H, W, C) float32
        Keeps the mean of each channel. Lies in the range of the noisy picture but for "coherence", whose fluxes across
        the axes can lead out of it.

    Raises
    ------
    InputError
        If the picture or sigma fails `check_noisy` or an option is out of range.

    Notes
    -----
    25 milliseconds for a channel of 481x321 at sigma 15/255, 60 at 50/255. Specks of noise that differ from all
    neighbours by more than K stay longest; a little `smoothing_px` removes them, and thin lines with them.

    Examples
    --------
    One step between two pixels that differ by K moves either by 0.2 / (1 + 1) of their difference:

    >>> pair = np.float32([[[0.0], [0.1]]])
    >>> denoise_perona_malik(pair, 0.1, contrast_per_sigma=1.0, iterations=1)[0, :, 0].round(3)
    array([0.01, 0.09], dtype=float32)
    """
    check_noisy(image, sigma)
    n_steps = round(_ITERATIONS + _ITERATIONS_PER_SIGMA * sigma) if iterations is None else iterations
    per_sigma = _CONTRASTS[conductivity] if contrast_per_sigma is None else contrast_per_sigma
    _check_options(per_sigma, n_steps, step, smoothing_px)
    if sigma == 0:
        progress(1, 1)
        return image.copy()
    contrast = max(per_sigma * sigma, _LEAST_CONTRAST)
    u = np.moveaxis(image, 2, 0).copy(order="C")
    slope = np.empty((2, *u.shape), np.float32)
    for done in range(n_steps):
        progress(done, n_steps)
        if conductivity == "coherence":
            change = write_tensor_change(u, diffusion_tensor(u, smoothing_px, contrast), slope)
        else:
            change = _change(u, slope, conductivity, contrast, smoothing_px)
        change *= np.float32(step)
        u += change
    progress(n_steps, n_steps)
    return np.ascontiguousarray(np.moveaxis(u, 0, 2))


def _check_options(contrast_per_sigma: float, n_steps: int, step: float, smoothing_px: float) -> None:
    if not 0 < contrast_per_sigma < math.inf or n_steps < 1:
        raise InputError(
            f"contrast_per_sigma must be above 0 and iterations at least 1, got {contrast_per_sigma} and {n_steps}"
        )
    if not (0 < step <= _MOST_STEP and 0 <= smoothing_px <= 64):  # noqa: PLR2004 - as the message says
        raise InputError(
            f"step must be above 0 and at most {_MOST_STEP}, and smoothing_px 0 to 64, got {step} and {smoothing_px}"
        )


def _change(
    u: Float32[np.ndarray, "C H W"],
    slope: Float32[np.ndarray, "2 C H W"],
    conductivity: str,
    contrast: float,
    smoothing_px: float,
) -> Float32[np.ndarray, "C H W"]:
    """Return what flows into each pixel from its four neighbours; `slope` is overwritten."""
    write_gradient(blurred_planes(u, smoothing_px), slope)
    squares = np.einsum("dchw,dchw->dhw", slope, slope) / np.float32(u.shape[0])
    squares *= np.float32(1 / contrast**2)
    g = np.exp(-squares) if conductivity == "exponential" else 1 / (1 + squares)
    if smoothing_px > 0:
        write_gradient(u, slope)
    slope *= g[:, None]
    change = np.empty_like(u)
    write_divergence(slope, change)
    return change
