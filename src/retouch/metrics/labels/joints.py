"""WNJD: by how much a body's joints are displaced in a reconstruction, in diagonals of the picture.

Source: the ChaLearn challenge on inpainting and denoising, track 1, in Inpainting and Denoising Challenges, Springer
2019 ("weakly normalised joint distance"). For the N joints labelled in the original, O_i there and P_i in the
reconstruction: WNJD = sum_i |O_i - P_i| / (N |(w, h)|). Where the joints come from is not part of the measure (the
challenge's pose estimator was never published), so figures compare only where the same estimator was used.
"""

from __future__ import annotations

import json
import math
import os
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float64

from retouch.arrays.types import AnyArray, Mask
from retouch.errors import InputError
from retouch.io.wording import fault, shown

_FORM = '{"width": 400, "height": 300, "joints": [[x, y], null, ...]}'


class Joints(NamedTuple):
    """The joints of one picture.

    Attributes
    ----------
    points : (N, 2) float64
        (row, column) of each joint in pixels; NaN where it is not labelled.
    size : (int, int)
        Height and width of the picture.
    """

    points: Float64[np.ndarray, "N 2"]
    size: tuple[int, int]


def wnjd(original: AnyArray, reconstructed: AnyArray, size: tuple[int, int], *, labelled: Mask | None = None) -> float:
    """Return the mean distance of the joints from their true places, divided by the diagonal of the picture.

    Parameters
    ----------
    original, reconstructed : (N, 2)
        (row, column) of the same joints in the original and in the reconstruction, in pixels; a row of NaN in the
        original is a joint that is not labelled and does not count.
    size : (int, int)
        Height and width of the picture in pixels.
    labelled : (N,) bool or None
        True where a joint counts, for arrays that say it apart.

    Returns
    -------
    float, 0 and up
        Lower is better.

    Raises
    ------
    InputError
        If a shape is not as above, no joint is labelled, or one that is has no place in the reconstruction: an
        estimator that gives up must not gain by it.

    Examples
    --------
    Every joint moved by 3 columns and 4 rows, 5 px, in 400 x 300 pixels, whose diagonal is 500:

    >>> joints = np.array([[10.0, 20.0], [np.nan, np.nan], [150.0, 300.0]])
    >>> wnjd(joints, joints + [4, 3], (300, 400))
    0.01
    """
    _check_places(original, reconstructed, size)
    counted = ~np.isnan(original).any(axis=1)
    if labelled is not None:
        if labelled.shape != counted.shape or labelled.dtype != np.bool_:
            raise InputError(f"labelled must be {counted.shape} bool, got {labelled.dtype} of shape {labelled.shape}")
        counted &= labelled
    if not counted.any():
        raise InputError(f"at least one joint must be labelled in the original, got none of {len(original)}")
    distances = np.linalg.norm(original[counted] - reconstructed[counted], axis=1)
    if not np.isfinite(distances).all():
        n_bad = np.count_nonzero(~np.isfinite(distances))
        raise InputError(
            f"labelled joints must have a place in the reconstruction, but {n_bad} have none; estimate them"
        )
    return float(np.mean(distances)) / math.hypot(*size)


def read_joints(path: str | os.PathLike[str]) -> Joints:
    """Read the joints of one picture from a JSON file.

    Parameters
    ----------
    path : path of a file
        It holds `{"width": 400, "height": 300, "joints": [[x, y], null, ...]}`: the size of the picture in pixels, and
        for each joint its place, x to the right and y downwards, or null where it is not labelled. A place may have
        a third number, 0 where the joint is not labelled and another where it is. Other entries are ignored.

    Returns
    -------
    Joints

    Raises
    ------
    InputError
        If the file cannot be read or has another form.
    """
    try:
        entries = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"cannot read {shown(path)}: {fault(error)}; give a JSON file such as {_FORM}") from error
    try:
        size = _whole(entries["height"]), _whole(entries["width"])
        points = [_place(joint) for joint in entries["joints"]]
    except (TypeError, KeyError, ValueError, OverflowError) as error:
        raise InputError(f"cannot read the joints in {shown(path)}; give them as {_FORM}") from error
    return Joints(np.array(points, np.float64).reshape(-1, 2), size)


def _check_places(original: AnyArray, reconstructed: AnyArray, size: tuple[int, int]) -> None:
    if original.ndim != 2 or original.shape[1] != 2 or original.shape != reconstructed.shape:  # noqa: PLR2004 - (N, 2)
        raise InputError(f"joints must be (N, 2) in both pictures, got {original.shape} and {reconstructed.shape}")
    if not min(size) > 0:
        raise InputError(f"the size of the picture must be height and width above 0, got {size}")


def _whole(number: Any) -> int:
    if not isinstance(number, int) or isinstance(number, bool) or number < 1:
        raise ValueError
    return number


def _place(joint: Any) -> tuple[float, float]:
    """Return (row, column) of an entry [x, y], [x, y, flag] or null."""
    if joint is None:
        return math.nan, math.nan
    x, y, *flag = joint
    if len(flag) > 1 or not all(isinstance(number, int | float) and math.isfinite(number) for number in joint):
        raise ValueError
    return (math.nan, math.nan) if flag == [0] else (float(y), float(x))
