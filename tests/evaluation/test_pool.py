"""A process that dies costs one case."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from retouch.evaluation.runs.plan import EvaluationRequest, make_plan
from retouch.evaluation.runs.pool import run_tasks
from retouch.evaluation.runs.worker import CaseTask
from retouch.runtime.memory import PeakMemory


class Deadly(int):
    """A seed that ends the process which unpickles it."""

    def __reduce__(self) -> Any:
        return os._exit, (9,)


def tasks_of(folder: Path, n_pictures: int) -> tuple[list[CaseTask], Any]:
    """Return a task for each of some grey pictures, and their plan."""
    for index in range(n_pictures):
        Image.fromarray(np.full((16, 16), 40 * index, np.uint8)).save(folder / f"{index}.png")
    plan = make_plan(EvaluationRequest(str(folder), ["nearest"], masks=["center_square"]))
    how = (plan.contenders, plan.preparation, plan.protocol, plan.measures)
    return [CaseTask(case, *how, {}, folder / "results", 0, 1_000_000) for case in plan.cases], plan


def test_only_the_case_that_kills_its_process_fails(tmp_path: Path) -> None:
    tasks, plan = tasks_of(tmp_path, 4)
    tasks[1] = CaseTask(**{**vars(tasks[1]), "seed": Deadly()})
    rows = [row for done in run_tasks(tasks, plan.contenders, 2) for row in done]
    assert {row["image"]: row["status"] for row in rows} == {
        "0.png": "done",
        "1.png": "failed",
        "2.png": "done",
        "3.png": "done",
    }
    assert "the process died" in next(row["reason"] for row in rows if row["status"] == "failed")


def test_no_process_outlives_a_parent_that_is_killed() -> None:
    script = (
        "import os\nfrom retouch.evaluation.runs.pool import _pool\n"
        "_pool([], 1).submit(os.getpid).result()\nos.kill(os.getpid(), 9)\n"
    )
    # It holds the other end of these pipes as long as it lives: this returns when they are closed.
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, timeout=120, check=False)
    assert ended.returncode == -9


def test_peak_memory_sees_what_was_used_and_given_back() -> None:
    with PeakMemory() as memory:
        block = np.ones(60_000_000, np.uint8)
        del block
    assert memory.peak_mb is None or memory.peak_mb > 60
