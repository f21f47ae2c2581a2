"""FPD-M-net's published weights: a Keras HDF5 file read into tensors.

Source: adigasu/FDPMNet (MIT), `FPD_M_net_weights.hdf5`: one group for each layer, in it a group of the same name with
the arrays.
"""

from __future__ import annotations

import os

import numpy as np
import torch
from torch import Tensor

from retouch.errors import WeightsError
from retouch.io.weights.extras import import_extra


def read_keras(path: str | os.PathLike[str]) -> dict[str, Tensor]:
    """Return the arrays of a Keras weight file, such as "conv2d_1/kernel" (rows, columns, in, out).

    Raises
    ------
    WeightsError
        If the file is no Keras weight file.
    MissingExtraError
        If the package h5py is not installed.
    """
    h5py = import_extra("h5py")
    try:
        with h5py.File(path, "r") as file:
            names = [str(name, "ascii") for layer in file.values() for name in layer.attrs["weight_names"]]
            arrays = {name.removesuffix(":0"): np.asarray(file[name.partition("/")[0]][name]) for name in names}
    except (OSError, KeyError, TypeError) as error:
        raise WeightsError(f"{os.fspath(path)} must be a Keras weight file (HDF5): {error}") from error
    return {name: torch.from_numpy(array) for name, array in arrays.items()}
