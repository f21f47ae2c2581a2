"""An unknown mark told from several pictures that carry it at the same place: its shape, opacity and colour.

Source: T. Dekel, M. Rubinstein, C. Liu, W. T. Freeman, "On the effectiveness of visible watermarks", CVPR 2017: the
median of the pictures' gradients is that of the mark, since theirs differ and it does not; integrated by Poisson's
equation it gives the mark up to the pictures' mean.

Departures
----------
- The authors then solve for all pictures, mark and opacity in turns. Here the mark has one opacity, less at its borders
  only, and one colour, as most have. Both follow from one line: beside the mark's border the picture hardly changes,
  so J_p = alpha W + (1 - alpha) J_q for a pixel p inside and its nearest q outside.
- That line is fitted with weights that fall with the distance from it, since a few pairs lie on an edge of the picture
  and most do not. At the mark's borders each pixel has an opacity of its own, from what most pictures agree on.

J      (n, H, W, C)  the pictures
P      (H, W, C)     the integral of the median gradients, alpha (W - mean of the pictures)
shape  (H, W)        opacity divided by the mark's full opacity
alpha  float         full opacity
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np
from jaxtyping import Bool, Float32, Float64
from scipy import fft, ndimage

from retouch.arrays.regions import Box, dilate_mask
from retouch.arrays.types import Image, Mask
from retouch.errors import InputError
from retouch.masks.finding.limits import check_search, limited
from retouch.masks.watermarks.marks import Mark
from retouch.masks.watermarks.robust_fits import robust_line, robust_ratio

FEWEST = 8
"""Pictures that a mark is told from, at least."""

_GROWN_PX = 2
_NEAR_PX = 7.0  # between the two pixels of a pair
_FEWEST_PAIRS = 30
_LEAST_OPACITY = 0.01
_INSIDE = 0.5  # of the full opacity
_MOST_COVERED = 0.7  # of the region: with more there is no outside to compare with
_NOTHING = "no common mark was found: its edges must lie at the same place in all pictures; give more pictures"


class EstimatedMark(NamedTuple):
    """The mark as large as the pictures, the mask of what it covers, and why nothing is masked where nothing is."""

    mark: Mark
    mask: Mask
    reason: str


def estimate_mark(
    images: Sequence[Image], *, sensitivity: float = 0.5, region: Box | None = None, most_share: float = 0.6
) -> EstimatedMark:
    """Return the translucent mark that several pictures of one size carry at the same place.

    Parameters
    ----------
    images : 8 or more of (H, W, 1 or 3) float32, range [0, 1]
        Different pictures: 20 give an opacity right to about 0.005 where they are photographs.
    sensitivity : float, range [0, 1]
        The mark must change the mean picture by 0.06 at 0, by 0.03 at 0.5, by 0.005 at 1.
    region : Box or None
        Where the mark may be, with some pixels around it; None for everywhere.
    most_share : float, range (0, 1]
        Largest share of the picture to mask; more is refused with a reason.

    Returns
    -------
    EstimatedMark
        Its colour is one for the whole mark. Pass `mark.colour` and `mark.opacity` to `unblend`.

    Raises
    ------
    InputError
        If there are fewer than 8 pictures, their shapes differ, or an option is not as above.

    Notes
    -----
    Takes 4 bytes x pictures x pixels x channels of memory several times over. A mark that touches the border of the
    region, has several colours or opacities, or covers all but little of it is told wrongly.
    """
    if len(images) < FEWEST:
        raise InputError(f"a mark is told from at least {FEWEST} pictures that carry it, got {len(images)}; give more")
    box = check_search(images[0], sensitivity, region, most_share)
    for image in images:
        if image.shape != images[0].shape:
            raise InputError(f"all pictures must have one shape, got {images[0].shape} and {image.shape}")
        check_search(image, sensitivity, region, most_share)
    stack = np.stack([image[box.slices] for image in images])
    shape = _shape_of_mark(_integral(*_median_gradients(stack)), 0.06 - 0.055 * sensitivity)
    found = None if shape is None else _opacity_and_colour(stack, shape)
    if shape is None or found is None:
        return _nothing(images[0], _NOTHING)
    mask, reason = limited(dilate_mask(shape > 0, _GROWN_PX), box, images[0].shape[:2], most_share)
    if reason:
        return _nothing(images[0], reason)
    opacity = np.zeros(images[0].shape[:2], np.float32)
    opacity[box.slices] = _opacity_at_borders(stack, shape, *found)
    colour = np.broadcast_to(found[1], images[0].shape).astype(np.float32)
    return EstimatedMark(Mark(colour, opacity), mask, "")


def _nothing(image: Image, reason: str) -> EstimatedMark:
    clear = np.zeros(image.shape[:2], np.float32)
    return EstimatedMark(Mark(np.zeros(image.shape, np.float32), clear), clear > 0, reason)


def _median_gradients(
    stack: Float32[np.ndarray, "n H W C"],
) -> tuple[Float32[np.ndarray, "h1 W C"], Float32[np.ndarray, "H w1 C"]]:
    """Return the median over the pictures of the differences to the south and to the east."""
    return np.median(np.diff(stack, axis=1), axis=0), np.median(np.diff(stack, axis=2), axis=0)


def _integral(
    south: Float32[np.ndarray, "h1 W C"], east: Float32[np.ndarray, "H w1 C"]
) -> Float64[np.ndarray, "H W C"]:
    """Return the picture, 0 just outside its border, whose differences come nearest to those given."""
    height, width = east.shape[0], south.shape[1]
    divergence = np.zeros((height, width, south.shape[2]))
    divergence[:-1] += south
    divergence[1:] -= south
    divergence[:, :-1] += east
    divergence[:, 1:] -= east
    rows = 2 - 2 * np.cos(np.pi * np.arange(1, height + 1) / (height + 1))
    columns = 2 - 2 * np.cos(np.pi * np.arange(1, width + 1) / (width + 1))
    spectrum = fft.dstn(-divergence, type=1, axes=(0, 1)) / (rows[:, None] + columns)[:, :, None]
    integral: Float64[np.ndarray, "H W C"] = fft.idstn(spectrum, type=1, axes=(0, 1))
    return integral


def _shape_of_mark(integral: Float64[np.ndarray, "H W C"], least: float) -> Float32[np.ndarray, "H W"] | None:
    """Return the mark's opacity divided by its full one, or None where nothing stands out."""
    levelled = integral - np.median(integral, axis=(0, 1))
    strength = np.linalg.norm(levelled, axis=2)
    inside = strength > _otsu(strength)
    for _ in range(2):
        levelled = integral - _from_outside(integral, dilate_mask(inside, 3))
        direction = np.median(levelled[inside], axis=0)
        along = levelled @ direction / max(float(direction @ direction), 1e-12)
        core = along > _INSIDE
        if np.linalg.norm(direction) < least or not core.any() or core.mean() > _MOST_COVERED:
            return None
        inside = along > _INSIDE
    shape = np.clip(along / float(np.median(along[inside])), 0, 1).astype(np.float32)
    shape[ndimage.binary_erosion(inside, np.ones((3, 3), bool))] = 1
    shape[~dilate_mask(inside, 1)] = 0
    found: Float32[np.ndarray, "H W"] = shape
    return found


def _otsu(values: Float64[np.ndarray, "H W"]) -> float:
    top = float(values.max()) or 1.0
    level, _ = cv2.threshold(np.rint(values / top * 255).astype(np.uint8), 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    return level / 255 * top


def _from_outside(integral: Float64[np.ndarray, "H W C"], inside: Bool[np.ndarray, "H W"]) -> np.ndarray:
    """Return the ground that the integral has drifted to: the mean around each pixel of what is outside the mark."""
    weight = (~inside).astype(np.float64)
    total = sum(
        ndimage.gaussian_filter(np.stack([weight, *np.moveaxis(integral * weight[:, :, None], 2, 0)]), (0, s, s)) / s
        for s in (4.0, 12.0, 48.0)
    )
    return np.moveaxis(total[1:] / np.maximum(total[0], 1e-9), 0, 2)


def _opacity_and_colour(
    stack: Float32[np.ndarray, "n H W C"], shape: Float32[np.ndarray, "H W"]
) -> tuple[float, Float64[np.ndarray, " C"]] | None:
    """Return full opacity and colour by the line through pairs beside the mark's border, or None without pairs."""
    clean = ~dilate_mask(shape > 0, 1)
    distance, nearest = ndimage.distance_transform_edt(~clean, return_indices=True)
    rows, columns = np.nonzero((shape >= 1) & (distance <= _NEAR_PX))
    if len(rows) < _FEWEST_PAIRS:
        return None
    inside = stack[:, rows, columns].astype(np.float64)
    beside = stack[:, nearest[0][rows, columns], nearest[1][rows, columns]].astype(np.float64)
    clear, lift = robust_line(beside, inside)  # 1 - alpha, alpha W
    alpha = float(np.clip(1 - clear, 0.02, 0.98))
    return alpha, (lift / alpha).clip(0, 1)


def _opacity_at_borders(
    stack: Float32[np.ndarray, "n H W C"],
    shape: Float32[np.ndarray, "H W"],
    alpha: float,
    colour: Float64[np.ndarray, " C"],
) -> Float32[np.ndarray, "H W"]:
    """Return the opacity: full inside, and at the mark's borders that of least squares over all pictures.

    What lies under a border pixel is between what is seen beside the mark and what un-blending gives inside it.
    """
    core = ndimage.binary_erosion(shape > _INSIDE, np.ones((3, 3), bool))
    border = dilate_mask(shape > 0, 1) & ~core
    under = stack.astype(np.float64)
    under[:, core] = (under[:, core] - alpha * colour) / (1 - alpha)
    rows, columns = np.nonzero(border)
    between = _between(under, ~border & ~core, core, (rows, columns))
    change, most = stack[:, rows, columns] - between, colour - between
    opacity = np.where(core, np.float32(alpha), np.float32(0))
    opacity[rows, columns] = robust_ratio(change, most).clip(0, alpha)
    opacity[opacity < _LEAST_OPACITY] = 0
    return opacity


def _between(
    under: Float64[np.ndarray, "n H W C"],
    outside: Bool[np.ndarray, "H W"],
    core: Bool[np.ndarray, "H W"],
    at: tuple[np.ndarray, np.ndarray],
) -> Float64[np.ndarray, "n p C"]:
    """Return the values on the way from the nearest pixel outside the mark to the nearest one inside it."""
    far, nearest = ndimage.distance_transform_edt(~outside, return_indices=True)
    result = under[:, nearest[0][at], nearest[1][at]]
    if not core.any():
        return result
    deep, inner = ndimage.distance_transform_edt(~core, return_indices=True)
    share = (far[at] / (far[at] + deep[at]))[None, :, None] * (deep[at] < _NEAR_PX)[None, :, None]
    mixed: Float64[np.ndarray, "n p C"] = (1 - share) * result + share * under[:, inner[0][at], inner[1][at]]
    return mixed
