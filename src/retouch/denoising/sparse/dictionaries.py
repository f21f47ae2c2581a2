"""Dictionaries that need no learning: the overcomplete cosine dictionary that K-SVD starts from.

Source: M. Elad, M. Aharon, "Image denoising via sparse and redundant representations over learned dictionaries", IEEE
Trans. Image Processing 15(12), 2006, section IV-A.
Departures: none.
"""

from __future__ import annotations

import math

import numpy as np
from jaxtyping import Float32

from retouch.errors import InputError


def cosine_dictionary(patch_px: int, n_atoms: int) -> Float32[np.ndarray, "K d"]:
    """Return products of sampled cosines, more of them than pixels: frequencies lie closer than in the DCT.

    Parameters
    ----------
    patch_px : int
        Side of the square patches.
    n_atoms : int
        K, a square number; its root is the number of frequencies along an axis.

    Returns
    -------
    (K, patch_px^2) float32
        Atoms as rows, each of length 1. The first is constant, the others have mean 0.

    Raises
    ------
    InputError
        If `n_atoms` is no square or less than the pixels of a patch.

    Examples
    --------
    With as many atoms as pixels it is the orthonormal DCT:

    >>> dictionary = cosine_dictionary(2, 4)
    >>> dictionary.round(3)[:2].tolist()
    [[0.5, 0.5, 0.5, 0.5], [0.5, -0.5, 0.5, -0.5]]
    """
    n_frequencies = math.isqrt(n_atoms)
    if n_frequencies**2 != n_atoms or n_frequencies < patch_px:
        raise InputError(f"atoms must be a square number of at least {patch_px}^2, got {n_atoms}")
    angles = np.pi / n_frequencies * np.outer(np.arange(n_frequencies), np.arange(patch_px) + 0.5)
    waves = np.cos(angles)
    waves[1:] -= waves[1:].mean(axis=1, keepdims=True)
    waves /= np.linalg.norm(waves, axis=1, keepdims=True)
    return np.asarray(np.kron(waves, waves), np.float32)
