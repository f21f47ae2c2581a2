"""Plug and play: BM3D says what pictures look like, the known pixels say which one this is.

Source: S. Venkatakrishnan, C. Bouman, B. Wohlberg, "Plug-and-play priors for model based reconstruction", GlobalSIP
2013; T. Tirer, R. Giryes, "Image restoration by iterative denoising and backward projections", IEEE Trans. Image
Processing 28(3), 2019 (for missing pixels: denoise, and put back what is known); K. Egiazarian, A. Foi, V. Katkovnik,
"Compressed sensing image reconstruction via recursive spatially adaptive filtering", ICIP 2007 (a falling noise level).
Departures: the start is kriging inside groups, which is near the goal already, so that the noise level can begin low
and no noise has to be added; from kriging alone the result is 0.7 dB worse at 80 % missing. The denoiser is BM3D's
"fast" profile: "normal" takes four times as long for less than 0.02 dB.
"""

from __future__ import annotations

import numpy as np

from retouch.arrays.checks import check_pair
from retouch.arrays.compositing import composite
from retouch.arrays.regions import bounding_box
from retouch.arrays.types import Image, Mask, Progress, ignore_progress
from retouch.classical.sparse.group_kriging import inpaint_group_kriging
from retouch.denoising.block_matching.bm3d import denoise_bm3d
from retouch.errors import InputError

_MARGIN_PX = 32  # BM3D's window and patch, and a few more


def inpaint_plug_and_play(
    image: Image,
    mask: Mask,
    *,
    steps: int = 8,
    first_noise: float = 0.03,
    last_noise: float = 0.003,
    rng: np.random.Generator | None = None,
    progress: Progress = ignore_progress,
) -> Image:
    """Denoise the guess and put back what is known, in turn, with less and less noise.

    Parameters
    ----------
    image : (H, W, C) float32, range [0, 1]
        Picture to repair; values under the mask are never read.
    mask : (H, W) bool
        True where a pixel is missing. An all-False mask returns a copy.
    steps : int
        Of denoising, 1 or more.
    first_noise, last_noise : float
        Noise levels of the first step and the last, above 0, at most 1, falling in a geometric row.
    rng : numpy.random.Generator, optional
        Not used: nothing here is random.
    progress : callable, optional
        Called as progress(done, total) in steps.

    Returns
    -------
    (H, W, C) float32, range [0, 1]
        Known pixels are bit-equal.

    Raises
    ------
    InputError
        If the pair fails `check_pair` or an option is out of range.

    Notes
    -----
    About 7 seconds of one core for 512x512 grey, most of it for the start, in parallel on all cores. Made for random
    missing pixels; in holes wider than a few pixels it smooths what kriging put there.

    Examples
    --------
    >>> wave = np.tile(0.5 + 0.4 * np.sin(np.arange(64) * np.pi / 4), (64, 1)).astype(np.float32)[:, :, None]
    >>> lost = np.random.default_rng(0).random((64, 64)) < 0.5
    >>> bool(np.abs(inpaint_plug_and_play(wave, lost) - wave).max() < 0.05)
    True
    """
    check_pair(image, mask)
    if steps < 1 or not 0 < last_noise <= first_noise <= 1:
        raise InputError(
            f"steps must be 1 or more and 0 < last_noise <= first_noise <= 1, got {steps}, {last_noise}, {first_noise}"
        )
    if not mask.any():
        progress(0, 0)
        return image.copy()
    result = inpaint_group_kriging(image, mask)
    box = bounding_box(mask).grown(_MARGIN_PX, _MARGIN_PX, (mask.shape[0], mask.shape[1])).slices
    original, hole = np.ascontiguousarray(result[box]), mask[box]
    x = original
    for done, noise in enumerate(np.geomspace(first_noise, last_noise, steps)):
        x = composite(original, denoise_bm3d(x, float(noise), profile="fast").clip(0, 1), hole)
        progress(done + 1, steps)
    result[box] = x
    return result
