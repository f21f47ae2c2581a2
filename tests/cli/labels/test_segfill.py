"""The command segfill: what it writes and says, and what it refuses with which code, nothing partial."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as PillowImage

from retouch.cli.__main__ import main

SKY, ROAD, CAR = 0, 3, 8


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a folder with a street of ids: sky above, road below, a car between."""
    monkeypatch.chdir(tmp_path)
    labels = np.full((20, 30), SKY, np.uint8)
    labels[10:], labels[8:16, 10:20] = ROAD, CAR
    PillowImage.fromarray(labels).save("in.png")
    return tmp_path


def test_the_car_is_gone_and_the_map_is_of_the_same_kind(folder: Path) -> None:
    assert (
        main(
            ["segfill", "in.png", "--remove", "car", "--palette", "camvid", "-o", "out.png", "--confidence", "sure.png"]
        )
        == 0
    )
    before, after = (np.asarray(PillowImage.open(name)) for name in ("in.png", "out.png"))
    assert set(np.unique(after)) == {SKY, ROAD}
    np.testing.assert_array_equal(after[before != CAR], before[before != CAR])
    sure = np.asarray(PillowImage.open("sure.png"))
    assert (sure[before != CAR] == 255).all()
    assert sure[before == CAR].min() < 255


def test_json_says_what_was_given(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["segfill", "in.png", "--palette", "camvid", "-o", "out.npz", "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["filled_px"] == 80
    assert sum(facts["given"].values()) == 80


def test_a_folder_of_maps_is_learned_from(folder: Path) -> None:
    (folder / "maps").mkdir()
    for number in range(3):
        labels = np.asarray(PillowImage.open("in.png")).copy()
        PillowImage.fromarray(np.roll(labels, 7 * number, axis=1)).save(f"maps/{number}.png")
    assert main(["segfill", "in.png", "--palette", "camvid", "-o", "out.png", "--learn", "maps"]) == 0
    assert set(np.unique(np.asarray(PillowImage.open("out.png")))) == {SKY, ROAD}


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ("--remove caar --palette camvid -o out.png", 2),
        ("--palette camvit -o out.png", 2),
        ("--palette camvid -o out.jpg", 2),
        ("--palette camvid -o in.png", 2),
        ("--palette camvid -o out.png --confidence out.png", 2),
        ("--palette camvid -o out.png --method learned", 2),
        ("--palette streets -o out.png --remove road --trust none.png", 3),
        ("--palette camvid -o out.png --learn .no", 3),
        ("--palette camvid -o missing/out.png", 6),
        ("--palette camvid -o out.png --method net:none.onnx", 7),
    ],
)
def test_a_refusal_is_one_line_and_writes_nothing(
    more: str, code: int, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = sorted(path.name for path in folder.iterdir())
    assert main(["segfill", "in.png", *more.split()]) == code
    assert capsys.readouterr().err.count("\n") == 1
    assert sorted(path.name for path in folder.iterdir()) == before
