"""kill -9 at named points and at random times: after resuming, the tree is that of an uninterrupted run."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from tests.jobs.pictures import filled_alone, make_pictures, tree

DYING = Path(__file__).with_name("dying.py")
QUICK_POINTS = ("written:before", "rename:before", "rename:after")
POINTS = (
    "plan:before",
    "plan:after",
    "temporary:before",
    "written:before",
    "fsync:before",
    "fsync:after",
    "announce:before",
    "announce:after",
    "rename:before",
    "rename:after",
    "written:after",
    "finish:before",
    "finish:after",
)
LINE = "batch in -o out --masks masks --method nearest --workers 1 --no-score --resume"
N_KILLS, N_FILES = 30, 200


def run(root: Path, point: str = "", poison: str = "") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, str(DYING), *LINE.split()],
        cwd=root,
        env={**os.environ, "DIE_AT": point, "POISON": poison},
        capture_output=True,
        check=False,
    )


def places(folder: Path) -> dict[str, tuple[int, int]]:
    """Return what changes when a file is written again: its inode and time."""
    return {name: ((folder / name).stat().st_ino, (folder / name).stat().st_mtime_ns) for name in tree(folder)}


def finished(root: Path, truth: dict[str, bytes]) -> dict[str, tuple[int, int]]:
    """Return the places of what has a final name; each must be whole."""
    found = {name: data for name, data in tree(root / "out").items() if not name.endswith(".part")}
    assert all(truth[name] == data for name, data in found.items())
    return {name: place for name, place in places(root / "out").items() if name in found}


def check_chain(root: Path, points: tuple[str, ...]) -> None:
    """Die at each point in turn, each run going on from the one before, and then end."""
    names = [f"{number:02}.png" for number in range(len(points) + 2)]
    make_pictures(root, names)
    truth = {name: filled_alone(root, name) for name in names}
    before: dict[str, tuple[int, int]] = {}
    for point in points:
        assert run(root, point).returncode == -signal.SIGKILL, point
        time.sleep(0.2)  # the worker dies by its own hand just before or after
        now = finished(root, truth)
        assert before.items() <= now.items(), point
        before = now
    assert run(root).returncode == 0
    assert tree(root / "out") == truth
    assert before.items() <= places(root / "out").items()


def test_a_kill_around_the_rename_costs_nothing_that_was_finished(tmp_path: Path) -> None:
    check_chain(tmp_path, QUICK_POINTS)


def test_a_picture_that_kills_its_process_twice_fails_and_costs_no_other(tmp_path: Path) -> None:
    names = ["a.png", "b.png", "c.png"]
    make_pictures(tmp_path, names)
    done = run(tmp_path, poison="b.png")
    assert done.returncode == 4
    assert b"b.png: the process died while it worked on this picture, 2 times" in done.stderr
    assert tree(tmp_path / "out") == {name: filled_alone(tmp_path, name) for name in ("a.png", "c.png")}


@pytest.mark.slow
def test_a_kill_at_any_named_point_costs_nothing_that_was_finished(tmp_path: Path) -> None:
    check_chain(tmp_path, POINTS)


@pytest.mark.slow
def test_kills_at_random_times_cost_nothing_that_was_finished(tmp_path: Path) -> None:
    names = [f"{number // 50}/{number:03}.png" for number in range(N_FILES)]
    make_pictures(tmp_path, names)
    truth = {name: filled_alone(tmp_path, name) for name in names}
    rng = np.random.default_rng(1)
    before: dict[str, tuple[int, int]] = {}
    for _ in range(N_KILLS):
        command = [sys.executable, "-m", "retouch.cli", *LINE.split()]
        with subprocess.Popen(command, cwd=tmp_path, start_new_session=True, stderr=subprocess.DEVNULL) as process:
            time.sleep(float(rng.uniform(0.5, 5)))
            os.killpg(process.pid, signal.SIGKILL)
        now = finished(tmp_path, truth)
        assert before.items() <= now.items()
        before = now
    assert run(tmp_path).returncode == 0
    assert tree(tmp_path / "out") == truth
    assert before.items() <= places(tmp_path / "out").items()
