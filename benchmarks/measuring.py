"""Starts one measured process per case, in the right environment, and gathers what it reports."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.engines import OURS, Hole, Pixels
from benchmarks.scores import count_changed_known
from retouch.metrics.pixels.psnr import psnr

ROOT = Path(__file__).resolve().parent.parent


class StoppedError(RuntimeError):
    """The measured process was ended by a signal: by its time limit, or because the engine crashed."""

    def __init__(self, engine: str, shape: tuple[int, ...], number: int) -> None:
        self.signal = signal.Signals(number)
        super().__init__(f"{engine} on {shape} was ended by {self.signal.name}")

    @property
    def over_limit(self) -> bool:
        """Whether it was the time limit."""
        return self.signal is signal.SIGALRM


@dataclass
class Bench:
    """Settings of one benchmark run.

    Attributes
    ----------
    rivals_python : Path
        Interpreter of the environment that holds the rivals; retouch is measured in the running one.
    results : Path
        Folder for the result files.
    quick : bool
        Few, small cases and one repeat: shows that everything runs, says nothing about speed.
    n_threads : int
        The one thread setting, for every engine.
    """

    rivals_python: Path
    results: Path
    quick: bool = False
    n_threads: int = field(default_factory=lambda: len(os.sched_getaffinity(0)))
    _primed: set[str] = field(default_factory=set)

    @property
    def repeats(self) -> int:
        """Timed runs per case; the worker lowers it for very slow cases and reports every run."""
        return 1 if self.quick else 5

    def environment(self) -> dict[str, str]:
        """Return the environment of a measured process: the one thread setting and nothing that retouch needs."""
        names = ("RETOUCH_THREADS", "NUMBA_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
        return {**os.environ, **dict.fromkeys(names, str(self.n_threads)), "PYTHONPATH": ""}

    def python_of(self, engine: str) -> str:
        """Return the interpreter that an engine runs in."""
        return sys.executable if engine.startswith(OURS) else str(self.rivals_python)

    def run(
        self, engine: str, truth: Pixels, mask: Hole, repeats: int | None = None, limit_s: float = 0
    ) -> tuple[dict[str, Any], Pixels]:
        """Fill one hole in a process of its own; return its measurements with their scores, and the filled picture.

        The engine never sees the truth: the picture it is given is black under the mask. `StoppedError` where the first
        timed run (not loading, not the warm-up) takes longer than `limit_s` seconds; 0 sets no limit.
        """
        self._prime(engine, truth)
        report, filled = self._start(engine, np.where(mask[:, :, None], np.uint8(0), truth), mask, repeats, limit_s)
        report["hole_psnr_db"] = round(psnr(truth, filled, mask=mask), 3)
        report["changed_known"] = count_changed_known(truth, filled, mask)
        print(
            f"  {engine:22} wall {min(report['wall_s']):8.3f} s  cpu {min(report['cpu_s']):8.3f} s  "
            f"peak {report['peak_mb']:7.1f} MB  {report['hole_psnr_db']:6.2f} dB  changed {report['changed_known']}",
            flush=True,
        )
        return report, filled

    def run_batch(self, engine: str, holes: Path, results: Path, names: Sequence[str]) -> None:
        """Fill many holes in one process, for quality only.

        Parameters
        ----------
        engine : str
        holes, results : Path
            Folders of `NAME.npz` with `image` and `mask`, and of `NAME.png`.
        names : sequence of str
        """
        with tempfile.TemporaryDirectory() as folder:
            job_file = Path(folder, "job.json")
            places = {"holes": str(holes), "results": str(results)}
            job_file.write_text(json.dumps({"engine": engine, "names": list(names), **places}))
            command = [self.python_of(engine), "-m", "benchmarks.batch", str(job_file)]
            done = subprocess.run(
                command, cwd=ROOT, env=self.environment(), capture_output=True, text=True, check=False
            )
            if done.returncode:
                raise RuntimeError(f"{engine} failed on a batch:\n{done.stderr}")
        print(f"{done.stdout}  {engine:22} {len(names)} holes done", flush=True)

    def _prime(self, engine: str, truth: Pixels) -> None:
        """Fill our on-disk kernel cache in a process that is not measured: compiling would count as its memory."""
        if engine in self._primed or not engine.startswith(OURS):
            return
        self._primed.add(engine)
        self._start(engine, truth[:128, :128], np.eye(*truth[:128, :128].shape[:2], dtype=np.bool_), repeats=1)

    def _start(
        self, engine: str, image: Pixels, mask: Hole, repeats: int | None, limit_s: float = 0
    ) -> tuple[dict[str, Any], Pixels]:
        with tempfile.TemporaryDirectory() as folder:
            job = {name: str(Path(folder, f"{name}.npy")) for name in ("image", "mask", "filled")}
            np.save(job["image"], image)
            np.save(job["mask"], mask)
            job_file = Path(folder, "job.json")
            settings = {"engine": engine, "repeats": repeats or self.repeats, "limit_s": limit_s}
            job_file.write_text(json.dumps({**job, **settings}))
            command = [self.python_of(engine), "-m", "benchmarks.worker", str(job_file)]
            done = subprocess.run(
                command, cwd=ROOT, env=self.environment(), capture_output=True, text=True, check=False
            )
            if done.returncode < 0:
                raise StoppedError(engine, image.shape, -done.returncode)
            if done.returncode:
                raise RuntimeError(f"{engine} failed on {image.shape}:\n{done.stderr}")
            return json.loads(done.stdout.splitlines()[-1]), np.load(job["filled"])
