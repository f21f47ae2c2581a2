"""From a target to the mask of all that is to go: things grown, neighbours kept, all searches united."""

from __future__ import annotations

import os
from typing import Any, NamedTuple

import numpy as np

from retouch.arrays.regions import bounding_box, dilate_mask
from retouch.arrays.types import Image, Mask
from retouch.errors import InputError
from retouch.io.pictures.conversion import in_rgb
from retouch.io.pictures.mask_files import mask_from_array, read_mask
from retouch.io.pictures.picture import Picture
from retouch.masks.finding.limits import limited
from retouch.masks.selecting.growing import grow_mask, protect_neighbours
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
        If a click or a box is outside the picture, or a mask or a mark cannot be used.
    UsageError
        If a class is unknown, or the model cannot answer what is asked.
    WeightsError
        If the model cannot be opened.
    """
    image = seen_by_searches(picture) if target.searches else np.zeros((*picture.shape, 1), np.float32)
    things = find_things(image, target)
    marks = find_marks(image, target)
    contents = [find_contents(image, name, target) for name in target.find]
    given = _given_mask(target.mask, picture.shape)
    grown, missing_neighbour = _grown_things(things, target)
    beside = [Found(_grown(part.mask, target.grow_px or 0), *part[1:]) for part in (*contents, given)]
    everything = united(picture.shape, [grown, *beside, marks.found])
    other = united(picture.shape, [grown, *beside]).mask
    status = (*everything.status, *missing_neighbour)
    if target.invert and everything.mask.any():
        empty = np.zeros(picture.shape, bool)
        return Targets(~everything.mask, everything.findings, status, (), empty)
    return Targets(everything.mask, everything.findings, status, marks.marks, marks.found.mask & ~other)


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


def _grown_things(things: Things, target: Target) -> tuple[Found, tuple[str, ...]]:
    """Return the things grown as far as their neighbours let them, and a sentence where none is known."""
    found = things.found
    if not found.mask.any():
        return found, ()
    grown = grow_mask(found.mask) if target.grow_px is None else dilate_mask(found.mask, target.grow_px)
    mask = protect_neighbours(grown, things.neighbours)
    region = target.region_box
    if region is not None:
        mask = limited(mask[region.slices], region, mask.shape, 1.0).mask
    told = (_NO_NEIGHBOUR,) if target.protect_neighbours and not things.neighbours else ()
    return Found(mask, found.findings, found.status), told


def _grown(mask: Mask, radius_px: int) -> Mask:
    return dilate_mask(mask, radius_px) if radius_px else mask


def _given_mask(source: Any, shape: tuple[int, int]) -> Found:
    if source is None:
        return nothing(shape)
    read = isinstance(source, str | os.PathLike | bytes)
    mask = read_mask(source, shape=shape) if read else mask_from_array(source, shape)
    if not mask.any():
        return nothing(shape, "the mask is empty: white pixels say what is to go")
    return Found(mask, (Finding("mask", "", bounding_box(mask), None, int(np.count_nonzero(mask))),), ())
