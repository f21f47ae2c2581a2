"""SVHN: 73,257 house numbers of 32 x 32 pixels in train_32x32.mat; test_32x32.mat is left alone.

Source: Y. Netzer et al., "Reading digits in natural images with unsupervised feature learning", NIPS workshop 2011.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from jaxtyping import UInt8
from scipy.io import loadmat

from retouch.arrays.types import AnyArray
from retouch.errors import InputError
from retouch.io.wording import fault
from retouch.training.data.sources.contract import Source
from retouch.training.data.sources.decoding import with_channels
from retouch.training.recipes.settings import DataSettings

_FILE = "train_32x32.mat"
_AXES = 4


class HouseNumbers:
    """Pictures in one array as a source; see `retouch.training.data.sources.contract`.

    Parameters
    ----------
    pictures : (N, H, W, 3) uint8
    n_channels : int
        3 or 1.
    """

    def __init__(self, pictures: UInt8[np.ndarray, "N H W 3"], n_channels: int = 3) -> None:
        self._pictures = pictures
        self._n_channels = n_channels

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._pictures)

    def read(self, index: int) -> Mapping[str, AnyArray]:
        """Return "image", (H, W, C) uint8."""
        return {"image": with_channels(self._pictures[index], self._n_channels)}

    def name(self, index: int) -> str:
        """Return the file and the number in it, from 0."""
        return f"{_FILE}/{index}"

    def content_hash(self, index: int) -> str:
        """Return a hash of the pixels."""
        return hashlib.sha256(self._pictures[index].tobytes()).hexdigest()


def open_svhn(data: DataSettings) -> Source:
    """Return the training pictures of SVHN; the root is its folder, or the file itself.

    Raises
    ------
    InputError
        If the file is missing or not in the set's form.
    """
    root = Path(data.root).expanduser()
    file = root / _FILE if root.is_dir() else root
    try:
        stacked = loadmat(file)["X"]  # (H, W, 3, N)
    except Exception as error:  # scipy's reader raises many kinds
        raise InputError(f"{file} must be SVHN's {_FILE}, but: {fault(error)}") from error
    if stacked.ndim != _AXES or stacked.dtype != np.uint8 or stacked.shape[2] != 3:  # noqa: PLR2004 - RGB
        raise InputError(f"{file} must hold X of shape (H, W, 3, N), uint8, got {stacked.shape} {stacked.dtype}")
    return HouseNumbers(np.ascontiguousarray(stacked.transpose(3, 0, 1, 2)), data.channels)
