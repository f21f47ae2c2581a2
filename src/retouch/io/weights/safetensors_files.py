"""State dicts in safetensors files."""

from __future__ import annotations

from pathlib import Path

from retouch.arrays.types import AnyArray
from retouch.errors import WeightsError
from retouch.io.weights.extras import import_extra

_DTYPES = {"F64", "F32", "F16", "I64", "I32", "I16", "I8", "U64", "U32", "U16", "U8", "BOOL"}


def read_safetensors_file(path: Path) -> dict[str, AnyArray]:
    """Return the arrays of a safetensors file by name, in the dtypes they are stored in.

    Damage shows as one of several exceptions, which `read_state_dict` turns into one.

    Raises
    ------
    WeightsError
        If its numbers are of a kind that numpy does not have, such as bfloat16.
    MissingExtraError
        If the package safetensors is not installed.
    """
    with import_extra("safetensors").safe_open(path, "numpy") as file:
        kinds = {file.get_slice(name).get_dtype() for name in file.keys()}  # noqa: SIM118 - it has no other way
    if not kinds <= _DTYPES:
        others = ", ".join(sorted(kinds - _DTYPES))
        raise WeightsError(f"its numbers are of a kind that is not read, {others}; save them as float32")
    arrays: dict[str, AnyArray] = import_extra("safetensors.numpy").load_file(path)
    return arrays


def read_facts(path: Path) -> dict[str, str]:
    """Return what a safetensors file says about itself."""
    with import_extra("safetensors").safe_open(path, "numpy") as file:
        return dict(file.metadata() or {})
