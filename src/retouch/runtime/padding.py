"""Mirrored padding to the sizes a network takes, and cropping back.

Departure: networks' own scripts pad by zeros, by repeating the edge or not at all; a mirror continues texture as well
as edges and is what most denoisers use. Where a picture is smaller than the padding the mirror is mirrored again.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Shaped

from retouch.errors import InputError


def padded_shape(shape: tuple[int, int], multiple: int, least_px: int = 1) -> tuple[int, int]:
    """Return the smallest height and width that a network takes and a picture fits into.

    Parameters
    ----------
    shape : (int, int)
        Height and width of the picture in pixels.
    multiple : int
        Both sides become multiples of it.
    least_px : int
        The least side the network takes.

    Raises
    ------
    InputError
        If a number is below 1.

    Examples
    --------
    >>> padded_shape((5, 8), multiple=4), padded_shape((5, 80), multiple=8, least_px=60)
    ((8, 8), (64, 80))
    """
    if min(*shape, multiple, least_px) < 1:
        raise InputError(
            f"a picture, the multiple and the least side must each be 1 pixel or more, got a picture of "
            f"{shape[1]}x{shape[0]}, multiple {multiple} and least side {least_px}"
        )
    height, width = (-(-max(side, least_px) // multiple) * multiple for side in shape)
    return height, width


def pad_mirrored(picture: Shaped[np.ndarray, "H W C"], multiple: int, least_px: int = 1) -> Shaped[np.ndarray, "h w C"]:
    """Return the picture grown at its bottom and right, by its mirror image, to a size that a network takes.

    Parameters
    ----------
    picture : (H, W, C)
        Of any dtype and any size from 1x1.
    multiple, least_px : int
        As in `padded_shape`.

    Returns
    -------
    (h, w, C) array
        The top left (H, W) of it is the picture; where nothing is missing it is the picture itself, not a copy.

    Raises
    ------
    InputError
        If a number is below 1.

    Examples
    --------
    >>> pad_mirrored(np.array([[[1], [2], [3]]]), multiple=4)[0, :, 0].tolist()
    [1, 2, 3, 2]
    """
    height, width = picture.shape[:2]
    full_height, full_width = padded_shape((height, width), multiple, least_px)
    if (full_height, full_width) == (height, width):
        return picture
    return np.pad(picture, ((0, full_height - height), (0, full_width - width), (0, 0)), mode="reflect")


def crop_back(result: Shaped[np.ndarray, "h w C"], shape: tuple[int, int]) -> Shaped[np.ndarray, "H W C"]:
    """Return the part of a result that belongs to the picture before it was padded.

    Raises
    ------
    InputError
        If the result is smaller than that.

    Examples
    --------
    >>> crop_back(np.zeros((8, 8, 3)), (5, 7)).shape
    (5, 7, 3)
    """
    height, width = shape
    if result.shape[0] < height or result.shape[1] < width:
        raise InputError(
            f"a result must be as large as its picture, got {result.shape[1]}x{result.shape[0]} for {width}x{height}"
        )
    return result[:height, :width]
