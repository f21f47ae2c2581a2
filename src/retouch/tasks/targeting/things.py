"""The things that clicks, boxes and classes mean, and those beside them that must stay.

Source: the removal pipeline of the object-removal sheet, section 3 (Algorithm 1 of a thesis): all instances, of them
the smallest one under the click; where none is, nothing is done.
Departures
----------
- Without a model a thing is what has a border of its own around the click (`masks.selecting.pointing`), or what the
  network that ships sees in a box: on frames of two clips it covers 0.92 of a thing after growing in place of 0.88.
- Each click is a thing of its own and all are united, so that two clicks mean two things, or two parts of one.
- A thing of which more than half lies in another, or the other way round, is its part (a bag on a person) and not its
  neighbour: protecting it would leave nothing to remove.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from retouch.arrays.regions import Box, bounding_box
from retouch.arrays.types import Image, Mask
from retouch.masks.finding.limits import limited
from retouch.masks.selecting.parts import check_clicks
from retouch.masks.selecting.pointing import Selection, segment_at, segment_box
from retouch.runtime.segmenters.clicked_network import segment_clicked
from retouch.runtime.segmenters.instances import Instance, smallest_at
from retouch.runtime.segmenters.sam import ClickedMasks
from retouch.tasks.targeting.found import Finding, Found, nothing, united
from retouch.tasks.targeting.reaching import reach_sides
from retouch.tasks.targeting.segmenting import all_things, open_segmenter
from retouch.tasks.targeting.target import Point, Target

_MOST_SHARED = 0.5
_MARGIN_PX, _MARGIN_PARTS = 2, 20
_SAME_THING = 0.95
_MOST_CLICKED = 0.3  # of the picture
_MODEL_SAW_NOTHING = "the model sees nothing there; without a model anything with a border of its own is found"


class Things(NamedTuple):
    """What was meant, before it is grown, and the masks of what must stay."""

    found: Found
    neighbours: tuple[Mask, ...]


def find_things(image: Image, target: Target) -> Things:
    """Return what the clicks, boxes and classes of a target mean.

    Parameters
    ----------
    image : (H, W, 1 or 3) float32, range [0, 1]
    target : Target

    Returns
    -------
    Things
        The status says of each click, box and class that found nothing why.

    Raises
    ------
    InputError
        If a click or a box is outside the picture.
    UsageError, WeightsError
        As `open_segmenter`.
    """
    shape = (image.shape[0], image.shape[1])
    check_clicks(image, [*target.at, *target.not_at])
    if not (target.seeks_things or (target.protect_neighbours and target.not_at)):
        return Things(nothing(shape), ())
    model = open_segmenter(target)
    if model is None or isinstance(model, ClickedMasks):
        parts = [_at(image, point, target, model) for point in target.at]
        instances: list[Instance] = []
    else:
        instances = all_things(model, image)
        parts = _among(instances, target, shape)
    parts += [_in_box(image, Box(*box)) for box in target.boxes]
    found = united(shape, [_within(part, target) for part in parts])
    return Things(found, tuple(_neighbours(image, instances, target, found.mask)))


def _at(image: Image, point: Point, target: Target, model: ClickedMasks | None) -> Found:
    """Return the thing under one click, by its border or by a model that answers clicks."""
    shape, place = (image.shape[0], image.shape[1]), f"click at x={point[1]}, y={point[0]}"
    if model is None:
        found = _selected("click", "", _clicked(image, point, target), place)
        return found if target.most_share else _limited_click(found, place)
    instance = model.segment_at(image, [point], target.not_at)
    return _of_instances("click", [instance], shape) if instance else nothing(shape, f"{place}: {_MODEL_SAW_NOTHING}")


def _clicked(image: Image, point: Point, target: Target) -> Selection:
    """Return the thing under a click, looked at once more in the box around it: what a click misses by little shows.

    The second look knows no clicks on what must stay, and is left out where there are some.
    """
    first = segment_at(image, [point], target.not_at)
    if first.box is None or target.not_at:
        return first
    rows_px, cols_px = (max(_MARGIN_PX, n // _MARGIN_PARTS) for n in (first.box.height, first.box.width))
    second = segment_box(image, first.box.grown(rows_px, cols_px, (image.shape[0], image.shape[1]))).mask
    n_kept, n_first = np.count_nonzero(first.mask & second), np.count_nonzero(first.mask)
    mask = second if n_kept >= _SAME_THING * n_first else first.mask | second
    return Selection(mask, bounding_box(mask), first.status)


def _limited_click(found: Found, place: str) -> Found:
    """Refuse what is hardly a thing: a click beside all things finds the whole ground around it."""
    shape = (found.mask.shape[0], found.mask.shape[1])
    _, reason = limited(found.mask, Box(0, 0, *shape), shape, _MOST_CLICKED)
    return nothing(shape, f"{place}: {reason}") if reason else found


def _in_box(image: Image, box: Box) -> Found:
    place = f"box x={box.left} to {box.right}, y={box.top} to {box.bottom}"
    selection = segment_clicked(image, [], (), box)
    if selection.box is None:
        return _selected("box", "", selection, place)
    inside = box.grown(0, 0, (image.shape[0], image.shape[1]))
    whole = reach_sides(selection.mask, inside)
    return _selected("box", "", Selection(whole, bounding_box(whole), selection.status), place)


def _selected(kind: str, label: str, selection: Selection, place: str) -> Found:
    mask, box = selection.mask, selection.box
    if box is None:
        return Found(mask, (), (f"{place}: {selection.status}",))
    return Found(mask, (Finding(kind, label, box, None, int(np.count_nonzero(mask))),), ())


def _among(instances: Sequence[Instance], target: Target, shape: tuple[int, int]) -> list[Found]:
    """Return what is meant of all that a model sees."""
    hit = [(point, smallest_at(instances, point)) for point in target.at]
    clicked = [instance for _, instance in hit if instance is not None]
    missed = [
        nothing(shape, f"click at x={col}, y={row}: {_MODEL_SAW_NOTHING}") for (row, col), one in hit if one is None
    ]
    if target.all_but:
        if missed:
            return missed
        of_class = [i for i in instances if not target.classes or i.label in target.classes]
        others = [i for i in of_class if not any(_belong_together(i.mask, kept.mask) for kept in clicked)]
        return (
            [_of_instances("class", others, shape)] if others else [nothing(shape, "there is nothing but what stays")]
        )
    found = [_of_instances("click", [instance], shape) for instance in clicked]
    return [*found, *missed, *(_of_class(instances, name, shape) for name in target.classes)]


def _of_class(instances: Sequence[Instance], name: str, shape: tuple[int, int]) -> Found:
    same = [instance for instance in instances if instance.label == name]
    if same:
        return _of_instances("class", same, shape)
    seen = ", ".join(dict.fromkeys(instance.label for instance in instances)) or "nothing"
    return nothing(shape, f"the model sees no {name} in the picture; it sees {seen}")


def _of_instances(kind: str, instances: Sequence[Instance], shape: tuple[int, int]) -> Found:
    mask = np.zeros(shape, bool)
    for instance in instances:
        mask |= instance.mask
    return Found(
        mask, tuple(Finding(kind, i.label, i.box, i.score, int(np.count_nonzero(i.mask))) for i in instances), ()
    )


def _within(part: Found, target: Target) -> Found:
    """Cut a thing to the region, and refuse one that covers too much of the picture."""
    if target.region is None and target.most_share is None:
        return part
    shape = (part.mask.shape[0], part.mask.shape[1])
    region = (target.region_box or Box(0, 0, *shape)).grown(0, 0, shape)
    mask, reason = limited(part.mask[region.slices], region, shape, target.most_share or 1.0)
    if reason or (part.findings and not mask.any()):
        return nothing(shape, *part.status, reason or "what was found lies outside the region")
    return Found(mask, part.findings, part.status)


def _neighbours(image: Image, instances: Sequence[Instance], target: Target, mask: Mask) -> Iterable[Mask]:
    """Yield the masks of what must stay."""
    if target.all_but:
        yield from (i.mask for i in (smallest_at(instances, point) for point in target.at) if i is not None)
    if not target.protect_neighbours:
        return
    for point in target.not_at:
        other = segment_at(image, [point], target.at).mask
        if other.any() and not mask[point]:
            yield other
    yield from (i.mask for i in instances if not _belong_together(i.mask, mask))


def _belong_together(one: Mask, other: Mask) -> bool:
    """Tell whether more than half of one thing lies in the other.

    >>> _belong_together(np.array([[True, False]]), np.array([[True, True]]))
    True
    """
    smaller = min(np.count_nonzero(one), np.count_nonzero(other))
    return bool(np.count_nonzero(one & other) > _MOST_SHARED * smaller)
