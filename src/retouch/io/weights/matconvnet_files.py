"""Networks in MatConvNet files (MATLAB v7.3, which is HDF5): chains of convolutions become state dicts.

Source: the files' own layout, as published with cszn/DnCNN and cszn/FFDNet. MATLAB stores arrays column by column, so
that HDF5 shows a kernel as (out, in, columns, rows), and one of a single output without its first axis.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from retouch.arrays.types import AnyArray
from retouch.errors import WeightsError
from retouch.io.weights.extras import import_extra
from retouch.io.weights.hdf5_numbers import HDF5Numbers

MATLAB_HEAD = b"MATLAB 7.3"
_AROUND = {"SubP", "concat", "loss"}  # splitting into sub-images and adding a noise map may stand around the chain
_MOST_LAYERS = 1000
_MOST_LETTERS = 64
_KERNEL_AXES = 4


def read_matconvnet_file(path: Path) -> dict[str, AnyArray]:
    """Return the convolutions of a MatConvNet file as "model.0.weight", "model.0.bias", "model.2.weight" and so on.

    Kernels are (out, in, rows, columns). The number is the place in the chain: a ReLU without weights stands between
    two convolutions. FFDNet's kernels take their sub-images in MATLAB's order, which its network turns round. Damage
    shows as one of several exceptions, which `read_state_dict` turns into one.

    Raises
    ------
    WeightsError
        If the file has no net.layers, or they are not convolutions with a ReLU between each two.
    MissingExtraError
        If the package h5py is not installed.
    """
    h5py = import_extra("h5py")
    numbers = HDF5Numbers(path.stat().st_size)
    with h5py.File(path, "r") as file:
        if "net" not in file or "layers" not in file["net"]:
            raise WeightsError("it has no net.layers; give a network that MatConvNet saved")
        layers = [file[reference] for reference in _references(file["net"]["layers"])]
        kinds = [_text(layer["type"]) for layer in layers]
        _check_chain(kinds)
        convolutions = [layer for layer, kind in zip(layers, kinds, strict=True) if kind == "conv"]
        pairs = [[numbers.read(file[item]) for item in _references(layer["weights"])] for layer in convolutions]
    state: dict[str, AnyArray] = {}
    for index, (kernel, bias) in enumerate(pairs):
        state[f"model.{2 * index}.weight"] = _kernel(kernel, n_outputs=bias.size)
        state[f"model.{2 * index}.bias"] = np.asarray(bias, np.float32).ravel()
    return state


def _references(item: Any) -> list[Any]:
    if item.size > _MOST_LAYERS:
        raise WeightsError(f"it lists {item.size} layers; give a network that MatConvNet saved")
    return list(item[()].ravel())


def _text(item: Any) -> str:
    if item.size > _MOST_LETTERS:
        raise WeightsError("the kind of a layer is no word; give a network that MatConvNet saved")
    return "".join(chr(code) for code in item[()].ravel())


def _check_chain(kinds: list[str]) -> None:
    chain = [kind for kind in kinds if kind not in _AROUND]
    expected = ["relu" if index % 2 else "conv" for index in range(len(chain))]
    if chain != expected or chain[-1:] != ["conv"]:
        raise WeightsError(f"it must hold convolutions with a ReLU between each two, got {', '.join(kinds[:12])}")


def _kernel(stored: AnyArray, *, n_outputs: int) -> AnyArray:
    full = stored[None] if stored.ndim == _KERNEL_AXES - 1 and n_outputs == 1 else stored
    if full.ndim != _KERNEL_AXES or len(full) != n_outputs:
        raise WeightsError(f"a kernel of shape {stored.shape} does not go with {n_outputs} biases; get the file again")
    return np.ascontiguousarray(full.transpose(0, 1, 3, 2), np.float32)
