"""Seamless cloning: a piece of one picture is set into another at another place, without a seam.

Source: P. Perez, M. Gangnet, A. Blake, "Poisson image editing", SIGGRAPH 2003, sections 3 and 4 (see poisson.py).
Departures: what would lie outside the target is cut off.
"""

from __future__ import annotations

import numpy as np

from retouch.arrays.poisson import blend_poisson
from retouch.arrays.types import Image, Mask, Progress, ignore_progress
from retouch.errors import InputError


def clone(
    source: Image,
    target: Image,
    mask: Mask,
    offset: tuple[int, int],
    *,
    mixed: bool = False,
    progress: Progress = ignore_progress,
) -> Image:
    """Return the target with the marked piece of the source set in and blended with its surroundings.

    Parameters
    ----------
    source : (h, w, C) float32
        Where the piece is cut from. All finite.
    target : (H, W, C) float32
        Where it goes; of any size. All finite.
    mask : (h, w) bool
        True on the piece.
    offset : (int, int)
        Rows and columns by which the piece moves: source pixel (row, col) goes to target pixel (row + offset[0],
        col + offset[1]).
    mixed : bool
        Take the target's difference of two neighbours where it is the larger one, so that its texture shows through.
    progress : callable, optional
        Called as progress(done, 100).

    Returns
    -------
    (H, W, C) float32
        Bit-equal to the target off the piece; not clipped, since a blend may leave [0, 1].

    Raises
    ------
    InputError
        If the mask is not of the source's height and width, the channels differ, or no part of the piece lies on the
        target.

    Notes
    -----
    Costs what `blend_poisson` costs on the piece's bounding box. At the edge of the source the difference to a
    neighbour outside it is taken to be 0. Colours of the piece shift with those around its new place.

    Examples
    --------
    A bright dot moves two columns to the right, onto a grey that is 0.3 darker:

    >>> source, target = np.full((3, 3, 1), 0.5, np.float32), np.full((3, 5, 1), 0.2, np.float32)
    >>> source[1, 1] = 0.75
    >>> piece = np.zeros((3, 3), bool)
    >>> piece[1, 1] = True
    >>> clone(source, target, piece, (0, 2))[1, :, 0].round(2).tolist()
    [0.20000000298023224, 0.20000000298023224, 0.20000000298023224, 0.44999998807907104, 0.20000000298023224]
    """
    if source.shape[:2] != mask.shape or source.shape[2:] != target.shape[2:]:
        raise InputError(
            f"mask must be of the source's height and width, and both pictures of as many channels, got source "
            f"{source.shape}, target {target.shape} and mask {mask.shape}"
        )
    rows, columns = (np.arange(n) - by for n, by in zip(target.shape[:2], offset, strict=True))
    inside = np.logical_and.outer((rows >= 0) & (rows < mask.shape[0]), (columns >= 0) & (columns < mask.shape[1]))
    near = np.ix_(rows.clip(0, mask.shape[0] - 1), columns.clip(0, mask.shape[1] - 1))
    region = inside & mask[near]
    if not region.any():
        raise InputError(f"some part of the piece must lie on the target after moving by {offset}, but none does")
    return blend_poisson(np.ascontiguousarray(source[near]), target, region, mixed=mixed, progress=progress)
