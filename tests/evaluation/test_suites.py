"""Test sets by name: where they are found, and one evaluation for each with its published figures."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from retouch.cli.__main__ import main
from retouch.errors import InputError, UsageError
from retouch.evaluation.cases.suites import SUITES, find_suite, read_sigmas
from retouch.evaluation.ruler.published import published_figures


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a folder with two small sets."""
    monkeypatch.chdir(tmp_path)
    for name in ("sets/denoise-bsd68", "sets/Set12"):
        Path(name).mkdir(parents=True)
        for index in range(2):
            image = np.full((20, 24), 60 + 50 * index, np.uint8)
            Image.fromarray(image).save(f"{name}/{index}.png")
    return tmp_path


def run(line: str) -> int:
    return main(line.split())


def test_a_suite_is_found_by_its_name_or_behind_a_prefix(folder: Path) -> None:
    assert find_suite(Path("sets"), "bsd68").name == "denoise-bsd68"
    assert find_suite(Path("sets"), "set12").name == "Set12"


def test_a_suite_that_is_not_there_is_refused(folder: Path) -> None:
    with pytest.raises(InputError, match="no folder cbsd68 or denoise-cbsd68 in sets"):
        find_suite(Path("sets"), "cbsd68")
    with pytest.raises(InputError, match="folder that exists, got absent"):
        find_suite(Path("absent"), "cbsd68")
    with pytest.raises(UsageError, match="'bsd86'; did you mean 'bsd68'"):
        find_suite(Path("sets"), "bsd86")


def test_published_sets_of_denoising_are_suites() -> None:
    assert {cell.dataset for cell in published_figures() if cell.condition.startswith("awgn")} <= set(SUITES)


@pytest.mark.parametrize("text", ["", "much", "-1", "256", "nan"])
def test_a_sigma_out_of_range_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="--sigma must be numbers of 0 to 255"):
        read_sigmas(["25", text])


def test_suites_are_evaluated_one_by_one_beside_their_published_figures(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    line = "eval --task denoise --images sets --suite bsd68,set12 --sigma 15,25 --methods gaussian --workers 1 -o out"
    assert run(line) == 0
    said = capsys.readouterr().out
    for name, figures in (("bsd68", ("31.07", "28.57")), ("set12", ("32.37", "29.97"))):
        summary = json.loads(Path("out", name, "summary.json").read_text())
        assert summary["facts"]["Pictures"] == f"2 of {name}"
        published = {(p["method"], p["condition"]): p["value"] for p in summary["published"]}
        assert [published["BM3D", f"awgn {sigma}"] for sigma in (15, 25)] == [float(figure) for figure in figures]
        assert all(figure in said for figure in figures)
    assert said.index("bsd68") < said.index("set12")
    assert "the published figures" in said  # 68 pictures there, 2 here


def test_auto_is_a_contender_among_denoisers(folder: Path) -> None:
    line = "eval --task denoise --images sets/Set12 --sigma 25 --methods auto,input --workers 1 -o out"
    assert run(line) == 0
    rows = json.loads(Path("out/summary.json").read_text())["rows"]
    assert [row["method"] for row in rows] == ["auto", "input"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("--sigma 25", "--images PATH"),
        ("--sigma 25 --images sets --suite bsd68,bsd68", "name each once"),
        ("--sigma 25 --images sets --suite bsd68 --dataset set12", "leave --dataset out"),
        ("--sigma 25 --images sets --suite bsd", "unknown suite"),
        ("--sigma much --images sets --suite bsd68", "--sigma must be numbers"),
        ("--images sets --suite bsd68", "needs noise"),
    ],
)
def test_what_does_not_fit_together_is_refused(
    arguments: str, words: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(f"eval --task denoise --methods gaussian -o out {arguments}") == 2
    assert words in capsys.readouterr().err
