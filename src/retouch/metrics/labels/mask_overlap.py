"""Overlap of a mask with the object that it should cover.

Source: the project's metric sheet, section 15: for object removal the mask M must contain the object O (recall 1 after
dilation) and little else; IoU after P. Jaccard, "The Distribution of the Flora in the Alpine Zone", New Phytologist
11(2), 1912.
"""

from __future__ import annotations

import numpy as np

from retouch.arrays.types import AnyArray
from retouch.errors import InputError


def mask_recall(mask: AnyArray, target: AnyArray) -> float:
    """Return the share of the object that the mask covers, |M and O| / |O|, 0 to 1; higher is better.

    Parameters
    ----------
    mask, target : (H, W) bool
        What is removed (True), and the object.

    Raises
    ------
    InputError
        If they are not masks of one shape, or there is no object.

    Examples
    --------
    >>> mask_recall(np.array([[True, True, False]]), np.array([[False, True, True]]))
    0.5
    """
    size = _object_size(mask, target)
    return int(np.count_nonzero(mask & target)) / size


def over_cover(mask: AnyArray, target: AnyArray) -> float:
    """Return how much the mask covers beside the object, |M without O| / |O|; lower is better.

    Parameters
    ----------
    mask, target : (H, W) bool
        What is removed (True), and the object.

    Returns
    -------
    float, 0 and up
        1 means that as much background as object is lost.

    Raises
    ------
    InputError
        If they are not masks of one shape, or there is no object.

    Examples
    --------
    >>> over_cover(np.array([[True, True, True, False]]), np.array([[False, False, True, True]]))
    1.0
    """
    size = _object_size(mask, target)
    return int(np.count_nonzero(mask & ~target)) / size


def mask_iou(first: AnyArray, second: AnyArray) -> float:
    """Return the intersection of two masks over their union, 0 to 1; 1 where both are empty.

    Raises
    ------
    InputError
        If they are not masks of one shape.

    Examples
    --------
    >>> mask_iou(np.array([[True, True, False]]), np.array([[False, True, True]]))
    0.3333333333333333
    """
    _check_masks(first, second)
    union = int(np.count_nonzero(first | second))
    return int(np.count_nonzero(first & second)) / union if union else 1.0


def _object_size(mask: AnyArray, target: AnyArray) -> int:
    _check_masks(mask, target)
    n_pixels = int(np.count_nonzero(target))
    if not n_pixels:
        raise InputError("the object must have at least one pixel to be covered, got an empty target")
    return n_pixels


def _check_masks(first: AnyArray, second: AnyArray) -> None:
    if first.shape != second.shape or first.dtype != np.bool_ or second.dtype != np.bool_:
        raise InputError(
            f"masks must be bool and of one shape, got {first.dtype} {first.shape} and {second.dtype} {second.shape}"
        )
