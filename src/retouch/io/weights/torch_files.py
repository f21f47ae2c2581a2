"""State dicts in the files of `torch.save`, read without torch and without running anything that is in them.

Source: the formats of PyTorch's torch/serialization.py: since version 1.6 a zip archive with one pickle and one member
for each storage; before that five pickles in a row and then the storages. Of the pickles only what a dictionary of
tensors is made of is obeyed: any other name is refused before it is looked up.
Departures: only little-endian numbers that numpy has (not bfloat16), only dense tensors, and only a flat dictionary of
them, alone or as a part of what a training saved.
Arrays look into the bytes as they were read, so no shape that a file claims makes memory grow. What Python's own reader
of pickles would reserve on a claim alone is refused before it sees it.
"""

from __future__ import annotations

import io
import math
import os
import pickle
import pickletools
import struct
import zipfile
from collections import OrderedDict
from pathlib import Path
from typing import IO, Any, NamedTuple, cast

import numpy as np

from retouch.arrays.types import AnyArray
from retouch.errors import WeightsError
from retouch.io.wording import fault

LEGACY_MAGIC = 0x1950A86A20F9469CFC6C
_LEGACY_PROTOCOL = 1001
_N_ENTRIES = 5  # of a storage: the word "storage", the kind, the key, the device, the length; old files say more
_LONGEST_KEY = 64  # of a storage: a number as text
_MOST_DIMENSIONS = 32  # of an array, in the oldest numpy that is supported
_MOST_PLACES = 1 << 20
_MEMO = {"PUT", "BINPUT", "LONG_BINPUT"}  # operations that name a place in a table of what was read
_DTYPES = {
    "DoubleStorage": "<f8",
    "FloatStorage": "<f4",
    "HalfStorage": "<f2",
    "LongStorage": "<i8",
    "IntStorage": "<i4",
    "ShortStorage": "<i2",
    "CharStorage": "i1",
    "ByteStorage": "u1",
    "BoolStorage": "?",
}


class _Storage(NamedTuple):
    """A run of numbers that tensors look into, known before its bytes are."""

    key: str
    dtype: np.dtype[Any]
    length: int


class _Tensor(NamedTuple):
    """A tensor as the pickle describes it: a strided look into a storage, counted in numbers."""

    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


def read_torch_file(path: Path, part: str = "") -> dict[str, AnyArray]:
    """Return the arrays of a state dict by name, read-only, in the dtypes they are stored in.

    Tensors that shared their numbers share them here too. Damage shows as one of several exceptions, which
    `read_state_dict` turns into one.

    Parameters
    ----------
    path : path
    part : str
        Where a training saved several things under names: that of the state dict. Without it the only one is taken.

    Raises
    ------
    WeightsError
        If the file holds more than arrays, or arrays in a form that is not read here.
    """
    with path.open("rb") as stream:
        return _read_zip(stream, part) if zipfile.is_zipfile(stream) else _read_legacy(stream, part)


def _read_zip(stream: io.BufferedIOBase, part: str) -> dict[str, AnyArray]:
    with zipfile.ZipFile(stream) as archive:
        pickles = [name for name in archive.namelist() if name.endswith("data.pkl")]
        if not pickles:
            raise WeightsError("it is a zip archive, but not one that torch saved")
        if sum(item.file_size for item in archive.infolist()) > _size_of(stream):
            raise WeightsError("its members are said to hold more than the file has; get the file again")
        root = pickles[0].removesuffix("data.pkl")
        if f"{root}byteorder" in archive.namelist() and _member(archive, f"{root}byteorder") != b"little":
            raise WeightsError("its numbers are big-endian; save it again on a common machine")
        unpickler, state = _unpickled(io.BytesIO(_member(archive, f"{root}data.pkl")))
        tensors = _chosen(state, part)
        numbers = {
            key: _numbers(_member(archive, f"{root}data/{key}"), storage) for key, storage in unpickler.storages.items()
        }
    return _arrays(tensors, numbers)


def _member(archive: zipfile.ZipFile, name: str) -> bytes:
    """Return a member that is stored as it is: torch never compresses, and compressed bytes may unfold to anything."""
    if archive.getinfo(name).compress_type != zipfile.ZIP_STORED:
        raise WeightsError("it was packed again by another program; give the file as torch saved it")
    return archive.read(name)


def _read_legacy(stream: io.BufferedIOBase, part: str) -> dict[str, AnyArray]:
    n_bytes = _size_of(stream)
    stream.seek(0)
    magic, protocol, system = (_unpickled(stream)[1] for _ in range(3))
    if magic != LEGACY_MAGIC or protocol != _LEGACY_PROTOCOL or not system["little_endian"]:
        raise WeightsError("it is not what torch saves on a common machine; save it again")
    unpickler, state = _unpickled(stream)
    tensors = _chosen(state, part)
    numbers: dict[str, AnyArray] = {}
    for key in _unpickled(stream)[1]:
        storage = unpickler.storages[key]
        (length,) = struct.unpack("<q", stream.read(8))
        if length != storage.length:
            raise WeightsError(f"storage {key} is said to hold {storage.length} numbers and holds {length}")
        if length * storage.dtype.itemsize > n_bytes - stream.tell():
            raise WeightsError(f"storage {key} is said to hold {length} numbers, more than the file has; get it again")
        numbers[key] = _numbers(stream.read(length * storage.dtype.itemsize), storage)
    return _arrays(tensors, numbers)


def _size_of(stream: io.BufferedIOBase) -> int:
    return stream.seek(0, os.SEEK_END)


def _check_operation(name: str, argument: Any) -> None:
    """Refuse an operation that takes memory on a claim.

    CPython reserves a table as long as the highest place that a pickle names, and would so let ten bytes take 30 GB.
    """
    if name in _MEMO and int(str(argument)) > _MOST_PLACES:
        raise WeightsError("its table of contents is longer than any network's; get the file again")
    if name == "BYTEARRAY8":
        raise WeightsError("it holds bytes where only tensors belong; get the file again")


def _unpickled(stream: io.BufferedIOBase) -> tuple[_Unpickler, Any]:
    """Read the pickle that begins here and leave the stream behind its end."""
    start = stream.tell()
    try:
        for operation, argument, _ in pickletools.genops(cast("IO[bytes]", stream)):
            _check_operation(operation.name, argument)
    except (ValueError, OverflowError, MemoryError) as error:
        raise WeightsError("its list of tensors is damaged or cut short; get the file again") from error
    stream.seek(start)
    unpickler = _Unpickler(stream)
    return unpickler, unpickler.load()


def _numbers(data: bytes, storage: _Storage) -> AnyArray:
    numbers: AnyArray = np.frombuffer(data, storage.dtype)
    if len(numbers) != storage.length:
        raise WeightsError(f"storage {storage.key} should hold {storage.length} numbers and holds {len(numbers)}")
    return numbers


def _chosen(state: Any, part: str) -> dict[str, _Tensor]:
    """Return the state dict that is asked for; what its own class or attributes do to `items` is not asked."""
    if not part and _is_flat(state):
        return dict(dict.items(state))
    parts = {name: item for name, item in dict.items(state) if item and _is_flat(item)} if _is_named(state) else {}
    known = fault(ValueError(", ".join(parts)))  # in one short line, whatever the names are
    if part and part not in parts:
        raise WeightsError(f"it has no state dict of the name {part!r}; it has: {known or 'none'}")
    if len(parts) > 1 and not part:
        raise WeightsError(f"it holds several state dicts; name one of them: {known}")
    if not parts:
        raise WeightsError("it must be a flat dictionary of tensors; save it as torch.save(model.state_dict(), FILE)")
    return dict(dict.items(parts[part or next(iter(parts))]))


def _is_named(item: Any) -> bool:
    return isinstance(item, dict) and all(isinstance(name, str) for name in dict.keys(item))


def _is_flat(item: Any) -> bool:
    return _is_named(item) and all(isinstance(value, _Tensor) for value in dict.values(item))


def _arrays(tensors: dict[str, _Tensor], numbers: dict[str, AnyArray]) -> dict[str, AnyArray]:
    """Return an array for every tensor, given the numbers of each storage."""
    return {name: _look(numbers[item.storage.key], item) for name, item in tensors.items()}


def _look(numbers: AnyArray, tensor: _Tensor) -> AnyArray:
    """Return the numbers that a tensor looks at; never more than there are, and none beside them."""
    _, offset, shape, strides = tensor
    if len(shape) != len(strides) or min((offset, *shape, *strides)) < 0:
        raise WeightsError(f"a tensor has shape {shape}, strides {strides} and offset {offset}, which cannot be")
    size = math.prod(shape)
    last = offset + sum((n - 1) * step for n, step in zip(shape, strides, strict=True))
    if size > len(numbers) or (size > 0 and last >= len(numbers)):
        raise WeightsError(f"a tensor of shape {shape} looks beyond its storage of {len(numbers)} numbers")
    step_bytes = [n * numbers.itemsize for n in strides]
    return np.lib.stride_tricks.as_strided(numbers[offset:], shape, step_bytes, writeable=False)


class _RebuildTensor:
    """Stands in for torch._utils._rebuild_tensor_v2; what follows the strides concerns training only.

    No function, since a pickle may set attributes of what it names, and a function would keep them.
    """

    __slots__ = ()

    def __call__(self, storage: Any, offset: Any, shape: Any, strides: Any, *_: Any) -> _Tensor:
        plain = isinstance(storage, _Storage) and len(shape) <= _MOST_DIMENSIONS
        if not plain or not all(type(n) is int for n in (offset, *shape, *strides)):
            raise WeightsError("a tensor has a shape that cannot be; get the file again")
        return _Tensor(storage, offset, tuple(shape), tuple(strides))


class _RebuildParameter:
    """Stands in for torch._utils._rebuild_parameter: a parameter is a tensor that learns."""

    __slots__ = ()

    def __call__(self, tensor: Any, *_: Any) -> Any:
        return tensor


_ALLOWED: dict[tuple[str, str], Any] = {
    ("collections", "OrderedDict"): OrderedDict,
    ("torch._utils", "_rebuild_tensor_v2"): _RebuildTensor(),
    ("torch._utils", "_rebuild_parameter"): _RebuildParameter(),
    **{("torch", name): np.dtype(code) for name, code in _DTYPES.items()},
}


class _Unpickler(pickle.Unpickler):
    """Reads pickles that ask for nothing but tensors; a name outside `_ALLOWED` is never imported."""

    def __init__(self, stream: io.BufferedIOBase) -> None:
        super().__init__(stream)
        self.storages: dict[str, _Storage] = {}

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) in _ALLOWED:
            return _ALLOWED[module, name]
        if module == "torch" and name.endswith("Storage"):
            raise WeightsError(
                f"its numbers are of a kind that is not read, {fault(ValueError(name))}; save them as float32"
            )
        asked = fault(ValueError(f"{module}.{name}"))  # in one short line, whatever it is
        raise WeightsError(
            f"it asks for {asked} to be run or built, which is refused; it must hold tensors only: "
            "torch.save(model.state_dict(), FILE)"
        )

    def persistent_load(self, pid: Any) -> _Storage:
        word, dtype, key, _device, length = pid[:_N_ENTRIES]
        plain = isinstance(dtype, np.dtype) and isinstance(key, str) and type(length) is int
        if word != "storage" or not plain or any(pid[_N_ENTRIES:]) or len(key) > _LONGEST_KEY or not key.isprintable():
            raise WeightsError("it holds storages in a form that is not read; save it again with a current torch")
        storage = self.storages.setdefault(key, _Storage(key, dtype, length))
        if storage != _Storage(key, dtype, length):
            raise WeightsError(f"storage {key} is looked into in two ways; save it again with a current torch")
        return storage
