"""What is looked for by name: each search of `masks.finding` as a `Found`, one literal table; text by a model too."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from retouch.arrays.regions import Box, bounding_box
from retouch.arrays.types import Image, Mask
from retouch.errors import UsageError
from retouch.masks.finding.date_stamps import find_date_stamps
from retouch.masks.finding.limits import check_search, limited
from retouch.masks.finding.pixelation import find_pixelation
from retouch.masks.finding.scratches import find_scratches
from retouch.masks.finding.text import find_text
from retouch.runtime.segmenters.text_network import FoundLine, TextNetwork
from retouch.tasks.targeting.found import Finding, Found, nothing
from retouch.tasks.targeting.segmenting import open_text
from retouch.tasks.targeting.target import TEXT, Target

_MOST_TEXT = 0.4  # of the picture, as `find_text` has it
_LEAST_SURE, _SURE_PER_SENSITIVITY = 0.8, 0.6  # of a line's mean probability; at 0.5 as the network was published
_NO_TEXT = "the model found no text: raise sensitivity or name a region"


def find_contents(image: Image, name: str, target: Target) -> Found:
    """Look for one thing by its name.

    Parameters
    ----------
    image : (H, W, 1 or 3) float32, range [0, 1]
    name : str
        Of `FINDERS`.
    target : Target
        Its sensitivity, region and largest share; and its model, where that is one for text.

    Raises
    ------
    InputError
        If the region is not inside the picture.
    UsageError
        If text alone is asked for, with a model that finds none.
    WeightsError, MissingExtraError
        As `open_text`.
    """
    network = open_text(target.model) if name == TEXT and target.model is not None else None
    if network is not None:
        return text_by(network, image, search_settings(target))
    if name == TEXT and target.model is not None and not target.seeks_things:
        raise UsageError(f"'{os.fspath(target.model)}' finds no text; leave --model out for the built-in search")
    return _SEARCHES[name](image, search_settings(target))


def search_settings(target: Target) -> dict[str, Any]:
    """Return the keywords that every search takes; the share only where one is given, for each has its own."""
    settings: dict[str, Any] = {"sensitivity": target.sensitivity, "region": target.region_box}
    return settings if target.most_share is None else {**settings, "most_share": target.most_share}


def text_by(network: TextNetwork, image: Image, settings: Mapping[str, Any]) -> Found:
    """Return the text that a network sees, its letters masked with outline and shadow.

    Parameters
    ----------
    network : TextNetwork
    image : (H, W, 1 or 3) float32, range [0, 1]
    settings : mapping
        Of `search_settings`. At sensitivity 0 a line must have a mean probability of 0.8, at 1 of 0.2.

    Raises
    ------
    InputError
        If the picture or a setting fails `check_search`.
    WeightsError
        If the network gives no map.
    """
    shape, most_share = (image.shape[0], image.shape[1]), settings.get("most_share", _MOST_TEXT)
    box = check_search(image, settings["sensitivity"], settings["region"], most_share)
    least_score = _LEAST_SURE - _SURE_PER_SENSITIVITY * settings["sensitivity"]
    seen, lines = replace(network, least_score=least_score).find(np.ascontiguousarray(image[box.slices]))
    if not lines:
        return nothing(shape, _NO_TEXT)
    mask, reason = limited(seen, box, shape, most_share)
    if reason:
        return nothing(shape, reason)
    places = [(_around(line, box, shape), line.score) for line in lines]
    findings = (Finding("text", "", at, score, int(np.count_nonzero(mask[at.slices]))) for at, score in places)
    return Found(mask, tuple(findings), ())


def _around(line: FoundLine, part: Box, shape: tuple[int, int]) -> Box:
    """Return the upright box of a line that was found in a part of a picture."""
    top, left = (int(at) for at in np.floor(line.corners.min(axis=0)))
    bottom, right = (int(at) + 1 for at in np.ceil(line.corners.max(axis=0)))
    moved = Box(top + part.top, left + part.left, bottom + part.top, right + part.left)
    return moved.grown(0, 0, shape)


def _text(image: Image, settings: Mapping[str, Any]) -> Found:
    found = find_text(image, **settings)
    return _found("text", found.mask, ((box, "") for box in found.lines), found.reason)


def _stamps(image: Image, settings: Mapping[str, Any]) -> Found:
    found = find_date_stamps(image, **settings)
    return _found("stamp", found.mask, ((box, "") for box in found.stamps), found.reason)


def _pixelation(image: Image, settings: Mapping[str, Any]) -> Found:
    found = find_pixelation(image, **settings)
    labels = ((grid.box, f"{grid.block_px}x{grid.block_px} blocks") for grid in found.grids)
    return _found("pixelation", found.mask, labels, found.reason)


def _scratches(image: Image, settings: Mapping[str, Any]) -> Found:
    """Report hundreds of scratches as one finding with their number."""
    found = find_scratches(image, **settings)
    count = f"{found.n_lines} lines, {found.n_specks} specks"
    boxes = [(bounding_box(found.mask), count)] if found.mask.any() else []
    return _found("scratches", found.mask, boxes, found.reason)


_SEARCHES: Mapping[str, Callable[[Image, Mapping[str, Any]], Found]] = {
    TEXT: _text,
    "scratches": _scratches,
    "stamp": _stamps,
    "pixelation": _pixelation,
}


def _found(kind: str, mask: Mask, labelled: Iterable[tuple[Box, str]], reason: str) -> Found:
    areas = ((box, label, int(np.count_nonzero(mask[box.slices]))) for box, label in labelled)
    findings = tuple(Finding(kind, label, box, None, area) for box, label, area in areas)
    return Found(mask, findings, (reason,) if reason else ())
