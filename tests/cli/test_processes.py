"""The command line as a real process: signals, full disks, closed pipes. Few tests, for each costs a second."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as PillowImage

RETOUCH = [sys.executable, "-m", "retouch.cli"]
SAY_WHEN_BUSY = """
import sys
import retouch.cli.fill_run as run
from retouch.cli.__main__ import main
fill = run.fill_picture
def fill_and_say(picture, mask, request, progress):
    print("busy", flush=True)
    return fill(picture, mask, request, progress)
run.fill_picture = fill_and_say
sys.exit(main(sys.argv[1:]))
"""
LIMIT_BYTES = 4096


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Make a folder with a picture and a mask."""
    image = np.random.default_rng(0).integers(0, 256, (1000, 1000, 3), dtype=np.uint8)
    mask = np.zeros((1000, 1000), np.uint8)
    mask[100:900, 100:900] = 255  # biharmonic needs minutes for this hole
    PillowImage.fromarray(image).save(tmp_path / "in.png")
    PillowImage.fromarray(mask).save(tmp_path / "mask.png")
    PillowImage.fromarray(mask * 0).save(tmp_path / "empty.png")
    return tmp_path


def run(
    arguments: str, folder: Path, stdout: int = subprocess.PIPE, before: Callable[[], None] | None = None
) -> tuple[int, str]:
    done = subprocess.run(
        [*RETOUCH, *arguments.split()],
        cwd=folder,
        stdout=stdout,
        stderr=subprocess.PIPE,
        preexec_fn=before,
        check=False,
    )
    return done.returncode, done.stderr.decode()


def limit_file_size() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (LIMIT_BYTES, LIMIT_BYTES))


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


@pytest.mark.parametrize(
    ("number", "code", "word"), [(signal.SIGINT, 130, "interrupted"), (signal.SIGTERM, 143, "terminated")]
)
def test_a_signal_in_the_middle_of_a_fill_leaves_nothing_behind(
    number: signal.Signals, code: int, word: str, folder: Path
) -> None:
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    line = "fill in.png --mask mask.png -o out.png --method biharmonic"
    command = [sys.executable, "-c", SAY_WHEN_BUSY, *line.split()]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "busy\n"
        process.send_signal(number)
        _, said = process.communicate(timeout=60)
    assert process.returncode == code
    assert said == f"retouch: {word}; no half-written file is left\n"
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_a_full_disk_is_one_line_and_leaves_nothing_behind(folder: Path) -> None:
    """The limit on the size of files stands for the disk: the picture of noise needs 3 MB."""
    code, said = run("fill in.png --mask empty.png -o out.png", folder, before=limit_file_size)
    assert code == 6
    assert said.startswith("retouch: cannot write out.png")
    assert said.count("\n") == 1
    assert names(folder) == {"in.png", "mask.png", "empty.png"}


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs the device /dev/full")
def test_a_full_device_behind_standard_output_is_one_line(folder: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        code, said = run("fill in.png --mask empty.png -o -", folder, stdout=full.fileno())
    assert code == 6
    assert said == "retouch: cannot write to standard output: No space left on device\n"


def test_a_closed_pipe_is_quiet(folder: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        _, said = run("methods", folder, stdout=writing)
    finally:
        os.close(writing)
    assert said == ""


def test_the_installed_command_starts(folder: Path) -> None:
    command = Path(sys.executable).with_name("retouch")
    done = subprocess.run([command, "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("retouch ")
