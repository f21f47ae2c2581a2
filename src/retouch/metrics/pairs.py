"""The gate of every measure that compares two pictures."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from retouch.arrays.types import AnyArray, Mask
from retouch.errors import InputError

_PICTURE_AXES = (2, 3)


class Pair(NamedTuple):
    """Two pictures that can be compared.

    Attributes
    ----------
    reference, result : (H, W, C) float64
        In the range they came in: 0 to `data_range`.
    data_range : float
        What white is.
    mask : (H, W) bool, or None
        The pixels that count (True); None where all do.
    """

    reference: Float[np.ndarray, "H W C"]
    result: Float[np.ndarray, "H W C"]
    data_range: float
    mask: Mask | None


def check_pair(
    reference: AnyArray,
    result: AnyArray,
    *,
    data_range: float | None = None,
    mask: Mask | None = None,
    least_side_px: int = 1,
) -> Pair:
    """Return two pictures as a Pair, or say why they cannot be compared.

    Parameters
    ----------
    reference, result : (H, W) or (H, W, C)
        uint8, uint16 or floats; of one shape and dtype; finite.
    data_range : float or None
        What white is; None takes 255 for uint8, 65535 for uint16 and 1 for floats.
    mask : (H, W) bool or None
        Where to measure: True counts. At least one pixel must.
    least_side_px : int
        The smallest height and width that the measure can look at.

    Raises
    ------
    InputError
        If a shape, a dtype, a size or a value is not as above.
    """
    _check_arrays(reference, result)
    height, width = reference.shape[:2]
    if min(height, width) < least_side_px:
        raise InputError(f"this measure needs pictures of at least {least_side_px} px a side, got {width}x{height}")
    if mask is not None:
        if mask.shape != (height, width) or mask.dtype != np.bool_:
            raise InputError(f"mask must be ({height}, {width}) bool, got {mask.dtype} of shape {mask.shape}")
        if not mask.any():
            raise InputError("the mask is empty, so there is nothing to measure in it; measure the whole picture")
    white = range_of(reference) if data_range is None else float(data_range)
    if not white > 0:
        raise InputError(f"data_range must be above 0, got {white}")
    return Pair(_planes(reference), _planes(result), white, mask)


def range_of(picture: AnyArray) -> float:
    """Return what white is for a dtype.

    >>> range_of(np.zeros(1, np.uint8)), range_of(np.zeros(1, np.float32))
    (255.0, 1.0)
    """
    return float(np.iinfo(picture.dtype).max) if picture.dtype.kind == "u" else 1.0


def _check_arrays(reference: AnyArray, result: AnyArray) -> None:
    if reference.shape != result.shape or reference.dtype != result.dtype:
        raise InputError(
            f"pictures must have the same shape and dtype to be compared, got {reference.dtype} {reference.shape} and "
            f"{result.dtype} {result.shape}"
        )
    if reference.ndim not in _PICTURE_AXES or reference.size == 0:
        raise InputError(f"a picture must be (H, W) or (H, W, C), got shape {reference.shape}")
    if reference.dtype not in (np.uint8, np.uint16) and reference.dtype.kind != "f":
        raise InputError(f"a picture must be uint8, uint16 or float, got {reference.dtype}")
    if reference.dtype.kind == "f" and not (np.isfinite(reference).all() and np.isfinite(result).all()):
        raise InputError("pictures must hold finite numbers to be compared, got NaN or infinity")


def _planes(picture: AnyArray) -> Float[np.ndarray, "H W C"]:
    planes = picture if picture.ndim == len(("H", "W", "C")) else picture[:, :, None]
    return planes.astype(np.float64)
