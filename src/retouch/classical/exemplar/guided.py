"""Structure first, detail next: an interpolation says what is where, patches of the picture say what it looks like.

Source: this project, in the spirit of the pyramid generator "structure first, detail next" (see
`retouch.nets.inpainting.two_stage`), with no network: the structure is the blend of kriging and membrane (see
`retouch.classical.sparse.blended`), the detail PatchMatch completion (see patchmatch.py) whose patches are compared
with the structure besides each other. The structure is smooth in the hole, so the known part is smoothed for that, and
half the size does for it: the same fills to 0.01 dB for a seventh of its time (14 photographs, means).
Where pixels carry labels, each area of the hole is interpolated from its own area alone, so that the structure has an
edge where two areas meet.

On 18 photographs of the training set at 256 px with irregular masks, beside PatchMatch alone: 19.5 dB in the hole
against 18.8, perceptual distance (HED) 0.112 against 0.117; smoothing by 0.7, 2 or 4 px or a weaker guide was behind in
the latter.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import cv2
import numpy as np

from retouch.arrays.checks import check_pair
from retouch.arrays.compositing import composite
from retouch.arrays.regions import bounding_box
from retouch.arrays.types import AnyArray, Image, Mask, Progress, ignore_progress
from retouch.classical.exemplar.patchmatch import Guide, inpaint_patchmatch
from retouch.classical.exemplar.residual_aggregation import enlarge, shrink
from retouch.classical.sparse.blended import inpaint_blended
from retouch.errors import InputError

_SMOOTHING_PX = 1.4
_SEEN_PX = 48  # around an area's part of a hole: kriging and the membrane look no farther


def inpaint_guided_patchmatch(
    image: Image,
    mask: Mask,
    *,
    strength: float = 1.0,
    patch_size: int = 7,
    labels: AnyArray | None = None,
    areas: AnyArray | None = None,
    rng: np.random.Generator | None = None,
    progress: Progress = ignore_progress,
) -> Image:
    """Compose the hole of known patches along an interpolation.

    Parameters
    ----------
    image : (H, W, C) float32, range [0, 1]
        Picture to repair; values under the mask are never read.
    mask : (H, W) bool
        True where a pixel is missing. An all-False mask returns a copy.
    strength : float
        How much a difference from the interpolation counts beside one between patches, 0 to 1.
    patch_size : int
        Side of the square patches, odd, 3 to 15 pixels.
    labels : (H, W) int, optional
        Who borrows where, as in `retouch.classical.exemplar.patchmatch.inpaint_patchmatch`.
    areas : (H, W) int, optional
        The interpolation of area n > 0 sees no other area; those of `labels` if not given.
    rng : numpy.random.Generator, optional
        Source of chance; seed 0 if not given.
    progress : callable, optional
        Called as progress(done, total) in rounds of the search.

    Returns
    -------
    (H, W, C) float32, range [0, 1]
        Known pixels are bit-equal.

    Raises
    ------
    InputError
        If the pair fails `check_pair` or an option is out of range.

    Examples
    --------
    >>> stripes = np.tile(np.repeat([0.2, 0.8], 4), (48, 6)).astype(np.float32)[:, :, None]
    >>> hole = np.zeros((48, 48), bool)
    >>> hole[18:30, 18:30] = True
    >>> bool(np.abs(inpaint_guided_patchmatch(stripes, hole) - stripes).max() < 0.01)
    True
    """
    compose = partial(inpaint_patchmatch, patch_size=patch_size, labels=labels, rng=rng, progress=progress)
    return compose_along(image, mask, strength, inpaint_blended, compose, labels if areas is None else areas)


def compose_along(
    image: Image,
    mask: Mask,
    strength: float,
    fill: Callable[[Image, Mask], Image],
    compose: Callable[..., Image],
    areas: AnyArray | None = None,
) -> Image:
    """Return the hole composed of patches along the structure that `fill` makes at half the size.

    Parameters
    ----------
    image : (H, W, C) float32, range [0, 1]
    mask : (H, W) bool
    strength : float
        0 to 1; at 0 no structure is made.
    fill : callable
        Fills the small picture.
    compose : callable
        `inpaint_patchmatch` with its options bound.
    areas : (H, W) int, optional
        As for `coarse_structure`.

    Raises
    ------
    InputError
        If the pair fails `check_pair`, `strength` is out of range or `areas` has another shape.
    """
    check_pair(image, mask)
    if not 0 <= strength <= 1:
        raise InputError(f"strength must be 0 to 1, got {strength}")
    if areas is not None and areas.shape != mask.shape:
        raise InputError(f"areas and labels must have the mask's shape {mask.shape}, got {areas.shape}")
    if not mask.any():
        return compose(image, mask)
    coloured = as_colour(image)
    guide = guide_by(coarse_structure(coloured, mask, fill, areas), strength) if strength else None
    return np.ascontiguousarray(compose(coloured, mask, guide=guide)[:, :, : image.shape[2]])


def coarse_structure(
    image: Image,
    mask: Mask,
    fill: Callable[[Image, Mask], Image] = inpaint_blended,
    areas: AnyArray | None = None,
) -> Image:
    """Return the picture with its hole filled at half the size and enlarged.

    Parameters
    ----------
    image : (H, W, C) float32, range [0, 1]
    mask : (H, W) bool
    fill : callable
        Fills the small picture.
    areas : (H, W) int, optional
        A part of the hole in area n > 0 is filled from what is known of area n, where any is near; a part in area 0
        from all.

    Examples
    --------
    >>> mask = np.zeros((8, 8), bool)
    >>> mask[2:6, 2:6] = True
    >>> bool(np.ptp(coarse_structure(np.full((8, 8, 3), 0.25, np.float32), mask)) < 1e-6)
    True
    """
    structure, left = image.copy(), mask.copy()
    for area in [] if areas is None else np.unique(areas[mask & (areas > 0)]):
        own = areas == area
        part = mask & own
        box = bounding_box(part).grown(_SEEN_PX, _SEEN_PX, (mask.shape[0], mask.shape[1]))
        foreign, known = ~own[box.slices], (own & ~mask)[box.slices]
        if foreign.any() and known.any():
            filled = _filled_at_half(image[box.slices], mask[box.slices] | foreign, fill)
            structure[part] = filled[part[box.slices]]
            left &= ~part
    if left.any():
        structure[left] = _filled_at_half(image, mask, fill)[left]
    return structure


def _filled_at_half(image: Image, mask: Mask, fill: Callable[[Image, Mask], Image]) -> Image:
    small = shrink(image, mask, 2)
    filled = fill(small.picture, small.mask) if small.mask.any() else small.picture
    enlarged = enlarge(filled, 2)[: mask.shape[0], : mask.shape[1]]
    return composite(image, np.clip(enlarged, 0, 1), mask)


def as_colour(image: Image) -> Image:
    """Return grey as three equal channels, to fill both alike: the last bit of a structure can decide on a patch."""
    return np.repeat(image, 3, axis=2) if image.shape[2] == 1 else image


def guide_by(structure: Image, strength: float) -> Guide:
    """Return the guide that a filled picture makes, smoothed alike inside and outside the hole."""
    layers = (np.ascontiguousarray(layer) for layer in structure.transpose(2, 0, 1))
    return Guide(np.dstack([cv2.GaussianBlur(layer, (0, 0), _SMOOTHING_PX) for layer in layers]), strength)
