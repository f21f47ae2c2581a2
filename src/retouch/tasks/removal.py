"""Object removal: find what is meant, grow its mask, take off what is translucent, fill the rest.

Source: the removal pipeline of the object-removal sheet, section 3 (Algorithm 1 of a thesis), with any method in the
place of its network. A click on background changes nothing and says so.
"""

from __future__ import annotations

from dataclasses import fields
from typing import Any, NamedTuple

import numpy as np

from retouch.arrays.regions import Box, find_holes
from retouch.arrays.types import Mask, Progress, ignore_progress
from retouch.io.pictures.picture import Picture
from retouch.methods.catalogue import AUTO
from retouch.methods.crop_run import FillRequest
from retouch.methods.fill import fill_picture
from retouch.methods.report import FillReport
from retouch.tasks.provenance import findings_to_dicts, record_of, request_to_dict, target_to_dict
from retouch.tasks.targeting.found import Finding
from retouch.tasks.targeting.marks import take_off
from retouch.tasks.targeting.target import Target
from retouch.tasks.targeting.targets import Targets, find_targets

NOTHING_FOUND = "nothing was found, so nothing was changed"
_OF_CANDIDATES = ("method", "seed")
_ONLY_FILLED_MODES = ("CMYK", "YCbCr", "LAB", "HSV", "1")  # marks are laid over in RGB, and two colours have no halves


class Removal(NamedTuple):
    """A picture without what was meant, and the account of it.

    Attributes
    ----------
    picture : Picture, or of the kind that `retouch.remove` was given
        Outside the mask bit-equal.
    mask : (H, W) bool
        All that may have changed.
    findings : tuple of Finding
        What was found: kind, label, box, score, area.
    boxes : tuple of Box
        Around each hole of the mask.
    status : tuple of str
        What was looked for in vain, and why; what marks that lead the fill could not do.
    provenance : dict
        Plain JSON: version, target, findings, settings of the fill, hashes of picture and mask.
    report : FillReport or None
        Of the fill; None where nothing was found.
    others : tuple of Picture
        Where several candidates were asked for, the others, the next best first.
    """

    picture: Any
    mask: Mask
    findings: tuple[Finding, ...]
    boxes: tuple[Box, ...]
    status: tuple[str, ...]
    provenance: dict[str, Any]
    report: FillReport | None
    others: tuple[Any, ...] = ()


class _Filled(NamedTuple):
    picture: Picture
    report: FillReport
    chosen: dict[str, Any]
    others: tuple[Picture, ...] = ()


def remove_from_picture(
    picture: Picture,
    target: Target,
    request: FillRequest,
    progress: Progress = ignore_progress,
    *,
    n_candidates: int = 1,
) -> Removal:
    """Remove things from a picture.

    Parameters
    ----------
    picture : Picture
    target : Target
    request : FillRequest
    progress : callable, optional
        Of the fill.
    n_candidates : int, 1 to 16
        How many different fills to make, of which the best is taken: see `retouch.tasks.inspecting.judges`.

    Returns
    -------
    Removal
        With the very picture and a status where nothing was found.

    Raises
    ------
    InputError, UsageError, WeightsError, LimitError
        As `find_targets` and `fill_picture`.
    """
    targets = find_targets(picture, target)
    if not targets.mask.any():
        return _finished(picture, targets, target, request, None)
    cleaned, hole = _without_marks(picture, targets)
    filled = _fill(cleaned, hole, request, progress, n_candidates)
    return _finished(picture, targets, target, request, filled)


def _fill(picture: Picture, hole: Mask, request: FillRequest, progress: Progress, n_candidates: int) -> _Filled:
    """Return the fill, or the best of several; a mark that was wholly taken off leaves nothing to choose."""
    if n_candidates == 1 or not hole.any():
        result, report = fill_picture(picture, hole, request, progress)
        return _Filled(result, report, {})
    from retouch.tasks.inspecting.candidates import fill_candidates  # noqa: PLC0415 - loads a network that few ask for

    how = {field.name: getattr(request, field.name) for field in fields(request) if field.name not in _OF_CANDIDATES}
    methods = None if request.method == AUTO else (request.method,)
    best, *others = fill_candidates(
        picture, hole, n_candidates, methods=methods, seed=request.seed, progress=progress, **how
    )
    return _Filled(best.picture, best.report, {"candidate": best.to_dict()}, tuple(one.picture for one in others))


def _without_marks(picture: Picture, targets: Targets) -> tuple[Picture, Mask]:
    """Return the picture without its translucent marks, and what is left to fill."""
    if not targets.marks or picture.mode in _ONLY_FILLED_MODES:
        return picture, targets.mask
    image, to_fill = take_off(picture.to_float(), targets.marks)
    cleaned = picture.with_filled(image, targets.by_mark & ~to_fill)
    return cleaned, (targets.mask & ~targets.by_mark) | (to_fill & targets.mask)


def _finished(
    picture: Picture, targets: Targets, target: Target, request: FillRequest, filled: _Filled | None
) -> Removal:
    status = (*targets.status, *(filled.report.warnings() if filled else (NOTHING_FOUND,)))
    record = record_of(
        "remove",
        picture.pixels,
        np.packbits(targets.mask),
        target=target_to_dict(target),
        found=findings_to_dicts(targets.findings),
        status=list(status),
        fill=request_to_dict(request),
        **(filled.chosen if filled else {}),
    )
    result, report, _, others = filled or (picture, None, {}, ())
    boxes = tuple(find_holes(targets.mask))
    return Removal(result, targets.mask, targets.findings, boxes, status, record, report, others)
