"""One call of a method on one crop, with the steps before and after it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import cv2
import numpy as np

from retouch.arrays.threads import single_threaded_products
from retouch.arrays.types import AnyArray, Image, Mask, Progress
from retouch.classical.exemplar.sources import restrict
from retouch.classical.nearest import inpaint_nearest
from retouch.errors import InputError
from retouch.io.pictures.picture import Picture
from retouch.methods.catalogue import AUTO, INTERPOLATION, load_method
from retouch.methods.planning.auto import Choice
from retouch.methods.planning.guidance import LABELS, Guidance, Marks, half_patch_of, options_taken
from retouch.methods.planning.memory import DEFAULT_MEMORY_BYTES
from retouch.methods.planning.planner import Crop
from retouch.methods.report import CropReport, GuidanceReport


@dataclass(frozen=True)
class FillRequest:
    """How to fill.

    Attributes
    ----------
    method : str
        A name of the catalogue, or "auto".
    options : mapping
        Options of the method; arrays of the picture's size are cut with it. "auto" takes none.
    seed : int
        0 or more; the same seed gives the same bytes.
    max_memory_bytes : int
        Budget of the whole process, estimated.
    seam : bool
        Whether the level of composed patches is matched to the border.
    grain : bool
        Whether fills that are smoother than their surroundings get noise of the same strength.
    marks : Marks
        What the user has drawn to lead the fill.
    """

    method: str = AUTO
    options: Mapping[str, Any] = field(default_factory=dict)
    seed: int = 0
    max_memory_bytes: int = DEFAULT_MEMORY_BYTES
    seam: bool = True
    grain: bool = False
    marks: Marks = field(default_factory=Marks)


class Task(NamedTuple):
    """One crop of one stage, ready to run.

    Attributes
    ----------
    crop : Crop
    unknown : (H, W) bool
        All pixels that are missing in this stage.
    choice : Choice
    options : dict
    guidance : Guidance
        Of the whole picture.
    """

    crop: Crop
    unknown: Mask
    choice: Choice
    options: dict[str, Any]
    guidance: Guidance = Guidance()


def run_task(pixels: AnyArray, picture: Picture, task: Task, request: FillRequest, progress: Progress) -> CropReport:
    """Fill the pixels that one crop owns, in place.

    Parameters
    ----------
    pixels : (H, W, C) native values
        The whole picture, filled so far.
    picture : Picture
        What it was, with the range of its known values.
    task : Task
    request : FillRequest
    progress : callable
        Called with the method's own counts.
    """
    started = time.perf_counter()
    crop, info = task.crop, task.choice.info
    rng = np.random.default_rng(np.random.SeedSequence(request.seed, spawn_key=tuple(crop.core)))
    part = replace(picture, pixels=pixels[crop.box.slices], alpha=None, palette=None)
    image, unknown = part.to_float(), np.ascontiguousarray(task.unknown[crop.box.slices])
    if info.kind == INTERPOLATION:
        image, unknown = _without_far_holes(image, unknown, crop)
    given = {**task.guidance.options_for(info), **task.options}
    options = {name: _cut(value, task) for name, value in given.items()}
    method = load_method(info)
    with single_threaded_products():
        result: Image = method(image, unknown, rng=rng, progress=progress, **options)
        result = _finish(result, unknown, task, request, rng)
    pixels[crop.box.slices] = part.with_filled(result, crop.owned).pixels
    seconds = time.perf_counter() - started
    led = _account_of(task, unknown, options)
    return CropReport(crop.box, crop.core, crop.n_owned, info.name, task.choice.reason, seconds, led)


def _without_far_holes(image: Image, unknown: Mask, crop: Crop) -> tuple[Image, Mask]:
    """Close what is missing farther away than the crop's margin from its own pixels.

    Interpolation looks no farther than its margin, so these pixels change nothing that is taken from this crop; but to
    solve for them, such as for a broad hole beside a scratch, could cost more than all the rest.
    """
    side = 2 * crop.margin_px + 1
    near = cv2.dilate(crop.owned.view(np.uint8), np.ones((side, side), np.uint8)).astype(bool)
    far = unknown & ~near
    if not far.any():
        return image, unknown
    closed = inpaint_nearest(image, unknown)
    return np.where(near[:, :, None], image, closed), unknown & near


def _account_of(task: Task, unknown: Mask, options: dict[str, Any]) -> GuidanceReport | None:
    """Return how many of the crop's own pixels were restricted by labels, None where there are no marks."""
    if task.guidance.labels is None:
        return None
    info, owned = task.choice.info, task.crop.owned
    labels = _cut(task.guidance.labels, task)
    # What a method that takes no labels fills has no patch to choose from.
    source = ~unknown if LABELS in options_taken(info) else np.zeros_like(unknown)
    found = restrict(labels, owned, source, half_patch_of(info, options))
    return GuidanceReport(found.n_restricted, found.n_free, found.unserved)


def _finish(image: Image, mask: Mask, task: Task, request: FillRequest, rng: np.random.Generator) -> Image:
    """Take the steps after the method that are asked for."""
    info = task.choice.info
    if request.seam and info.kind != INTERPOLATION and not info.fits_levels:
        from retouch.methods.finishing.seam import blend_seam  # noqa: PLC0415 - numba, which interpolation may do without

        image = blend_seam(image, mask, None if task.guidance.areas is None else _cut(task.guidance.areas, task))
    if request.grain:
        from retouch.methods.finishing.grain import match_grain  # noqa: PLC0415

        image = match_grain(image, mask, rng)
    return image


def _cut(value: Any, task: Task) -> Any:
    """Cut an option that is an array of the picture's size to the crop."""
    if not isinstance(value, np.ndarray):
        return value
    if value.shape[:2] != task.unknown.shape:
        height, width = task.unknown.shape
        raise InputError(f"an array option must have the picture's size {width}x{height}, got shape {value.shape}")
    return np.ascontiguousarray(value[task.crop.box.slices])
