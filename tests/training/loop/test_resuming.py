"""A run that was interrupted ends where it would have ended, bit for bit; another run is not gone on with."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from tests.training.loop.tiny import differing, last_checkpoint, tiny_recipe, train_tiny

from retouch.errors import Cancelled, UsageError
from retouch.training.loop.records.checkpoints import Checkpoint
from retouch.training.recipes.settings import OptimiserSettings

torch.set_num_threads(1)
KEPT = ("optimisers", "average_updates", "stream", "window", "best", "scores", "rng", "data_sha256")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a run without a break."""
    folder = tmp_path_factory.mktemp("whole") / "run"
    train_tiny(tiny_recipe(), folder)
    return folder


def signal_at(number: int) -> Callable[[int], None]:
    def on_batch(asked: int) -> None:
        if asked == number:
            os.kill(os.getpid(), signal.SIGTERM)

    return on_batch


def same_state(first: Checkpoint, second: Checkpoint) -> dict[str, Any]:
    return {name: (first.state[name], second.state[name]) for name in KEPT if first.state[name] != second.state[name]}


# A step has two batches of two samples, an epoch five batches: batch 1 is the second part of the first step, 3 and 5
# lie within the first phase, 8 in the second one, 14 amid the third epoch, and 21 is the second part of the 11th step.
@pytest.mark.parametrize("number", [1, 3, 5, 8, 14, 21])
def test_a_run_interrupted_anywhere_ends_in_the_same_bits(number: int, whole: Path, tmp_path: Path) -> None:
    first = train_tiny(tiny_recipe(), tmp_path / "run", on_batch=signal_at(number))
    assert (first.stopped, first.step) == ("SIGTERM", number // 2 + 1)
    second = train_tiny(tiny_recipe(), tmp_path / "run", resume=True)
    assert (second.first_step, second.step, second.stopped) == (first.step, 12, "")
    ours, theirs = last_checkpoint(tmp_path / "run"), last_checkpoint(whole)
    assert differing(ours, theirs) == []
    assert same_state(ours, theirs) == {}


def test_a_checkpoint_holds_networks_averages_and_optimisers(whole: Path) -> None:
    names = {name.rsplit("/", 1)[0] for name in last_checkpoint(whole).tensors}
    assert {"networks/generator", "averages/critic", "optimisers/generator/0", "optimisers/critic/3"} <= names


def test_lines_of_the_journal_beyond_the_checkpoint_are_dropped(whole: Path, tmp_path: Path) -> None:
    """The run is cut off after step 8, where only step 5 was kept, so that the lines of 8 are written again."""
    with pytest.raises(RuntimeError, match="cut off"):
        train_tiny(tiny_recipe(), tmp_path / "run", progress=cut_off_at(8))
    for checkpoint in (tmp_path / "run" / "checkpoints").iterdir():
        if checkpoint.name != "step-000005":
            checkpoint.joinpath("state.json").unlink()
    train_tiny(tiny_recipe(), tmp_path / "run", resume=True)
    assert journal(tmp_path / "run") == journal(whole)


def cut_off_at(step: int) -> Callable[[int, int], None]:
    def progress(done: int, total: int) -> None:
        if done == step:
            raise RuntimeError("cut off")

    return progress


def journal(folder: Path) -> list[dict[str, Any]]:
    """Return the lines of a journal without what is a matter of time."""
    rows = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    timed = ("samples_per_s", "waiting_share", "seconds")
    return [{name: value for name, value in row.items() if name not in timed} for row in rows]


def test_a_run_cut_off_before_its_first_checkpoint_begins_again(whole: Path, tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="cut off"):
        train_tiny(tiny_recipe(), tmp_path / "run", progress=cut_off_at(2))
    assert train_tiny(tiny_recipe(), tmp_path / "run", resume=True).first_step == 0
    assert differing(last_checkpoint(tmp_path / "run"), last_checkpoint(whole)) == []


def test_stopping_from_the_progress_hook_leaves_a_checkpoint(tmp_path: Path) -> None:
    def progress(done: int, total: int) -> None:
        if done == 2:
            raise Cancelled("enough")

    with pytest.raises(Cancelled, match="after step 2"):
        train_tiny(tiny_recipe(), tmp_path / "run", progress=progress)
    assert last_checkpoint(tmp_path / "run").step == 2


def test_another_recipe_is_refused_with_the_difference(tmp_path: Path) -> None:
    train_tiny(tiny_recipe(steps=5), tmp_path / "run")
    with pytest.raises(UsageError, match=r"differs in run\.batch: 2 -> 4; run\.seed: 0 -> 1; give"):
        train_tiny(tiny_recipe(steps=5, batch=4, seed=1), tmp_path / "run", resume=True)


def test_other_data_are_refused(tmp_path: Path) -> None:
    train_tiny(tiny_recipe(steps=5), tmp_path / "run")
    facts = json.loads((tmp_path / "run" / "run.json").read_text())
    (tmp_path / "run" / "run.json").write_text(json.dumps({**facts, "data_sha256": "e" * 64}))
    with pytest.raises(UsageError, match="they had the hash eeeeeeeeeeee and have ffffffffffff now"):
        train_tiny(tiny_recipe(steps=5), tmp_path / "run", resume=True)


def test_a_longer_run_is_the_same_run(tmp_path: Path) -> None:
    """The first run ends between two validations, at step 5; the scores of its end are not fed back."""
    constant = {"generator": OptimiserSettings(lr=0.01), "critic": OptimiserSettings(lr=0.01)}
    short, long = (replace(tiny_recipe(steps=steps), optimisers=constant) for steps in (5, 9))
    train_tiny(short, tmp_path / "grown")
    train_tiny(long, tmp_path / "grown", resume=True)
    train_tiny(long, tmp_path / "long")
    assert differing(last_checkpoint(tmp_path / "grown"), last_checkpoint(tmp_path / "long")) == []


def test_a_run_with_a_cosine_schedule_cannot_grow(tmp_path: Path) -> None:
    train_tiny(tiny_recipe(steps=5), tmp_path / "run")
    with pytest.raises(UsageError, match=r"run.steps: 5 -> 12 \(a cosine schedule ends with the run\)"):
        train_tiny(tiny_recipe(), tmp_path / "run", resume=True)


def test_a_folder_with_a_run_is_not_written_over(whole: Path) -> None:
    with pytest.raises(UsageError, match="holds a run; add --resume"):
        train_tiny(tiny_recipe(), whole)


def test_a_folder_with_other_files_is_refused(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("dear")
    with pytest.raises(UsageError, match="holds other files, such as letter"):
        train_tiny(tiny_recipe(), tmp_path, resume=True)


def test_a_finished_run_has_nothing_left_to_do(tmp_path: Path) -> None:
    train_tiny(tiny_recipe(steps=5), tmp_path / "run")
    before = last_checkpoint(tmp_path / "run")
    again = train_tiny(tiny_recipe(steps=5), tmp_path / "run", resume=True)
    assert (again.first_step, again.step) == (5, 5)
    assert differing(before, last_checkpoint(tmp_path / "run")) == []
