"""The gate: one place that says what a picture, a mask and a noise level must be."""

from __future__ import annotations

import numpy as np

from retouch.arrays.types import AnyArray, Image, Mask
from retouch.errors import InputError

_PICTURE_AXES = 3


def check_pair(image: Image, mask: Mask) -> None:
    """Refuse a picture and a mask that no method can work on.

    Parameters
    ----------
    image : (H, W, C) float32, range [0, 1]
        Known pixels must be finite; values under the mask may be anything.
    mask : (H, W) bool
        True where a pixel is missing; at least one pixel must be known.

    Raises
    ------
    InputError
        If a shape, a dtype or a known value is not as above, or no pixel is known.
    """
    _check_axes(image)
    if mask.ndim != 2 or mask.dtype != np.bool_:  # noqa: PLR2004 - a mask has two axes
        raise InputError(f"mask must be (H, W) bool, got {mask.dtype} of shape {mask.shape}")
    if image.shape[:2] != mask.shape:
        raise InputError(
            f"image and mask must have the same width and height, got image {_size(image)} and mask {_size(mask)}"
        )
    _check_not_empty(image)
    if mask.all():
        raise InputError("the mask covers the whole picture, so nothing is known to fill from; leave some pixels black")
    n_bad = count_bad_known(image, mask)
    if n_bad:
        raise InputError(f"known pixels must be finite numbers, but {n_bad} of them are NaN or infinite; mask them")


def check_noisy(image: Image, sigma: float) -> None:
    """Refuse a picture and a noise level that nothing can add noise with or take noise from.

    Parameters
    ----------
    image : (H, W, C) float32
        Finite everywhere; noise may have taken values out of [0, 1].
    sigma : float, range [0, 1]
        Standard deviation of the noise on the scale of the picture.

    Raises
    ------
    InputError
        If a shape, a dtype or a value is not as above.
    """
    _check_axes(image)
    _check_not_empty(image)
    if not np.isfinite(image).all():
        raise InputError("a noisy picture must hold finite numbers, got NaN or infinity; fill these pixels first")
    if not 0 <= sigma <= 1:
        raise InputError(f"sigma must be 0 to 1 on the scale of the picture (25 of 255 is 0.098), got {sigma}")


def count_bad_known(image: AnyArray, mask: Mask) -> int:
    """Count the known pixels that hold a NaN or an infinity in any channel."""
    if np.isfinite(image.sum(dtype=np.float64)):  # one pass, no temporary: the usual case
        return 0
    bad = ~np.isfinite(image).all(axis=2)
    return int(np.count_nonzero(bad & ~mask))


def without_garbage(image: Image, mask: Mask) -> Image:
    """Return a copy with zeros under the mask, so that nothing under it can leak into a result."""
    return np.where(mask[:, :, None], np.float32(0), image)


def _check_axes(image: Image) -> None:
    if image.ndim != _PICTURE_AXES or image.dtype != np.float32:
        raise InputError(f"image must be (H, W, C) float32, got {image.dtype} of shape {image.shape}")


def _check_not_empty(image: Image) -> None:
    if image.size == 0:
        raise InputError(f"image must hold at least one pixel, got {_size(image)}")


def _size(array: Image | Mask) -> str:
    return f"{array.shape[1]}x{array.shape[0]}"
