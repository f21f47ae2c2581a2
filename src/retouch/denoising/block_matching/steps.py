"""One step of BM3D over a whole picture: bands of the grid of references on a thread pool, and the sum of their strips.

Source: K. Dabov, A. Foi, V. Katkovnik, K. Egiazarian, "Image denoising by sparse 3-D transform-domain collaborative
filtering", IEEE Trans. Image Processing 16(8), 2007, Eq. 12 (aggregation).
Departures: none. A band is eight rows of the grid. It adds what it finds to a strip of its own, as its matches reach
beyond its rows, and the strips are added up in their order: the result is the same for any number of threads.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import numpy as np
from jaxtyping import Float32, Int, Int64

from retouch.arrays.threads import n_threads
from retouch.denoising.block_matching.coloured_noise import coefficient_variances
from retouch.denoising.block_matching.columns import restore_columns, spread_weights, transform_columns
from retouch.denoising.block_matching.filtering import attenuate_groups, threshold_groups
from retouch.denoising.block_matching.profiles import Step
from retouch.denoising.block_matching.transforms import make_transform
from retouch.denoising.patches.grouping import Groups, empty_groups, match_band, reference_grid

_GRID_ROWS_PER_BAND = 8


class _Strip(NamedTuple):
    """What one band adds to the rows from `first` on."""

    first: int
    numerator: Float32[np.ndarray, "C rows W"]
    denominator: Float32[np.ndarray, "C rows W"]


@dataclass(frozen=True)
class _Work:
    """What all bands of a step have in common.

    Attributes
    ----------
    step : Step
    planes : (C, H, W) float32
        The noisy picture.
    pilot : (C, H, W) float32, optional
        The first estimate; with it the step is the second.
    noise : (C, L, L) float32
        Autocovariance of the noise in each plane; see `coefficient_variances`.
    window : (N,) float32
    matrices : (2, N, N) float32
        The transform, and its inverse times the window.
    """

    step: Step
    planes: Float32[np.ndarray, "C H W"]
    pilot: Float32[np.ndarray, "C H W"] | None
    noise: Float32[np.ndarray, "C L L"]
    window: Float32[np.ndarray, " N"]
    matrices: Float32[np.ndarray, "2 N N"]


def count_bands(step: Step, height: int) -> int:
    """Return how many bands a step has."""
    return len(_bands(step, height))


def run_step(
    step: Step,
    planes: Float32[np.ndarray, "C H W"],
    pilot: Float32[np.ndarray, "C H W"] | None,
    noise: Float32[np.ndarray, "C L L"],
    tick: Callable[[], None],
) -> Float32[np.ndarray, "C H W"]:
    """Return the estimate of one step.

    Parameters
    ----------
    step : Step
    planes : (C, H, W) float32
        At least a patch high and wide. Patches are matched in the first plane.
    pilot : (C, H, W) float32 or None
        What the first step found, which then is matched instead; None is the first step itself.
    noise : (C, L, L) float32
        Autocovariance of the noise in each plane; see `coefficient_variances`.
    tick : callable
        Called after each band.
    """
    patch_px = step.matching.patch_px
    transform = make_transform(step.transform, patch_px)
    window = np.kaiser(patch_px, step.kaiser_beta).astype(np.float32)
    matrices = np.stack([transform.forward, window[:, None] * transform.inverse])
    work = _Work(step, planes, pilot, noise, window, matrices)
    numerator, denominator = np.zeros_like(planes), np.zeros_like(planes)
    with ThreadPoolExecutor(n_threads()) as pool:
        for strip in pool.map(partial(_filter_band, work), _bands(step, planes.shape[1])):
            rows = slice(strip.first, strip.first + strip.numerator.shape[1])
            numerator[:, rows] += strip.numerator
            denominator[:, rows] += strip.denominator
            tick()
    numerator /= denominator
    return numerator


def _bands(step: Step, height: int) -> list[Int[np.ndarray, " n"]]:
    grid = reference_grid(height, step.matching.patch_px, step.step_px)
    return [grid[i : i + _GRID_ROWS_PER_BAND] for i in range(0, len(grid), _GRID_ROWS_PER_BAND)]


def _filter_band(work: _Work, grid_rows: Int[np.ndarray, " n"]) -> _Strip:
    """Find and filter the groups of some rows of the grid."""
    matching, (n_planes, height, width) = work.step.matching, work.planes.shape
    first = max(int(grid_rows[0]) - matching.reach_px, 0)
    last = min(int(grid_rows[-1]) + matching.reach_px + matching.patch_px, height)
    groups = _match(work, grid_rows, slice(first, last))
    numerator = np.zeros((n_planes, last - first, width), np.float32)
    denominator = np.empty_like(numerator)
    for plane in range(n_planes):
        total, weights = _filter_plane(work, plane, slice(first, last), groups)
        restore_columns(total, work.matrices[1], numerator[plane])
        denominator[plane] = spread_weights(weights, work.window)
    return _Strip(first, numerator, denominator)


def _match(work: _Work, grid_rows: Int[np.ndarray, " n"], rows: slice) -> Groups:
    """Return the groups of references in some rows of the grid, their places counted from the first of `rows`."""
    matching, step_px = work.step.matching, work.step.step_px
    columns = reference_grid(work.planes.shape[2], matching.patch_px, step_px)
    tops = np.repeat(grid_rows - rows.start, len(columns)).astype(np.int64)
    lefts: Int64[np.ndarray, " R"] = np.tile(columns, len(grid_rows)).astype(np.int64)
    groups = empty_groups(len(tops), matching.n_most)
    matched = (work.planes if work.pilot is None else work.pilot)[:1, rows]
    match_band(matched, tops, lefts, (0, len(tops)), matching.numbers, matching.most_distance, *groups)
    return groups


def _filter_plane(
    work: _Work, plane: int, rows: slice, groups: Groups
) -> tuple[Float32[np.ndarray, "n W N"], Float32[np.ndarray, "n W"]]:
    """Return the sum of the weighted patches of one plane, their columns still transformed, and their weights."""
    strength, matrices = work.step.strength, work.matrices
    variances = coefficient_variances(work.noise[plane], matrices[0])
    lines = transform_columns(work.planes[plane, rows], matrices[0])
    total, weights = np.zeros_like(lines), np.zeros(lines.shape[:2], np.float32)
    places = (groups.tops, groups.lefts, groups.counts)
    if work.pilot is None:
        threshold_groups(lines, *places, matrices, variances, strength, total, weights)
    else:
        pilot = transform_columns(work.pilot[plane, rows], matrices[0])
        attenuate_groups(lines, pilot, *places, matrices, variances, strength, total, weights)
    return total, weights
