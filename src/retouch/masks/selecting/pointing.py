"""The thing under a click or in a box: boxes of many sizes are tried, and the best bordered result is kept.

Source: own. Each of about 20 boxes around the click is labelled as `posterior` says; results are ranked by the colour
change along their border times one less the Bhattacharyya coefficient (A. Bhattacharyya, Bull. Calcutta Math. Soc. 35,
1943) of the colours inside and those of the ring around, times a preference for large results that fill their box.
Departures from the sheet, which names GrabCut over superpixels: see `posterior`; superpixels are not used.

What limits it: nothing here knows what a thing is. A person in a white shirt and red trousers is two things to it, and
two that touch and look alike are one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import cv2
import numpy as np
from jaxtyping import Float32

from retouch.arrays.regions import Box, bounding_box, dilate_mask
from retouch.arrays.types import Image, Mask
from retouch.errors import InputError
from retouch.masks.selecting.palette import name_colours, to_lab
from retouch.masks.selecting.parts import Point, check_clicks, large_parts, parts_at
from retouch.masks.selecting.posterior import Seen, likely_inside

FOUND = "found"
NO_THING = "nothing with a border of its own is at this place; click on a thing, or give a box"

_WORK_PX = 432
_HEIGHTS = (0.12, 0.2, 0.32, 0.5, 0.8)  # of the shorter side
_ASPECTS = (0.3, 0.5, 1.0, 1.8)
_RADIUS = 3 / 432
_RING = 8 / 432
_HINT = 5 / 432
_LEAST_PIXELS = 9
_HALF_CONTRAST = 4.0  # L*a*b* units per pixel that count as half an edge
_LEAST_EDGE = 0.25
_SIZE_POWER = 0.2
_CENTRINGS = 2  # a click beside the middle is made good by boxes around what it found


class _Trial(NamedTuple):
    worth: float
    box: Box
    mask: Mask


class Selection(NamedTuple):
    """What was found.

    Attributes
    ----------
    mask : (H, W) bool
        True on the thing; all False where none was found.
    box : Box or None
        Around the mask.
    status : str
        "found", or why not.
    """

    mask: Mask
    box: Box | None
    status: str


def segment_at(image: Image, points: Sequence[Point], negative_points: Sequence[Point] = ()) -> Selection:
    """Return the thing that is clicked on.

    Parameters
    ----------
    image : (H, W, C) float32, range [0, 1]
    points : sequence of (row, col)
        On the thing; one or more.
    negative_points : sequence of (row, col)
        Not on the thing.

    Returns
    -------
    Selection
        Empty, with the reason, where the place has no border of its own.

    Raises
    ------
    InputError
        If there is no point, a point is outside the picture, or a value is no number.

    Notes
    -----
    Sizes are tried on a copy of at most 432 px, the best one is labelled in full size. It fails on things of many
    colours, on thin ones, and on equals that touch: give a second click, or a box.

    >>> picture = np.zeros((60, 80, 3), np.float32)
    >>> picture[20:40, 30:50] = 0, 1, 0
    >>> segment_at(picture, [(30, 40)]).box
    Box(top=20, left=30, bottom=40, right=50)
    """
    check_clicks(image, [*points, *negative_points])
    if not points:
        raise InputError("points must hold at least one click on the thing, got none")
    height, width = image.shape[:2]
    scale = min(1.0, _WORK_PX / max(height, width))
    size = (max(round(height * scale), 1), max(round(width * scale), 1))
    small = image if scale == 1 else _resized(image, size)
    inside, outside = (_scaled(group, (height, width), size) for group in (points, negative_points))
    box = _best_box(small, inside, outside)
    if box is None:
        return Selection(np.zeros((height, width), bool), None, NO_THING)
    found = likely_inside(_seen(image, points, negative_points), _resized_box(box, size, (height, width)))
    return _selection(parts_at(found > 0.5, points))  # noqa: PLR2004 - likelier than not


def segment_box(image: Image, box: Box) -> Selection:
    """Return the thing that fills a box.

    Parameters
    ----------
    image : (H, W, C) float32, range [0, 1]
    box : Box
        Around the whole thing, tight; what is outside the picture is left out.

    Returns
    -------
    Selection
        Small parts beside the largest are left out.

    Raises
    ------
    InputError
        If no pixel of the picture is in the box, or a value is no number.

    >>> picture = np.zeros((60, 80, 3), np.float32)
    >>> picture[20:40, 30:50] = 0, 1, 0
    >>> int(segment_box(picture, Box(18, 28, 42, 52)).mask.sum())
    400
    """
    check_clicks(image, [])
    clipped = box.grown(0, 0, (image.shape[0], image.shape[1]))
    if clipped.height < 1 or clipped.width < 1:
        raise InputError(f"the box must share pixels with the picture {image.shape[1]}x{image.shape[0]}, got {box}")
    mask = (likely_inside(_seen(image, [], []), clipped) > 0.5) & _filled(clipped, image)  # noqa: PLR2004 - as above
    return _selection(large_parts(mask))


def _best_box(image: Image, inside: Sequence[Point], outside: Sequence[Point]) -> Box | None:
    """Return the box whose labelling has the best border; None if no border is worth the name."""
    seen, edges = _seen(image, inside, outside), _edges(image)
    ring_px = max(2, round(_RING * max(image.shape[:2])))

    def tried(box: Box) -> _Trial:
        mask = parts_at(likely_inside(seen, box) > 0.5, inside)  # noqa: PLR2004 - as above
        return _Trial(_worth(mask, edges, seen.colours, ring_px) * _size_gain(mask, box), box, mask)

    shape = (image.shape[0], image.shape[1])
    best = max((tried(box) for box in _boxes(inside, shape)), key=lambda trial: trial.worth)
    for _ in range(_CENTRINGS if best.worth > 0 else 0):
        around = bounding_box(best.mask)
        best = max(best, tried(around.grown(around.height // 8, around.width // 8, shape)), key=lambda one: one.worth)
    return best.box if best.worth > 0 else None


def _boxes(points: Sequence[Point], shape: tuple[int, int]) -> Iterator[Box]:
    """Yield boxes of all sizes around the middle of the clicks, each with every click in it."""
    rows, cols = zip(*points, strict=True)
    clicked = Box(min(rows), min(cols), max(rows) + 1, max(cols) + 1)
    row, col = (clicked.top + clicked.bottom) // 2, (clicked.left + clicked.right) // 2
    for share in _HEIGHTS:
        for aspect in _ASPECTS:
            half = share * min(shape) / 2
            rows_px, cols_px = int(max(half, 2)), int(max(half * aspect, 2))
            yield Box(row, col, row + 1, col + 1).grown(rows_px, cols_px, shape).united(clicked)


def _worth(mask: Mask, edges: Float32[np.ndarray, "H W"], colours: np.ndarray, ring_px: int) -> float:
    """Return the worth of a labelling's border, 0 to 1; 0 where it is none."""
    if np.count_nonzero(mask) < _LEAST_PIXELS or mask.all():
        return 0.0
    cross = np.ones((3, 3), np.uint8)
    bytes_ = mask.astype(np.uint8)
    edge = float(edges[cv2.dilate(bytes_, cross) > cv2.erode(bytes_, cross)].mean())
    if edge < _LEAST_EDGE:
        return 0.0
    ring = dilate_mask(mask, ring_px) & ~mask
    n = int(colours.max()) + 1
    ours, theirs = (np.bincount(colours[place], minlength=n) / np.count_nonzero(place) for place in (mask, ring))
    return float(edge * (1 - np.sqrt(ours * theirs).sum()))


def _size_gain(mask: Mask, box: Box) -> float:
    """Return how much a labelling is preferred for being large and for filling its box.

    The contrast of a border alone likes the smallest thing under a click, such as a button on a coat.
    """
    filled = np.count_nonzero(mask[box.slices]) / (box.height * box.width)
    return float((np.count_nonzero(mask) / mask.size) ** _SIZE_POWER * filled)


def _edges(image: Image) -> Float32[np.ndarray, "H W"]:
    """Return how much of an edge each pixel is, 0 to 1."""
    smooth = cv2.GaussianBlur(to_lab(image), (0, 0), 1.0)
    across, down = cv2.Sobel(smooth, cv2.CV_32F, 1, 0) / 8, cv2.Sobel(smooth, cv2.CV_32F, 0, 1) / 8
    change = np.sqrt((across**2 + down**2).sum(axis=2))
    edges: np.ndarray = (change / (change + np.float32(_HALF_CONTRAST))).astype(np.float32)
    return edges


def _seen(image: Image, inside: Sequence[Point], outside: Sequence[Point]) -> Seen:
    lab, long_side = to_lab(image), max(image.shape[:2])
    hints = np.full(lab.shape[:2], -1, np.float32)
    for group, probability in ((inside, 0.98), (outside, 0.02)):
        for row, col in group:
            cv2.circle(hints, (col, row), max(1, round(_HINT * long_side / 2)), probability, -1)
    return Seen(lab[..., 0] / np.float32(100), name_colours(lab), hints, max(1, round(_RADIUS * long_side)))


def _filled(box: Box, image: Image) -> Mask:
    mask = np.zeros(image.shape[:2], bool)
    mask[box.slices] = True
    return mask


def _selection(mask: Mask) -> Selection:
    return Selection(mask, bounding_box(mask), FOUND) if mask.any() else Selection(mask, None, NO_THING)


def _resized(image: Image, size: tuple[int, int]) -> Image:
    small = cv2.resize(image, (size[1], size[0]), interpolation=cv2.INTER_AREA)
    return small.reshape(*size, image.shape[2]).astype(np.float32)


def _scaled(points: Sequence[Point], shape: tuple[int, int], size: tuple[int, int]) -> list[Point]:
    return [(row * size[0] // shape[0], col * size[1] // shape[1]) for row, col in points]


def _resized_box(box: Box, size: tuple[int, int], shape: tuple[int, int]) -> Box:
    rows, cols = shape[0] / size[0], shape[1] / size[1]
    return Box(round(box.top * rows), round(box.left * cols), round(box.bottom * rows), round(box.right * cols))
