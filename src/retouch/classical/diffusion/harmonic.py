"""Harmonic inpainting: the Laplace equation with the known pixels as boundary values.

Source: T. Chan, J. Shen, "Mathematical models for local nontexture inpaintings", SIAM J. Appl. Math. 62(3), 2002, the
harmonic case; in discrete form each missing pixel is the mean of its 4 neighbours (see membrane).
Departures: none. Where the hole touches the picture's border the neighbours outside are left out (Neumann).
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float32

from retouch.arrays.checks import check_pair, without_garbage
from retouch.arrays.compositing import composite
from retouch.arrays.types import Image, Mask, Progress, ignore_progress
from retouch.classical.diffusion.groups import share_of
from retouch.classical.diffusion.membrane import TOLERANCE, split_holes


def inpaint_harmonic(
    image: Image,
    mask: Mask,
    *,
    rng: np.random.Generator | None = None,
    progress: Progress = ignore_progress,
) -> Image:
    """Fill each hole with the smooth membrane that is stretched over its border.

    Parameters
    ----------
    image : (H, W, C) float32, range [0, 1]
        Picture to repair; values under the mask are never read.
    mask : (H, W) bool
        True where a pixel is missing. An all-False mask returns a copy.
    rng : numpy.random.Generator, optional
        Not used: nothing here is random.
    progress : callable, optional
        Called as progress(done, total) in missing pixels.

    Returns
    -------
    (H, W, C) float32, range [0, 1]
        Known pixels are bit-equal; filled ones lie between the least and greatest known value (maximum principle).

    Raises
    ------
    InputError
        If the pair fails `check_pair`.

    Notes
    -----
    A hole of 1000x1000 pixels takes about two seconds of one core. Blurs edges and textures: for thin damage only.

    Examples
    --------
    >>> image = np.array([0, 9, 9, 1], np.float32).reshape(1, 4, 1)
    >>> inpaint_harmonic(image, np.array([[False, True, True, False]])).ravel() * 30
    array([ 0., 10., 20., 30.], dtype=float32)
    """
    check_pair(image, mask)
    return composite(image, fill_harmonic(image, mask, progress), mask)


def fill_harmonic(
    image: Float32[np.ndarray, "H W C"],
    mask: Mask,
    progress: Progress = ignore_progress,
    tolerance: float = TOLERANCE,
) -> Float32[np.ndarray, "H W C"]:
    """Return the picture with its holes filled: a step of other methods, without the checks at the door."""
    filled = np.ascontiguousarray(without_garbage(image, mask))
    even = np.broadcast_to(np.float32(1), mask.shape)
    done, total = 0, int(np.count_nonzero(mask))
    for part in split_holes(mask, tolerance):
        size = len(part.pixels)
        part.relax(filled, even, share_of(progress, done, size, total))
        done += size
    progress(total, total)
    return filled
