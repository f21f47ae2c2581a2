"""Scratches, hairs, folds and dust: thin lines and specks that are brighter or darker than all around them.

Source: J. Serra, "Image analysis and mathematical morphology", 1982: openings and top-hats.
Departures from the plain top-hat of the specification: a line is what an opening by a short straight line keeps in one
of sixteen directions, less what an opening by a square keeps, which leaves out texture that a top-hat does not. The
threshold is a contrast, and a multiple of the texture around a pixel, instead of mean and median deviation of the
picture: of a half smooth, half grassy picture those say nothing. Lines must share a level, as damage has the colour of
the paper or of dirt; in a picture whose lines share none nothing is found. What has a strong colour is no damage, nor
are dark lines where there are far more light ones, or light where there are far more dark.

Real thin things, such as wires, are found as well: show the mask, or name a region.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from jaxtyping import Bool, Float32, UInt8
from scipy import ndimage

from retouch.arrays.colour import to_grey
from retouch.arrays.regions import Box, dilate_mask
from retouch.arrays.types import Image, Mask
from retouch.masks.finding.limits import check_search, limited

_N_DIRECTIONS = 16
_WIDEST_PX = 5
_LEAST_CONTRAST = 0.16
_TIMES_TEXTURE = 7.0  # the mean response around a pixel
_TEXTURE_PX = 31
_LEAST_CROWD = 0.35  # share of the pixels of all lines that must be near one level
_SAME_LEVEL = 0.15
_LEAST_OF_OTHER_SIGN = 0.4  # of the pixels of all light lines, or dark ones: fewer are eyes, wires, twigs
_MOST_COLOURFUL = 0.25  # the largest less the smallest channel: paper, dirt and hairs are about grey
_EIGHT = np.ones((3, 3), bool)
_LARGEST_SPECK = 60  # pixels
_LOW = 0.5  # of the threshold, for what hangs on something above it
_GROWN_PX = 1
_NOTHING = "no scratches were found: raise sensitivity or name a region"


class FoundScratches(NamedTuple):
    """The mask of all damage, how many lines and specks it holds, and why nothing is masked where nothing is."""

    mask: Mask
    n_lines: int
    n_specks: int
    reason: str


def find_scratches(
    image: Image, *, sensitivity: float = 0.5, region: Box | None = None, most_share: float = 0.3
) -> FoundScratches:
    """Return the mask of thin damage, grown by 1 px.

    Parameters
    ----------
    image : (H, W, 1 or 3) float32, range [0, 1]
    sensitivity : float, range [0, 1]
        All thresholds are 1.6 times their usual height at 0, as stated at 0.5, 0.4 times at 1. A line must stand out by
        0.16 and by 7 times the texture around it.
    region : Box or None
        Where to look; None for everywhere.
    most_share : float, range (0, 1]
        Largest share of the picture to mask; more is refused with a reason.

    Returns
    -------
    FoundScratches

    Raises
    ------
    InputError
        If the picture or an option is not as above.

    Notes
    -----
    Costs 0.3 s for 512 x 512. Damage wider than 4 px is not found.

    Examples
    --------
    >>> photo = np.full((64, 64, 1), 0.5, np.float32)
    >>> photo[32, 10:50] = 1
    >>> found = find_scratches(photo)
    >>> found.n_lines, int(found.mask.sum(axis=0).max())
    (1, 3)
    """
    box = check_search(image, sensitivity, region, most_share)
    part = image[box.slices]
    grey = np.ascontiguousarray(to_grey(part)[:, :, 0])
    strictness = 1.6 - 1.2 * sensitivity
    lines, specks = np.zeros(grey.shape, bool), np.zeros(grey.shape, bool)
    by_sign = [_grey_parts(part, _lines(plane, strictness)) for plane in (grey, 1 - grey)]
    most = max(int(own.sum()) for own in by_sign)
    for plane, own in zip((grey, 1 - grey), by_sign, strict=True):
        if own.sum() >= _LEAST_OF_OTHER_SIGN * most:
            lines |= own
        specks |= _grey_parts(part, _specks(plane, strictness))
    specks &= ~dilate_mask(lines, 1)
    mask, reason = limited(dilate_mask(lines | specks, _GROWN_PX), box, image.shape[:2], most_share)
    if reason:
        return FoundScratches(mask, 0, 0, reason)
    n_lines, n_specks = ndimage.label(lines, _EIGHT)[1], ndimage.label(specks, _EIGHT)[1]
    return FoundScratches(mask, n_lines, n_specks, "" if mask.any() else _NOTHING)


def line_elements(length_px: int) -> list[UInt8[np.ndarray, "s s"]]:
    """Return straight lines of one length in sixteen directions, as structuring elements.

    Examples
    --------
    >>> [int(e.sum()) for e in line_elements(5)[::8]]
    [5, 5]
    """
    half = length_px // 2
    elements = []
    for angle in np.arange(_N_DIRECTIONS) * np.pi / _N_DIRECTIONS:
        dx, dy = round(half * float(np.cos(angle))), round(half * float(np.sin(angle)))
        element = np.zeros((2 * half + 1, 2 * half + 1), np.uint8)
        cv2.line(element, (half - dx, half - dy), (half + dx, half + dy), 1)
        elements.append(element)
    return elements


def _lines(plane: Float32[np.ndarray, "H W"], strictness: float) -> Bool[np.ndarray, "H W"]:
    """Return the bright lines of a plane that share a level."""
    length = max(9, 2 * (min(plane.shape) // 70) + 1)
    square = np.ones((_WIDEST_PX, _WIDEST_PX), np.uint8)
    thicker = cv2.dilate(plane, np.ones((2, 2), np.uint8))  # a slanted line's steps are not the element's
    kept = np.max([cv2.morphologyEx(thicker, cv2.MORPH_OPEN, e) for e in line_elements(length)], axis=0)
    kept = np.minimum(kept, plane)
    ridge = kept - np.minimum(kept, cv2.morphologyEx(plane, cv2.MORPH_OPEN, square))
    parts, n_parts = ndimage.label(_above(ridge, strictness), _EIGHT)
    areas = np.bincount(parts.ravel(), minlength=n_parts + 1)
    long = areas >= 1.5 * length
    long[0] = False
    if not long.any():
        return np.zeros(plane.shape, bool)
    level, share = _crowded_level(plane[long[parts]])
    if share < _LEAST_CROWD * strictness:
        return np.zeros(plane.shape, bool)
    levels = np.asarray(ndimage.median(plane, parts, np.arange(n_parts + 1)))
    lines: Bool[np.ndarray, "H W"] = (long & (np.abs(levels - level) < _SAME_LEVEL))[parts]
    return lines


def _crowded_level(values: Float32[np.ndarray, " n"]) -> tuple[float, float]:
    """Return the level around which most values lie, and the share of them that is within 0.09 of it."""
    counts = np.convolve(np.histogram(values, bins=64, range=(0, 1))[0], np.ones(11), "same")
    return (int(counts.argmax()) + 0.5) / 64, float(counts.max()) / len(values)


def _specks(plane: Float32[np.ndarray, "H W"], strictness: float) -> Bool[np.ndarray, "H W"]:
    """Return the bright specks of a plane that have nothing like them around."""
    side = _WIDEST_PX + 2
    tophat = cv2.morphologyEx(plane, cv2.MORPH_TOPHAT, np.ones((side, side), np.uint8))
    parts, n_parts = ndimage.label(_above(tophat, 2 * strictness), _EIGHT)
    areas = np.bincount(parts.ravel(), minlength=n_parts + 1)
    small = areas < _LARGEST_SPECK
    small[0] = False
    specks: Bool[np.ndarray, "H W"] = small[parts]
    return specks


def _grey_parts(part: Image, found: Bool[np.ndarray, "H W"]) -> Bool[np.ndarray, "H W"]:
    """Return the connected parts of what was found that have no strong colour."""
    labels, n_parts = ndimage.label(found, _EIGHT)
    colourful = np.asarray(ndimage.median(np.ptp(part, axis=2), labels, np.arange(n_parts + 1)))
    keep = colourful < _MOST_COLOURFUL
    keep[0] = False
    grey: Bool[np.ndarray, "H W"] = keep[labels]
    return grey


def _above(response: Float32[np.ndarray, "H W"], strictness: float) -> Bool[np.ndarray, "H W"]:
    """Return what is above the threshold of its surroundings, and what hangs on it above a lower one."""
    least = np.float32(_LEAST_CONTRAST * strictness)
    texture = cv2.blur(np.minimum(response, least), (_TEXTURE_PX, _TEXTURE_PX))  # damage itself counts little
    threshold = np.maximum(least, _TIMES_TEXTURE * strictness * texture)
    parts, n_parts = ndimage.label(response > _LOW * threshold, _EIGHT)
    keep = np.zeros(n_parts + 1, bool)
    keep[parts[response > threshold]] = True
    keep[0] = False
    above: Bool[np.ndarray, "H W"] = keep[parts]
    return above
