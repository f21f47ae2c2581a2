"""A memory for what was expensive to make: the least recently used entries leave when it is full."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock

from retouch.arrays.types import AnyArray


class ArrayMemory:
    """Arrays by key, up to a number of bytes; safe for threads.

    Two threads that miss the same key both make it: both make the same, and no thread waits for another.

    Parameters
    ----------
    limit_mb : int
        0 keeps nothing.

    Attributes
    ----------
    n_bytes : int
        What it holds now.
    """

    def __init__(self, limit_mb: int) -> None:
        self.limit = limit_mb * 2**20
        self.n_bytes = 0
        self._arrays: OrderedDict[Hashable, AnyArray] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Hashable, make: Callable[[], AnyArray]) -> AnyArray:
        """Return the array of a key, made if it is not there; it is read-only.

        >>> import numpy as np
        >>> memory = ArrayMemory(1)
        >>> memory.get("a", lambda: np.zeros(3)).sum() + memory.get("a", lambda: np.ones(3)).sum()
        np.float64(0.0)
        """
        with self._lock:
            if key in self._arrays:
                self._arrays.move_to_end(key)
                return self._arrays[key]
        array = make()
        array.setflags(write=False)
        self._keep(key, array)
        return array

    def _keep(self, key: Hashable, array: AnyArray) -> None:
        with self._lock:
            if key in self._arrays or array.nbytes > self.limit:
                return
            self._arrays[key] = array
            self.n_bytes += array.nbytes
            while self.n_bytes > self.limit:
                self.n_bytes -= self._arrays.popitem(last=False)[1].nbytes
