"""Nonlocally centralised sparse representation: codes of a patch are shrunk towards the mean codes of patches like it.

Source: W. Dong, L. Zhang, G. Shi, X. Li, "Nonlocally centralized sparse representation for image restoration", IEEE
Trans. Image Processing 22(4), 2013 (centred codes; thresholds 2 sqrt(2) sigma^2 / sigma_ij; principal
components of clusters of patches as dictionaries; part of what was taken away is given back in each round).
Departures: the spread sigma_ij of a code is measured in the group of the patch itself, where little of what differs
from patch to patch is left; a tenth of the threshold is best with it (three photographs of ../shared/data/
train-photos/bsds500-train-test). The noise left is measured in each patch apart, not in the whole picture, which gained
0.2 dB there. Codes are centred about the mean patch of the group in the plain domain, which is the same, as codes are
linear. Channels are worked on one by one, so that grey comes out alike with one channel and with three. At the
end the mean of each channel is put back.

x, y     (H, W)   the picture so far and the noisy one, one channel
B_k      (d, d)   principal components of cluster k, as rows
a, beta  (d,)     codes of a patch, and the weighted mean of those of the patches like it
s        (d,)     spread of the codes of these patches around beta, without that of the noise
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import no_type_check

import numpy as np
from jaxtyping import Float32, Int64
from numba import njit

from retouch.arrays.checks import check_noisy
from retouch.arrays.threads import n_threads, single_threaded_products
from retouch.arrays.types import Image, Progress, ignore_progress
from retouch.denoising.patches.grouping import Groups, Matching, find_groups
from retouch.denoising.patches.pieces import Average, all_corners, take_patches
from retouch.denoising.sparse.clustering import Clusters, cluster_patches
from retouch.errors import InputError

_LEAST_SIGMA = 1e-4  # below it nothing in 16 bits changes
_LEAST_PATCH_PX, _PATCH_STEPS = 6, (15 / 255, 30 / 255, 50 / 255)
_N_CLUSTERS = 70
_ROUNDS_PER_CLUSTERING, _ROUNDS_PER_MATCHING = 4, 2
_BANDWIDTH = 1.0  # of the weights, in variances of the noise
_SQRT_8 = float(np.sqrt(8))
_EPSILON = 1e-6
_REFERENCES_AT_ONCE = 8192


@dataclass(frozen=True)
class Plan:
    """How one channel is worked on.

    Attributes
    ----------
    patch_px, step_px : int
        Side of the patches, and how far apart those lie that are estimated.
    n_alike : int
        Patches in a group, its own included.
    reach_px : int
        How far they may lie.
    give_back : float
        Share of what was taken away that a round gives back (delta).
    noise_share : float
        What a round takes the noise left for, as a share of the root of sigma^2 less what was taken away (gamma).
    strength : float
        Factor of the thresholds; 1 is the paper's.
    rounds : int
    centred : bool
        Whether codes are shrunk towards beta or towards 0.
    """

    patch_px: int
    step_px: int
    rounds: int
    centred: bool = True
    n_alike: int = 24
    reach_px: int = 15
    give_back: float = 0.1
    noise_share: float = 0.6
    strength: float = 0.1


def denoise_ncsr(
    image: Image,
    sigma: float,
    *,
    rounds: int = 8,
    step_px: int = 2,
    centred: bool = True,
    progress: Progress = ignore_progress,
) -> Image:
    """Shrink the codes of each patch towards those of patches like it, in some rounds.

    Parameters
    ----------
    image : (H, W, C) float32
        Noisy picture; noise may have taken values out of [0, 1].
    sigma : float, range [0, 1]
        Standard deviation of the noise. 0 returns a copy.
    rounds : int
        1 or more.
    step_px : int
        Patches are taken every so many rows and columns, 1 to 6.
    centred : bool
        Whether codes are shrunk towards the mean codes of patches alike, or towards 0.
    progress : callable, optional
        Called as progress(done, total) in rounds.

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
    About 4 seconds of one core for 256x256 grey, half of it for the matching; three times that in colour. Worth it
    where the picture repeats itself: elsewhere EPLL is better by 0.2 dB and three times as fast.

    Examples
    --------
    >>> image = (0.5 + 0.1 * np.random.default_rng(0).standard_normal((48, 48, 1))).astype(np.float32)
    >>> bool(np.std(denoise_ncsr(image, 0.1, rounds=4)) < 0.02)
    True
    """
    check_noisy(image, sigma)
    if rounds < 1 or not 1 <= step_px <= _LEAST_PATCH_PX:
        raise InputError(f"rounds must be at least 1 and step_px 1 to {_LEAST_PATCH_PX}, got {rounds} and {step_px}")
    if sigma < _LEAST_SIGMA:
        progress(1, 1)
        return image.copy()
    height, width, n_channels = image.shape
    plan = Plan(patch_px_for(sigma), step_px, rounds, centred)
    least = [(0, max(0, plan.patch_px - n)) for n in (height, width)]
    noisy = np.pad(image, (*least, (0, 0)), mode="symmetric")
    result = np.empty_like(noisy)
    with single_threaded_products():
        for channel in range(n_channels):
            plane = np.ascontiguousarray(noisy[:, :, channel : channel + 1])
            for done, x in enumerate(_rounds(plane, sigma, plan)):
                result[:, :, channel] = x[:, :, 0] + (plane.mean() - x.mean())  # the noise has no mean to take away
                progress(channel * rounds + done + 1, n_channels * rounds)
    return np.ascontiguousarray(result[:height, :width])


def patch_px_for(sigma: float) -> int:
    """Return the side of the patches: the more noise, the larger."""
    return _LEAST_PATCH_PX + int(np.searchsorted(_PATCH_STEPS, sigma))


def _rounds(y: Image, sigma: float, plan: Plan) -> Iterator[Image]:
    """Give the picture after each round."""
    x, tops, lefts = y, *all_corners(y.shape[0], y.shape[1], plan.patch_px, plan.step_px)
    matching = Matching(plan.patch_px, plan.reach_px, plan.n_alike)
    for index in range(plan.rounds):
        before = x + np.float32(plan.give_back) * (y - x)
        variances = (
            _noise_left(y - before, tops, lefts, sigma, plan) if index else np.full(len(tops), sigma**2, np.float32)
        )
        if index % _ROUNDS_PER_CLUSTERING == 0:
            clusters, labels = _clustered(before, tops, lefts, plan)
        if index % _ROUNDS_PER_MATCHING == 0:
            groups = find_groups(before, tops, lefts, matching)
        x = _average_of_estimates(before, groups, (clusters, labels), variances, plan)
        yield x


def _noise_left(
    taken: Image, tops: Int64[np.ndarray, " R"], lefts: Int64[np.ndarray, " R"], sigma: float, plan: Plan
) -> Float32[np.ndarray, " R"]:
    """Return the variance of the noise that is still in each patch, by what was taken from it."""
    patches = take_patches(taken, tops, lefts, plan.patch_px)
    left = np.abs(sigma**2 - np.einsum("nd,nd->n", patches, patches) / patches.shape[1])
    return np.asarray(plan.noise_share**2 * left, np.float32)


def _clustered(
    x: Image, tops: Int64[np.ndarray, " R"], lefts: Int64[np.ndarray, " R"], plan: Plan
) -> tuple[Clusters, Int64[np.ndarray, " R"]]:
    """Return clusters of the patches of a picture and to which each of them belongs."""
    patches = take_patches(x, tops, lefts, plan.patch_px)
    patches -= patches.mean(axis=1, keepdims=True)
    clusters = cluster_patches(patches, _N_CLUSTERS, np.random.default_rng(0))
    return clusters, clusters.nearest(patches)


def _average_of_estimates(
    x: Image,
    groups: Groups,
    dictionaries: tuple[Clusters, Int64[np.ndarray, " R"]],
    variances: Float32[np.ndarray, " R"],
    plan: Plan,
) -> Image:
    """Estimate the patch of every group and average where they overlap."""
    clusters, labels = dictionaries
    parts = [slice(n, n + _REFERENCES_AT_ONCE) for n in range(0, len(labels), _REFERENCES_AT_ONCE)]
    average = Average.empty(x.shape)

    def estimate(part: slice) -> Float32[np.ndarray, "n d"]:
        patches = np.empty((len(labels[part]), plan.patch_px**2), np.float32)
        here = Groups(*(array[part] for array in groups))
        numbers = (plan.strength, plan.centred)
        estimate_band(x[:, :, 0], *here, labels[part], clusters.components, variances[part], numbers, patches)
        return patches

    with ThreadPoolExecutor(n_threads()) as pool:
        for part, patches in zip(parts, pool.map(estimate, parts), strict=True):
            average.add(patches, groups.tops[part, 0], groups.lefts[part, 0])
    return average.mean(otherwise=x)


@njit(cache=True, nogil=True, fastmath={"contract", "reassoc"})
@no_type_check
def _write_group(x, tops, lefts, distances, variance, centred, group, weights, middle):  # noqa: PLR0917 - as below
    """Write the patches of a group less their middle, that middle, and weights that sum to 1."""
    side = int(np.sqrt(len(middle)))
    middle[:] = 0
    for j in range(len(tops)):
        weights[j] = np.exp(-max(distances[j] - 2 * variance, 0.0) / (_BANDWIDTH * variance))
        for p in range(side):
            for q in range(side):
                group[j, p * side + q] = x[tops[j] + p, lefts[j] + q]
    weights /= weights.sum()
    if centred:
        for j in range(len(tops)):
            middle += weights[j] * group[j]
    else:
        middle[:] = group[0].mean()
    for j in range(len(tops)):
        group[j] -= middle


@njit(cache=True, nogil=True, fastmath={"contract", "reassoc"})
@no_type_check
def estimate_band(  # noqa: PLR0917 - a numba kernel takes plain arrays and numbers
    x, tops, lefts, distances, counts, labels, components, variances, numbers, estimates
):
    """Write the estimate of the first patch of each group.

    Parameters
    ----------
    x : (H, W) float32
    tops, lefts, distances, counts : arrays
        As in `Groups`.
    labels : (R,) int64
        Which components code each group.
    components : (K, d, d) float32
    numbers : (float, float, bool)
        Variance of the noise, factor of the thresholds, and whether codes are shrunk towards beta or 0.
    estimates : (R, d) float32
    """
    strength, centred = numbers
    n_pixels = components.shape[1]
    group = np.empty((tops.shape[1], n_pixels), np.float32)
    middle = np.empty(n_pixels, np.float32)
    weights = np.empty(tops.shape[1], np.float32)
    for r in range(labels.shape[0]):
        basis, n, variance = components[labels[r]], counts[r], variances[r] + _EPSILON
        places = (tops[r, :n], lefts[r, :n], distances[r, :n])
        _write_group(x, *places, variance, centred, group, weights[:n], middle)
        estimates[r] = middle
        for c in range(n_pixels):
            spread, own = np.float32(0), np.float32(0)
            for j in range(n):
                code = np.float32(0)
                for p in range(n_pixels):
                    code += basis[c, p] * group[j, p]
                spread += weights[j] * code * code
                if j == 0:
                    own = code
            signal = np.sqrt(max(spread - variance, 0.0))
            threshold = strength * _SQRT_8 * variance / (signal + _EPSILON)
            if abs(own) > threshold:
                kept = own - threshold if own > 0 else own + threshold
                for p in range(n_pixels):
                    estimates[r, p] += kept * basis[c, p]
