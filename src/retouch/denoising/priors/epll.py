"""Expected patch log likelihood: the picture near the noisy one whose patches look most like those of photographs.

Source: D. Zoran, Y. Weiss, "From learning models of natural image patches to whole image restoration", ICCV 2011
(half-quadratic splitting: patches and picture in turn, beta rising; 8x8 patches without their mean; 200 Gaussians; beta
sigma^2 = 1, 4, 8, 16, 32); S. Parameswaran, C. Deledalle, L. Denis, T. Nguyen, "Accelerating GMM-based patch
priors for image restoration: three ingredients for a 100x speed-up", IEEE Trans. Image Processing 28(2), 2019 (patches
from a grid that is moved between the rounds).
Departures: the mixture is our own (mixture.md). Beta sigma^2 is 1, 3, 6, 12, 24 and 48, which gained 0.06 dB on three
photographs of ../shared/data/train-photos/bsds500-train-test and nothing on BSD68. The grid moves by a fixed plan and
not by chance. All components are compared by one matrix product (mixture.py) instead of a tree. Channels are worked on
one by one, so that grey comes out alike with one channel and with three.

x, y   (H, W)   the picture sought and the noisy one, one channel
b      beta sigma^2: the patches are taken for noisy with variance sigma^2 / b
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeAlias

import numpy as np
from jaxtyping import Float32, Int64

from retouch.arrays.checks import check_noisy
from retouch.arrays.threads import n_threads, single_threaded_products
from retouch.arrays.types import Image, Progress, ignore_progress
from retouch.denoising.patches.pieces import Average, take_patches
from retouch.denoising.priors.mixture import (
    Mixture,
    NoisyMixture,
    load_mixture,
    log_joint,
    wiener_estimates,
    with_noise,
    write_pairs,
)
from retouch.errors import InputError

Grid: TypeAlias = tuple[Int64[np.ndarray, " n"], Int64[np.ndarray, " n"]]
"""Upper left corners of patches: rows and columns."""

_PATCH_PX = 8
_SCHEDULE = (1.0, 3.0, 6.0, 12.0, 24.0, 48.0)
_PATCHES_AT_ONCE = 2048
_LEAST_SIGMA = 1e-4  # below it nothing in 16 bits changes, and single precision no longer tells the components apart


def denoise_epll(image: Image, sigma: float, *, step_px: int = 2, progress: Progress = ignore_progress) -> Image:
    """Return the picture that is near the noisy one and whose patches are likely under the shipped mixture.

    Parameters
    ----------
    image : (H, W, C) float32
        Noisy picture; noise may have taken values out of [0, 1].
    sigma : float, range [0, 1]
        Standard deviation of the noise. 0 returns a copy.
    step_px : int
        Patches are taken every so many rows and columns, 1 to 8; the grid moves between rounds.
    progress : callable, optional
        Called as progress(done, total) in parts of a round.

    Returns
    -------
    (H, W, C) float32
        Not clipped.

    Raises
    ------
    InputError
        If the picture or sigma fails `check_noisy` or the step is out of range.
    WeightsError
        If the shipped mixture is damaged.

    Notes
    -----
    6 rounds, each of d^2 K / 2 multiplications for a patch of d = 64 pixels and K = 200 components: about 4 seconds of
    one core for 512x512 grey, and four times that with `step_px` 1, which is no better. The mixture knows common
    patches, edges above all: rare texture is smoothed, and what repeats in the picture is not made use of.

    Examples
    --------
    Noise of 0.1 on grey is less than 0.01 afterwards:

    >>> image = (0.5 + 0.1 * np.random.default_rng(0).standard_normal((64, 64, 1))).astype(np.float32)
    >>> bool(np.std(denoise_epll(image, 0.1)) < 0.01)
    True
    """
    check_noisy(image, sigma)
    if not 1 <= step_px <= _PATCH_PX:
        raise InputError(f"step_px must be 1 to {_PATCH_PX} pixels, got {step_px}")
    if sigma < _LEAST_SIGMA:
        progress(1, 1)
        return image.copy()
    return restore_by_mixture(image, sigma, load_mixture(), step_px, progress)


def restore_by_mixture(
    image: Image, sigma: float, mixture: Mixture, step_px: int, progress: Progress = ignore_progress
) -> Image:
    """Take noise away as `denoise_epll` does, by any mixture over patches of 8x8 pixels; sigma must be above 0."""
    height, width, n_channels = image.shape
    least = [(0, max(0, _PATCH_PX - length)) for length in (height, width)]
    noisy = np.pad(image, (*least, (0, 0)), mode="symmetric")
    current = noisy.copy()
    corners = [grid_of_round(noisy.shape[:2], step_px, round_) for round_ in range(len(_SCHEDULE))]
    parts = [_parts(len(tops)) for tops, _ in corners]
    done, total = 0, n_channels * sum(len(p) for p in parts)
    with single_threaded_products(), ThreadPoolExecutor(n_threads()) as pool:
        for b, grid, pieces in zip(_SCHEDULE, corners, parts, strict=True):
            ready = with_noise(mixture, sigma**2 / b)  # beta = b / sigma^2
            for channel in range(n_channels):
                plane = np.ascontiguousarray(current[:, :, channel : channel + 1])
                average = Average.empty(plane.shape)
                estimates = pool.map(partial(_estimate, plane, grid, ready), pieces)
                for part, patches in zip(pieces, estimates, strict=True):
                    average.add(patches, grid[0][part], grid[1][part])
                    done += 1
                    progress(done, total)
                guess = average.mean(otherwise=plane)[:, :, 0]
                current[:, :, channel] = (noisy[:, :, channel] + np.float32(b) * guess) / np.float32(1 + b)
    return np.ascontiguousarray(current[:height, :width])


def grid_of_round(shape: tuple[int, ...], step_px: int, round_: int) -> Grid:
    """Return the corners of the patches of a round; the first and last row and column always take part."""
    axes = []
    for length, shift in zip(shape, (round_, round_ + round_ // step_px), strict=True):
        last = length - _PATCH_PX
        axes.append(np.unique([0, *range(shift % step_px, last, step_px), last]))
    tops, lefts = np.meshgrid(*axes, indexing="ij")
    return tops.ravel(), lefts.ravel()


def _parts(n: int) -> list[slice]:
    return [slice(first, min(first + _PATCHES_AT_ONCE, n)) for first in range(0, n, _PATCHES_AT_ONCE)]


def _estimate(plane: Image, grid: Grid, ready: NoisyMixture, part: slice) -> Float32[np.ndarray, "_ d"]:
    """Return the Wiener estimates of some patches, each under its likeliest component."""
    patches = take_patches(plane, grid[0][part], grid[1][part], _PATCH_PX)
    means = patches.mean(axis=1, keepdims=True)
    patches -= means
    pairs = np.empty((len(patches), ready.forms.shape[0]), np.float32)
    write_pairs(patches, pairs)
    likeliest = log_joint(pairs, ready).argmax(axis=1)
    return np.asarray(wiener_estimates(patches, likeliest, ready) + means)
