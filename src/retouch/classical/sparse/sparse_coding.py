"""Sparse coding: patches composed of few atoms of a dictionary that is learned from the picture itself.

Source: M. Elad, J.-L. Starck, P. Querre, D. Donoho, "Simultaneous cartoon and texture image inpainting using
morphological component analysis", Applied and Computational Harmonic Analysis 19, 2005, section 3 (code the guess, put
back what is known, with a falling threshold); J. Mairal, M. Elad, G. Sapiro, "Sparse representation for color image
restoration", IEEE Trans. Image Processing 17(1), 2008 (8x8 patches, 256 atoms, cosine start, K-SVD, error target (1.15
sigma)^2 a pixel).
Departures: Mairal et al. code the known pixels of a patch alone. Of 64 pixels with 80 % missing 13 are known, which two
or three of 256 atoms meet in many ways: on two pictures that was 0.4 and 3.4 dB below a thin plate, with a learned
dictionary too, and this is above it. All starts from kriging; each pass learns two iterations further and takes every
second patch along both axes. Channels are composed one by one with the dictionary of the middle one.
"""

from __future__ import annotations

from functools import partial

import numpy as np
from jaxtyping import Float32

from retouch.arrays.checks import check_pair
from retouch.arrays.compositing import composite
from retouch.arrays.regions import bounding_box
from retouch.arrays.threads import single_threaded_products
from retouch.arrays.types import Image, Mask, Progress, ignore_progress
from retouch.classical.sparse.kriging import inpaint_kriging
from retouch.denoising.patches.pieces import Average, Corners, all_corners, take_patches
from retouch.denoising.sparse.dictionaries import cosine_dictionary
from retouch.denoising.sparse.learning import learn_dictionary
from retouch.denoising.sparse.omp import composed, sparse_codes
from retouch.errors import InputError

_PATCH_PX, _STEP_PX = 8, 2
_GAIN = 1.15
_MOST_ATOMS = 10
_N_EXAMPLES = 8000
_FIRST_NOISE = 0.03
_PATCHES_AT_ONCE = 16384
_CONTEXT_PX = 32

Dictionary = Float32[np.ndarray, "K d"]


def inpaint_sparse_coding(
    image: Image,
    mask: Mask,
    *,
    passes: int = 6,
    iterations: int = 2,
    n_atoms: int = 256,
    last_noise: float = 0.005,
    rng: np.random.Generator | None = None,
    progress: Progress = ignore_progress,
) -> Image:
    """Compose the patches that lack pixels of few atoms, and put back what is known, in turn.

    Parameters
    ----------
    image : (H, W, C) float32, range [0, 1]
        Picture to repair; values under the mask are never read.
    mask : (H, W) bool
        True where a pixel is missing. An all-False mask returns a copy.
    passes : int
        Of coding, 1 or more; the noise level falls from 0.03 in a geometric row.
    iterations : int
        Of learning in each pass; 0 keeps the cosines.
    n_atoms : int
        Size of the dictionary: a square number of at least 64.
    last_noise : float
        Noise level of the last pass, above 0, at most 0.03; larger is smoother.
    rng : numpy.random.Generator, optional
        Draws the patches to learn from where there are more than 8000. None is a fixed seed.
    progress : callable, optional
        Called as progress(done, total) in passes.

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
    About 5 seconds of one core for 512x512 grey with random damage, on all cores but for the learning. For random
    missing pixels; about as good as kriging there, and less so where half is known. `group_kriging` is better and
    faster. In holes wider than a patch the result is smooth.

    Examples
    --------
    >>> wave = np.tile(0.5 + 0.4 * np.sin(np.arange(48) * np.pi / 4), (48, 1)).astype(np.float32)[:, :, None]
    >>> lost = np.random.default_rng(0).random((48, 48)) < 0.5
    >>> bool(np.abs(inpaint_sparse_coding(wave, lost) - wave).max() < 0.05)
    True
    """
    check_pair(image, mask)
    if passes < 1 or iterations < 0 or not 0 < last_noise <= _FIRST_NOISE:
        raise InputError(
            f"passes must be 1 or more, iterations 0 or more, and last_noise above 0 and at most {_FIRST_NOISE}, got "
            f"{passes}, {iterations} and {last_noise}"
        )
    dictionary = cosine_dictionary(_PATCH_PX, n_atoms)
    if not mask.any():
        progress(0, 0)
        return image.copy()
    result = inpaint_kriging(image, mask)
    box = bounding_box(mask).grown(_CONTEXT_PX, _CONTEXT_PX, (mask.shape[0], mask.shape[1])).slices
    height, width = mask[box].shape
    room = [(0, max(0, _PATCH_PX - n)) for n in (height, width)]
    original, hole = np.pad(result[box], [*room, (0, 0)], mode="symmetric"), np.pad(mask[box], room, mode="symmetric")
    corners = _draw_corners(hole, rng if rng is not None else np.random.default_rng(0))
    x = original
    with single_threaded_products():
        for done, noise in enumerate(np.geomspace(_FIRST_NOISE, last_noise, passes)):
            most_error = float(_PATCH_PX**2 * (_GAIN * noise) ** 2)
            dictionary = _learn(x, corners, dictionary, most_error, iterations)
            x = composite(original, _recompose(x, hole, dictionary, most_error), hole)
            progress(done + 1, passes)
    result[box] = x[:height, :width]
    return result


def _draw_corners(hole: Mask, rng: np.random.Generator) -> tuple[Corners, Corners]:
    """Return the places of patches to learn from, drawn evenly if they are too many."""
    tops, lefts = all_corners(hole.shape[0], hole.shape[1], _PATCH_PX)
    if len(tops) > _N_EXAMPLES:
        chosen = np.sort(rng.choice(len(tops), _N_EXAMPLES, replace=False))
        tops, lefts = tops[chosen], lefts[chosen]
    return tops, lefts


def _learn(
    x: Image, corners: tuple[Corners, Corners], dictionary: Dictionary, most_error: float, iterations: int
) -> Dictionary:
    """Return the dictionary after some more iterations on the middle channel of the present picture."""
    plane = np.ascontiguousarray(x[:, :, x.shape[2] // 2 :][:, :, :1])
    patches = take_patches(plane, *corners, _PATCH_PX)
    examples = patches - patches.mean(axis=1, keepdims=True)
    code = partial(sparse_codes, most_error=most_error, most_atoms=_MOST_ATOMS)
    for learned in learn_dictionary(examples, dictionary, iterations, code):
        dictionary = learned
    return dictionary


def _recompose(x: Image, hole: Mask, dictionary: Dictionary, most_error: float) -> Image:
    """Return the average of the coded patches that lack a pixel, some thousands at a time; the picture elsewhere."""
    tops, lefts = all_corners(hole.shape[0], hole.shape[1], _PATCH_PX, _STEP_PX)
    missing = hole[:, :, None].astype(np.float32)
    result = np.empty_like(x)
    for c in range(x.shape[2]):
        plane = np.ascontiguousarray(x[:, :, c : c + 1])
        average = Average.empty(plane.shape)
        for first in range(0, len(tops), _PATCHES_AT_ONCE):
            some = slice(first, first + _PATCHES_AT_ONCE)
            lacking = take_patches(missing, tops[some], lefts[some], _PATCH_PX).any(axis=1)
            here = tops[some][lacking], lefts[some][lacking]
            patches = take_patches(plane, *here, _PATCH_PX)
            means = patches[:, :1] + (patches - patches[:, :1]).mean(axis=1, keepdims=True)  # exact where all are equal
            codes = sparse_codes(patches - means, dictionary, most_error, _MOST_ATOMS)
            average.add(composed(codes, dictionary) + means, *here)
        result[:, :, c] = average.mean(otherwise=plane)[:, :, 0].clip(0, 1)
    return result
