"""Fills a label map by what other maps of the same camera teach: where classes are, and which neighbours to believe.

Each pixel of the hole chooses among the static classes by a conditional logit (D. McFadden, "Conditional logit analysis
of qualitative choice behavior", 1974): the score of a class is a weighted sum of how often it is at that place in the
maps, how near it is, and whether it is the first seen to the left, right, up and down. The weights, some thirty
numbers, are fitted to holes that the maps' own moving things make when they are laid over another map. Our own.

w       (F,)  weights of the clues, shared by the classes
b       (C,)  one number for each class
x       (N, C, F)  the clues of N pixels
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Float32, Float64
from scipy import ndimage, optimize

from retouch.arrays.types import AnyArray, Mask
from retouch.errors import InputError, UsageError
from retouch.tasks.label_maps.classes import ClassList, class_list
from retouch.tasks.label_maps.files import Labels, checked_ids
from retouch.tasks.label_maps.spreading import Guess, LabelHole

GRID = (48, 64)
"""Rows and columns of the table of places."""
_LEAST_COUNT = 2e-3
_BLUR_CELLS = 1.0
_PIXELS_PER_MAP = 600
_MOST_MAPS = 60
_RIDGE = 1e-4
_ROUNDS = 150
_REACHES = (0.02, 0.08)
"""Of the larger side: how fast the word of a class fades that is first seen in a direction."""
_DIRECTIONS = ((1, False), (1, True), (0, False), (0, True))
_NEVER = 1e6
_UPRIGHT = 2.0  # a step up or down is as far as two to the side


@dataclass(frozen=True)
class StreetPrior:
    """What was learned: a table of places, (rows, cols, C), and the weights of the clues, for these classes."""

    classes: ClassList
    places: Float32[np.ndarray, "rows cols C"]
    weights: Float64[np.ndarray, " w"]
    n_maps: int


def learn_prior(maps: Sequence[AnyArray], classes: str | ClassList, *, seed: int = 0) -> StreetPrior:
    """Learn from maps of one camera; the same maps and seed give the same prior.

    Parameters
    ----------
    maps : sequence of (H, W) integers
        At least two, some with moving things; some sixty are drawn where there are more.
    classes : str or ClassList
        As for `fill_labels`.
    seed : int
        Draws the maps and pixels.

    Raises
    ------
    InputError
        If there are fewer than two maps, or none gives a hole to learn from.

    Notes
    -----
    0.2 s for a map of 480 x 360. A prior serves maps of any size with the same view: horizon and road where they were.
    """
    listed, rng = class_list(classes), np.random.default_rng(seed)
    if len(maps) < 2:  # noqa: PLR2004 - a map and another's hole
        raise InputError(f"at least two maps must be given to learn from, got {len(maps)}")
    drawn = [checked_ids(maps[i], listed) for i in np.sort(rng.permutation(len(maps))[:_MOST_MAPS])]
    prior = StreetPrior(listed, _places(drawn, listed), np.zeros(0), len(drawn))
    holes = [_borrowed(drawn, number, listed, rng) for number in range(len(drawn))]
    lessons = [_lesson(prior, *hole, rng) for hole in holes if hole is not None]
    if not lessons:
        raise InputError("maps to learn from must show things that move, got none; give maps with traffic")
    clues, truths = (np.concatenate(parts) for parts in zip(*lessons, strict=True))
    return StreetPrior(listed, prior.places, _fitted(clues, truths), len(drawn))


def fill_by_prior(prior: StreetPrior, hole: LabelHole) -> Guess:
    """Give each pixel the likeliest class; its chance by the model is the confidence.

    Raises
    ------
    UsageError
        If the prior is of other classes.
    """
    if prior.classes != hole.classes:
        raise UsageError(f"the prior must be of {hole.classes.name}, got one of {prior.classes.name}; learn another")
    static = np.array(hole.classes.static_ids, np.uint8)
    usable = np.isin(static, hole.allowed)
    labels, sure = hole.labels.copy(), np.ones(hole.labels.shape, np.float32)
    scores = _scores(_clues(prior, hole.labels, hole.unknown, hole.unknown), prior.weights)[:, usable]
    chances = np.exp(scores - scores.max(axis=1, keepdims=True))
    chances /= chances.sum(axis=1, keepdims=True)
    labels[hole.unknown] = static[usable][chances.argmax(axis=1)]
    sure[hole.unknown] = chances.max(axis=1)
    return Guess(labels, sure)


def _places(maps: Sequence[Labels], classes: ClassList) -> Float32[np.ndarray, "rows cols C"]:
    """Return how often each static class is at each place, of the times that any is."""
    counts = np.zeros((*GRID, len(classes.static_ids)), np.float32)
    for labels in maps:
        for number, one in enumerate(classes.static_ids):
            plane = (labels == one).astype(np.float32)
            counts[:, :, number] += cv2.resize(plane, GRID[::-1], interpolation=cv2.INTER_AREA)
    counts = ndimage.gaussian_filter(counts, (_BLUR_CELLS, _BLUR_CELLS, 0)) + np.float32(_LEAST_COUNT * len(maps))
    shares: AnyArray = counts / counts.sum(axis=2, keepdims=True)
    return shares


def _borrowed(
    maps: Sequence[Labels], number: int, classes: ClassList, rng: np.random.Generator
) -> tuple[Labels, Mask, Mask] | None:
    """Return a map, its unknown pixels, and those of them whose class is known all the same."""
    labels, other = maps[number], maps[(number + int(rng.integers(1, len(maps)))) % len(maps)]
    static = np.isin(labels, classes.static_ids)
    things = (~np.isin(other, classes.static_ids)).astype(np.uint8)
    moving: Mask = cv2.resize(things, labels.shape[::-1], interpolation=cv2.INTER_NEAREST) > 0
    asked = moving & static
    return (labels, moving | ~static, asked) if asked.any() and (static & ~moving).any() else None


def _lesson(
    prior: StreetPrior, labels: Labels, unknown: Mask, asked: Mask, rng: np.random.Generator
) -> tuple[AnyArray, AnyArray]:
    """Return the clues of some pixels and the place of their true class among the static ones."""
    chosen = np.zeros(labels.size, bool)
    pixels = np.flatnonzero(asked)
    chosen[rng.permutation(pixels)[:_PIXELS_PER_MAP]] = True
    asked = chosen.reshape(labels.shape)
    truths = (labels[asked][:, None] == np.array(prior.classes.static_ids)).argmax(axis=1)
    return _clues(prior, labels, unknown, asked), truths


def _clues(prior: StreetPrior, labels: Labels, unknown: Mask, asked: Mask) -> Float32[np.ndarray, "N C F"]:
    """Return what speaks for each static class at the pixels asked for."""
    known = np.where(unknown, -1, labels.astype(np.int16))
    height, width = labels.shape
    places = cv2.resize(prior.places, (width, height), interpolation=cv2.INTER_LINEAR).reshape(height, width, -1)
    clues = [np.log(np.maximum(places[asked], np.float32(1e-6))), *_nearness(prior.classes, known, asked)]
    for axis, backwards in _DIRECTIONS:
        seen, far = _first_seen(known, axis, backwards)
        hit = (seen[asked][:, None] == np.array(prior.classes.static_ids)).astype(np.float32)
        fades = [1 / (1 + far[asked] / (reach * max(height, width))) for reach in _REACHES]
        clues += [hit, *(hit * fade[:, None].astype(np.float32) for fade in fades)]
    return np.stack(clues, axis=2).astype(np.float32)


def _nearness(classes: ClassList, known: AnyArray, asked: Mask) -> tuple[AnyArray, AnyArray]:
    """Return how much farther each class is than the nearest, and which one is that."""
    far = np.full((int(asked.sum()), len(classes.static_ids)), _NEVER, np.float32)
    for number, one in enumerate(classes.static_ids):
        there = known == one
        if there.any():
            far[:, number] = ndimage.distance_transform_edt(~there, sampling=(_UPRIGHT, 1.0))[asked]
    least = far.min(axis=1, keepdims=True)
    return -np.log((far + 1) / (least + 1)), (far == least).astype(np.float32)


def _first_seen(known: AnyArray, axis: int, backwards: bool) -> tuple[AnyArray, AnyArray]:
    """Return the first known label in a direction, -1 where there is none, and how many pixels it is away."""
    line = np.flip(known, axis) if backwards else known
    place = np.expand_dims(np.arange(line.shape[axis]), 1 - axis)
    last = np.maximum.accumulate(np.where(line >= 0, place, -1), axis=axis)
    seen = np.where(last < 0, -1, np.take_along_axis(line, np.maximum(last, 0), axis=axis))
    far = place - last
    return (np.flip(seen, axis), np.flip(far, axis)) if backwards else (seen, far)


def _scores(clues: AnyArray, weights: Float64[np.ndarray, " w"]) -> Float64[np.ndarray, "N C"]:
    n_clues = clues.shape[2]
    scores: AnyArray = clues @ weights[:n_clues] + weights[n_clues:]
    return scores


def _fitted(clues: Float32[np.ndarray, "N C F"], truths: AnyArray) -> Float64[np.ndarray, " w"]:
    """Return w and b, one after the other, of greatest likelihood under a weak ridge."""
    n, n_classes, n_clues = clues.shape
    rows, x = np.arange(n), clues.astype(np.float64)

    def cost(weights: AnyArray) -> tuple[float, AnyArray]:
        scores = _scores(x, weights)
        chances = np.exp(scores - scores.max(axis=1, keepdims=True))
        chances /= chances.sum(axis=1, keepdims=True)
        loss = -np.log(chances[rows, truths] + 1e-12).mean() + _RIDGE * weights @ weights
        chances[rows, truths] -= 1
        slope = np.concatenate([np.einsum("nc,ncf->f", chances, x), chances.sum(axis=0)]) / n
        return float(loss), slope + 2 * _RIDGE * weights

    start = np.zeros(n_clues + n_classes)
    options = {"maxiter": _ROUNDS}
    return np.asarray(optimize.minimize(cost, start, jac=True, method="L-BFGS-B", options=options).x)
