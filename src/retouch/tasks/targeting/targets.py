"""From a target to the mask of all that is to go: things grown, neighbours kept, all searches united."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from retouch.arrays.regions import Box, bounding_box, dilate_mask
from retouch.arrays.types import Image, Mask
from retouch.errors import InputError
from retouch.io.pictures.conversion import in_rgb
from retouch.io.pictures.picture import Picture
from retouch.masks.selecting.growing import grow_mask, protect_neighbours
from retouch.methods.marks import to_mask
from retouch.tasks.targeting.contents import find_contents
from retouch.tasks.targeting.found import Finding, Found, nothing, united
from retouch.tasks.targeting.marks import LaidMark, find_marks
from retouch.tasks.targeting.target import Target
from retouch.tasks.targeting.things import Things, find_things

_NO_NEIGHBOUR = (
    "no neighbour is known to protect: click on what must stay (not_at; --not-at X,Y), or give a model that sees all"
)


class Targets(NamedTuple):
    """All that is to go.

    Attributes
    ----------
    mask : (H, W) bool
    findings : tuple of Finding
    status : tuple of str
        What was looked for in vain, and why.
    marks : tuple of LaidMark
        Watermarks as they lie in the picture.
    by_mark : (H, W) bool
        Where nothing but a watermark is to go, so that it can be taken off in place of being filled.
    """

    mask: Mask
    findings: tuple[Finding, ...]
    status: tuple[str, ...]
    marks: tuple[LaidMark, ...]
    by_mark: Mask


def find_targets(picture: Picture, target: Target) -> Targets:
    """Return the mask of all that a target means in a picture.

    Parameters
    ----------
    picture : Picture
        Of any kind; it is looked at in grey or RGB.
    target : Target

    Returns
    -------
    Targets
        With an empty mask where nothing was found; the status says why.

    Raises
    ------
    InputError
        If a click, a box or the region is outside the picture, or a mask or a mark cannot be used.
    UsageError
        If a class is unknown, or the model cannot answer what is asked.
    WeightsError
        If the model cannot be opened.
    """
    region = _checked_region(target, picture.shape)
    image = seen_by_searches(picture) if target.searches else np.zeros((*picture.shape, 1), np.float32)
    things = find_things(image, target)
    marks = find_marks(image, target)
    contents = [find_contents(image, name, target) for name in target.find]
    given = _given_mask(target.mask, picture.shape)
    grown, missing_neighbour = _grown_things(things, target)
    beside = [Found(_grown(part.mask, target.grow_px or 0), *part[1:]) for part in (*contents, given)]
    everything = united(picture.shape, [grown, *beside, marks.found])
    mask, status = everything.mask & region, (*everything.status, *missing_neighbour)
    if target.invert and mask.any():
        return Targets(region & ~mask, everything.findings, status, (), np.zeros(picture.shape, bool))
    other = united(picture.shape, [grown, *beside]).mask
    return Targets(mask, everything.findings, status, marks.marks, marks.found.mask & ~other & region)


def seen_by_searches(picture: Picture) -> Image:
    """Return a picture of any kind as (H, W, 1 or 3) float32 in [0, 1], which all searches take.

    Raises
    ------
    InputError
        If it has NaN or infinity.
    """
    image = in_rgb(picture).to_float()
    if not np.isfinite(image).all():
        raise InputError("to look for things all pixels must be finite numbers, got NaN or infinity; fill those first")
    return image.clip(0, 1)


def _checked_region(target: Target, shape: tuple[int, int]) -> Mask:
    """Return where anything may be touched."""
    whole = Box(0, 0, *shape)
    box = target.region_box or whole
    if box.united(whole) != whole:
        raise InputError(
            f"the region must lie inside the picture {shape[1]}x{shape[0]}, got x0,y0,x1,y1 = "
            f"{box.left},{box.top},{box.right},{box.bottom}"
        )
    region = np.zeros(shape, bool)
    region[box.slices] = True
    return region


def _grown_things(things: Things, target: Target) -> tuple[Found, tuple[str, ...]]:
    """Return the things grown as far as their neighbours let them, and a sentence where none is known."""
    found = things.found
    if not found.mask.any():
        return found, ()
    grown = grow_mask(found.mask) if target.grow_px is None else dilate_mask(found.mask, target.grow_px)
    mask = protect_neighbours(grown, things.neighbours)
    told = (_NO_NEIGHBOUR,) if target.protect_neighbours and not things.neighbours else ()
    return Found(mask, found.findings, found.status), told


def _grown(mask: Mask, radius_px: int) -> Mask:
    return dilate_mask(mask, radius_px) if radius_px else mask


def _given_mask(source: Any, shape: tuple[int, int]) -> Found:
    if source is None:
        return nothing(shape)
    mask = to_mask(source, shape)
    if not mask.any():
        return nothing(shape, "the mask is empty: white pixels say what is to go")
    return Found(mask, (Finding("mask", "", bounding_box(mask), None, int(np.count_nonzero(mask))),), ())
