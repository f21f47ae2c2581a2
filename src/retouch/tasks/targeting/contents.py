"""What is looked for by name: each search of `masks.finding` as a `Found`, one literal table."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from retouch.arrays.regions import Box, bounding_box
from retouch.arrays.types import Image, Mask
from retouch.masks.finding.date_stamps import find_date_stamps
from retouch.masks.finding.pixelation import find_pixelation
from retouch.masks.finding.scratches import find_scratches
from retouch.masks.finding.text import find_text
from retouch.tasks.targeting.found import Finding, Found
from retouch.tasks.targeting.target import Target


def find_contents(image: Image, name: str, target: Target) -> Found:
    """Look for one thing by its name.

    Parameters
    ----------
    image : (H, W, 1 or 3) float32, range [0, 1]
    name : str
        Of `FINDERS`.
    target : Target
        Its sensitivity, region and largest share.
    """
    return _SEARCHES[name](image, search_settings(target))


def search_settings(target: Target) -> dict[str, Any]:
    """Return the keywords that every search takes; the share only where one is given, for each has its own."""
    settings: dict[str, Any] = {"sensitivity": target.sensitivity, "region": target.region_box}
    return settings if target.most_share is None else {**settings, "most_share": target.most_share}


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
    "text": _text,
    "scratches": _scratches,
    "stamp": _stamps,
    "pixelation": _pixelation,
}


def _found(kind: str, mask: Mask, labelled: Iterable[tuple[Box, str]], reason: str) -> Found:
    areas = ((box, label, int(np.count_nonzero(mask[box.slices]))) for box, label in labelled)
    findings = tuple(Finding(kind, label, box, None, area) for box, label, area in areas)
    return Found(mask, findings, (reason,) if reason else ())
