"""The journal of a run: metrics.jsonl, a line for each report and each validation."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from retouch.errors import FileError
from retouch.io.atomic import atomic_write
from retouch.io.wording import fault, shown


class Journal:
    """A file that grows by lines of JSON.

    Parameters
    ----------
    path : Path
    step : int
        Where the run goes on: later lines, which an earlier session wrote before it was cut off, are dropped.
    """

    def __init__(self, path: Path, step: int = 0) -> None:
        self._path = path
        kept = [line for line in _lines(path) if _step_of(line) <= step] if step else []
        atomic_write(path, b"".join(kept))

    def write(self, row: Mapping[str, Any]) -> None:
        """Append a line.

        Raises
        ------
        FileError
            If it cannot be written.
        """
        try:
            with self._path.open("ab") as file:
                file.write(json.dumps(plain(row), allow_nan=False).encode() + b"\n")
        except OSError as error:
            raise FileError(f"cannot write {shown(self._path)}: {fault(error)}; free some space there") from error


class Window:
    """Means of what steps report since the last line; kept where the numbers are, so that no step waits for them."""

    def __init__(self, state: Mapping[str, Any] | None = None) -> None:
        kept = state["sums"] if state else {}
        self._sums: dict[str, Any] = {name: math.nan if total is None else total for name, total in kept.items()}
        self._counts: dict[str, int] = dict(state["counts"]) if state else {}

    def add(self, metrics: Mapping[str, float | Tensor]) -> None:
        """Take in the scalars of a step."""
        for name, value in metrics.items():
            scalar = value.detach().double().mean() if isinstance(value, Tensor) else float(value)
            self._sums[name] = self._sums.get(name, 0.0) + scalar
            self._counts[name] = self._counts.get(name, 0) + 1

    def take(self) -> dict[str, float]:
        """Return the means and begin anew."""
        means = {name: float(total) / self._counts[name] for name, total in self._sums.items()}
        self._sums, self._counts = {}, {}
        return means

    def state_dict(self) -> dict[str, Any]:
        """Return what a checkpoint must keep."""
        return {"sums": {name: plain(float(total)) for name, total in self._sums.items()}, "counts": dict(self._counts)}


def plain(value: Any) -> Any:
    """Return a value as JSON can hold it: None where a number is not finite.

    >>> plain({"psnr": float("inf"), "steps": (1, 2)})
    {'psnr': None, 'steps': [1, 2]}
    """
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, torch.Tensor):
        return plain(value.tolist())
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _lines(path: Path) -> list[bytes]:
    """Return the whole lines of the file; one that a kill cut off is left out."""
    try:
        lines = path.read_bytes().splitlines(keepends=True)
    except FileNotFoundError:
        return []
    return [line for line in lines if line.endswith(b"\n")]


def _step_of(line: bytes) -> float:
    try:
        return float(json.loads(line)["step"])
    except (ValueError, TypeError, KeyError):
        return math.inf
