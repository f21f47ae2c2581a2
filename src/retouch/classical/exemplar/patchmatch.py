"""Multi-scale PatchMatch completion: the hole is composed, coarse to fine, of patches from elsewhere in the picture.

Source: C. Barnes et al., "PatchMatch", SIGGRAPH 2009 (nearest-neighbour field); Y. Wexler, E. Shechtman, M. Irani,
"Space-time completion of video", PAMI 29(3), 2007 (expectation-maximisation over scales); A. Newson et al., "Video
inpainting of complex scenes", SIAM J. Imaging Sciences 7(4), 2014 (local gradient strength as a further value to
compare, so that a smooth first guess does not attract smooth patches).
Departures: bands of rows are searched independently (see matching.py); the coarsest level starts from harmonic
inpainting; rotated and scaled sources are laid below the picture in one tall source, so that propagation stays a shift.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Bool, Float32, Int32

from retouch.arrays.checks import check_pair, without_garbage
from retouch.arrays.compositing import composite
from retouch.arrays.regions import hole_depth
from retouch.arrays.threads import n_threads
from retouch.arrays.types import AnyArray, Image, Mask, Progress, ignore_progress
from retouch.classical.diffusion.harmonic import fill_harmonic
from retouch.classical.exemplar.coarsest import close_inwards
from retouch.classical.exemplar.levels import Level, build_levels, has_source_patch
from retouch.classical.exemplar.matching import measure_band, search_band, vote_band
from retouch.classical.exemplar.sources import Sources, build_sources, texture_strength
from retouch.errors import InputError

_BAND_ROWS = 32
_BORDER_DECAY = 1.3  # Wexler et al.: weight falls by this factor for each pixel of distance to the border
_DECAY_DEPTH_PX = 24.0  # beyond this depth the decay would only underflow
_COARSEST_ITERATIONS, _FINEST_ITERATIONS = 12, 3


@dataclass(frozen=True)
class _Plan:
    """Settings of one run that every level shares."""

    half: int
    iterations: int
    angles: tuple[float, ...]
    factors: tuple[float, ...]
    n_threads: int


def inpaint_patchmatch(
    image: Image,
    mask: Mask,
    *,
    patch_size: int = 7,
    iterations: int = 12,
    rotations: bool = False,
    scales: bool = False,
    source: AnyArray | None = None,
    labels: AnyArray | None = None,
    rng: np.random.Generator | None = None,
    progress: Progress = ignore_progress,
) -> Image:
    """Compose the hole of patches from the rest of the picture.

    Parameters
    ----------
    image : (H, W, C) float32, range [0, 1]
        Picture to repair; values under the mask are never read.
    mask : (H, W) bool
        True where a pixel is missing. An all-False mask returns a copy.
    patch_size : int
        Side of the square patches, odd, 3 to 15 pixels.
    iterations : int
        Rounds of search and vote at the coarsest level, 1 or more; finer levels take fewer, down to 3.
    rotations, scales : bool
        Whether patches may also be turned (by 15 and 30 degrees either way and by quarter turns) or resized (by 0.8
        and 1.25).
    source : (H, W) bool, optional
        True where pixels may be borrowed; all known pixels if not given.
    labels : (H, W) int, optional
        A patch centred on a pixel of label n > 0 borrows only from patches centred on label n; 0 borrows anywhere.
    rng : numpy.random.Generator, optional
        Source of chance; seed 0 if not given.
    progress : callable, optional
        Called as progress(done, total) in rounds.

    Returns
    -------
    (H, W, C) float32, range [0, 1]
        Known pixels are bit-equal. Where no whole patch can be borrowed, the hole is filled harmonically.

    Raises
    ------
    InputError
        If the pair fails `check_pair`, an option is out of range, or `source` or `labels` has another shape.

    Examples
    --------
    >>> stripes = np.tile(np.repeat([0.2, 0.8], 4), (48, 6)).astype(np.float32)[:, :, None]
    >>> hole = np.zeros((48, 48), bool)
    >>> hole[18:30, 18:30] = True
    >>> bool(np.abs(inpaint_patchmatch(stripes, hole) - stripes).max() < 0.01)
    True
    """
    check_pair(image, mask)
    _check_options(patch_size, iterations)
    finest = _finest_level(image, mask, source, labels)
    if not mask.any():
        progress(0, 0)
        return image.copy()
    if not has_source_patch(finest, patch_size):
        return composite(image, fill_harmonic(image, mask, progress), mask)
    angles = (15.0, -15.0, 30.0, -30.0, 90.0, 180.0, 270.0) if rotations else ()
    plan = _Plan(patch_size // 2, iterations, angles, (0.8, 1.25) if scales else (), n_threads())
    filled = _complete(finest, image.shape[2], plan, rng or np.random.default_rng(0), progress)
    return composite(image, np.clip(filled, 0, 1), mask)


def _check_options(patch_size: int, iterations: int) -> None:
    """Refuse options that make no sense."""
    if patch_size % 2 == 0 or not 3 <= patch_size <= 15:  # noqa: PLR2004 - smaller compares nothing, larger is no patch
        raise InputError(f"patch_size must be odd and 3 to 15 pixels, got {patch_size}")
    if iterations < 1:
        raise InputError(f"iterations must be at least 1, got {iterations}")


def _finest_level(image: Image, mask: Mask, source: AnyArray | None, labels: AnyArray | None) -> Level:
    """Return the level of the picture itself, with the texture strength as one more value of each pixel."""
    for name, array in (("source", source), ("labels", labels)):
        if array is not None and array.shape != mask.shape:
            raise InputError(f"{name} must have the mask's shape {mask.shape}, got {array.shape}")
    known = without_garbage(image, mask)
    usable = ~mask if source is None else ~mask & source.astype(bool)
    tags = np.zeros(mask.shape, np.int32) if labels is None else labels.astype(np.int32)
    return Level(np.dstack([known, texture_strength(known, mask)]), mask, usable, tags)


def _complete(finest: Level, n_colours: int, plan: _Plan, rng: np.random.Generator, progress: Progress) -> Image:
    """Run search and vote from the coarsest level to the finest and return the colours."""
    levels = build_levels(finest, 2 * plan.half + 1)[::-1]
    rounds = [_rounds_at(index, len(levels), plan.iterations) for index in range(len(levels))]
    done, total = 0, sum(rounds)
    picture, field = np.empty(0, np.float32), None
    with ThreadPoolExecutor(plan.n_threads) as pool:
        for level, n_rounds in zip(levels, rounds, strict=True):
            run = _LevelRun(level, build_sources(level, plan.half, plan.angles, plan.factors), plan.half, pool)
            run.start(field, rng)
            for index in range(n_rounds):
                run.search(rng, thorough=field is None or index == 0)
                run.vote()
                done += 1
                progress(done, total)
            picture, field = run.picture, run.field
    return picture[:, :, :n_colours]


def _rounds_at(index: int, n_levels: int, coarsest: int) -> int:
    """Fall evenly from the coarsest level's rounds to those of the finest."""
    if n_levels == 1:
        return coarsest
    finest = min(_FINEST_ITERATIONS, coarsest)
    return round(coarsest + (finest - coarsest) * index / (n_levels - 1))


class _LevelRun:
    """Search and vote at one level: the picture as it stands, the field and its cost."""

    def __init__(self, level: Level, sources: Sources, half: int, pool: ThreadPoolExecutor) -> None:
        self.level, self.sources, self.half, self.pool = level, sources, half, pool
        self.picture: Float32[np.ndarray, "H W K"] = level.picture.copy()
        self.wanted = _wanted_patches(level, half)
        height = level.mask.shape[0]
        self.field: Int32[np.ndarray, "H W 2"] = np.zeros((*level.mask.shape, 2), np.int32)
        self.cost: Int32[np.ndarray, "H W"] = np.full(level.mask.shape, -1, np.int32)
        rows = np.flatnonzero((self.wanted >= 0).any(axis=1))
        self.bands = [(r, min(r + _BAND_ROWS, height - half)) for r in range(rows[0], rows[-1] + 1, _BAND_ROWS)]
        depth = np.minimum(hole_depth(level.mask), _DECAY_DEPTH_PX)
        self.trust = np.power(np.float32(_BORDER_DECAY), -depth).astype(np.float32)

    def start(self, coarser: Int32[np.ndarray, "h w 2"] | None, rng: np.random.Generator) -> None:
        """Take the field of the level below, or chance and a harmonic picture where there is none."""
        self._start_randomly(rng)
        if coarser is None:
            self.picture = close_inwards(
                self.picture, self.level.mask, self.sources.picture, self.sources.places(0), self.half
            )
            return
        self._start_from(coarser)
        weight = np.where(self.wanted >= 0, np.float32(1), np.float32(0))
        self._vote_with(weight)

    def _start_randomly(self, rng: np.random.Generator) -> None:
        """Point every sought patch to a random permitted one of its label."""
        for label in np.unique(self.wanted[self.wanted >= 0]):
            targets = self.wanted == label
            choices = self.sources.places(int(label))
            self.field[targets] = choices[rng.integers(len(choices), size=int(targets.sum()))]

    def _start_from(self, coarser: Int32[np.ndarray, "h w 2"]) -> None:
        """Double the coarser offsets where that gives a permitted patch."""
        rows, columns = np.nonzero(self.wanted >= 0)
        half = self.half
        limit_row, limit_column = coarser.shape[0] - 1 - half, coarser.shape[1] - 1 - half
        r, c = np.clip(rows // 2, half, limit_row), np.clip(columns // 2, half, limit_column)
        offsets = np.stack([rows - 2 * r, columns - 2 * c], axis=1)
        guess = self.sources.from_coarser(coarser[r, c], coarser.shape[0]) + offsets
        good = (coarser[r, c] > 0).any(axis=1) & self.sources.permits(guess, self.wanted[rows, columns])
        self.field[rows[good], columns[good]] = guess[good]

    def search(self, rng: np.random.Generator, *, thorough: bool) -> None:
        """One sweep downwards and one upwards over all bands."""
        target = _as_bytes(self.picture)
        n_values = self.picture.shape[2]
        list(self.pool.map(lambda band: self._measure(target, band, n_values), self.bands))
        # Later rounds only refine: far jumps have found what there is to find in the first.
        radius = max(self.sources.allowed.shape) if thorough else 8
        for forward in (True, False):
            before = self.field.copy()
            seeds = rng.integers(1, 2**62, size=len(self.bands))
            jobs = [
                self.pool.submit(
                    search_band, target, self.sources.bytes, self.wanted, self.sources.allowed, self.field, before,
                    self.cost, band, self.half, n_values, forward, radius, int(seed),
                )
                for band, seed in zip(self.bands, seeds, strict=True)
            ]  # fmt: skip
            for job in jobs:
                job.result()

    def _measure(self, target: AnyArray, band: tuple[int, int], n_values: int) -> None:
        measure_band(target, self.sources.bytes, self.wanted, self.field, self.cost, band, self.half, n_values)

    def vote(self) -> None:
        """Set the missing pixels to what the patches found say, the more similar ones more so."""
        sought = self.wanted >= 0
        spread = max(float(np.percentile(self.cost[sought], 75)), 1.0)
        weight = np.exp(self.cost / np.float32(-2 * spread)) * self.trust  # Wexler et al., Eq. 4
        self._vote_with(np.where(sought, np.maximum(weight, 1e-12), 0).astype(np.float32))

    def _vote_with(self, weight: Float32[np.ndarray, "H W"]) -> None:
        height = self.level.mask.shape[0]
        bands = [(r, min(r + _BAND_ROWS, height)) for r in range(0, height, _BAND_ROWS)]
        args = (self.picture, self.sources.picture, self.level.mask, self.field, weight)
        list(self.pool.map(lambda band: vote_band(*args, band, self.half), bands))


def _wanted_patches(level: Level, half: int) -> Int32[np.ndarray, "H W"]:
    """Return the label of every patch that holds a missing pixel and lies inside the picture, else -1."""
    box = np.ones((2 * half + 1, 2 * half + 1), np.uint8)
    touched: Bool[np.ndarray, "H W"] = cv2.dilate(level.mask.astype(np.uint8), box).astype(bool)
    inside = np.zeros_like(touched)
    height, width = touched.shape
    inside[half : height - half, half : width - half] = True
    return np.where(touched & inside, np.maximum(level.labels, 0), -1).astype(np.int32)


def _as_bytes(picture: Float32[np.ndarray, "H W K"]) -> AnyArray:
    """Return the picture in 8 bits a value, as rows of W * K."""
    rows: AnyArray = np.rint(np.clip(picture, 0, 1) * 255).astype(np.uint8).reshape(picture.shape[0], -1)
    return rows
