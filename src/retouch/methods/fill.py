"""The one way through: gate, plan, method on each crop, seam, composite.

Thin damage is filled first and counts as known for the broad holes after it, which so can borrow from what was
scratched. Within these two stages every crop stands alone: its randomness comes from the seed and its place, so that a
hole is filled the same whatever else is missing elsewhere.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from retouch.arrays.checks import count_bad_known
from retouch.arrays.types import AnyArray, Mask, Progress, ignore_progress
from retouch.errors import InputError, UsageError
from retouch.io.pictures.picture import Picture
from retouch.io.pictures.values import to_unit
from retouch.methods.catalogue import AUTO, MethodInfo, find_method
from retouch.methods.crop_run import FillRequest, Task, run_task
from retouch.methods.options import check_options
from retouch.methods.planning import auto
from retouch.methods.planning.guidance import LABELS, Guidance, Reach, check_takes, guide, half_patch_of
from retouch.methods.planning.memory import left_of_budget
from retouch.methods.planning.planner import Budget, plan_holes, plan_tiles
from retouch.methods.planning.survey import survey_holes
from retouch.methods.report import CropReport, FillReport

_BYTES_PER_MASK_PIXEL = 10  # masks, labels and depths of the survey
_BYTES_PER_MARKED_PIXEL = 40  # labels, areas, what patches carry, and the distances by which strokes cut
_PICTURE_COPIES = 2


class FillResult(NamedTuple):
    """A repaired picture and the account of how it was done."""

    picture: Picture
    report: FillReport


def fill_picture(
    picture: Picture, mask: Mask, request: FillRequest, progress: Progress = ignore_progress
) -> FillResult:
    """Fill the missing pixels of a picture.

    Parameters
    ----------
    picture : Picture
        Its alpha is kept as it is.
    mask : (H, W) bool
        True where a pixel is missing. An empty mask gives back the very picture.
    request : FillRequest
    progress : callable, optional
        Called as progress(done, total) in missing pixels; may raise Cancelled.

    Returns
    -------
    FillResult
        Known pixels are bit-equal.

    Raises
    ------
    InputError
        If the sizes differ, nothing is known, a known pixel is NaN or infinite, or a mark cannot be used.
    UsageError
        If the method or an option is unknown, or the method cannot be led by marks.
    LimitError
        If a hole cannot be filled within the memory budget.
    """
    started = time.perf_counter()
    info, options = _check_request(request)
    total = _check_pair(picture, mask)
    guidance = guide(request.marks, mask)
    crops: list[CropReport] = []
    result = picture
    if total:
        ranged = picture.with_range_of_known(mask)
        pixels = picture.pixels.copy()
        progress(0, total)
        done = 0
        for task in _plan(mask, info, options, guidance, _crop_budget(picture, request)):
            crops.append(run_task(pixels, ranged, task, request, _part_of(progress, done, task.crop.n_owned, total)))
            done += task.crop.n_owned
        result = _with_pixels(ranged, pixels, mask)
        progress(total, total)
    width, height = picture.size
    seconds = time.perf_counter() - started
    share = total / mask.size
    report = FillReport(request.method, request.seed, width, height, share, seconds, tuple(crops), guidance.notes)
    return FillResult(result, report)


def _check_request(request: FillRequest) -> tuple[MethodInfo | None, dict[str, Any]]:
    """Return the method asked for, None for "auto", and its checked options."""
    if not isinstance(request.seed, int) or isinstance(request.seed, bool) or request.seed < 0:
        raise UsageError(f"the seed must be a whole number of at least 0, got {request.seed!r}")
    if request.method != AUTO:
        info = find_method(request.method)
        if request.marks.names:
            check_takes(info, request.marks)
        return info, check_options(info, request.options)
    if request.options:
        given = ", ".join(f"'{name}'" for name in request.options)
        raise UsageError(f"method '{AUTO}' takes no options, got {given}; name a method to set its options")
    return None, {}


def _check_pair(picture: Picture, mask: Mask) -> int:
    """Refuse what cannot be filled; return the number of missing pixels."""
    if picture.shape != mask.shape:
        width, height = picture.size
        raise InputError(
            f"image and mask must have the same width and height, got image {width}x{height} and mask "
            f"{mask.shape[1]}x{mask.shape[0]}"
        )
    n_missing = int(np.count_nonzero(mask))
    if n_missing == mask.size:
        raise InputError("the mask covers the whole picture, so nothing is known to fill from; leave some pixels black")
    if picture.pixels.dtype.kind == "f":
        n_bad = count_bad_known(picture.pixels, mask)
        if n_bad:
            raise InputError(f"known pixels must be finite numbers, but {n_bad} of them are NaN or infinite; mask them")
    return n_missing


def _crop_budget(picture: Picture, request: FillRequest) -> Budget:
    """Return what the budget leaves for one crop beside the process, the picture and the masks."""
    height, width, n_channels = picture.pixels.shape
    per_pixel = _BYTES_PER_MASK_PIXEL + (_BYTES_PER_MARKED_PIXEL if request.marks.names else 0)
    fixed = _PICTURE_COPIES * picture.pixels.nbytes + per_pixel * height * width
    left = left_of_budget(request.max_memory_bytes, fixed, "the fill")
    return Budget(left, request.max_memory_bytes, n_channels)


def _plan(
    mask: Mask, info: MethodInfo | None, options: dict[str, Any], guidance: Guidance, budget: Budget
) -> list[Task]:
    """Return the crops of thin damage, then those of broad holes; refuse the fill here if one of them is too large."""
    survey = survey_holes(mask, guidance.led(mask))
    fixed = auto.Choice(info, f"method '{info.name}' was asked for") if info else None
    tasks = []
    if survey.thin.any():
        choice = fixed or auto.choose_for_thin(survey)
        tiles = plan_tiles(mask, survey.thin, survey.thin_half_width_px, choice.info, budget)
        tasks += [Task(crop, mask, choice, options, guidance) for crop in tiles]
    if survey.broad_boxes:
        choice = fixed or auto.choose_for_broad(survey)
        reach = None
        if guidance.labels is not None and LABELS in guidance.options_for(choice.info):
            reach = Reach(guidance.labels, survey.broad, half_patch_of(choice.info, options))
        for crop in plan_holes(survey.broad, survey.broad_boxes, choice.info, budget, reach):
            for_crop = fixed or auto.choose_for_crop(choice, survey.broad, crop.box)
            tasks.append(Task(crop, survey.broad, for_crop, options, guidance))
    return tasks


def _with_pixels(picture: Picture, pixels: AnyArray, mask: Mask) -> Picture:
    """Return the picture with the filled pixels, which a palette picture turns into the nearest of its colours."""
    if picture.palette is None:
        return replace(picture, pixels=pixels)
    return picture.with_filled(to_unit(pixels, picture.limits), mask)


def _part_of(progress: Progress, done: int, n_filled: int, total: int) -> Progress:
    """Return the hook of one crop, which reports its share of the whole."""
    return lambda part, whole: progress(done + n_filled * part // max(whole, 1), total)
