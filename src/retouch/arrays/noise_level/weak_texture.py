"""Noise level by weakly textured patches: only those enter the covariance whose gradients noise alone can explain.

Source: X. Liu, M. Tanaka, M. Okutomi, "Single-image noise level estimation for blind denoising", IEEE Trans. Image
Processing 22(12), 2013, Eqs. 6-13, with the settings of its code: patches of 7x7, confidence 1 - 10^-6, three rounds.
Departures: the least eigenvalue of the covariance of n random patches of P pixels is below the variance by the factor
(1 - sqrt(P / n))^2 (V. Marchenko, L. Pastur, Mathematics of the USSR-Sbornik 1(4), 1967), by which it is divided here.
Patches that touch clipped values are left out, see `clipping`.

s^2     least eigenvalue of the covariance of the chosen patches: the variance of the noise
xi      texture strength of a patch: the sum of its squared central differences, of which a flat patch with noise has
        a Gamma distribution of shape r / 2 and scale 2 s^2 t / r
t, r    trace and rank of the quadratic form behind that sum
"""

from __future__ import annotations

import math

import cv2
import numpy as np
from jaxtyping import Bool, Float64
from scipy import stats

from retouch.arrays.noise_level.clipping import unclipped_patches
from retouch.arrays.noise_level.patch_covariance import Plane, eigenvalues, patch_covariance

SIDE_PX = 7
_CONFIDENCE = 1 - 1e-6
_ROUNDS = 3
_LEAST_PATCHES = 4 * SIDE_PX**2  # fewer say little about so many components


def sigma_by_weak_texture(plane: Plane) -> float:
    """Return the standard deviation of white noise in one channel.

    Parameters
    ----------
    plane : (H, W) float, at least 7x7

    Notes
    -----
    The slowest of the estimators. Needs flat places: on a picture that is all texture it is no better than the least
    eigenvalue of all patches.

    Examples
    --------
    >>> noise = 0.1 * np.random.default_rng(0).standard_normal((100, 100))
    >>> round(sigma_by_weak_texture(noise), 2)
    0.1
    """
    known = unclipped_patches(plane, SIDE_PX, 1)
    strength = _texture_strength(plane)
    chosen = np.ones(strength.shape, np.bool_) if known is None else known
    variance = _least_variance(plane, chosen)
    per_variance = _threshold_per_variance()
    for _ in range(_ROUNDS):
        weak = chosen & (strength < variance * per_variance)
        if np.count_nonzero(weak) < _LEAST_PATCHES:
            break
        variance = _least_variance(plane, weak)
    return math.sqrt(variance)


def _least_variance(plane: Plane, chosen: Bool[np.ndarray, "R C"]) -> float:
    covariance, n_patches = patch_covariance(plane, SIDE_PX, 1, chosen)
    low_edge = 1 - SIDE_PX / math.sqrt(max(n_patches, _LEAST_PATCHES))
    return float(eigenvalues(covariance)[0]) / low_edge**2


def _texture_strength(plane: Plane) -> Float64[np.ndarray, "R C"]:
    """Return xi of each patch, by its place."""
    values = plane.astype(np.float64)
    height, width = values.shape
    across = (values[:, 2:] - values[:, :-2]) ** 2 / 4
    down = (values[2:] - values[:-2]) ** 2 / 4
    rows, columns = height - SIDE_PX + 1, width - SIDE_PX + 1
    sums = _window_sums(across, SIDE_PX, SIDE_PX - 2) + _window_sums(down, SIDE_PX - 2, SIDE_PX)
    strength: Float64[np.ndarray, "R C"] = sums[:rows, :columns]
    return strength


def _window_sums(values: Float64[np.ndarray, "h w"], height: int, width: int) -> Float64[np.ndarray, "R C"]:
    sums = cv2.boxFilter(values, cv2.CV_64F, (width, height), anchor=(0, 0), normalize=False)
    return np.asarray(sums[: values.shape[0] - height + 1, : values.shape[1] - width + 1])


def _threshold_per_variance() -> float:
    """Return the texture strength that a flat patch stays below with the confidence, for noise of variance 1."""
    difference = (np.eye(SIDE_PX)[2:] - np.eye(SIDE_PX)[:-2]) / 2
    same = np.eye(SIDE_PX)
    across, down = np.kron(same, difference), np.kron(difference, same)
    form = across.T @ across + down.T @ down
    trace, rank = float(np.trace(form)), int(np.linalg.matrix_rank(form))
    return float(stats.gamma.ppf(_CONFIDENCE, rank / 2, scale=2 * trace / rank))
