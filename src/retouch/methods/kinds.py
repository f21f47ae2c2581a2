"""Every kind of picture that Python code hands in, and the same kind back."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import numpy as np

from retouch.errors import InputError
from retouch.io.pictures.picture import Picture
from retouch.io.pictures.reading import open_image
from retouch.io.pictures.writing import encode

if TYPE_CHECKING:
    from PIL.Image import Image as PilImage

    from retouch.arrays.types import AnyArray

    AnyPicture = str | os.PathLike[str] | bytes | PilImage | AnyArray | Picture


def to_picture(image: Any) -> Picture:
    """Return the picture of a path, the bytes of a file, a Pillow image, an array, or a Picture as it is.

    Raises
    ------
    InputError
        If it is of another kind or cannot be read.
    """
    if isinstance(image, Picture):
        return image
    if isinstance(image, np.ndarray):
        return Picture.from_array(image)
    if isinstance(image, str | os.PathLike | bytes):
        return open_image(image)
    if is_pillow(image):
        return Picture.from_pil(image)
    raise InputError(f"an image must be a path, bytes, a Pillow image or a numpy array, got {type(image).__name__}")


def to_kind_of(image: Any, result: Picture) -> Any:
    """Return a result as the kind that `image` was handed in as: see `retouch.fill`."""
    if isinstance(image, np.ndarray):
        return result.to_array_like(image)
    if isinstance(image, bytes):
        return encode(result)
    return result if isinstance(image, str | os.PathLike | Picture) else result.to_pil_like(image)


def is_pillow(image: Any) -> bool:
    """Whether this is a Pillow image; Pillow is not imported for it: if nobody did yet, it is none."""
    return any(kind.__module__ == "PIL.Image" for kind in type(image).__mro__)
