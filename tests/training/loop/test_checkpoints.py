"""Checkpoints are whole or not there: after a kill, on a full disk, and when one was damaged."""

from __future__ import annotations

import errno
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn

import pytest
import torch
from safetensors.torch import load_file
from tests.training.loop.tiny import last_checkpoint, tiny_recipe, train_tiny
from torch import Tensor

from retouch.errors import FileError, InputError
from retouch.training.loop.records import checkpoints
from retouch.training.loop.records.checkpoints import Checkpoint, CheckpointFolder, read_checkpoint
from retouch.training.loop.records.tensor_files import write_tensors

torch.set_num_threads(1)
SAVING = """
import sys, torch
from pathlib import Path
from retouch.training.loop.records.checkpoints import Checkpoint, CheckpointFolder
folder = CheckpointFolder(Path(sys.argv[1]))
found = folder.newest()
step = found.step if found else 0
while True:
    step += 1
    folder.save(Checkpoint(step, {"x": torch.full((300_000,), float(step))}, {"note": step}))
"""


def checkpoint_of(step: int) -> Checkpoint:
    return Checkpoint(step, {"x": torch.full((4,), float(step))}, {"note": step})


@pytest.mark.parametrize("_time", range(3))
def test_a_kill_at_any_time_leaves_a_whole_checkpoint(_time: int, tmp_path: Path) -> None:
    """Each checkpoint is full of the number of its step, so that a mixture of two would show."""
    process = subprocess.Popen([sys.executable, "-c", SAVING, str(tmp_path)])
    deadline = time.monotonic() + 60
    while not CheckpointFolder(tmp_path).steps() and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(random.uniform(0, 0.1))  # noqa: S311 - any moment will do
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    found = CheckpointFolder(tmp_path).newest()
    assert found is not None
    assert set(found.tensors["x"].tolist()) == {found.step}
    assert found.state["note"] == found.step


def test_the_last_two_and_the_best_are_kept(tmp_path: Path) -> None:
    folder = CheckpointFolder(tmp_path)
    for step in range(1, 7):
        folder.save(checkpoint_of(step), best=2 if step > 1 else None)
    assert folder.steps() == [2, 5, 6]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["step-000002", "step-000005", "step-000006"]


def test_what_an_earlier_kill_left_is_removed(tmp_path: Path) -> None:
    (tmp_path / ".partial-0").mkdir()
    CheckpointFolder(tmp_path).save(checkpoint_of(1))
    assert [path.name for path in tmp_path.iterdir()] == ["step-000001"]


def test_a_damaged_checkpoint_gives_way_to_the_one_before(tmp_path: Path) -> None:
    folder = CheckpointFolder(tmp_path)
    for step in (1, 2):
        folder.save(checkpoint_of(step))
    file = tmp_path / "step-000002" / "tensors.safetensors"
    data = bytearray(file.read_bytes())
    data[-1] ^= 1
    file.write_bytes(data)
    found = folder.newest()
    assert found is not None
    assert found.step == 1
    with pytest.raises(InputError, match="a checkpoint must be whole"):
        read_checkpoint(tmp_path / "step-000002")


def test_a_damaged_checkpoint_is_written_again(tmp_path: Path) -> None:
    folder = CheckpointFolder(tmp_path)
    folder.save(checkpoint_of(1))
    (tmp_path / "step-000001" / "tensors.safetensors").write_bytes(b"")
    folder.save(checkpoint_of(1))
    assert read_checkpoint(tmp_path / "step-000001").tensors["x"].tolist() == [1.0] * 4


def test_a_folder_without_checkpoints_has_no_newest_one(tmp_path: Path) -> None:
    assert CheckpointFolder(tmp_path / "none").newest() is None


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.int64, torch.bool, torch.float64])
def test_tensor_files_are_read_back_by_safetensors(dtype: torch.dtype, tmp_path: Path) -> None:
    tensors = {"a": torch.tensor([[1, 0], [2, 3]]).to(dtype), "none": torch.zeros(0, 3), "one": torch.tensor(7.0)}
    with (tmp_path / "x.safetensors").open("wb") as file:
        write_tensors(file.write, tensors)
    back = load_file(tmp_path / "x.safetensors")
    assert back.keys() == tensors.keys()
    assert all(torch.equal(back[name], tensors[name]) and back[name].dtype == tensors[name].dtype for name in tensors)


def fail_on_full_disk(write: object, tensors: Mapping[str, Tensor]) -> NoReturn:
    raise OSError(errno.ENOSPC, "No space left on device")


def test_a_full_disk_leaves_the_previous_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Checkpoints are due after steps 5, 10 and 12; validation makes others, so it is off."""
    recipe = tiny_recipe(validate_every=0)

    def progress(done: int, total: int) -> None:
        if done == 5:
            monkeypatch.setattr(checkpoints, "write_tensors", fail_on_full_disk)

    with pytest.raises(
        FileError, match=r"of step 10 .*No space left on device; that of step 5 is as it was; free some"
    ):
        train_tiny(recipe, tmp_path / "run", progress=progress)
    monkeypatch.undo()
    assert last_checkpoint(tmp_path / "run").step == 5
    assert [path.name for path in (tmp_path / "run" / "checkpoints").iterdir()] == ["step-000005"]
    assert train_tiny(recipe, tmp_path / "run", resume=True).step == 12
