"""BM3D and CBM3D: patches that look alike are stacked, and noise is what their common transform has little of.

Source: K. Dabov, A. Foi, V. Katkovnik, K. Egiazarian, "Image denoising by sparse 3-D transform-domain collaborative
filtering", IEEE Trans. Image Processing 16(8), 2007 (grey); the same, "Color image denoising via sparse 3D
collaborative filtering with grouping constraint in luminance-chrominance space", ICIP 2007 (colour).
Departures: those of profiles.py, filtering.py and opponent.py. Three equal channels are one grey picture, as their
noise is the same too and not independent. Two or four channels have no luminance and are filtered one by one.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

import numpy as np
from jaxtyping import Float32

from retouch.arrays.checks import check_noisy
from retouch.arrays.types import AnyArray, Image, Progress, ignore_progress
from retouch.denoising.block_matching.opponent import opponent_covariance, to_opponent, to_rgb
from retouch.denoising.block_matching.profiles import ProfileName, Step, choose_profile
from retouch.denoising.block_matching.steps import count_bands, run_step
from retouch.errors import InputError

_RGB = 3
_LEAST_SIGMA = 1e-6  # a four-thousandth of a level of 8 bits: its square is far from the least number of float32


def denoise_bm3d(
    image: Image,
    sigma: float,
    *,
    profile: ProfileName = "normal",
    steps: int = 2,
    covariance: AnyArray | None = None,
    progress: Progress = ignore_progress,
) -> Image:
    """Return the picture with stacks of like patches filtered together, twice.

    Parameters
    ----------
    image : (H, W, C) float32
        Noisy picture; noise may have taken values out of [0, 1].
    sigma : float, range [0, 1]
        Standard deviation of the noise. 0 returns a copy.
    profile : str
        "normal"; "fast" compares fewer patches in a smaller window; "high" has a finer grid.
    steps : int
        2, or 1 for the first estimate alone.
    covariance : (C, C, L, L) float, optional
        Of noise that neighbours or channels share, as `retouch.arrays.noise_level.grain` measures it: [c, d, m + dy,
        m + dx] between a value of channel c and one of channel d that lies dy below and dx to the right, m = (L -
        1) / 2. Only its shape counts: sigma says how much of it there is. Without it the noise is white.
    progress : callable, optional
        Called as progress(done, total) in bands of rows.

    Returns
    -------
    (H, W, C) float32
        Not clipped.

    Raises
    ------
    InputError
        If the picture or sigma fails `check_noisy`, an option is out of range, or the covariance is of another shape.

    Notes
    -----
    512x512 grey takes about 1.3 seconds of one core; "fast" takes a quarter of it, "high" twice as much. Time
    grows with the number of pixels. A sigma 20 % too low leaves specks, and noise with a grain of several pixels (JPEG,
    developed photographs) stays as mottling unless its covariance is given.

    Examples
    --------
    >>> flat = np.full((16, 16, 1), 0.5, np.float32)
    >>> noise = np.random.default_rng(0).standard_normal(flat.shape).astype(np.float32)
    >>> bool(denoise_bm3d(flat + 0.1 * noise, 0.1).std() < 0.02)
    True
    """
    check_noisy(image, sigma)
    chosen = choose_profile(profile, sigma)
    if steps not in {1, 2}:
        raise InputError(f"steps must be 1 or 2, got {steps}")
    if sigma == 0:
        progress(1, 1)
        return image.copy()
    planes = _with_room(np.moveaxis(image, 2, 0), max(step.matching.patch_px for step in chosen))
    noise = _scaled(covariance, len(planes), max(sigma, _LEAST_SIGMA))
    clean = _denoise(planes, noise, chosen[:steps], progress)
    height, width = image.shape[:2]
    return np.ascontiguousarray(np.moveaxis(clean[:, :height, :width], 0, 2))


def _with_room(planes: Float32[np.ndarray, "C H W"], patch_px: int) -> Float32[np.ndarray, "C H2 W2"]:
    """Return the planes, mirrored below and to the right where they are smaller than a patch."""
    short = [(0, max(patch_px - length, 0)) for length in planes.shape[1:]]
    return np.ascontiguousarray(np.pad(planes, [(0, 0), *short], mode="symmetric") if np.any(short) else planes)


def _scaled(covariance: AnyArray | None, n_planes: int, sigma: float) -> Float32[np.ndarray, "C C L L"]:
    """Return the covariance with a mean variance of sigma^2; where none is given, that of white noise.

    Raises
    ------
    InputError
        If it has another shape, or no noise in it.
    """
    if covariance is None:
        return (sigma**2 * np.eye(n_planes, dtype=np.float32))[:, :, None, None]
    shape, side = covariance.shape, covariance.shape[-1] if covariance.ndim else 0
    if shape != (n_planes, n_planes, side, side) or side % 2 == 0:
        raise InputError(f"covariance must be ({n_planes}, {n_planes}, L, L) with L odd, got {shape}")
    middle = side // 2
    mean = float(np.trace(covariance[:, :, middle, middle])) / n_planes
    if not np.isfinite(covariance).all() or mean <= 0:
        raise InputError(f"covariance must be finite with variances above 0, got a mean variance of {mean:g}")
    return np.asarray(covariance * (sigma**2 / mean), np.float32)


def _denoise(
    planes: Float32[np.ndarray, "C H W"],
    noise: Float32[np.ndarray, "C C L L"],
    steps: tuple[Step, ...],
    progress: Progress,
) -> Float32[np.ndarray, "C H W"]:
    """Denoise as grey, as colour, or plane by plane."""
    n_planes, height = planes.shape[:2]
    if all(np.array_equal(planes[0], plane) for plane in planes[1:]):
        tick = _ticker(progress, steps, height, 1)
        return np.repeat(_run(steps, planes[:1], noise[0, :1], tick), n_planes, axis=0)
    if n_planes == _RGB:
        tick = _ticker(progress, steps, height, 1)
        return to_rgb(_run(steps, to_opponent(planes), opponent_covariance(noise), tick))
    tick = _ticker(progress, steps, height, n_planes)
    return np.concatenate([_run(steps, planes[i : i + 1], noise[i, i : i + 1], tick) for i in range(n_planes)])


def _run(
    steps: tuple[Step, ...],
    planes: Float32[np.ndarray, "C H W"],
    noise: Float32[np.ndarray, "C L L"],
    tick: Callable[[], None],
) -> Float32[np.ndarray, "C H W"]:
    """Run one step after the other, each guided by the one before."""
    estimate = None
    for step in steps:
        estimate = run_step(step, planes, estimate, noise, tick)
    return planes if estimate is None else estimate


def _ticker(progress: Progress, steps: tuple[Step, ...], height: int, n_runs: int) -> Callable[[], None]:
    """Return a function that counts the bands of all steps and runs as they are done."""
    total = n_runs * sum(count_bands(step, height) for step in steps)
    counter = count(1)
    return lambda: progress(next(counter), total)
