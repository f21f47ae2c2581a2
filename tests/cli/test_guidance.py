"""`retouch fill` led by what the user draws: --guidance, --lines and --sketch."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as PillowImage

import retouch
from retouch.cli.__main__ import main


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a picture of two colours, a hole across both, and a map that tells the hole to be of the left one."""
    monkeypatch.chdir(tmp_path)
    noise = np.random.default_rng(0).integers(-20, 21, (80, 100, 3))
    colours = np.where((np.arange(100) < 50)[None, :, None], (200, 50, 30), (30, 70, 220))
    hole = np.zeros((80, 100), np.uint8)
    hole[25:55, 35:65] = 255
    labels = np.where(hole > 0, 1, np.where(np.arange(100) < 50, 1, 2)).astype(np.uint8)
    strokes = np.zeros((80, 100), np.uint8)
    strokes[20:60, 49:51] = 255
    arrays = {"in": (colours + noise).astype(np.uint8), "mask": hole, "map": labels, "lines": strokes}
    for name, array in {**arrays, "other": labels[1:]}.items():
        PillowImage.fromarray(array).save(f"{name}.png")
    return tmp_path


def run(line: str) -> int:
    return main(line.split())


def read(name: str) -> np.ndarray:
    return np.asarray(PillowImage.open(name))


def test_a_map_restricts_the_fill_and_the_account_says_how_much(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("fill in.png --mask mask.png -o out.png --guidance map.png --json") == 0
    hole = read("mask.png") > 0
    assert (read("out.png")[hole][:, 0] > read("out.png")[hole][:, 2]).mean() > 0.99
    facts = json.loads(capsys.readouterr().out)
    assert facts["guidance"]["restricted_pixels"] == 900
    assert [crop["guidance"]["fallback_pixels"] for crop in facts["crops"]] == [0]


def test_explain_says_that_marks_were_obeyed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("fill in.png --mask mask.png -o out.png --lines lines.png --explain") == 0
    # Of 30 columns, 8 lie in the seam along the line, which may borrow from anywhere.
    assert "marks: 660 missing pixels borrowed from their own label or area only" in capsys.readouterr().out


def test_the_command_and_the_python_door_lead_alike(folder: Path) -> None:
    assert run("fill in.png --mask mask.png -o out.png --lines lines.png --sketch lines.png --guidance map.png") == 0
    marks = {"lines": "lines.png", "sketch": "lines.png", "guidance": "map.png"}
    np.testing.assert_array_equal(np.asarray(retouch.fill("in.png", "mask.png", **marks)), read("out.png"))


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ("--guidance other.png", 3, "picture and guidance map must have the same width and height"),
        ("--guidance in.png", 3, "must be a grey or palette picture"),
        ("--guidance none.png", 3, "none.png"),
        ("--lines -", 2, "guidance, lines and sketch must be files"),
        ("--guidance map.png --method harmonic", 2, "method 'harmonic' cannot be led by --guidance"),
        ("--lines lines.png --method harmonic", 2, "method 'harmonic' cannot be led by --lines"),
    ],
)
def test_marks_that_cannot_be_followed_are_refused(
    folder: Path, capsys: pytest.CaptureFixture[str], arguments: str, code: int, message: str
) -> None:
    assert run(f"fill in.png --mask mask.png -o out.png {arguments}") == code
    said = capsys.readouterr()
    assert message in said.err
    assert said.err.count("\n") == 1
    assert not Path("out.png").exists()


def test_a_map_is_not_written_over(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = Path("map.png").read_bytes()
    assert run("fill in.png --mask mask.png -o map.png --guidance map.png") == 2
    assert Path("map.png").read_bytes() == before
    assert "the output must not be the input" in capsys.readouterr().err
