"""Safetensors files written tensor by tensor, so that a checkpoint needs no second copy of itself in memory.

The format: eight bytes with the length of a header, a JSON header with dtype, shape and place of each tensor, and the
numbers.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping

import torch
from torch import Tensor

_DTYPES = {
    torch.float64: "F64",
    torch.float32: "F32",
    torch.float16: "F16",
    torch.bfloat16: "BF16",
    torch.int64: "I64",
    torch.int32: "I32",
    torch.int16: "I16",
    torch.int8: "I8",
    torch.uint8: "U8",
    torch.bool: "BOOL",
}
_ALIGNMENT = 8


def write_tensors(write: Callable[[bytes], object], tensors: Mapping[str, Tensor]) -> str:
    """Write a safetensors file and return its SHA-256.

    Parameters
    ----------
    write : callable
        Takes one piece after the other.
    tensors : mapping of str to tensor
        On any device.
    """
    digest = hashlib.sha256()

    def put(data: bytes) -> None:
        write(data)
        digest.update(data)

    header = _header(tensors)
    put(len(header).to_bytes(8, "little") + header)
    for tensor in tensors.values():
        put(_bytes_of(tensor))
    return digest.hexdigest()


def _header(tensors: Mapping[str, Tensor]) -> bytes:
    entries, place = {}, 0
    for name, tensor in tensors.items():
        end = place + tensor.numel() * tensor.element_size()
        entries[name] = {"dtype": _DTYPES[tensor.dtype], "shape": list(tensor.shape), "data_offsets": [place, end]}
        place = end
    text = json.dumps(entries).encode()
    return text + b" " * (-len(text) % _ALIGNMENT)


def _bytes_of(tensor: Tensor) -> bytes:
    flat = tensor.detach().cpu().contiguous().reshape(-1)
    return flat.view(torch.uint8).numpy().tobytes()
