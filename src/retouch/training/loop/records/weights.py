"""Weights of single networks in files that `retouch export` reads and that other runs start from."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from torch import Tensor, nn

from retouch.errors import FileError
from retouch.io.atomic import atomic_write
from retouch.io.weights.conversion import to_safetensors
from retouch.io.wording import fault, shown


def weights_bytes(net: nn.Module, average: Mapping[str, Tensor], facts: Mapping[str, str]) -> bytes:
    """Return the bytes of a safetensors file with a network's weights as float32.

    Parameters
    ----------
    net : nn.Module
    average : mapping of str to tensor
        Averages that stand for parameters of the same name; empty for the last weights.
    facts : mapping of str to str
        What the file says about itself.
    """
    state = {**net.state_dict(), **average}
    arrays = {
        name: (tensor.float() if tensor.is_floating_point() else tensor).detach().cpu().numpy()
        for name, tensor in state.items()
    }
    return to_safetensors(arrays, facts)


def write_weights(path: Path, data: bytes) -> None:
    """Write such bytes, making the folder.

    Raises
    ------
    FileError
        If they cannot be written.
    """
    try:
        path.parent.mkdir(exist_ok=True)
    except OSError as error:
        raise FileError(f"cannot write {shown(path)}: {fault(error)}; free some space there") from error
    atomic_write(path, data)
