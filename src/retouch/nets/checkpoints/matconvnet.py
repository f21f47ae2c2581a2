"""Networks in MatConvNet files (MATLAB v7.3, which is HDF5): chains of convolutions become our state dicts.

Source: the files' own layout, as published with cszn/DnCNN and cszn/FFDNet. MATLAB stores arrays column by column, so
that HDF5 shows a kernel as (out, in, columns, rows), and one of a single output without its first axis.
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import torch
from torch import Tensor

from retouch.arrays.types import AnyArray
from retouch.errors import WeightsError
from retouch.io.weights.extras import import_extra


def read_matconvnet(path: str | os.PathLike[str]) -> dict[str, Tensor]:
    """Return the convolutions of a MatConvNet file as a state dict for a chain such as `DnCNN` or `FFDNet`.

    Parameters
    ----------
    path : path
        A `.mat` file with `net.layers`. FFDNet's needs `FFDNet.convert_column_order` afterwards.

    Returns
    -------
    dict of str to Tensor
        "model.0.weight" (out, in, rows, columns), "model.0.bias", "model.2.weight" and so on: a ReLU without weights
        stands between two convolutions.

    Raises
    ------
    WeightsError
        If the file is no MATLAB v7.3 file with layers, or a convolution is not followed by nothing but a ReLU.
    MissingExtraError
        If the package h5py is not installed.
    """
    h5py = import_extra("h5py")
    try:
        with h5py.File(path, "r") as file:
            layers = [file[reference] for reference in file["net"]["layers"][()].ravel()]
            kinds = [_text(layer["type"]) for layer in layers]
            weights = [
                [file[reference][()] for reference in layer["weights"][()].ravel()]
                for layer, kind in zip(layers, kinds, strict=True)
                if kind == "conv"
            ]
    except (OSError, KeyError, ValueError, TypeError) as error:
        raise WeightsError(f"{os.fspath(path)} must be a MATLAB v7.3 file with net.layers: {error}") from error
    _check_chain(kinds, os.fspath(path))
    state: dict[str, Tensor] = {}
    for index, (kernel, bias) in enumerate(weights):
        state[f"model.{2 * index}.weight"] = _kernel(kernel, n_outputs=bias.size)
        state[f"model.{2 * index}.bias"] = torch.from_numpy(np.asarray(bias, np.float32).ravel())
    return state


def _text(letters: Any) -> str:
    return "".join(chr(code) for code in letters[()].ravel())


def _check_chain(kinds: list[str], path: str) -> None:
    """Refuse what is no chain of convolutions; splitting into sub-images and adding the noise map may stand around."""
    chain = [kind for kind in kinds if kind not in {"SubP", "concat", "loss"}]
    expected = ["relu" if index % 2 else "conv" for index in range(len(chain))]
    if chain != expected or chain[-1:] != ["conv"]:
        raise WeightsError(f"{path} must hold convolutions with a ReLU between each two, got {', '.join(kinds)}")


def _kernel(stored: AnyArray, *, n_outputs: int) -> Tensor:
    if stored.ndim == 3 and n_outputs == 1:  # noqa: PLR2004 - the axis of a single output is not stored
        stored = stored[None]
    return torch.from_numpy(np.ascontiguousarray(stored.transpose(0, 1, 3, 2), np.float32))
