"""Masks and marks as they are handed in: files, bytes, Pillow images and arrays to masks, labels and strokes."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from retouch.arrays.types import AnyArray, Mask
from retouch.errors import InputError
from retouch.io.pictures.mask_files import mask_from_array, read_mask
from retouch.io.pictures.picture import Picture
from retouch.io.pictures.reading import MAX_PIXELS, open_image
from retouch.methods.kinds import is_pillow
from retouch.methods.planning.guidance import Marks

_LOSSY = ("JPEG",)
_FLAT_AXES = 2


def read_marks(guidance: Any = None, lines: Any = None, sketch: Any = None, *, max_pixels: int = MAX_PIXELS) -> Marks:
    """Return the marks that a user hands in.

    Parameters
    ----------
    guidance : path, bytes, PIL.Image.Image or (H, W) array of whole numbers, optional
        Labels: the numbers of a palette picture's entries, or the values of a grey one.
    lines, sketch : path, bytes, PIL.Image.Image or array, optional
        Strokes, white where drawn, or painted on an empty layer: what a mask is read from.
    max_pixels : int
        As for `open_image`.

    Raises
    ------
    InputError
        If a map cannot be read, has colours, or comes from a format that changes values.

    Examples
    --------
    >>> read_marks(np.array([[0, 2]]), lines=np.array([[0, 255]], np.uint8)).lines.tolist()
    [[False, True]]
    """
    strokes = [
        None if drawn is None else to_mask(drawn, what="a map of strokes", max_pixels=max_pixels)
        for drawn in (lines, sketch)
    ]
    return Marks(None if guidance is None else _to_labels(guidance, max_pixels), strokes[0], strokes[1])


def to_mask(
    given: Any,
    shape: tuple[int, int] | None = None,
    *,
    what: str = "a mask",
    invert: bool = False,
    max_pixels: int = MAX_PIXELS,
) -> Mask:
    """Return the mask that a user hands in.

    Parameters
    ----------
    given : path, bytes, PIL.Image.Image or (H, W) array
        White, True or non-zero where a pixel is meant.
    shape : (H, W), optional
        Of the picture, which the mask must have.
    what : str
        What it is called where it is refused.
    invert : bool
        Take black for white.
    max_pixels : int
        As for `open_image`.

    Raises
    ------
    InputError
        If it cannot be read, or has another size.

    Examples
    --------
    >>> to_mask(np.array([[0, 255]], np.uint8), (1, 2), invert=True).tolist()
    [[True, False]]
    """
    if isinstance(given, str | os.PathLike | bytes):
        return read_mask(given, shape=shape, invert=invert, max_pixels=max_pixels)
    if isinstance(given, np.ndarray) or is_pillow(given):
        return mask_from_array(given, shape, invert=invert)
    raise InputError(f"{what} must be a path, bytes, a Pillow image or a numpy array, got {type(given).__name__}")


def _to_labels(given: Any, max_pixels: int) -> AnyArray:
    if isinstance(given, np.ndarray):
        flat = given[:, :, 0] if given.ndim == _FLAT_AXES + 1 and given.shape[2] == 1 else given
        if flat.ndim != _FLAT_AXES:
            raise InputError(f"a guidance map must be an (H, W) array of labels, got shape {given.shape}")
        return flat
    picture = _to_picture(given, "a guidance map", max_pixels)
    if picture.format in _LOSSY:
        raise InputError(f"a guidance map must be of a lossless format, got {picture.format}; save the labels as PNG")
    if picture.palette is not None:
        return picture.palette.indices
    if picture.pixels.shape[2] != 1:
        raise InputError("a guidance map must be a grey or palette picture whose values are the labels, got colours")
    return picture.pixels[:, :, 0]


def _to_picture(given: Any, what: str, max_pixels: int) -> Picture:
    if isinstance(given, str | os.PathLike | bytes):
        return open_image(given, max_pixels=max_pixels)
    if is_pillow(given):
        return Picture.from_pil(given)
    raise InputError(f"{what} must be a path, bytes, a Pillow image or a numpy array, got {type(given).__name__}")
