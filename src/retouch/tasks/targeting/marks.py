"""Watermarks as targets: a known one is looked for, an unknown one is told from several pictures; both as they lie.

Source: own, around `masks.watermarks`. What is translucent is taken off, the rest is filled, and so is the outline of
a mark that was placed: filled it is 4 to 5 dB nearer the truth.

A logo is mostly drawn opaque and laid over pictures at some opacity. So where the drawing is opaque its opacity in the
picture, k, is told from the picture: with I0 a membrane across the mark, drawn from what is around it, least squares of
J - I0 = k alpha (W - I0) over its inside, where a place 1 px off changes nothing. What I0 misses does not hang together
with I0 itself, so that k is right in the mean. A drawing that is translucent itself is believed.

J      (H, W, C)  the picture
W      (H, W, C)  the mark's colour
alpha  (H, W)     the opacity that the mark was drawn with
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
from jaxtyping import Float32

from retouch.arrays.colour import to_grey
from retouch.arrays.regions import bounding_box, dilate_mask, hole_depth
from retouch.arrays.types import Image, Mask
from retouch.classical.diffusion.harmonic import inpaint_harmonic
from retouch.errors import InputError
from retouch.io.pictures.conversion import in_rgb
from retouch.io.pictures.reading import open_image
from retouch.masks.watermarks.consensus import FEWEST, estimate_mark
from retouch.masks.watermarks.marks import Mark, mark_of, place_mark
from retouch.masks.watermarks.matching import PlacedMark, find_mark
from retouch.masks.watermarks.unblending import unblend
from retouch.methods.kinds import to_picture
from retouch.tasks.targeting.contents import search_settings
from retouch.tasks.targeting.found import Finding, Found, nothing, united
from retouch.tasks.targeting.target import Target

_SEEN_OPACITY = 0.05
_OPAQUE = 0.9
_TOO_OPAQUE = 0.8  # told from the picture: an error of 0.03 would show
_OPAQUE_RIM_PX = 3  # its soft border cannot be placed well enough to be taken off
_MISPLACED_PX = 2
_NEAR_PX = 9.0
_FEWEST_INSIDE = 30
_MOST_PICTURES = 32
_LEAST_CONTRAST = 1e-6


class LaidMark(NamedTuple):
    """A mark as large as the picture, with the opacity that it has there, and where that is not to be relied on."""

    mark: Mark
    uncertain: Mask


class FoundMarks(NamedTuple):
    """What was found, and each mark as it lies in the picture."""

    found: Found
    marks: tuple[LaidMark, ...]


class Cleaned(NamedTuple):
    """The picture with its marks taken off, and the (H, W) bool mask of what could not be and is to be filled."""

    image: Image
    to_fill: Mask


def find_marks(image: Image, target: Target) -> FoundMarks:
    """Return the marks of a target that lie in a picture.

    Parameters
    ----------
    image : (H, W, 1 or 3) float32, range [0, 1]
    target : Target

    Raises
    ------
    InputError
        If the mark cannot be read, or there are fewer than 8 pictures of this size to tell it from.
    """
    shape = (image.shape[0], image.shape[1])
    parts = []
    if target.watermark is not None:
        parts.append(_known_marks(image, target))
    if target.watermark_from is not None:
        parts.append(_shared_mark(image, target))
    return FoundMarks(united(shape, [part.found for part in parts]), tuple(m for part in parts for m in part.marks))


def take_off(image: Image, marks: Sequence[LaidMark]) -> Cleaned:
    """Return a picture without its translucent marks.

    Parameters
    ----------
    image : (H, W, C) float32, range [0, 1]
    marks : sequence of LaidMark

    Returns
    -------
    Cleaned
        What is nearly opaque or not to be relied on is left as it came, to be filled.
    """
    to_fill = np.zeros(image.shape[:2], bool)
    for mark, uncertain in marks:
        image, more = unblend(image, mark.colour, mark.opacity)
        to_fill |= more | uncertain
    return Cleaned(image, to_fill)


def opacity_in(image: Image, placed: Mark) -> float:
    """Return the opacity, 0 to 1, with which a mark that was drawn opaque lies in a picture.

    Parameters
    ----------
    image : (H, W, C) float32, range [0, 1]
    placed : Mark
        As large as the picture.

    Examples
    --------
    White of opacity 0.5 over black:

    >>> picture, opacity = np.zeros((9, 9, 1), np.float32), np.zeros((9, 9), np.float32)
    >>> opacity[3:6, 3:6], picture[3:6, 3:6] = 1, 0.5
    >>> opacity_in(picture, Mark(np.ones((9, 9, 1), np.float32), opacity))
    0.5
    """
    covered = dilate_mask(placed.opacity > 0, _MISPLACED_PX)
    if covered.all():
        return 1.0
    around = bounding_box(covered).grown(16, 16, (image.shape[0], image.shape[1])).slices
    seen, hole, alpha = image[around], covered[around], placed.opacity[around]
    under = inpaint_harmonic(seen, hole)
    near = _core(alpha) & (hole_depth(hole) <= _NEAR_PX)
    change = (seen - under)[near].astype(np.float64)
    most = (alpha[:, :, None] * (placed.colour[around] - under))[near].astype(np.float64)
    contrast = float((most * most).sum())
    return float(np.clip((change * most).sum() / contrast, 0, 1)) if contrast > _LEAST_CONTRAST else 1.0


def _core(opacity: Float32[np.ndarray, "H W"]) -> Mask:
    """Return the inside of a mark, as deep as it has one: a place 1 px off changes nothing there."""
    full: Mask = np.asarray(opacity > 0.9 * opacity.max())
    for side in (5, 3):
        inside: Mask = cv2.erode(full.astype(np.uint8), np.ones((side, side), np.uint8)).astype(bool)
        if np.count_nonzero(inside) > _FEWEST_INSIDE:
            return inside
    return full


def _known_marks(image: Image, target: Target) -> FoundMarks:
    shape = (image.shape[0], image.shape[1])
    mark = _drawn(target.watermark, image.shape[2])
    mask, placed, reason = find_mark(image, mark, **search_settings(target))
    as_they_lie = [_as_it_lies(image, mark, one, shape) for one in placed]
    findings = tuple(
        Finding("watermark", f"of opacity {float(there.opacity.max()):.2f}", bounding_box(seen), one.agreement, n)
        for one, there in zip(placed, as_they_lie, strict=True)
        if (n := int(np.count_nonzero(seen := there.opacity > 0)))
    )
    laid = tuple(as_laid(there) for there in as_they_lie)
    return FoundMarks(Found(mask, findings, (reason,) if reason else ()), laid)


def as_laid(placed: Mark) -> LaidMark:
    """Return a mark that was placed; its borders are uncertain: a tenth of a pixel off leaves an outline there."""
    opacity = placed.opacity
    half = (opacity > 0.5 * opacity.max()).astype(np.uint8)
    square = np.ones((3, 3), np.uint8)
    outline = cv2.dilate(half, square) > cv2.erode(half, square)
    return LaidMark(placed, outline | dilate_mask(opacity >= _OPAQUE, _OPAQUE_RIM_PX))


def _as_it_lies(image: Image, mark: Mark, placed: PlacedMark, shape: tuple[int, int]) -> Mark:
    there = place_mark(mark, placed.homography, shape)
    if mark.opacity.max() < _OPAQUE:
        return there
    strength = opacity_in(image, there)
    return there if strength >= _TOO_OPAQUE else Mark(there.colour, there.opacity * np.float32(strength))


def _drawn(source: Any, n_channels: int) -> Mark:
    """Return the mark that a picture is, in as many channels as the picture it is looked for in."""
    picture = in_rgb(to_picture(source))
    colour = _in_channels(picture.to_float(), n_channels)
    if picture.alpha is None:
        return mark_of(colour)
    opacity = (picture.alpha.astype(np.float32) / np.float32(picture.opaque))[:, :, None]
    return mark_of(np.concatenate([colour, opacity], axis=2))


def _in_channels(image: Image, n_channels: int) -> Image:
    if image.shape[2] == n_channels:
        return image
    return to_grey(image) if n_channels == 1 else np.repeat(image, n_channels, axis=2)


def _shared_mark(image: Image, target: Target) -> FoundMarks:
    """Return the mark that other pictures share; the picture itself is one of them where it lies in the folder."""
    others, n_left_out = _others(target.watermark_from, image)
    if len(others) < FEWEST:
        got = f"got {len(others)}, and {n_left_out} of another size or kind"
        raise InputError(
            f"a mark is told from at least {FEWEST} pictures of the same size that carry it, {got}; give more"
        )
    mark, mask, reason = estimate_mark(others, **search_settings(target))
    left_out = f"{n_left_out} pictures of another size or kind were left out" if n_left_out else ""
    status = tuple(sentence for sentence in (left_out, reason) if sentence)
    if reason:
        return FoundMarks(nothing((image.shape[0], image.shape[1]), *status), ())
    seen = mark.opacity > _SEEN_OPACITY
    label = f"of opacity {float(mark.opacity.max()):.2f}, told from {len(others)} pictures"
    finding = Finding("watermark", label, bounding_box(mask), None, int(np.count_nonzero(seen)))
    return FoundMarks(Found(mask, (finding,), status), (LaidMark(mark, dilate_mask(mark.opacity >= _OPAQUE, 1)),))


def _others(source: Any, image: Image) -> tuple[list[Image], int]:
    """Return the pictures of the size of `image`, 32 at most, and how many were of another or cannot be read."""
    if isinstance(source, str | os.PathLike):
        if not Path(source).is_dir():
            raise InputError(f"the pictures that share a mark must lie in a folder, got '{source}'; name a folder")
        sources: list[Any] = sorted(path for path in Path(source).iterdir() if path.is_file())
    else:
        sources = list(source)
    same: list[Image] = []
    n_left_out = 0
    for one in sources:
        if len(same) == _MOST_PICTURES:
            break
        shown = _read_one(one)
        if shown is None or shown.shape[:2] != image.shape[:2]:
            n_left_out += 1
        else:
            same.append(_in_channels(shown, image.shape[2]))
    return same, n_left_out


def _read_one(source: Any) -> Image | None:
    """Return a picture in colours, or None where a file of a folder is no picture."""
    if not isinstance(source, Path):
        return in_rgb(to_picture(source)).to_float()
    try:
        return in_rgb(open_image(source)).to_float()
    except InputError:
        return None
