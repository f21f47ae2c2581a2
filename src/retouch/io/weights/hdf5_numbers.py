"""Numbers of HDF5 files: only those that lie in the file itself, and no more than it can hold.

HDF5 knows arrays without bytes behind them, arrays put together from other files and arrays in files of any name.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from retouch.arrays.types import AnyArray
from retouch.errors import WeightsError
from retouch.io.wording import fault

_MOST_GAIN = 20  # weights hardly compress; a file of nothing but zeros may
_SPARE_BYTES = 1 << 20
_NUMBERS = "fiub"


class HDF5Numbers:
    """Reads data sets of one file and keeps count of what they take.

    Parameters
    ----------
    file_bytes : int
        The size of the file.
    """

    def __init__(self, file_bytes: int) -> None:
        self._bytes_left = _MOST_GAIN * file_bytes + _SPARE_BYTES

    def read(self, item: Any) -> AnyArray:
        """Return the numbers of an `h5py.Dataset`, in the shape and dtype they are stored in.

        Raises
        ------
        WeightsError
            If they are no numbers, are not in this file, or are more than it can hold.
        """
        name = fault(ValueError(item.name))
        if item.dtype.kind not in _NUMBERS or item.shape is None:
            raise WeightsError(f"{name} holds no numbers; give a file with weights only")
        if item.is_virtual or item.external is not None:
            raise WeightsError(f"the numbers of {name} lie in another file, which is not read")
        self._bytes_left -= item.size * item.dtype.itemsize
        if self._bytes_left < 0:
            raise WeightsError(f"{name} claims more numbers than the file can hold; get the file again")
        array: AnyArray = np.asarray(item[()])
        return array
