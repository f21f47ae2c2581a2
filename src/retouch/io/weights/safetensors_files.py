"""State dicts in safetensors files."""

from __future__ import annotations

from pathlib import Path

from retouch.arrays.types import AnyArray
from retouch.io.weights.extras import import_extra


def read_safetensors_file(path: Path) -> dict[str, AnyArray]:
    """Return the arrays of a safetensors file by name, in the dtypes they are stored in.

    Damage shows as one of several exceptions, which `read_state_dict` turns into one.

    Raises
    ------
    MissingExtraError
        If the package safetensors is not installed.
    """
    arrays: dict[str, AnyArray] = import_extra("safetensors.numpy").load_file(path)
    return arrays
