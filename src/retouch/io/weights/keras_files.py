"""Weights of a Keras model in an HDF5 file (.weights.h5), read without TensorFlow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from retouch.arrays.types import AnyArray
from retouch.io.weights.extras import import_extra
from retouch.io.weights.hdf5_numbers import HDF5Numbers


def read_keras_file(path: Path) -> dict[str, AnyArray]:
    """Return the arrays of an HDF5 file by their path in it, such as `block1/layers/conv2d/vars/0`.

    Shapes are as Keras stores them: a convolution is (height, width, in, out). Damage shows as one of several
    exceptions, which `read_state_dict` turns into one.

    Raises
    ------
    WeightsError
        If an entry is no array of numbers in this file, or all claim more than the file can hold.
    MissingExtraError
        If the package h5py is not installed.
    """
    h5py = import_extra("h5py")
    arrays: dict[str, AnyArray] = {}
    numbers = HDF5Numbers(path.stat().st_size)

    def keep(name: str, item: Any) -> None:
        if isinstance(item, h5py.Dataset):
            arrays[name] = numbers.read(item)

    with h5py.File(path, "r") as file:
        file.visititems(keep)
    return arrays
