"""Fusion of an internal estimate, from the picture's own patches, and an external one, from what photographs look like.

Source: I. Mosseri, M. Zontak, M. Irani, "Combining the power of internal and external denoising", ICCP 2013 (patches
with little signal above the noise are told by their like in the picture, those with much by other photographs); C.
Stein, "Estimation of the mean of a multivariate normal distribution", Annals of Statistics 9(6), 1981 (the unbiased
estimate of an error without the truth); S. Ramani, T. Blu, M. Unser, "Monte-Carlo SURE", IEEE Trans. Image Processing
17(9), 2008 (the divergence by one probe).
Departures: a patch does not choose for its own pixels alone; a pixel takes the share of the patches on it that chose
the external estimate, so that no seams are seen. The small network that the sheet names as a third way is not here, as
this room has none.

    y       (H, W, C) float32, the noisy picture
    a, b    (H, W, C) float32, the internal and the external estimate
    SNR     max(var(y) - sigma^2, 0) / sigma^2 of a patch, the mean over its channels
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Literal, TypeAlias

import cv2
import numpy as np
from jaxtyping import Float32

from retouch.arrays.checks import check_noisy
from retouch.arrays.types import Image, Progress, ignore_progress
from retouch.denoising.low_rank.wnnm import denoise_wnnm
from retouch.denoising.priors.epll import denoise_epll
from retouch.errors import InputError

Denoiser: TypeAlias = Callable[..., Image]

_PATCH_PX = 8
_PROBE = 0.1
"""Of sigma: much smaller, and the matching of patches hardly ever changes; larger, and the slope is a chord."""

_PARTS = 1000


def denoise_fusion(
    image: Image,
    sigma: float,
    *,
    rule: Literal["patch_snr", "sure"] = "patch_snr",
    snr: float = 1.0,
    progress: Progress = ignore_progress,
) -> Image:
    """Return WNNM and EPLL in one picture, each where it is the better guess.

    Parameters
    ----------
    image : (H, W, C) float32
        Noisy picture; noise may have taken values out of [0, 1].
    sigma : float, range [0, 1]
        Standard deviation of the noise. 0 returns a copy.
    rule : {"patch_snr", "sure"}
        "patch_snr" lets each patch choose by how much signal it holds; "sure" mixes both everywhere in the proportion
        of least error, estimated without the truth, and takes twice the time.
    snr : float
        Patches with a signal of more than this times the noise choose EPLL, 0 or more.
    progress : callable, optional
        Called as progress(done, total) in thousandths.

    Returns
    -------
    (H, W, C) float32
        Not clipped; between the two estimates at every pixel.

    Raises
    ------
    InputError
        If the picture or sigma fails `check_noisy` or `snr` is below 0.
    """
    check_noisy(image, sigma)
    if not snr >= 0:
        raise InputError(f"snr must be 0 or more, got {snr}")
    if sigma == 0:
        progress(0, 0)
        return image.copy()
    methods: tuple[Denoiser, Denoiser] = (partial(denoise_wnnm, profile="fast"), denoise_epll)
    n_runs = 4 if rule == "sure" else 2
    a, b = (run(image, sigma, progress=_part(progress, k, n_runs)) for k, run in enumerate(methods))
    if rule == "patch_snr":
        return fuse_by_patch_snr(image, (a, b), sigma, snr)
    probe = 2 * np.random.default_rng(0).integers(0, 2, image.shape).astype(np.float32) - 1
    step = _PROBE * sigma
    moved_image = image + np.float32(step) * probe
    moved = [run(moved_image, sigma, progress=_part(progress, 2 + k, n_runs)) for k, run in enumerate(methods)]
    slopes = [float(np.vdot(probe, after - before)) / step for before, after in zip((a, b), moved, strict=True)]
    weight = weight_by_sure(image, (a, b), (slopes[0], slopes[1]), sigma)
    return np.asarray(b + weight * (a - b), np.float32)


def fuse_by_patch_snr(y: Image, estimates: tuple[Image, Image], sigma: float, snr: float = 1.0) -> Image:
    """Return the external estimate where patches hold more signal than `snr` times the noise, else the internal one.

    Parameters
    ----------
    y : (H, W, C) float32
    estimates : two of (H, W, C) float32
        The internal and the external one.
    sigma : float, above 0
    snr : float

    Examples
    --------
    A flat picture is left to its own patches:

    >>> y, a, b = (np.full((9, 9, 1), level, np.float32) for level in (0.5, 0.4, 0.6))
    >>> float(fuse_by_patch_snr(y, (a, b), 0.1).max())
    0.4000000059604645
    """
    a, b = estimates
    wide = y.astype(np.float64)
    variance = (_patch_means(wide**2) - _patch_means(wide) ** 2).mean(axis=2, keepdims=True)
    chosen = np.maximum(variance - sigma**2, 0) > snr * sigma**2
    share = _patch_means(chosen.astype(np.float64)).astype(np.float32)
    fused: Image = a + share * (b - a)
    return fused


def weight_by_sure(y: Image, estimates: tuple[Image, Image], divergences: tuple[float, float], sigma: float) -> float:
    """Return the share of the first estimate in the mixture of least expected error, 0 to 1.

    Parameters
    ----------
    y : (H, W, C) float32
    estimates : two of (H, W, C) float32
    divergences : two of float
        Sum over all values of how fast each estimate moves with the noisy value at its own place.
    sigma : float

    Examples
    --------
    The noisy picture itself, whose divergence is the number of its values, against zeros that never move: of a signal
    of mean square 4 in noise of 1 the best linear estimate keeps 1 - 1 / 5.

    >>> y = np.full((10, 10, 1), 5**0.5, np.float32)
    >>> round(weight_by_sure(y, (y, np.zeros_like(y)), (100.0, 0.0), 1.0), 3)
    0.8
    """
    a, b = (estimate.astype(np.float64) for estimate in estimates)
    apart = a - b
    squares = float((apart**2).sum())
    if squares == 0:
        return 1.0
    slope = float((apart * (y - b)).sum()) - sigma**2 * (divergences[0] - divergences[1])
    return float(np.clip(slope / squares, 0, 1))


def _patch_means(values: Float32[np.ndarray, "H W C"] | np.ndarray) -> np.ndarray:
    """Return the mean over the patch around each pixel, mirrored at the border."""
    side = (min(_PATCH_PX, values.shape[1]), min(_PATCH_PX, values.shape[0]))
    return cv2.blur(values, side, borderType=cv2.BORDER_REFLECT).reshape(values.shape)


def _part(progress: Progress, number: int, n_runs: int) -> Progress:
    """Return a hook that reports run `number` of `n_runs` as its part of the whole."""

    def report(done: int, total: int) -> None:
        progress(_PARTS * number // n_runs + _PARTS * done // max(n_runs * total, 1), _PARTS)

    return report
