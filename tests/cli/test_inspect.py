"""`retouch inspect`, and what `retouch fill` does with several fills."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as PillowImage
from tests.tasks.inspecting.textures import hole, in_levels, textured

import retouch
from retouch.arrays.types import AnyArray
from retouch.classical.diffusion.harmonic import inpaint_harmonic
from retouch.cli.__main__ import main


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a folder with a damaged picture, its mask, and a smooth fill of it."""
    monkeypatch.chdir(tmp_path)
    image, mask = textured(), hole()
    PillowImage.fromarray(in_levels(np.where(mask[:, :, None], np.float32(0), image))).save("in.png")
    PillowImage.fromarray(in_levels(inpaint_harmonic(image, mask))).save("smooth.png")
    PillowImage.fromarray(mask).save("mask.png")
    return tmp_path


def run(line: str) -> int:
    return main(line.split())


def read(name: str) -> AnyArray:
    return np.asarray(PillowImage.open(name))


def test_the_map_is_that_of_the_python_door_in_levels(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("inspect smooth.png --mask mask.png -o heat.png") == 0
    expected = retouch.inspect_artefacts("smooth.png", "mask.png").heat
    np.testing.assert_array_equal(read("heat.png"), np.rint(expected * 255).astype(np.uint8))
    assert capsys.readouterr().out.startswith("mean 0.")


def test_an_overlay_has_colour_and_the_pictures_size(folder: Path) -> None:
    assert run("inspect smooth.png --mask mask.png -o over.png --overlay") == 0
    drawn = read("over.png").astype(int)
    assert drawn.shape == (96, 96, 3)
    assert (drawn[hole()][:, 0] - drawn[hole()][:, 2]).mean() > 30
    assert (drawn[~hole()][:, 0] == drawn[~hole()][:, 2]).all()


def test_without_a_file_the_numbers_are_printed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("inspect smooth.png --json") == 0
    facts = json.loads(capsys.readouterr().out)
    score = retouch.inspect_artefacts("smooth.png").score
    assert facts["mean"] == pytest.approx(score.mean, abs=1e-4)
    assert (facts["width"], facts["height"], facts["mask"], facts["out"]) == (96, 96, None, None)
    box = score.parts[0].box
    assert facts["parts"][0]["box"] == {"x": box.left, "y": box.top, "width": box.width, "height": box.height}


def test_an_inverted_mask_judges_the_other_pixels(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("inspect smooth.png --mask mask.png --invert-mask --json") == 0
    heat = retouch.inspect_artefacts("smooth.png", ~hole()).heat
    assert json.loads(capsys.readouterr().out)["mean"] == pytest.approx(float(heat[~hole()].mean()), abs=1e-4)


@pytest.mark.parametrize(
    ("line", "code", "words"),
    [
        ("inspect smooth.png --overlay", 2, "say where it goes with -o"),
        ("inspect smooth.png --invert-mask", 2, "needs a mask"),
        ("inspect - --mask -", 2, "only one of"),
        ("inspect smooth.png -o smooth.png", 2, "must not be the input"),
        ("inspect nothing.png", 3, "nothing.png"),
        ("inspect smooth.png -o nowhere/heat.png", 6, "cannot write"),
        ("fill in.png --mask mask.png -o out.png --candidates 3 --repair", 2, "cannot go together"),
        ("fill in.png --mask mask.png -o out.png --candidates 99", 2, "must be 1 to 16, got 99"),
        ("fill in.png --mask mask.png -o - --candidates 2", 2, "need names"),
        ("fill in.png --mask mask-2.png -o mask.png --candidates 2", 2, "must not be the input"),
    ],
)
def test_what_is_refused(folder: Path, capsys: pytest.CaptureFixture[str], line: str, code: int, words: str) -> None:
    PillowImage.fromarray(hole()).save("mask-2.png")
    assert run(line) == code
    told = capsys.readouterr()
    assert told.out == ""
    assert words in told.err
    assert not Path("out.png").exists()


def test_candidates_lie_beside_the_best(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("fill in.png --mask mask.png -o out.png --method patchmatch --candidates 3 --seed 4 --json") == 0
    facts = json.loads(capsys.readouterr().out)
    rows = facts["candidates"]
    assert [row["out"] for row in rows] == ["out.png", "out-2.png", "out-3.png"]
    assert [row["rank"] for row in rows] == [1, 2, 3]
    assert [row["score"] for row in rows] == sorted(row["score"] for row in rows)
    assert sorted(row["seed"] for row in rows) == [4, 5, 6]
    for row in rows:
        expected = retouch.fill("in.png", "mask.png", method=row["method"], seed=row["seed"])
        np.testing.assert_array_equal(read(row["out"]), np.asarray(expected))


def test_fewer_candidates_than_asked_for_are_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A membrane makes no use of its seed."""
    assert run("fill in.png --mask mask.png -o out.png --method harmonic --candidates 3 --json") == 0
    assert len(json.loads(capsys.readouterr().out)["candidates"]) == 1
    assert not Path("out-2.png").exists()


def test_repair_writes_the_repaired_fill_and_tells_its_scores(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("fill in.png --mask mask.png -o out.png --method harmonic --repair --json") == 0
    repair = json.loads(capsys.readouterr().out)["repair"]
    assert repair["scores"] == sorted(repair["scores"], reverse=True)
    assert repair["open_px"] == sorted(repair["open_px"], reverse=True)
    assert repair["open_px"][-1] == 0
    np.testing.assert_array_equal(read("out.png")[~hole()], read("in.png")[~hole()])


def test_one_candidate_is_the_plain_fill(folder: Path) -> None:
    assert run("fill in.png --mask mask.png -o one.png --candidates 1") == 0
    assert run("fill in.png --mask mask.png -o plain.png") == 0
    np.testing.assert_array_equal(read("one.png"), read("plain.png"))
