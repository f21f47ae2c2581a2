"""A scene as a network for clicks and boxes sees it: a square around the thing, and the planes of a prompt.

Prompts are one click or a few near the middle of the thing, a box around it that is not quite right, or both; now and
then there are clicks beside it. The square is centred at the first click or the box and has from one to five times the
size of the thing, since at use nobody knows the size of what is clicked on.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from jaxtyping import Bool

from retouch.arrays.regions import Box, bounding_box, hole_depth
from retouch.arrays.types import AnyArray
from retouch.masks.selecting.prompting import prompt_planes
from retouch.masks.selecting.squares import Square, square_around
from retouch.training.data.things.pasting import Scene

_CLICKED, _BOXED = 0.5, 0.3  # shares of prompts; the rest are both
_TIMES_CLICKED, _TIMES_BOXED = (1.0, 5.0), (1.25, 2.2)  # side of the square, in sides of the thing
_BOX_ERROR, _LOOSE_ERROR = 0.04, 0.12  # of the thing's sides
_MORE_CLICKS = 0.25
_BESIDE = 0.25
_BESIDE_REACH = 0.35  # of the square's side, around the middle
_MIDDLE_POWER = 2.0
_LEAST_LENGTH_PX = 12.0


def look_at(scene: Scene, side: int, rng: np.random.Generator) -> Mapping[str, AnyArray]:
    """Return "image" (S, S, 3) and "prompt" (S, S, 4) uint8, "target" and "known" (S, S) bool.

    What is outside the picture repeats its border, and is not known.
    """
    tight, chance = bounding_box(scene.thing), rng.random()
    clicks = _clicks(scene.thing, rng) if chance < _CLICKED or chance >= _CLICKED + _BOXED else []
    box = None if chance < _CLICKED else _wrong(tight, _BOX_ERROR if not clicks else _LOOSE_ERROR, rng)
    square = _square(tight, clicks if box is None else [], rng)
    image = square.cut(scene.image, side)
    target = square.cut(scene.thing.astype(np.float32), side) > 0.5  # noqa: PLR2004 - more thing than not
    known = square.cut(scene.known.astype(np.float32), side) > 0.99  # noqa: PLR2004 - all of it
    known &= square.inside(scene.thing.shape, side)
    beside = _beside(target | ~known, rng) if rng.random() < _BESIDE else []
    prompt = prompt_planes(
        (image / np.float32(255)).astype(np.float32),
        [square.to_seen(*at, side) for at in clicks],
        beside,
        None if box is None else square.box_to_seen(box, side),
    )
    return {"image": image, "prompt": np.rint(255 * prompt).astype(np.uint8), "target": target, "known": known}


def _clicks(thing: Bool[np.ndarray, "H W"], rng: np.random.Generator) -> list[tuple[int, int]]:
    """Return one click or a few, likelier deep inside than near the border."""
    depth = hole_depth(np.pad(thing, 1))[1:-1, 1:-1].astype(np.float64) ** _MIDDLE_POWER
    places = np.flatnonzero(thing)
    n = int(rng.integers(2, 4)) if rng.random() < _MORE_CLICKS else 1
    chosen = rng.choice(places, size=n, p=depth.ravel()[places] / depth.ravel()[places].sum())
    return [(int(at) // thing.shape[1], int(at) % thing.shape[1]) for at in chosen]


def _beside(taken: Bool[np.ndarray, "S S"], rng: np.random.Generator) -> list[tuple[float, float]]:
    side = len(taken)
    inner = slice(int(side * (0.5 - _BESIDE_REACH)), int(side * (0.5 + _BESIDE_REACH)))
    places = np.argwhere(~taken[inner, inner]) + inner.start
    if not len(places):
        return []
    row, col = rng.choice(places)
    return [(float(row), float(col))]


def _wrong(box: Box, error: float, rng: np.random.Generator) -> tuple[float, float, float, float]:
    """Return a box (top, left, bottom, right) that is off by up to a share of its sides."""
    sides = np.array([box.height, box.width] * 2)
    top, left, bottom, right = (np.array(box) + rng.uniform(-error, error, 4) * sides).tolist()
    return top, left, bottom, right


def _square(box: Box, clicks: list[tuple[int, int]], rng: np.random.Generator) -> Square:
    """Return a square around the first click, or around the box."""
    least, most = _TIMES_CLICKED if clicks else _TIMES_BOXED
    length = max(box.height, box.width) * float(np.exp(rng.uniform(np.log(least), np.log(most))))
    length = max(length, _LEAST_LENGTH_PX)
    if clicks:
        row, col = np.mean(clicks, axis=0) + 0.5
    else:
        row, col = np.array([box.top + box.bottom, box.left + box.right]) / 2 + rng.uniform(-0.05, 0.05, 2) * length
    return square_around(float(row), float(col), length)
