"""State dicts written as safetensors, which hold numbers and nothing else."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from retouch.arrays.types import AnyArray
from retouch.errors import WeightsError
from retouch.io.weights.extras import import_extra
from retouch.io.wording import fault

_WRITABLE = {"f8", "f4", "f2", "i8", "i4", "i2", "i1", "u8", "u4", "u2", "u1", "b1"}


def to_safetensors(state: Mapping[str, AnyArray], facts: Mapping[str, str], *, allow_nan: bool = False) -> bytes:
    """Return a state dict as the bytes of a safetensors file.

    Parameters
    ----------
    state : mapping of str to array
        Names, shapes and dtypes are kept; arrays that share numbers get their own.
    facts : mapping of str to str
        What the file says about itself.
    allow_nan : bool
        Keep infinities and what is no number.

    Raises
    ------
    WeightsError
        If there is no array, a dtype is none that safetensors has, or a number is not finite.
    MissingExtraError
        If the package safetensors is not installed.

    Notes
    -----
    Costs memory of twice the size of the arrays.

    Examples
    --------
    >>> to_safetensors({"x": np.array([np.inf, 1.0])}, {})
    Traceback (most recent call last):
    retouch.errors.WeightsError: weights must be finite numbers, 1 of 2 in x is not; train or fetch them again
    """
    if not state:
        raise WeightsError("there are no weights in it; give another file")
    for name, array in state.items():
        _check(name, array, allow_nan=allow_nan)
    own = {name: np.array(array, array.dtype.newbyteorder("="), order="C", copy=True) for name, array in state.items()}
    data: bytes = import_extra("safetensors.numpy").save(own, metadata=dict(facts))
    return data


def _check(name: str, array: AnyArray, *, allow_nan: bool) -> None:
    shown_name = fault(ValueError(name))
    if array.dtype.str[1:] not in _WRITABLE:
        raise WeightsError(f"weights must be numbers that safetensors has, {shown_name} holds {array.dtype}")
    if array.dtype.kind != "f" or allow_nan:
        return
    n_bad = array.size - int(np.count_nonzero(np.isfinite(array)))
    if n_bad:
        is_or_are = "is" if n_bad == 1 else "are"
        raise WeightsError(
            f"weights must be finite numbers, {n_bad} of {array.size} in {shown_name} {is_or_are} not; "
            "train or fetch them again"
        )
