"""Multi-scale PatchMatch completion: the hole is composed, coarse to fine, of patches from elsewhere in the picture.

Source: C. Barnes et al., "PatchMatch", SIGGRAPH 2009 (nearest-neighbour field); Y. Wexler, E. Shechtman, M. Irani,
"Space-time completion of video", PAMI 29(3), 2007 (expectation-maximisation over scales).
Departures: bands of rows are searched independently (see matching.py); the pyramid closes the hole, and so gives the
first guess (see levels.py); the smallest scales try every patch (see exhaustive.py); turned and resized sources are
laid below the picture in one tall source, so that propagation stays a shift; labels restrict who borrows where (see
sources.py); the strength of texture
is compared beside the colours (see texture.py); at the picture's own scale only patches centred near a pixel have a
vote in it, which is sharper.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import cv2
import numpy as np

from retouch.arrays.checks import check_pair, without_garbage
from retouch.arrays.compositing import composite
from retouch.arrays.threads import n_threads
from retouch.arrays.types import AnyArray, Image, Mask, Progress, ignore_progress
from retouch.classical.diffusion.harmonic import fill_harmonic
from retouch.classical.exemplar.level_run import Settings, is_small, start_level
from retouch.classical.exemplar.levels import Level, build_levels, whole_patches
from retouch.classical.exemplar.sources import restrict
from retouch.classical.exemplar.texture import texture_strength
from retouch.errors import InputError

_FINEST_VOTE_PX = 1
_FINEST_ROUNDS, _MORE_ROUNDS = 1, 3  # of search and vote: at the picture's own scale, and for each halving
_SMALL_ROUNDS = 4  # where every patch is tried, more change nothing


class Guide(NamedTuple):
    """What a scene looks like at large, known under the mask too.

    Attributes
    ----------
    picture : (H, W, G) float32, range [0, 1]
        Made alike inside and outside the hole: where it is smooth inside, smooth the known part alike.
    strength : float
        How much a difference in it counts beside one in the picture, in [0, 1].
    """

    picture: Image
    strength: float = 0.5


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
    guide: Guide | None = None,
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
        Most rounds of search and vote at one scale, 1 or more; fine scales take fewer: 1, 4, 7 and so on.
    rotations, scales : bool
        Whether patches may also be turned (by 15 and 30 degrees either way and by quarter turns) or resized (by 0.8
        and 1.25).
    source : (H, W) bool, optional
        True where pixels may be borrowed; all known pixels if not given.
    labels : (H, W) int, optional
        A missing pixel of label n > 0 borrows only from patches whose pixels are all of label n, one of label 0 from
        anywhere; so does a label that no patch carries (see `retouch.classical.exemplar.sources.restrict`).
    guide : Guide, optional
        A picture of the whole scene that patches are compared with besides, such as a smooth fill of the hole.
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
        If the pair fails `check_pair`, an option is out of range, or `source`, `labels` or `guide` has another shape.

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
    finest = _finest_level(image, mask, source, labels, guide)
    if not mask.any():
        progress(0, 0)
        return image.copy()
    half = patch_size // 2
    if not whole_patches(finest.source, half).any():
        return composite(image, fill_harmonic(image, mask, progress), mask)
    angles = (15.0, -15.0, 30.0, -30.0, 90.0, 180.0, 270.0) if rotations else ()
    settings = Settings(half, angles, (0.8, 1.25) if scales else ())
    finest = finest._replace(labels=restrict(finest.labels, mask, finest.source, half).labels)
    filled = _complete(finest, settings, iterations, rng or np.random.default_rng(0), progress)
    return composite(image, np.clip(filled[:, :, : image.shape[2]], 0, 1), mask)


def _check_options(patch_size: int, iterations: int) -> None:
    """Refuse options that make no sense."""
    if patch_size % 2 == 0 or not 3 <= patch_size <= 15:  # noqa: PLR2004 - smaller compares nothing, larger is no patch
        raise InputError(f"patch_size must be odd and 3 to 15 pixels, got {patch_size}")
    if iterations < 1:
        raise InputError(f"iterations must be at least 1, got {iterations}")


def _scaled(guide: Guide) -> Image:
    """Return the guide times its strength; at full strength itself, since a large picture is not copied for nothing."""
    return guide.picture if guide.strength == 1 else (guide.picture * np.float32(guide.strength)).astype(np.float32)


def _finest_level(
    image: Image, mask: Mask, source: AnyArray | None, labels: AnyArray | None, guide: Guide | None
) -> Level:
    """Return the level of the picture itself, with the strength of texture as one more channel."""
    for name, array in (("source", source), ("labels", labels), ("guide", None if guide is None else guide.picture)):
        if array is not None and array.shape[:2] != mask.shape:
            raise InputError(f"{name} must have the mask's shape {mask.shape}, got {array.shape}")
    usable = ~mask if source is None else ~mask & source.astype(bool)
    known = without_garbage(image, mask)
    steering = None if guide is None else _scaled(guide)
    return Level(
        np.dstack([known, texture_strength(known, mask)]),
        mask,
        usable,
        None if labels is None else labels.astype(np.int32),
        steering,
    )


def _complete(
    finest: Level, settings: Settings, iterations: int, rng: np.random.Generator, progress: Progress
) -> Image:
    """Run search and vote from the coarsest level with a hole to the finest and return all channels."""
    levels = build_levels(finest)[::-1]
    rounds = [_rounds_at(scale, level, iterations) for scale, level in enumerate(levels[::-1])][::-1]
    done, total = 0, sum(rounds)
    picture, field = fill_harmonic(levels[0].picture, levels[0].mask), None
    with ThreadPoolExecutor(n_threads()) as pool:
        for level, n_rounds in zip(levels, rounds, strict=True):
            vote_px = _FINEST_VOTE_PX if level is finest else settings.half
            guess, run = _enlarged(picture, level), start_level(level, settings, vote_px, pool)
            if run.possible:
                run.start(guess, field, rng)
                for index in range(n_rounds):
                    run.search(rng, thorough=field is None or index == 0)
                    run.vote()
                    progress(done + index + 1, total)
            picture, field = (run.picture, run.field) if run.possible else (guess, None)
            done += n_rounds
    progress(total, total)
    return picture


def _rounds_at(scale: int, level: Level, most: int) -> int:
    """Return the rounds of search and vote at a level that was halved `scale` times."""
    if is_small(level):
        return min(_SMALL_ROUNDS, most)
    return min(_FINEST_ROUNDS + _MORE_ROUNDS * scale, most)


def _enlarged(picture: Image, level: Level) -> Image:
    """Return the level's picture with its hole filled from a smaller picture, or from one of its own size."""
    height, width = level.mask.shape
    resized = cv2.resize(picture, (width, height), interpolation=cv2.INTER_LINEAR).reshape(level.picture.shape)
    np.copyto(resized, level.picture, where=~level.mask[:, :, None])
    return np.ascontiguousarray(resized)
