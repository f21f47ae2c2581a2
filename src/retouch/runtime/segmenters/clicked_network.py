"""The thing under a click or in a box by a small network over the classical search; it comes with the package.

Source: own. The network (`retouch.nets.detection.prompted_unet`) sees a square of 96 px. Around a box the square is
known; around a click squares of several sizes are tried, and the answer is kept that agrees with those of the sizes
beside it, is sure of itself and does not run into the border of its square. That answer's box makes the last square.
Masks get the borders of the picture by the guided filter (see `retouch.masks.selecting.posterior`). A preference for
large answers gained 0.05 on held-back photographs of single animals, but covered crowded frames whole: there is none.

Symbols: p the probability of each pixel, m the mask p > 1/2. How sure an answer is: the expected overlap of m with the
truth if each pixel is what p says, sum of p in m over (pixels of m + sum of p outside m).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from jaxtyping import Float32

from retouch.arrays.regions import Box, bounding_box
from retouch.arrays.types import Image, Mask
from retouch.errors import InputError, WeightsError
from retouch.masks.selecting.palette import to_lab
from retouch.masks.selecting.parts import Point, check_clicks, large_parts, parts_at
from retouch.masks.selecting.pointing import FOUND, NO_THING, Selection
from retouch.masks.selecting.posterior import smooth_along_edges
from retouch.masks.selecting.prompting import N_PLANES, prompt_planes
from retouch.masks.selecting.squares import Square, square_around
from retouch.runtime.session import Net, open_net

SIDE_PX = 96
_SHIPPED = Path(__file__).parent / "weights" / "prompted.onnx"
_INPUTS = {"picture": (1, 3, SIDE_PX, SIDE_PX), "prompt": (1, N_PLANES, SIDE_PX, SIDE_PX)}
_LENGTHS = (0.14, 0.2, 0.29, 0.42, 0.6, 0.86, 1.25)  # of the longer side of the picture
_LEAST_LENGTH_PX = 16
_TIMES_BOX = 1.6  # side of the last square, in sides of the box
_ROUNDS = 2
_RADIUS = 1.5 / SIDE_PX  # of the guided filter, in sides of the square
_LEAST_WORTH = 0.05
_BORDER_PX = 2


@dataclass(frozen=True)
class Prompt:
    """What a person said: clicks as (row, col) on the thing and beside it, and a box around it."""

    points: Sequence[Point] = ()
    negative_points: Sequence[Point] = ()
    box: Box | None = None


class _Answer(NamedTuple):
    square: Square
    chance: Float32[np.ndarray, "S S"]


def segment_clicked(
    image: Image, points: Sequence[Point], negative_points: Sequence[Point] = (), box: Box | None = None
) -> Selection:
    """Return the thing that is clicked on, or that fills a box.

    Parameters
    ----------
    image : (H, W, C) float32, range [0, 1]
    points : sequence of (row, col)
        On the thing; may be empty where there is a box.
    negative_points : sequence of (row, col)
        Not on the thing.
    box : Box, optional
        Around the whole thing, tight; what is outside the picture is left out.

    Returns
    -------
    Selection
        Empty, with the reason, where nothing stands out.

    Raises
    ------
    InputError
        If there is neither click nor box, a click is outside the picture, no pixel of the picture is in the box, or a
        value is no number.
    WeightsError
        If the network that comes with the package is missing or damaged.

    Notes
    -----
    What it fails on: see weights/prompted.md.
    """
    check_clicks(image, [*points, *negative_points])
    height, width = image.shape[:2]
    clipped = None if box is None else _clipped(box, (height, width))
    if clipped is None and not points:
        raise InputError("there must be at least one click on the thing, or a box; got neither")
    rgb = np.repeat(image, 3, axis=2) if image.shape[2] == 1 else image
    prompt = Prompt(points, negative_points, clipped)
    net = open_prompted()
    answer = _under_clicks(net, rgb, prompt) if clipped is None else _ask(net, rgb, _square_of(clipped), prompt)
    if answer is None:
        return Selection(np.zeros((height, width), bool), None, NO_THING)
    mask = _in_full_size(answer, rgb)
    mask = parts_at(mask, points) if clipped is None else large_parts(mask)
    return Selection(mask, bounding_box(mask), FOUND) if mask.any() else Selection(mask, None, NO_THING)


def open_prompted() -> Net:
    """Open the network that comes with the package.

    Raises
    ------
    WeightsError
        If it is missing or is another.
    """
    if not _SHIPPED.is_file():
        raise WeightsError("the network that comes with retouch is missing; install retouch again")
    return open_net(_SHIPPED, _INPUTS, {"logits": (1, 1, SIDE_PX, SIDE_PX)})


def _clipped(box: Box, shape: tuple[int, int]) -> Box:
    clipped = box.grown(0, 0, shape)
    if min(clipped.height, clipped.width) < 1:
        raise InputError(
            f"the box must share pixels with the picture {shape[1]}x{shape[0]}, got x0,y0,x1,y1 = "
            f"{box.left},{box.top},{box.right},{box.bottom}"
        )
    return clipped


def _under_clicks(net: Net, image: Image, prompt: Prompt) -> _Answer | None:
    """Return the best answer among squares of several sizes, asked again in a square of its own."""
    row, col = (sum(at) / len(prompt.points) + 0.5 for at in zip(*prompt.points, strict=True))
    longer = max(image.shape[:2])
    squares = [square_around(row, col, max(share * longer, _LEAST_LENGTH_PX)) for share in _LENGTHS]
    answers = [_ask(net, image, square, prompt) for square in squares]
    found = [_clicked_mask(answer, image.shape[:2], prompt) for answer in answers]
    worths = [_worth(i, answers, found) for i in range(len(answers))]
    best = int(np.argmax(worths))
    if worths[best] < _LEAST_WORTH:
        return None
    answer, mask = answers[best], found[best]
    for _ in range(_ROUNDS - 1):
        box = bounding_box(mask)
        answer = _ask(net, image, _square_of(box), Prompt(prompt.points, prompt.negative_points, box))
        mask = _clicked_mask(answer, image.shape[:2], prompt)
        if not mask.any():
            return answers[best]
    return answer


def _square_of(box: Box) -> Square:
    length = max(_TIMES_BOX * max(box.height, box.width), _LEAST_LENGTH_PX)
    return square_around((box.top + box.bottom) / 2, (box.left + box.right) / 2, length)


def _ask(net: Net, image: Image, square: Square, prompt: Prompt) -> _Answer:
    seen = square.cut(image, SIDE_PX)
    inside, outside = (
        [square.to_seen(*at, SIDE_PX) for at in group] for group in (prompt.points, prompt.negative_points)
    )
    box = None if prompt.box is None else square.box_to_seen(prompt.box, SIDE_PX)
    planes = prompt_planes(seen, inside, outside, box)
    picture, asked = (array.transpose(2, 0, 1)[None] for array in (seen, planes))
    logits = net.run(picture=picture, prompt=asked)["logits"][0, 0]
    return _Answer(square, (1 / (1 + np.exp(-logits))).astype(np.float32))


def _clicked_mask(answer: _Answer, shape: tuple[int, int], prompt: Prompt) -> Mask:
    return parts_at(answer.square.put_back(answer.chance, shape, 0.0) > 0.5, prompt.points)  # noqa: PLR2004


def _worth(i: int, answers: Sequence[_Answer], found: Sequence[Mask]) -> float:
    """Return how much is to be said for an answer, 0 to 1; tried on 61 held-back things."""
    if not found[i].any():
        return 0.0
    square, chance = answers[i]
    mask = chance > 0.5  # noqa: PLR2004 - likelier than not
    sure = float(chance[mask].sum()) / (int(np.count_nonzero(mask)) + float(chance[~mask].sum()))
    rim = np.ones_like(mask)
    rim[_BORDER_PX:-_BORDER_PX, _BORDER_PX:-_BORDER_PX] = False
    cut_off = mask & rim & square.inside((found[i].shape[0], found[i].shape[1]), SIDE_PX)
    free = 1 - int(np.count_nonzero(cut_off)) / int(np.count_nonzero(rim))
    agreed = max(_overlap(found[i], found[j]) for j in (i - 1, i + 1) if 0 <= j < len(found))
    return sure**2 * free**4 * agreed


def _overlap(one: Mask, other: Mask) -> float:
    return int(np.count_nonzero(one & other)) / max(int(np.count_nonzero(one | other)), 1)


def _in_full_size(answer: _Answer, image: Image) -> Mask:
    square, shape = answer.square, (image.shape[0], image.shape[1])
    chance = square.put_back(answer.chance, shape, 0.0)
    lightness = to_lab(image)[..., 0] / np.float32(100)
    mask: Mask = smooth_along_edges(lightness, chance, max(1, round(_RADIUS * square.length))) > 0.5  # noqa: PLR2004
    return mask
