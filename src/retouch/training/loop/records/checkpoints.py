"""Checkpoints: folders that are whole or not there, whenever the process is killed.

A checkpoint is written to a folder of another name, brought to the disk, and renamed. `state.json` holds the SHA-256 of
`tensors.safetensors`, so that one that was damaged later is told too, and the one before it is taken.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import secrets
import shutil
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from retouch.errors import FileError, InputError
from retouch.io.wording import fault, shown
from retouch.training.loop.records.tensor_files import write_tensors

TENSORS, STATE = "tensors.safetensors", "state.json"
_PARTIAL = ".partial-"
_HASHED = "tensors_sha256"
_PIECE = 1 << 20


@dataclass(frozen=True)
class Checkpoint:
    """What was kept after a step: tensors by name, and the rest in plain types."""

    step: int
    tensors: Mapping[str, Tensor]
    state: Mapping[str, Any]


class CheckpointFolder:
    """The checkpoints of a run.

    Parameters
    ----------
    folder : Path
    n_last : int
        How many of the newest are kept.
    """

    def __init__(self, folder: Path, n_last: int = 2) -> None:
        self._folder = folder
        self._n_last = n_last

    def save(self, checkpoint: Checkpoint, *, best: int | None = None) -> Path:
        """Keep a checkpoint, and of the others the newest and that of the step `best`.

        Raises
        ------
        FileError
            If it cannot be written; those before it are as they were.
        """
        target = self._place(checkpoint.step)
        if not _is_whole(target):
            self._write(checkpoint, target)
        self._drop_old(keep={checkpoint.step} | ({best} if best is not None else set()))
        return target

    def newest(self) -> Checkpoint | None:
        """Return the newest whole checkpoint, or None."""
        for step in sorted(self.steps(), reverse=True):
            with contextlib.suppress(InputError):
                return read_checkpoint(self._place(step))
        return None

    def steps(self) -> list[int]:
        """Return the steps that there seem to be checkpoints of, whole or not."""
        found = self._folder.glob("step-*") if self._folder.is_dir() else ()
        matches = (re.fullmatch(r"step-(\d+)", path.name) for path in found)
        return sorted(int(match[1]) for match in matches if match)

    def _place(self, step: int) -> Path:
        return self._folder / f"step-{step:06d}"

    def _write(self, checkpoint: Checkpoint, target: Path) -> None:
        partial = self._folder / f"{_PARTIAL}{secrets.token_hex(8)}"
        try:
            partial.mkdir(parents=True)
            with _synced(partial / TENSORS) as file:
                digest = write_tensors(file.write, checkpoint.tensors)
            state = {**checkpoint.state, "step": checkpoint.step, _HASHED: digest}
            with _synced(partial / STATE) as file:
                file.write((json.dumps(state, indent=1) + "\n").encode())
            _sync(partial)
            if target.exists():  # damaged, or it would not be written again
                shutil.rmtree(target)
            partial.rename(target)
            _sync(self._folder)
        except OSError as error:
            shutil.rmtree(partial, ignore_errors=True)
            raise FileError(self._told(checkpoint.step, error)) from error
        except BaseException:
            shutil.rmtree(partial, ignore_errors=True)
            raise

    def _told(self, step: int, error: OSError) -> str:
        before = [place for place in self.steps() if place != step]
        kept = f"that of step {before[-1]} is as it was" if before else "there is none before it"
        return (
            f"cannot write the checkpoint of step {step} to {shown(self._folder)}: {fault(error)}; {kept}; free some "
            "space there and go on with --resume"
        )

    def _drop_old(self, keep: AbstractSet[int]) -> None:
        """Remove what need not be kept; what cannot be removed stays."""
        kept = set(self.steps()[-self._n_last :]) | keep
        for step in set(self.steps()) - kept:
            with contextlib.suppress(OSError):  # under another name first: no half of it is ever taken for a whole
                self._place(step).rename(self._folder / f"{_PARTIAL}{secrets.token_hex(8)}")
        for left in self._folder.glob(f"{_PARTIAL}*"):
            shutil.rmtree(left, ignore_errors=True)


def read_checkpoint(folder: Path) -> Checkpoint:
    """Return the checkpoint in a folder.

    Raises
    ------
    InputError
        If it is not whole.
    """
    state = _read_state(folder)
    if state is None or not _is_whole(folder):
        raise InputError(f"a checkpoint must be whole, {shown(folder)} is not; take another")
    try:
        return Checkpoint(int(state["step"]), load_file(folder / TENSORS), state)
    except (OSError, KeyError, ValueError, SafetensorError) as error:
        raise InputError(f"cannot read the checkpoint {shown(folder)}: {fault(error)}; take another") from error


def _read_state(folder: Path) -> dict[str, Any] | None:
    try:
        state = json.loads((folder / STATE).read_bytes())
    except (OSError, ValueError):
        return None
    return state if isinstance(state, dict) and (folder / TENSORS).is_file() else None


def _is_whole(folder: Path) -> bool:
    state = _read_state(folder)
    try:
        return state is not None and _sha256(folder / TENSORS) == state.get(_HASHED)
    except OSError:
        return False


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            digest.update(piece)
    return digest.hexdigest()


@contextlib.contextmanager
def _synced(path: Path) -> Iterator[Any]:
    with path.open("wb") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
