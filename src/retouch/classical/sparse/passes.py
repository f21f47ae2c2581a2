"""Passes over groups of like patches: match on the present picture, complete the groups, average, keep what is known.

Source: the scheme of patch-group restoration, as in S. Gu, L. Zhang, W. Zuo, X. Feng, "Weighted nuclear norm
minimization with application to image denoising", CVPR 2014, Algorithm 2, with known pixels in the place of noisy ones.
Departures: only groups whose reference patch holds a missing pixel are completed, and of each group only the patches
nearest to the reference: the others serve its statistics. A patch without any known pixel is left out of the averages,
so that the middle of a hole wider than a patch keeps the values that the passes start from.

    B, m, d   groups at once, patches in each, pixels of a patch
    n         patches of a group that are completed, the reference first
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import NamedTuple, TypeAlias

import numpy as np
from jaxtyping import Bool, Float32, Int

from retouch.arrays.compositing import composite
from retouch.arrays.regions import bounding_box
from retouch.arrays.threads import n_threads, single_threaded_products
from retouch.arrays.types import Image, Mask, Progress
from retouch.denoising.patches.grouping import Matching, find_groups, reference_grid
from retouch.denoising.patches.pieces import Average, take_patches

_ROWS_PER_STRIP = 4
_GROUPS_AT_ONCE = 64

GroupValues: TypeAlias = Float32[np.ndarray, "B _ d C"]
GroupKnown: TypeAlias = Bool[np.ndarray, "B m d"]
Complete: TypeAlias = Callable[[GroupValues, GroupKnown, int], GroupValues]
"""Called as complete(values, known, number of the pass), from several threads; returns the first n patches of each."""


@dataclass(frozen=True)
class Passes:
    """The settings of a run.

    Attributes
    ----------
    patch_px, step_px, reach_px : int
        Side of a patch, distance of reference patches (at most the side), and how far from them like ones are sought.
    n_patches, n_completed : int
        Patches in a group, and how many of them are completed.
    n_passes : int
    """

    patch_px: int
    step_px: int
    reach_px: int
    n_patches: int
    n_completed: int
    n_passes: int


class _Strip(NamedTuple):
    """Reference patches in some rows of the grid."""

    tops: Int[np.ndarray, " R"]
    lefts: Int[np.ndarray, " R"]


def complete_in_passes(start: Image, mask: Mask, passes: Passes, complete: Complete, progress: Progress) -> Image:
    """Return the picture after all passes.

    Parameters
    ----------
    start : (H, W, C) float32
        Picture with a first guess under the mask; finite.
    mask : (H, W) bool
        At least one True.
    passes : Passes
        Patches are never larger than the picture.
    complete : callable
    progress : callable
        Called as progress(done, total) in strips of all passes.

    Returns
    -------
    (H, W, C) float32
        Clipped under the mask, bit-equal to the start elsewhere. The same for any number of threads.
    """
    side = min(passes.patch_px, *mask.shape)
    passes = replace(passes, patch_px=side, step_px=min(passes.step_px, side))
    margin = passes.reach_px + side
    box = bounding_box(mask).grown(margin, margin, (mask.shape[0], mask.shape[1])).slices
    hole, original = np.ascontiguousarray(mask[box]), np.ascontiguousarray(start[box])
    strips = _plan_strips(hole, passes)
    x, done, total = original, 0, passes.n_passes * len(strips)
    pool = ThreadPoolExecutor(n_threads())
    try:
        with single_threaded_products():
            for number in range(passes.n_passes):
                one = _Pass(x, hole, number, passes, complete)
                average = Average.empty(x.shape)
                for strip, part in zip(strips, pool.map(one.work, strips), strict=True):
                    average.merge(part, one.first_row(strip))
                    done += 1
                    progress(done, total)
                x = composite(original, np.clip(average.mean(otherwise=original), 0, 1), hole)
    finally:
        pool.shutdown(cancel_futures=True)
    result = start.copy()
    result[box] = x
    return result


@dataclass(frozen=True)
class _Pass:
    """One pass: the picture it starts from, and what is done to each strip."""

    x: Image
    hole: Mask
    number: int
    passes: Passes
    complete: Complete

    def first_row(self, strip: _Strip) -> int:
        return max(int(strip.tops[0]) - self.passes.reach_px, 0)

    def work(self, strip: _Strip) -> Average:
        """Return the sum of the completed patches of all groups of a strip."""
        patch_px, top = self.passes.patch_px, self.first_row(strip)
        last = min(int(strip.tops[-1]) + self.passes.reach_px + patch_px, self.x.shape[0])
        matching = Matching(patch_px, self.passes.reach_px, self.passes.n_patches)
        groups = find_groups(self.x, strip.tops, strip.lefts, matching, n_threads=1)
        average = Average.empty((last - top, *self.x.shape[1:]))
        for first in range(0, len(strip.tops), _GROUPS_AT_ONCE):
            some = slice(first, first + _GROUPS_AT_ONCE)
            self._add_groups(average, top, groups.tops[some], groups.lefts[some])
        return average

    def _add_groups(
        self, average: Average, top: int, tops: Int[np.ndarray, "B m"], lefts: Int[np.ndarray, "B m"]
    ) -> None:
        """Complete some groups and lay their patches on the average whose first row is `top`."""
        patch_px, n = self.passes.patch_px, min(self.passes.n_completed, self.passes.n_patches)
        values = take_patches(self.x, tops.ravel(), lefts.ravel(), patch_px)
        known = take_patches((~self.hole)[:, :, None].astype(np.float32), tops.ravel(), lefts.ravel(), patch_px) > 0
        known = known.reshape(*tops.shape, -1)
        completed = self.complete(values.reshape(*known.shape, -1), known, self.number)
        weights = known[:, :n].any(axis=2).astype(np.float32).ravel()
        patches = np.ascontiguousarray(completed.reshape(len(weights), -1))
        average.add(patches, tops[:, :n].ravel() - top, lefts[:, :n].ravel(), weights)


def _plan_strips(hole: Mask, passes: Passes) -> list[_Strip]:
    """Cut the grid into strips of a few rows, of which the patches with a missing pixel are references."""
    rows, columns = (reference_grid(n, passes.patch_px, passes.step_px) for n in hole.shape)
    missing = hole[:, :, None].astype(np.float32)
    strips = []
    for i in range(0, len(rows), _ROWS_PER_STRIP):
        part = rows[i : i + _ROWS_PER_STRIP]
        tops, lefts = np.repeat(part, len(columns)), np.tile(columns, len(part))
        chosen = take_patches(missing, tops, lefts, passes.patch_px).any(axis=1)
        if chosen.any():
            strips.append(_Strip(tops[chosen], lefts[chosen]))
    return strips
