"""`retouch train`: what it prints, its exit codes, and signals to the real command."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from retouch.cli.__main__ import main
from retouch.training.loop.records.checkpoints import CheckpointFolder
from retouch.training.recipes.shipping import shipped_names

Captured = pytest.CaptureFixture[str]
torch.set_num_threads(1)
RECIPE = """
name = "small"
kind = "reconstruction"
paper = "none"
aim = "nothing"
[networks.generator]
name = "pennet"
preset = "tiny"
[optimisers.generator]
[data]
root = "synthetic:toy_textures"
size_px = 32
workers = 0
validation_share = 0.01
[damage]
[run]
steps = 2
batch = 1
log_every = 1
validation_pictures = 2
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with a recipe."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RETOUCH_THREADS", "1")
    (tmp_path / "small.toml").write_text(RECIPE)
    return tmp_path


def run(line: str) -> int:
    return main(line.split())


def test_a_recipe_is_trained_and_the_best_score_is_told(folder: Path, capsys: Captured) -> None:
    assert run("train small.toml -o out") == 0
    out = capsys.readouterr().out
    assert out.startswith("out: step 2 of 2; ")
    assert "  best psnr " in out
    assert (folder / "out" / "weights.safetensors").exists()


def test_settings_and_json(folder: Path, capsys: Captured) -> None:
    assert run("train small.toml -o out --set run.steps=1 --data synthetic:toy_faces --json") == 0
    facts = json.loads(capsys.readouterr().out)
    assert (facts["step"], facts["n_steps"], facts["stopped"]) == (1, 1, "")
    assert json.loads((folder / "out" / "run.json").read_text())["recipe"]["data"]["root"] == "synthetic:toy_faces"


def test_trained_weights_are_taken_by_other_commands_and_runs(folder: Path, capsys: Captured) -> None:
    assert run("train small.toml -o out") == 0
    assert run("weights import out/weights.safetensors --as pennet -o net.safetensors") == 0
    assert run("train small.toml -o again --warm-start out/weights.safetensors") == 0
    assert run("train small.toml -o more --warm-start out") == 0


def test_a_smoke_needs_no_pictures(folder: Path, capsys: Captured) -> None:
    """The recipe's own would not be found."""
    assert run("train small.toml -o out --smoke --set run.batch=1") == 0
    assert run("train small.toml -o other --smoke --data nowhere") == 2
    assert "a smoke draws its own pictures" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("line", "code", "words"),
    [
        ("train", 2, "a training needs a recipe"),
        ("train small.toml", 2, "a training needs a folder for its run"),
        ("train smal.toml -o out", 3, "cannot read the recipe smal.toml"),
        ("train nothing -o out", 2, "unknown recipe 'nothing'"),
        ("train small.toml -o out --set run.stepps=5", 2, "unknown key in run 'stepps'; did you mean 'steps'"),
        ("train small.toml -o out --time-budget 25", 2, "a time must be a number and s, m or h, such as 25m, got '25'"),
        ("train small.toml -o .", 2, "holds other files, such as small.toml"),
        ("train small.toml -o out --data nowhere", 3, "nowhere"),
        ("train small.toml -o out --set data.root=''", 2, "give --data DIR"),
        ("train small.toml -o out --warm-start nowhere.safetensors", 7, "nowhere.safetensors"),
    ],
)
def test_what_is_wrong_is_told_in_one_line(line: str, code: int, words: str, folder: Path, capsys: Captured) -> None:
    assert run(line) == code
    said = capsys.readouterr().err
    assert words in said
    assert len(said.splitlines()) == 1


def test_the_list_names_the_shipped_recipes(folder: Path, capsys: Captured) -> None:
    assert run("train --list") == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == list(shipped_names())
    assert run("train --list --json") == 0
    assert [line["name"] for line in json.loads(capsys.readouterr().out)] == list(shipped_names())


def test_a_time_budget_tells_how_to_go_on(folder: Path, capsys: Captured) -> None:
    assert run("train small.toml -o out --set run.steps=100000 --time-budget 1s") == 0
    assert (
        "stopped (time budget) with a checkpoint; go on with the same command and --resume" in capsys.readouterr().out
    )


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_ends_the_command_after_the_step(number: signal.Signals, code: int, folder: Path) -> None:
    """No checkpoint is due before the end, so that the one there is was made because of the signal."""
    process = subprocess.Popen(
        [sys.executable, "-m", "retouch.cli", "train", "small.toml", "-o", "out", "--set", "run.steps=100000"],
        env={**os.environ, "RETOUCH_THREADS": "1"},
    )
    journal, deadline = folder / "out" / "metrics.jsonl", time.monotonic() + 100
    while time.monotonic() < deadline and not (journal.exists() and journal.stat().st_size):
        time.sleep(0.05)
    process.send_signal(number)
    assert process.wait(timeout=60) == code
    assert len(CheckpointFolder(folder / "out" / "checkpoints").steps()) == 1
