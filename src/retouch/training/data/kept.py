"""Arrays that were slow to make, kept in a folder of memory-mapped files: made once, read by every later run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from threading import Lock

import numpy as np
from numpy.lib.format import open_memmap

from retouch.arrays.types import AnyArray
from retouch.errors import InputError

_FACTS = "facts.txt"
_MADE = "made.npy"


class KeptArrays:
    """A table of entries that are filled in as they are asked for; safe for threads.

    An entry counts as made after its arrays are written, so that a kill leaves at most one half-written entry, which is
    made again. The files are as large as the whole table but take no room on the disk before they are filled.

    Parameters
    ----------
    folder : str
        Made if it is not there.
    n : int
        Number of entries.
    shapes : mapping of str to shape
        Of the arrays of one entry; those with three axes are uint8, others bool.
    facts : str
        What decides the entries: a folder with others is refused.

    Raises
    ------
    InputError
        If the folder holds something else.
    """

    def __init__(self, folder: str, n: int, shapes: Mapping[str, tuple[int, ...]], facts: str) -> None:
        self.n = n
        self._lock = Lock()
        place = Path(folder)
        place.mkdir(parents=True, exist_ok=True)
        _check_facts(place, facts)
        self._arrays = {
            name: _table(place / f"{name}.npy", (n, *shape), np.uint8 if len(shape) > 2 else np.bool_)  # noqa: PLR2004
            for name, shape in shapes.items()
        }
        self._made = _table(place / _MADE, (n,), np.bool_)

    @property
    def n_kept(self) -> int:
        """How many entries are there."""
        return int(self._made.sum())

    def get(self, key: int, make: Callable[[], Mapping[str, AnyArray]]) -> Mapping[str, AnyArray]:
        """Return the arrays of an entry, made if they are not there."""
        if not self._made[key]:
            made = make()
            with self._lock:
                for name, array in made.items():
                    self._arrays[name][key] = array
                self._made[key] = True
        return {name: np.array(table[key]) for name, table in self._arrays.items()}


def _check_facts(place: Path, facts: str) -> None:
    file = place / _FACTS
    if not file.exists():
        if any(place.iterdir()):
            raise InputError(f"a folder to keep samples in must be empty or hold these samples, got {place}")
        file.write_text(facts)
    elif file.read_text() != facts:
        raise InputError(f"{place} keeps samples of other pictures or settings; name another folder or remove it")


def _table(file: Path, shape: tuple[int, ...], dtype: type) -> AnyArray:
    """Open a file, or make one full of zeros."""
    if not file.exists():
        return open_memmap(file, mode="w+", dtype=dtype, shape=shape)
    table: AnyArray = open_memmap(file, mode="r+")
    if table.shape != shape or table.dtype != dtype:
        raise InputError(
            f"{file} must hold {shape} {np.dtype(dtype)}, got {table.shape} {table.dtype}; remove its folder"
        )
    return table
