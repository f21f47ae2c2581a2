"""Search and vote at one scale of PatchMatch completion.

Source: C. Barnes et al., "PatchMatch", SIGGRAPH 2009 (search); Y. Wexler, E. Shechtman, M. Irani, "Space-time
completion of video", PAMI 29(3), 2007, Eq. 4 and 5 (vote).
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import NamedTuple

import cv2
import numpy as np
from jaxtyping import Bool, Float32, Int32

from retouch.arrays.regions import hole_depth
from retouch.arrays.types import AnyArray, Image, Mask
from retouch.classical.exemplar.exhaustive import match_patches
from retouch.classical.exemplar.levels import Level, inner_pixels, wanted_patches
from retouch.classical.exemplar.matching import measure_band, search_band, vote_band
from retouch.classical.exemplar.sources import Sources, as_bytes, build_sources

_SMALL_SIDE_PX = 40  # up to this longer side every patch is tried
_LEAST_KNOWN = 0.5  # of a source patch, at such a scale
_BAND_ROWS = 32
_REFINING_RADIUS_PX = 8
_BORDER_DECAY = 1.3  # Wexler et al.: weight falls by this factor for each pixel of distance to the border
_DECAY_DEPTH_PX = 24.0  # beyond this depth the decay would only underflow
# Wexler et al. set sigma to the 75th percentile: that was 0.1 dB worse in the holes of 36 cases, and no sharper.
_SPREAD_PERCENTILE = 95
_LEAST_WEIGHT = np.float32(1e-12)


class Settings(NamedTuple):
    """What every scale of one run shares.

    Attributes
    ----------
    half : int
        Half the patch's side, rounded down.
    angles, factors : tuple of float
        Degrees and sizes of the turned and resized copies that are sources too.
    """

    half: int
    angles: tuple[float, ...]
    factors: tuple[float, ...]


def start_level(level: Level, settings: Settings, vote_px: int, pool: ThreadPoolExecutor) -> LevelRun:
    """Return the run for a scale, where patches centred up to `vote_px` away vote in a pixel."""
    return (SmallLevelRun if is_small(level) else LevelRun)(level, settings, vote_px, pool)


def is_small(level: Level) -> bool:
    """Whether every source patch is tried at this scale."""
    return bool(max(level.mask.shape) <= _SMALL_SIDE_PX)


class LevelRun:
    """Search and vote at one scale.

    Attributes
    ----------
    picture : (H, W, C) float32
        The picture as it stands.
    field : (H, W, 2) int32
        Row and column of the source patch that each sought patch resembles most; 0, 0 where none is sought.
    """

    def __init__(self, level: Level, settings: Settings, vote_px: int, pool: ThreadPoolExecutor) -> None:
        self.half, self.vote_px, self.pool = settings.half, vote_px, pool
        self.sources = self._find_sources(level, settings)
        self.level = _with_served_labels(level, self.sources)
        self.picture: Float32[np.ndarray, "H W C"] = level.picture
        self.wanted = wanted_patches(self.level, self.half)
        self.field: Int32[np.ndarray, "H W 2"] = np.zeros((*level.mask.shape, 2), np.int32)
        self.cost: AnyArray = np.full(level.mask.shape, -1, np.int32)
        depth = np.minimum(hole_depth(level.mask), _DECAY_DEPTH_PX).astype(np.float32)
        self.trust: Float32[np.ndarray, "H W"] = np.power(np.float32(_BORDER_DECAY), -depth)

    @property
    def possible(self) -> bool:
        """Whether there is anything to borrow, and anywhere to put it."""
        return bool((self.sources.allowed >= 0).any() and (self.wanted >= 0).any())

    def start(self, guess: Image, coarser: Int32[np.ndarray, "h w 2"] | None, rng: np.random.Generator) -> None:
        """Begin with a guess of the whole picture and, where they fit, with the offsets found one scale below.

        The guess is changed from now on.
        """
        self.picture = guess
        self._start_randomly(rng)
        if coarser is not None:
            self._vote_with(self._start_from(coarser).astype(np.float32))

    def search(self, rng: np.random.Generator, *, thorough: bool) -> None:
        """One sweep downwards and one upwards over all bands."""
        compared = self.level.compared(self.picture)
        target, n_channels = as_bytes(compared), compared.shape[2]
        bands = self._bands_of_patches()
        list(self.pool.map(lambda band: self._measure(target, n_channels, band), bands))
        # Later rounds only refine: far jumps have found what there is to find in the first.
        radius = max(self.sources.allowed.shape) if thorough else _REFINING_RADIUS_PX
        for forward in (True, False):
            before = self.field.copy()
            seeds = rng.integers(1, 2**62, size=len(bands))
            jobs = [
                self.pool.submit(
                    search_band, target, self.sources.bytes, self.wanted, self.sources.allowed, self.field, before,
                    self.cost, band, self.half, n_channels, forward, radius, int(seed),
                )
                for band, seed in zip(bands, seeds, strict=True)
            ]  # fmt: skip
            for job in jobs:
                job.result()

    def vote(self) -> None:
        """Set the missing pixels to what the patches found say, the more similar ones more so."""
        sought = self.wanted >= 0
        spread = max(float(np.percentile(self.cost[sought], _SPREAD_PERCENTILE)), 1.0)
        weight = np.exp(self.cost.astype(np.float32) / np.float32(-2 * spread)) * self.trust  # Wexler et al., Eq. 4
        self._vote_with(np.where(sought, np.maximum(weight, _LEAST_WEIGHT), np.float32(0)))

    def _find_sources(self, level: Level, settings: Settings) -> Sources:
        return build_sources(level, *settings)

    def _start_randomly(self, rng: np.random.Generator) -> None:
        """Point every sought patch to a random permitted one of its label."""
        for label in np.unique(self.wanted[self.wanted >= 0]):
            targets = self.wanted == label
            choices = self.sources.places(int(label))
            self.field[targets] = choices[rng.integers(len(choices), size=int(targets.sum()))]

    def _start_from(self, coarser: Int32[np.ndarray, "h w 2"]) -> Bool[np.ndarray, "H W"]:
        """Double the coarser offsets where that gives a permitted patch, and return where it did."""
        rows, columns = np.nonzero(self.wanted >= 0)
        half = self.half
        limit_row, limit_column = coarser.shape[0] - 1 - half, coarser.shape[1] - 1 - half
        r, c = np.clip(rows // 2, half, limit_row), np.clip(columns // 2, half, limit_column)
        offsets = np.stack([rows - 2 * r, columns - 2 * c], axis=1)
        places = self.sources.from_coarser(coarser[r, c], coarser.shape[0]) + offsets
        good = (coarser[r, c] > 0).any(axis=1) & self.sources.permits(places, self.wanted[rows, columns])
        self.field[rows[good], columns[good]] = places[good]
        taken = np.zeros(self.wanted.shape, bool)
        taken[rows[good], columns[good]] = True
        return taken

    def _measure(self, target: AnyArray, n_channels: int, band: tuple[int, int]) -> None:
        measure_band(target, self.sources.bytes, self.wanted, self.field, self.cost, band, self.half, n_channels)

    def _bands_of_patches(self) -> list[tuple[int, int]]:
        """Return the first row and the row after the last of each band that holds sought patches."""
        rows = np.flatnonzero((self.wanted >= 0).any(axis=1))
        end = self.level.mask.shape[0] - self.half
        return [(row, min(row + _BAND_ROWS, end)) for row in range(rows[0], rows[-1] + 1, _BAND_ROWS)]

    def _vote_with(self, weight: Float32[np.ndarray, "H W"]) -> None:
        """Let all patches vote; then, on missing pixels of a label, those patches alone that were sought for it.

        What is left of the first vote is a rim of the picture, where no patch is centred, beside another label.
        """
        level = self.level
        self._vote_in(level.mask, level.source, weight)
        if level.labels is not None:
            for label in np.unique(self.wanted[self.wanted > 0]):
                own = np.where(self.wanted == label, weight, np.float32(0))
                here = level.labels == label
                self._vote_in(level.mask & here, level.source & here, own)

    def _vote_in(self, pixels: Mask, known: Mask, weight: Float32[np.ndarray, "H W"]) -> None:
        """Change the given missing pixels; `known` are the pixels that may be borrowed for them."""
        del known  # sources are whole
        self._vote_from(self.sources.picture, self.picture, pixels, weight)

    def _vote_from(self, source: Image, picture: Image, pixels: Mask, weight: Float32[np.ndarray, "H W"]) -> None:
        """Change the given pixels of `picture`, band by band."""
        height = self.level.mask.shape[0]
        bands = [(row, min(row + _BAND_ROWS, height)) for row in range(0, height, _BAND_ROWS)]
        args = (picture, source, pixels, self.field, weight)
        list(self.pool.map(lambda band: vote_band(*args, band, self.half, self.vote_px), bands))


class SmallLevelRun(LevelRun):
    """The same at so small a scale that every patch is tried, also those with unknown pixels (see exhaustive.py)."""

    def __init__(self, level: Level, settings: Settings, vote_px: int, pool: ThreadPoolExecutor) -> None:
        super().__init__(level, settings._replace(angles=(), factors=()), vote_px, pool)

    def search(self, rng: np.random.Generator, *, thorough: bool) -> None:
        """Find the most similar source patch of every sought one; nothing is left to chance."""
        del rng, thorough
        level, source = self.level, self.level.compared(self.level.picture)
        full_scale = 255**2 * source.shape[2] * (2 * self.half + 1) ** 2
        for label in np.unique(self.wanted[self.wanted >= 0]):
            targets = np.argwhere(self.wanted == label).astype(np.int32)
            places = self.sources.places(int(label))
            known = level.source & (level.labels == label) if label > 0 else level.source
            found, cost = match_patches(
                level.compared(self.picture), self.trust, targets, source, known, places, self.half
            )
            rows, columns = targets.T
            self.field[rows, columns] = found
            self.cost[rows, columns] = np.rint(cost * full_scale)  # the sum that search_band works with

    def _find_sources(self, level: Level, settings: Settings) -> Sources:
        """Permit patches of which enough is known; to a label, what is not of that label is not known."""
        allowed = np.where(self._known_enough(level.source), 0, -1).astype(np.int32)
        if level.labels is not None:
            for label in np.unique(level.labels[level.labels > 0]):
                allowed[self._known_enough(level.source & (level.labels == label))] = label
        return replace(super()._find_sources(level, settings), allowed=allowed)

    def _known_enough(self, source: Mask) -> Mask:
        side = 2 * self.half + 1
        share = cv2.boxFilter(source.astype(np.float32), -1, (side, side), borderType=cv2.BORDER_CONSTANT)
        return inner_pixels(source.shape, self.half) & source & (share >= _LEAST_KNOWN)

    def _vote_in(self, pixels: Mask, known: Mask, weight: Float32[np.ndarray, "H W"]) -> None:
        # Unknown pixels of a source patch have no vote: what is known of each pixel is counted as one more channel.
        counted = known[:, :, None].astype(np.float32)
        votes = np.dstack([np.zeros_like(self.picture), np.zeros_like(counted)])
        self._vote_from(np.dstack([self.level.picture * counted, counted]), votes, pixels, weight)
        share = votes[:, :, -1]
        voted = pixels & (share > 0)
        self.picture[voted] = votes[voted, :-1] / share[voted, None]


def _with_served_labels(level: Level, sources: Sources) -> Level:
    """Return the level with label 0 in place of labels that no patch carries at this scale."""
    if level.labels is None:
        return level
    served = np.isin(level.labels, sources.allowed)
    return level._replace(labels=np.where(served, level.labels, 0).astype(np.int32))
