"""Rounds of denoising by stacks of like patches: match, estimate the stacks, average, feed some of the noise back.

Source: S. Gu, L. Zhang, W. Zuo, X. Feng, "Weighted nuclear norm minimization with application to image denoising",
CVPR 2014, Algorithm 2, with the settings of the authors' program: groups are sought anew every second round, each time
smaller, in the picture as estimated so far.
Departures: the mean of each channel is put back at the end. Groups overlap unequally, so that it moves by some
hundredths of sigma in small pictures, while that of the noisy picture is nearly exact.

    y, x      (H, W, C) float32, the noisy picture and its estimate
    stack     (m, d), a group of patches less their mean; d = patch_px^2 C values each
    strip     a few rows of reference patches: what one thread does at a time, so that the sums do not depend on threads
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TypeAlias

import numpy as np
from jaxtyping import Float64, Int, Int8

from retouch.arrays.checks import check_noisy
from retouch.arrays.threads import n_threads, single_threaded_products
from retouch.arrays.types import Image, Progress
from retouch.denoising.low_rank.stacks import Stacks
from retouch.denoising.patches.grouping import Matching, find_groups, reference_grid
from retouch.denoising.patches.pieces import Average, Patches, take_patches

_ROWS_PER_STRIP = 4
_STACKS_AT_ONCE = 64
_FEWER_PER_MATCHING = 10
_ROUNDS_PER_MATCHING = 2
_OPPONENTS = np.array(
    [[3**-0.5, 3**-0.5, 3**-0.5], [2**-0.5, 0, -(2**-0.5)], [6**-0.5, -2 * 6**-0.5, 6**-0.5]], np.float32
)

Estimate: TypeAlias = Callable[[Stacks, Float64[np.ndarray, "B C"]], Stacks]
"""Called as estimate(stacks, sigmas), the noise level of each channel of each stack; returns the stacks denoised."""


@dataclass(frozen=True)
class Rounds:
    """The settings of a run.

    Attributes
    ----------
    patch_px, step_px, reach_px : int
        Side of a patch, distance of reference patches, and how far from them like patches are sought.
    n_patches : int
        In a group, less ten from each matching on, the first included.
    n_rounds : int
    feedback : float
        Delta, the share of what was taken away that a round starts with again.
    noise_share : float
        Gamma: the noise left after a round, as a share of what theory would have left.
    """

    patch_px: int
    step_px: int
    reach_px: int
    n_patches: int
    n_rounds: int
    feedback: float
    noise_share: float


@dataclass
class _Strip:
    """Reference patches in some rows of the grid, and where their groups are relative to them."""

    tops: Int[np.ndarray, " R"]
    lefts: Int[np.ndarray, " R"]
    down: Int8[np.ndarray, "R m"] = field(default_factory=lambda: np.zeros((0, 0), np.int8))
    right: Int8[np.ndarray, "R m"] = field(default_factory=lambda: np.zeros((0, 0), np.int8))


def denoise_picture(
    image: Image,
    sigma: float,
    rounds: Rounds,
    estimate: Estimate,
    progress: Progress,
    channel_sigmas: Float64[np.ndarray, " C"] | None = None,
) -> Image:
    """Return the picture after all rounds: the whole of a denoiser, its gate included.

    Without `channel_sigmas` every channel has the noise level `sigma`, and a picture whose channels are all equal is
    taken for grey: one of them is denoised. Patches are never larger than the picture.
    """
    check_noisy(image, sigma)
    if sigma == 0:
        progress(0, 0)
        return image.copy()
    side = min(rounds.patch_px, *image.shape[:2])
    rounds = replace(rounds, patch_px=side, step_px=min(rounds.step_px, side))
    n_channels = image.shape[2]
    if channel_sigmas is not None:
        return denoise_in_rounds(image, channel_sigmas, rounds, estimate, progress)
    if _is_grey(image):
        grey = denoise_in_rounds(image[:, :, :1], np.array([float(sigma)]), rounds, estimate, progress)
        return np.repeat(grey, n_channels, axis=2)
    return denoise_in_rounds(image, np.full(n_channels, float(sigma)), rounds, estimate, progress)


def denoise_channels(image: Image, sigma: float, rounds: Rounds, estimate: Estimate, progress: Progress) -> Image:
    """As `denoise_picture`, with stacks of one channel each; those of RGB are one grey and two opponents."""
    check_noisy(image, sigma)
    apart = partial(_estimate_apart, estimate)
    if sigma == 0 or image.shape[2] != len(_OPPONENTS) or _is_grey(image):
        return denoise_picture(image, sigma, rounds, apart, progress)
    result: Image = denoise_picture(image @ _OPPONENTS.T, sigma, rounds, apart, progress) @ _OPPONENTS
    return result


def _estimate_apart(estimate: Estimate, stacks: Stacks, sigmas: Float64[np.ndarray, "B C"]) -> Stacks:
    """Estimate each channel of the stacks for itself."""
    n_channels = sigmas.shape[1]
    result = np.empty_like(stacks)
    for c in range(n_channels):
        result[:, :, c::n_channels] = estimate(np.ascontiguousarray(stacks[:, :, c::n_channels]), sigmas[:, c : c + 1])
    return result


def _is_grey(image: Image) -> bool:
    return np.array_equal(image[:, :, 1:], image[:, :, :-1])


def denoise_in_rounds(
    image: Image, sigmas: Float64[np.ndarray, " C"], rounds: Rounds, estimate: Estimate, progress: Progress
) -> Image:
    """Return the picture after all rounds.

    Parameters
    ----------
    image : (H, W, C) float32
    sigmas : (C,) float64
        Noise level of each channel.
    rounds : Rounds
        `patch_px` at most H and W, `reach_px` at most 127.
    estimate : callable
        Called from several threads.
    progress : callable
        Called as progress(done, total) in strips.
    """
    strips = _plan_strips(image, rounds)
    total, done = rounds.n_rounds * len(strips), 0
    x = image
    pool = ThreadPoolExecutor(n_threads())
    try:
        with single_threaded_products():
            for k in range(rounds.n_rounds):
                run = _Round(image, x + np.float32(rounds.feedback) * (image - x), sigmas, k, rounds, estimate)
                average = Average.empty(image.shape)
                for strip, part in zip(strips, pool.map(run.work, strips), strict=True):
                    average.merge(part, run.first_row(strip))
                    done += 1
                    progress(done, total)
                x = average.mean(otherwise=run.x)
    finally:
        pool.shutdown(cancel_futures=True)
    means = image.mean(axis=(0, 1), dtype=np.float64) - x.mean(axis=(0, 1), dtype=np.float64)
    centred: Image = x + means.astype(np.float32)
    return centred


@dataclass(frozen=True)
class _Round:
    """One round: the estimate it starts from, and what is done to each strip."""

    y: Image
    x: Image
    sigmas: Float64[np.ndarray, " C"]
    number: int
    rounds: Rounds
    estimate: Estimate

    def first_row(self, strip: _Strip) -> int:
        return max(int(strip.tops[0]) - self.rounds.reach_px, 0)

    def work(self, strip: _Strip) -> Average:
        """Return the sum of the denoised patches of all groups of a strip."""
        if self.number % _ROUNDS_PER_MATCHING == 0:
            self._match(strip)
        top, patch_px = self.first_row(strip), self.rounds.patch_px
        last = min(int(strip.tops[-1]) + self.rounds.reach_px + patch_px, self.x.shape[0])
        average = Average.empty((last - top, *self.x.shape[1:]))
        for start in range(0, len(strip.tops), _STACKS_AT_ONCE):
            some = slice(start, start + _STACKS_AT_ONCE)
            tops = strip.tops[some, None] + strip.down[some]
            lefts = strip.lefts[some, None] + strip.right[some]
            patches = self._denoise_stacks(tops, lefts)
            average.add(patches, tops.ravel() - top, lefts.ravel())
        return average

    def _match(self, strip: _Strip) -> None:
        """Seek the groups of a strip. All have as many patches as fit into the window in a corner of the picture."""
        patch_px, reach_px = self.rounds.patch_px, self.rounds.reach_px
        rows, columns = (min(n - patch_px, reach_px) + 1 for n in self.x.shape[:2])
        wanted = self.rounds.n_patches - _FEWER_PER_MATCHING * (1 + self.number // _ROUNDS_PER_MATCHING)
        matching = Matching(patch_px, reach_px, min(max(wanted, _FEWER_PER_MATCHING), rows * columns))
        groups = find_groups(self.x, strip.tops, strip.lefts, matching, n_threads=1)
        strip.down = (groups.tops - strip.tops[:, None]).astype(np.int8)
        strip.right = (groups.lefts - strip.lefts[:, None]).astype(np.int8)

    def _denoise_stacks(self, tops: Int[np.ndarray, "B m"], lefts: Int[np.ndarray, "B m"]) -> Patches:
        """Return the denoised patches of some groups, (B * m, d)."""
        patch_px = self.rounds.patch_px
        stacks = take_patches(self.x, tops.ravel(), lefts.ravel(), patch_px).reshape(*tops.shape, -1)
        first = stacks[:, :1].copy()
        stacks -= first  # equal patches are then zeros, and their mean is exact
        first += stacks.mean(axis=1, keepdims=True)
        stacks -= stacks.mean(axis=1, keepdims=True)
        result = self.estimate(stacks, self._noise_left(tops[:, 0], lefts[:, 0]))
        result += first
        return result.reshape(-1, result.shape[2])

    def _noise_left(self, tops: Int[np.ndarray, " B"], lefts: Int[np.ndarray, " B"]) -> Float64[np.ndarray, "B C"]:
        """Return the noise level of each channel in the estimate at the reference patches."""
        if self.number == 0:
            return np.tile(self.sigmas, (len(tops), 1))
        noisy, found = (take_patches(picture, tops, lefts, self.rounds.patch_px) for picture in (self.y, self.x))
        squares = ((noisy - found).astype(np.float64) ** 2).reshape(len(tops), -1, self.y.shape[2])
        left: Float64[np.ndarray, "B C"] = np.sqrt(np.abs(self.sigmas**2 - squares.mean(axis=1)))
        return self.rounds.noise_share * left


def _plan_strips(image: Image, rounds: Rounds) -> list[_Strip]:
    """Cut the grid of reference patches into strips of a few rows."""
    rows, columns = (reference_grid(n, rounds.patch_px, rounds.step_px) for n in image.shape[:2])
    parts = (rows[i : i + _ROWS_PER_STRIP] for i in range(0, len(rows), _ROWS_PER_STRIP))
    return [_Strip(np.repeat(part, len(columns)), np.tile(columns, len(part))) for part in parts]
