"""K-SVD denoising: each patch is composed of a few atoms of a dictionary that is learned from the noisy picture itself.

Source: M. Elad, M. Aharon, "Image denoising via sparse and redundant representations over learned dictionaries", IEEE
Trans. Image Processing 15(12), 2006 (8x8 patches, 256 atoms, cosine start, 10 iterations, error target (1.15 sigma)^2 a
pixel; the picture from all patches and itself with the weight lambda = 30 / sigma on the scale of 255).
Departures: the dictionary is updated by the approximate step (learning.py). Channels are composed one by one, so that
grey comes out alike with one channel and with three, and share the dictionary of the middle one, whose patches are like
those of the others; Mairal, Elad and Sapiro (2008) compose them together.
"""

from __future__ import annotations

from functools import partial

import numpy as np
from jaxtyping import Float32

from retouch.arrays.checks import check_noisy
from retouch.arrays.threads import single_threaded_products
from retouch.arrays.types import Image, Progress, ignore_progress
from retouch.denoising.patches.pieces import Average, all_corners, take_patches
from retouch.denoising.sparse.dictionaries import cosine_dictionary
from retouch.denoising.sparse.learning import learn_dictionary
from retouch.denoising.sparse.omp import composed, sparse_codes
from retouch.errors import InputError

_PATCH_PX = 8
_GAIN = 1.15
_MOST_ATOMS = 24
_FIDELITY = 30 / 255
_LEAST_SIGMA = 1e-4  # below it nothing in 16 bits changes
_ROWS_AT_ONCE = 64


def denoise_ksvd(
    image: Image,
    sigma: float,
    *,
    n_atoms: int = 256,
    iterations: int = 10,
    n_examples: int = 40_000,
    progress: Progress = ignore_progress,
) -> Image:
    """Compose all patches of few atoms each and average what they say of each pixel.

    Parameters
    ----------
    image : (H, W, C) float32
        Noisy picture; noise may have taken values out of [0, 1].
    sigma : float, range [0, 1]
        Standard deviation of the noise. 0 returns a copy.
    n_atoms : int
        Size of the dictionary: a square number of at least 64.
    iterations : int
        Of learning; 0 keeps the cosines.
    n_examples : int
        Patches to learn from, at most, 1 or more.
    progress : callable, optional
        Called as progress(done, total).

    Returns
    -------
    (H, W, C) float32
        Not clipped.

    Raises
    ------
    InputError
        If the picture or sigma fails `check_noisy` or an option is out of range.

    Notes
    -----
    About a second of one core for 481x321 grey, most of it for learning. Fine texture that no atom of the dictionary
    describes is smoothed; where noise is strong, single atoms can be seen in flat areas.

    Examples
    --------
    >>> image = (0.5 + 0.1 * np.random.default_rng(0).standard_normal((48, 48, 1))).astype(np.float32)
    >>> bool(np.std(denoise_ksvd(image, 0.1)) < 0.02)
    True
    """
    check_noisy(image, sigma)
    if iterations < 0 or n_examples < 1:
        raise InputError(f"iterations must be 0 or more and n_examples 1 or more, got {iterations} and {n_examples}")
    dictionary = cosine_dictionary(_PATCH_PX, n_atoms)
    if sigma < _LEAST_SIGMA:
        progress(1, 1)
        return image.copy()
    height, width, n_channels = image.shape
    noisy = np.pad(image, [(0, max(0, _PATCH_PX - n)) for n in (height, width)] + [(0, 0)], mode="symmetric")
    most_error = _PATCH_PX**2 * (_GAIN * sigma) ** 2
    total = iterations + n_channels
    with single_threaded_products():
        code = partial(sparse_codes, most_error=most_error, most_atoms=_MOST_ATOMS)
        examples = _examples(noisy[:, :, n_channels // 2 :][:, :, :1], n_examples)
        for done, learned in enumerate(learn_dictionary(examples, dictionary, iterations, code)):
            dictionary = learned
            progress(done + 1, total)
        result = np.empty_like(noisy)
        for channel in range(n_channels):
            plane = np.ascontiguousarray(noisy[:, :, channel : channel + 1])
            result[:, :, channel] = _recomposed(plane, dictionary, most_error, _FIDELITY / sigma)[:, :, 0]
            progress(iterations + channel + 1, total)
    return np.ascontiguousarray(result[:height, :width])


def _examples(plane: Image, n_most: int) -> Float32[np.ndarray, "N d"]:
    """Return patches of the plane without their means, from places drawn evenly if they are too many."""
    tops, lefts = all_corners(plane.shape[0], plane.shape[1], _PATCH_PX)
    if len(tops) > n_most:
        chosen = np.sort(np.random.default_rng(0).choice(len(tops), n_most, replace=False))
        tops, lefts = tops[chosen], lefts[chosen]
    return _centred(take_patches(plane, tops, lefts, _PATCH_PX))[0]


def _centred(patches: Float32[np.ndarray, "N d"]) -> tuple[Float32[np.ndarray, "N d"], Float32[np.ndarray, "N 1"]]:
    means = patches.mean(axis=1, keepdims=True)
    return patches - means, means


def _recomposed(plane: Image, dictionary: Float32[np.ndarray, "K d"], most_error: float, fidelity: float) -> Image:
    """Return (lambda y + sum R' D a) / (lambda + sum R' R) for one channel, some rows of patches at a time."""
    average = Average.empty(plane.shape)
    all_tops, all_lefts = all_corners(plane.shape[0], plane.shape[1], _PATCH_PX)
    for first in range(0, plane.shape[0], _ROWS_AT_ONCE):
        here = (all_tops >= first) & (all_tops < first + _ROWS_AT_ONCE)
        tops, lefts = all_tops[here], all_lefts[here]
        patches, means = _centred(take_patches(plane, tops, lefts, _PATCH_PX))
        codes = sparse_codes(patches, dictionary, most_error, _MOST_ATOMS)
        average.add(composed(codes, dictionary) + means, tops, lefts)
    weights = average.weights[:, :, None]
    return np.asarray((fidelity * plane + average.totals) / (fidelity + weights), np.float32)
