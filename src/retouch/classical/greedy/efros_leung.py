"""Efros and Leung's texture growth: each missing pixel is drawn from the centres of windows that look like its own.

Source: A. Efros, T. Leung, "Texture synthesis by non-parametric sampling", ICCV 1999, Sec. 2 (the window, its Gaussian
weights and the tolerance 0.1 on the distance), and the pseudo-code that its authors published with it (order, sigma of
w / 6.4, the limit 0.3 on the distance, raised by a tenth when nothing passes).

Departures
----------
- Windows are sought within a distance of the nearest whole one, not in the whole picture: a photograph is not one
  texture, and the time grows with the area. `search_px=0` seeks in the whole picture.
- Where no window of the usual size is known, the largest known one is taken, and the nearest pixel where there is none.
- The distance is a mean over colour channels, where the paper's pictures are grey.

Distances are sums of float32 that the vector registers regroup, so that another kind of processor may draw otherwise;
on one kind the same seed gives the same bytes, with any number of threads: the growth runs on one.
"""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
from jaxtyping import Bool, Float32, Int32

from retouch.arrays.checks import check_pair, without_garbage
from retouch.arrays.regions import hole_depth
from retouch.arrays.types import Image, Mask, Progress, ignore_progress
from retouch.classical.exemplar.guided import as_colour
from retouch.classical.greedy.growth import grow_pixels
from retouch.classical.greedy.patches import choose_patch_size, whole_patches
from retouch.classical.nearest import inpaint_nearest
from retouch.errors import InputError

_USUAL_PX = 11
_SIDES_PER_SIGMA = 6.4
_WORST = 0.3
_RELENTING = 1.1
_CHUNK = 256  # pixels between two calls of the progress hook


def inpaint_efros_leung(
    image: Image,
    mask: Mask,
    *,
    patch_size: int | None = None,
    tolerance: float = 0.1,
    search_px: int = 40,
    rng: np.random.Generator | None = None,
    progress: Progress = ignore_progress,
) -> Image:
    """Grow the texture around the hole into it, pixel by pixel.

    Parameters
    ----------
    image : (H, W, C) float32, range [0, 1]
        Picture to repair; values under the mask are never read.
    mask : (H, W) bool
        True where a pixel is missing. An all-False mask returns a copy.
    patch_size : int, optional
        Side w of the square windows, odd, 3 to 31 pixels; at least one period of the texture. If not given it is 11, or
        less where the holes leave no whole window of that size.
    tolerance : float
        Windows are drawn from up to this share above the least distance, 0 to 1.
    search_px : int
        How far from the nearest whole window others are sought, in pixels; 0 seeks in the whole picture.
    rng : numpy.random.Generator, optional
        Source of chance; seed 0 if not given.
    progress : callable, optional
        Called as progress(done, total) in missing pixels.

    Returns
    -------
    (H, W, C) float32, range [0, 1]
        Every filled pixel equals some known pixel; known pixels are bit-equal.

    Raises
    ------
    InputError
        If the pair fails `check_pair`, an option is out of range, or no window of the size asked for is wholly known.

    Notes
    -----
    The cost grows with the missing pixels times the area sought in. It is made for one texture, of which it brings back
    the look and not the place of each grain; where the surroundings hold several it slips from one into another, and a
    window below the size of the pattern grows garbage or copies one piece word for word.

    Examples
    --------
    >>> stripes = np.tile(np.repeat([0.2, 0.8], 4), (48, 6)).astype(np.float32)[:, :, None]
    >>> hole = np.zeros((48, 48), bool)
    >>> hole[18:30, 18:30] = True
    >>> bool((inpaint_efros_leung(stripes, hole) == stripes).all())
    True
    """
    check_pair(image, mask)
    _check_options(tolerance, search_px)
    side = choose_patch_size(~mask, patch_size, _USUAL_PX)
    n_missing = int(np.count_nonzero(mask))
    if not side or not n_missing:
        return inpaint_nearest(image, mask, progress=progress)
    growth = _Growth(image, mask, side, search_px)
    done = 0
    for n_filled in growth.passes(1 + tolerance, rng or np.random.default_rng(0)):
        done += n_filled
        progress(done, n_missing)
    return growth.picture(image.shape[2])


def _check_options(tolerance: float, search_px: int) -> None:
    """Refuse options that make no sense."""
    if not 0 <= tolerance <= 1:
        raise InputError(f"tolerance must be 0 to 1, got {tolerance}")
    if search_px < 0:
        raise InputError(f"search_px must be 0 or more pixels, got {search_px}")


class _Growth:
    """A picture while its hole is filled."""

    def __init__(self, image: Image, mask: Mask, side: int, search_px: int) -> None:
        self.unknown = mask.copy()
        self._values: Float32[np.ndarray, "H V"] = as_colour(without_garbage(image, mask)).reshape(len(mask), -1)
        self._origins = np.full((*mask.shape, 2), -1, np.int32)
        allowed = whole_patches(~mask, side)
        reach = np.ceil(hole_depth(~allowed)).astype(np.int32) + np.int32(search_px or max(mask.shape))
        self._source = (allowed, reach, _bell(side))

    def picture(self, n_channels: int) -> Image:
        """Return the picture as filled so far."""
        height, width = self.unknown.shape
        return np.ascontiguousarray(self._values.reshape(height, width, -1)[:, :, :n_channels])

    def passes(self, tolerance: float, rng: np.random.Generator) -> Iterator[int]:
        """Fill the front again and again until nothing is missing, and say in between how many pixels that was."""
        worst = _WORST
        state = (self._values, self.unknown, self._origins)
        while self.unknown.any():
            order = front_order(self.unknown, rng)
            chances = rng.random(len(order), dtype=np.float32)
            n_filled = 0
            for first in range(0, len(order), _CHUNK):
                part = slice(first, first + _CHUNK)
                filled = int(grow_pixels(state, self._source, order[part], chances[part], tolerance, worst))
                n_filled += filled
                yield filled
            if not n_filled:
                worst *= _RELENTING


def front_order(unknown: Bool[np.ndarray, "H W"], rng: np.random.Generator) -> Int32[np.ndarray, "n 2"]:
    """Return the missing pixels beside known ones, those with most known neighbours first, equal ones shuffled."""
    known = np.pad(~unknown, 1).astype(np.float32)
    n_known = cv2.boxFilter(known, -1, (3, 3), normalize=False)[1:-1, 1:-1]
    front = np.argwhere(unknown & (n_known > 0)).astype(np.int32)
    front = rng.permutation(front)
    return front[np.argsort(-n_known[front[:, 0], front[:, 1]], kind="stable")]


def _bell(side: int) -> Float32[np.ndarray, "w w"]:
    """Return the Gaussian weights of a window, 1 at its centre."""
    distance = np.arange(side) - side // 2
    profile = np.exp(-(distance**2) / (2 * (side / _SIDES_PER_SIGMA) ** 2))
    return np.outer(profile, profile).astype(np.float32)
