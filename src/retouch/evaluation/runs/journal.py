"""The journal of an evaluation: one line for each picture that a method has done, so that a stopped run goes on.

Only the places of the lines are held in memory: a set of pictures may be large.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from retouch.errors import FileError
from retouch.evaluation.runs.worker import DONE, LEFT_OUT, ItemRow

_INFINITE = "inf"  # JSON has no infinity


class Journal:
    """Rows of items, kept in a file that only grows; the last row of an item counts.

    Parameters
    ----------
    path : Path
        Made if it is not there. A torn last line, left by a kill, is cut off.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._places: dict[tuple[str, str], int] = {}
        self._finished: set[tuple[str, str]] = set()
        try:
            path.touch()
            self._size = self._read_places()
        except OSError as error:
            raise FileError(f"cannot write {path}: {error.strerror or error}; name another folder") from error

    def is_finished(self, case_key: str, method: str) -> bool:
        """Whether an item needs no more work; those that failed are tried again."""
        return (case_key, method) in self._finished

    def add(self, rows: Iterable[ItemRow]) -> None:
        """Append rows; they outlive this process when this returns."""
        try:
            with self._path.open("ab") as file:
                for row in rows:
                    line = json.dumps(_to_json(row), allow_nan=False).encode() + b"\n"
                    file.write(line)
                    self._note(row, self._size)
                    self._size += len(line)
        except OSError as error:
            raise FileError(f"cannot write {self._path}: {error.strerror or error}; free some space there") from error

    def row(self, case_key: str, method: str) -> ItemRow | None:
        """Return the row of an item, or None if there is none yet."""
        place = self._places.get((case_key, method))
        if place is None:
            return None
        with self._path.open("rb") as file:
            file.seek(place)
            return _from_json(json.loads(file.readline()))

    def _read_places(self) -> int:
        """Note where each row lies; return the size of the file without a torn last line."""
        size = 0
        with self._path.open("rb+") as file:
            for line in file:
                if not line.endswith(b"\n"):
                    file.truncate(size)
                    break
                try:
                    self._note(json.loads(line), size)
                except (ValueError, TypeError, KeyError) as error:
                    raise FileError(f"{self._path} is damaged at byte {size}; name another folder") from error
                size += len(line)
        return size

    def _note(self, row: ItemRow, place: int) -> None:
        key = row["case"], row["method"]
        self._places[key] = place
        if row["status"] in (DONE, LEFT_OUT):
            self._finished.add(key)
        else:
            self._finished.discard(key)


def _to_json(row: ItemRow) -> ItemRow:
    return {**row, "scores": {name: _INFINITE if math.isinf(v) else v for name, v in row["scores"].items()}}


def _from_json(row: dict[str, Any]) -> ItemRow:
    return {**row, "scores": {name: float(value) for name, value in row["scores"].items()}}
