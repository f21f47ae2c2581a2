"""The one door for weights: a file of any kind that is read becomes a dictionary of arrays, or one error."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

from retouch.arrays.types import AnyArray
from retouch.errors import RetouchError, WeightsError
from retouch.io.weights.keras_files import read_keras_file
from retouch.io.weights.matconvnet_files import MATLAB_HEAD, read_matconvnet_file
from retouch.io.weights.safetensors_files import read_facts, read_safetensors_file
from retouch.io.weights.torch_files import read_torch_file
from retouch.io.wording import fault, shown

_HDF5, _ZIP, _PICKLE = b"\x89HDF\r\n\x1a\n", b"PK\x03\x04", b"\x80"
LAYOUT, COLUMNS = "layout", "columns"
"""What a converted file says of its sub-images where they run column by column."""
_JSON_AT = 8  # a safetensors file begins with the length of its header, and the header with a brace


def read_state_dict(path: str | os.PathLike[str], *, strip_prefix: str = "", part: str = "") -> dict[str, AnyArray]:
    """Return the arrays of a weights file by name; what kind of file it is is told by its content.

    Parameters
    ----------
    path : str or path
        A state dict by `torch.save` (.pth, .pt), alone or beside other things that a training saved, a safetensors
        file, Keras weights (.h5), or a chain of convolutions by MatConvNet (.mat, version 7.3).
    strip_prefix : str
        Taken off the names if all of them have it: "module." for a state dict of torch's DataParallel.
    part : str
        Which of several state dicts that one file of torch holds under names, such as "netG".

    Returns
    -------
    dict of str to array
        In the order of the file, with the shapes and dtypes of the file.

    Raises
    ------
    WeightsError
        If the file is missing, damaged, of another kind, or wants anything but arrays to be made. Nothing in it is run.
    MissingExtraError
        If the package that reads this kind is not installed.

    Notes
    -----
    Costs the reading of the file, and memory of about twice its size.
    """
    name = shown(path)
    try:
        arrays = _read(Path(path), part)
    except WeightsError as error:
        raise WeightsError(f"cannot use the weights {name}: {error}") from error
    except RetouchError:
        raise
    except Exception as error:  # the readers raise a dozen kinds: a damaged pickle can end in any of them
        raise WeightsError(f"cannot read the weights {name}: {fault(error)}; get the file again") from error
    if strip_prefix and all(key.startswith(strip_prefix) for key in arrays):
        return {key.removeprefix(strip_prefix): array for key, array in arrays.items()}
    return arrays


def has_column_order(path: str | os.PathLike[str]) -> bool:
    """Tell whether sub-images run column by column: in a file of MATLAB, or one that was converted from such a file."""
    with Path(path).open("rb") as stream:
        head = stream.read(max(_JSON_AT + 1, len(MATLAB_HEAD)))
    if head[_JSON_AT : _JSON_AT + 1] == b"{":
        return read_facts(Path(path)).get(LAYOUT) == COLUMNS
    return head.startswith(MATLAB_HEAD)


def file_sha256(path: str | os.PathLike[str]) -> str:
    """Return the SHA-256 of a file in 64 hexadecimal digits.

    Raises
    ------
    WeightsError
        If the file cannot be read.
    """
    try:
        with Path(path).open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise WeightsError(f"cannot read the weights {shown(path)}: {fault(error)}") from error


def _read(path: Path, part: str) -> dict[str, AnyArray]:
    reader = _reader_of(path)
    if not part:
        return reader(path)
    if reader is not read_torch_file:
        raise WeightsError(f"only files of torch have parts under names, {part!r} was asked for")
    return read_torch_file(path, part)


def _reader_of(path: Path) -> Callable[[Path], dict[str, AnyArray]]:
    if path.exists() and not path.is_file() and not path.is_dir():  # a pipe would keep us waiting
        raise WeightsError("it is not a file")
    with path.open("rb") as stream:
        head = stream.read(max(_JSON_AT + 1, len(MATLAB_HEAD)))
    if not head:
        raise WeightsError("it is empty; get the file again")
    if head.startswith(_HDF5):
        return read_keras_file
    if head.startswith(MATLAB_HEAD):
        return read_matconvnet_file
    if head[_JSON_AT : _JSON_AT + 1] == b"{":  # before torch, since the length may begin like a pickle
        return read_safetensors_file
    if head.startswith((_ZIP, _PICKLE)):
        return read_torch_file
    raise WeightsError("it is neither a state dict of torch, nor safetensors, nor Keras weights, nor MATLAB 7.3")
