"""The command batch and its status, verify and retry: what is written and said, and what is refused with which code."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.jobs.pictures import filled_alone, make_pictures, tree

from retouch.cli.__main__ import main

ODD = Path(__file__).parents[4] / "shared" / "data" / "odd-images"
FILL = "batch in -o out --masks masks --method nearest --no-score"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return make_pictures(tmp_path, ["a.png", "sub/b.png", "sub/c.webp"])


def run(line: str) -> int:
    return main(line.split())


def test_a_run_with_a_poisoned_file_is_verified_resumed_and_retried(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One story, for each run costs the start of a process."""
    (folder / "in" / "a.png").write_bytes(b"poison")
    assert run(f"{FILL} --workers 2") == 4
    said = capsys.readouterr()
    assert "a.png: cannot read" in said.err
    assert "retouch: 1 of 3 pictures failed" in said.err
    truth = {name: filled_alone(folder, name) for name in ("sub/b.png", "sub/c.webp")}
    assert tree(folder / "out") == truth
    assert run("batch verify out") == 0
    assert run("batch status out --json") == 0
    facts = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (facts["waiting"], facts["done"], facts["failed"]) == (0, 2, 1)
    assert facts["failures"][0]["item"] == "a.png"

    assert run(FILL) == 2
    assert "holds a run; add --resume" in capsys.readouterr().err
    (folder / "out" / "sub" / "b.png").write_bytes(b"changed")
    assert run("batch verify out") == 4
    assert "its bytes are others than were written" in capsys.readouterr().out
    make_pictures(folder, ["a.png"])
    assert run(f"{FILL} --workers 1 --resume --json") == 4
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {line["item"]: line["state"] for line in lines[:-1]} == {"sub/b.png": "done", "sub/c.webp": "kept"}
    assert run("batch retry out --no-score --workers 1") == 0
    assert tree(folder / "out") == {**truth, "a.png": filled_alone(folder, "a.png")}


def test_the_report_names_what_failed_and_shows_what_was_filled(folder: Path) -> None:
    (folder / "in" / "<b>.png").write_bytes(b"poison")
    assert run("batch in -o out --masks masks/a.png --method nearest --workers 1") == 4
    page = (folder / "out" / ".retouch" / "report.html").read_text()
    assert "3 of 4 pictures are done" in page
    assert "<td>&lt;b&gt;.png</td>" in page
    assert page.count("<figure>") == 3
    assert page.count("data:image/") == 6


def test_stop_ends_at_the_first_failure_and_the_rest_waits(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "in" / "a.png").write_bytes(b"poison")
    assert run(f"{FILL} --workers 1 --on-error stop") == 4
    assert "2 pictures were not done; go on with --resume" in capsys.readouterr().out
    assert tree(folder / "out") == {}


def test_a_dry_run_lists_all_and_writes_nothing(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(f"{FILL} --dry-run") == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0].endswith("in/a.png with " + str(folder / "masks" / "a.png") + " -> a.png")
    assert said[-1] == "3 pictures, nothing was written"
    assert not (folder / "out").exists()


@pytest.mark.parametrize(
    ("line", "code", "said"),
    [
        ("batch in -o out --task fill", 2, "fill needs masks"),
        ("batch in -o out --task denoise --masks masks", 2, "denoise takes no masks"),
        ("batch in -o out --task remove", 2, "remove needs masks or a finder"),
        ("batch in -o out --task polish", 2, "unknown task 'polish'"),
        ("batch in -o out --task denoise --text", 2, "find belongs to remove"),
        ("batch in -o out --task denoise --method nearest", 2, "unknown"),
        ("batch in -o in --task denoise", 2, "the output must not be an input"),
        ("batch none -o out --task denoise", 3, "there is no none"),
        ("batch -o out --task denoise", 2, "give either a folder of pictures"),
        ("batch in -o out --task denoise --on-error hope", 2, "unknown rule for errors 'hope'"),
        ("batch status in", 2, "holds no run"),
        ("batch in -o in/a.png/out --task denoise", 6, "name a folder that can be written to"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line_before_anything_is_done(
    line: str, code: int, said: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(line) == code
    told = capsys.readouterr().err
    assert said in told
    assert told.count("\n") == 1
    assert not (folder / "out").exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_output_folder_is_refused_before_the_start(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "out").mkdir(mode=0o555)
    assert run(FILL) == 6
    assert "cannot write out" in capsys.readouterr().err


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_a_run_that_can_be_resumed(number: signal.Signals, code: int, folder: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (900, 900, 3), dtype=np.uint8)
    mask = np.zeros((900, 900), np.uint8)
    mask[50:850, 50:850] = 255
    Image.fromarray(noise).save("in/d.png")
    Image.fromarray(mask).save("masks/d.png")  # biharmonic needs minutes for this hole
    line = f"{FILL} --workers 1 --json".replace("nearest", "biharmonic").split()
    with subprocess.Popen(
        [sys.executable, "-m", "retouch.cli", *line],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    ) as process:
        assert process.stdout is not None
        assert b"a.png" in process.stdout.readline()  # d.png is next
        time.sleep(0.5)
        process.send_signal(number)
        process.communicate(timeout=60)
    assert process.returncode == code
    assert list(tree(folder / "out")) == ["a.png"]
    assert run("batch verify out") == 0
    assert run(f"{FILL} --workers 1 --resume") == 0
    assert tree(folder / "out")["a.png"] == filled_alone(folder, "a.png")


@pytest.mark.shared
@pytest.mark.skipif(not ODD.is_dir(), reason="needs ../shared/data/odd-images")
def test_odd_pictures_never_stop_a_run_and_each_failure_has_its_reason(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(f"batch {ODD} -o out --task denoise --method gaussian --sigma 5 --json --workers 1") == 4
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    kinds = dict(line.split("\t")[:2] for line in (ODD / "MANIFEST.tsv").read_text().splitlines()[1:])
    for line in lines[:-1]:
        assert line["state"] == "done" or (line["reason"] and "internal error" not in line["reason"])
        if kinds[line["item"]] == "valid" and "limit" not in line["reason"]:
            assert line["state"] == "done", line
    assert lines[-1]["waiting"] == 0
