"""Contextual residual aggregation: a large picture is filled at a small size, its detail is mixed from known detail.

Source: Z. Yi, Q. Tang, S. Azizi, D. Jang, Z. Xu: "Contextual Residual Aggregation for Ultra High-Resolution Image
Inpainting", CVPR 2020, Sec. 3.1 and 3.2. Here it is a wrapper: the small picture may be filled by any method, and the
mixture may come from a net's attention, from a comparison of blocks, or from PatchMatch (`residual_mixtures`).

Departures
----------
- The residual is taken from the enlarged filled picture, not from the enlarged given one: pixels beside the hole would
  otherwise have what was under the mask in theirs.
- A small pixel is the mean of the known ones below it. Mixtures are divided by the share of them that was known.
- Pictures are mirrored to a multiple of the factor, not resized to a square.

    m            factor, px of the picture for one small pixel
    (h, w, D)    cells: what lies below each small pixel, D = m^2 C
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple, TypeAlias

import cv2
import numpy as np
from jaxtyping import Bool

from retouch.arrays.checks import check_pair, without_garbage
from retouch.arrays.compositing import composite
from retouch.arrays.types import AnyArray, Image, Mask, Progress, ignore_progress
from retouch.classical.exemplar.patchmatch import inpaint_patchmatch
from retouch.classical.exemplar.residual_mixtures import (
    Mixture,
    attend_blocks,
    copy_cells,
    find_offsets,
    from_cells,
    mix_blocks,
    to_cells,
)
from retouch.errors import InputError

Fill: TypeAlias = Callable[[Image, Mask], Image]
"""A method with its options bound: picture and mask to the filled picture."""

_BLOCK_PX = 16  # of the small picture: a 32nd of 512 px, as in the paper
_LEAST_SHARE = np.float32(1e-6)


class Shrunk(NamedTuple):
    """A picture made smaller.

    Attributes
    ----------
    picture : (h, w, C) float32
        Means of known pixels.
    mask : (h, w) bool
        True where none was known.
    whole : (h, w) bool
        True where all were known.
    """

    picture: Image
    mask: Mask
    whole: Bool[np.ndarray, "h w"]


def inpaint_residual_aggregation(
    image: Image,
    mask: Mask,
    *,
    fill: Fill | None = None,
    longest_px: int = 512,
    blocks: bool = False,
    rng: np.random.Generator | None = None,
    progress: Progress = ignore_progress,
) -> Image:
    """Fill a small copy of the picture and give its enlargement the detail of known places that look alike.

    Parameters
    ----------
    image : (H, W, C) float32, range [0, 1]
        Values under the mask are not read.
    mask : (H, W) bool
        True where a pixel is missing.
    fill : callable, optional
        Fills the small picture: image and mask to image; PatchMatch completion if not given.
    longest_px : int
        Longer side of the small picture, at most, before it is padded.
    blocks : bool
        Whether the detail of blocks of 16 small pixels a side is mixed; else that of single small pixels is copied.
    rng : numpy.random.Generator, optional
        Source of chance; seed 0 if not given.
    progress : callable, optional
        Called as progress(done, total): the fill is the first of two steps.

    Returns
    -------
    (H, W, C) float32, range [0, 1]
        Known pixels are bit-equal. A picture no larger than `longest_px` is filled as it is.

    Raises
    ------
    InputError
        If the pair fails `check_pair` or `longest_px` is not positive.

    Notes
    -----
    2048 x 2048 px take about two seconds. Where nothing alike is known, the detail is that of other things;
    and mixing blocks, as the paper does, weakens detail that no block repeats, such as grain or grass.

    Examples
    --------
    >>> rows = np.tile(np.float32([0.2, 0.8]), (64, 32))[:, :, None]
    >>> hole = np.zeros((64, 64), bool)
    >>> hole[20:40, 20:40] = True
    >>> bool(np.abs(inpaint_residual_aggregation(rows, hole, longest_px=32) - rows).max() < 0.02)
    True
    """
    check_pair(image, mask)
    if longest_px < 1:
        raise InputError(f"longest_px must be at least 1 pixel, got {longest_px}")
    if not mask.any():
        progress(0, 0)
        return image.copy()
    rng = rng or np.random.default_rng(0)
    fill = fill or partial(inpaint_patchmatch, rng=rng)
    factor = -(-max(mask.shape) // longest_px)
    small = shrink(image, mask, factor, multiple=_BLOCK_PX if blocks and factor > 1 else 1)
    filled = fill(small.picture, small.mask) if small.mask.any() else small.picture
    progress(1, 2)
    if factor > 1:
        filled = aggregate_residuals(image, mask, filled, factor, _choose(filled, small.whole, blocks=blocks, rng=rng))
    progress(2, 2)
    result: Image = composite(image, filled[: mask.shape[0], : mask.shape[1]], mask)
    return result


def shrink(image: Image, mask: Mask, factor: int, *, multiple: int = 1) -> Shrunk:
    """Return the picture a whole number of times smaller, mirrored so that its sides become multiples.

    Parameters
    ----------
    image : (H, W, C) float32
        Values under the mask are not read.
    mask : (H, W) bool
    factor : int
        Pixels a side that become one.
    multiple : int
        Of which the sides of the small picture shall be multiples: the blocks of an attention.

    Examples
    --------
    >>> shrink(np.float32([[[1.0], [3.0]]]), np.array([[False, True]]), 2).picture.tolist()
    [[[1.0]]]
    """
    side = factor * multiple
    size = [-(-length // side) * side for length in mask.shape]
    known = _mirrored((~mask)[:, :, None].astype(np.float32), *size)
    values = _mirrored(without_garbage(image, mask), *size)
    count = to_cells(known, factor).sum(axis=2, keepdims=True)  # (h, w, 1)
    height, width = count.shape[:2]
    total = values.reshape(height, factor, width, factor, -1).sum(axis=(1, 3))
    picture = (total / np.maximum(count, 1)).astype(np.float32)
    return Shrunk(picture, count[:, :, 0] == 0, count[:, :, 0] == factor**2)


def enlarge(picture: Image, factor: int) -> Image:
    """Return a small picture a whole number of times larger, by cubic interpolation.

    >>> enlarge(np.full((1, 2, 1), 0.5, np.float32), 2).shape
    (2, 4, 1)
    """
    height, width, n_channels = picture.shape
    size = (factor * width, factor * height)
    enlarged = cv2.resize(picture, size, interpolation=cv2.INTER_CUBIC)
    return np.asarray(enlarged.reshape(*size[::-1], n_channels), np.float32)


def aggregate_residuals(image: Image, mask: Mask, filled: Image, factor: int, mixture: Mixture) -> Image:
    """Return the picture with its hole filled from the enlarged small picture and a mixture of known detail.

    Parameters
    ----------
    image : (H, W, C) float32, range [0, 1]
        Values under the mask are not read.
    mask : (H, W) bool
    filled : (h, w, C) float32
        The filled picture of `shrink`, with the same factor.
    factor : int
    mixture : callable
        `mix_blocks` or `copy_cells` with its attention or places bound.

    Returns
    -------
    (H, W, C) float32, range [0, 1]
        Known pixels are bit-equal.

    Raises
    ------
    InputError
        If the filled picture has not the size that `shrink` makes.
    """
    height, width = filled.shape[:2]
    if height * factor < image.shape[0] or width * factor < image.shape[1]:
        raise InputError(
            f"{factor} times the filled picture must cover the picture of {image.shape[1]}x{image.shape[0]} px, "
            f"got {width}x{height}; fill what shrink returns"
        )
    height, width = height * factor, width * factor
    enlarged = enlarge(filled, factor)
    known = _mirrored((~mask)[:, :, None].astype(np.float32), height, width)
    residual = (_mirrored(without_garbage(image, mask), height, width) - enlarged) * known
    mixed, share = (from_cells(mixture(to_cells(part, factor)), factor) for part in (residual, known))
    detailed = enlarged + mixed / np.maximum(share, _LEAST_SHARE)
    result: Image = composite(image, np.clip(detailed, 0, 1)[: mask.shape[0], : mask.shape[1]], mask)
    return result


def _choose(filled: Image, whole: Mask, *, blocks: bool, rng: np.random.Generator) -> Mixture:
    if blocks:
        return partial(mix_blocks, attention=attend_blocks(filled, whole, _BLOCK_PX))
    return partial(copy_cells, places=find_offsets(filled, whole, rng))


def _mirrored(array: AnyArray, height: int, width: int) -> AnyArray:
    """Mirror the lower and right border up to this size; the last row is repeated once in the mirror."""
    bottom, right = height - array.shape[0], width - array.shape[1]
    padded: AnyArray = np.pad(array, ((0, bottom), (0, right), (0, 0)), mode="symmetric")
    return padded
