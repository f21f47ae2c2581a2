"""What bulk work costs beside the pictures: overhead an item, workers against one, memory, and the journal's rate."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from benchmarks.measuring import Bench
from benchmarks.records import Record
from retouch.jobs.journal import Done, Hashes, Journal, journal_path
from retouch.jobs.planning.items import Item
from retouch.jobs.planning.settings import Settings

PROTOCOL = """Pictures of noise, through the command line, scores off. Overhead: tiny pictures, one worker; the time
from the first to the last item, over their number, less the mean time inside an item as the journal has it. Workers: a
denoiser bound by the CPU, items a second with two workers over those with one, one thread each, start of the processes
left out. Memory: resident size of the parent and of its one worker after file 100 and after file 5,000.
Journal: synthetic items planned, announced and finished; the rate of the last tenth over that of the first.
A quick run does less of everything."""

_TINY, _LARGER = 16, 128
_SETTINGS = Settings("denoise", method="gaussian", sigma=5.0)


def run(bench: Bench) -> None:
    """Measure everything and write the result file."""
    record = Record(bench, "bulk", PROTOCOL)
    n_files, n_larger, n_rows = (200, 8, 5000) if bench.quick else (5000, 60, 100_000)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _draw(folder / "tiny", n_files, _TINY)
        _draw(folder / "larger", n_larger, _LARGER)
        record.add(what="overhead and memory", **_tiny_run(folder, n_files))
        record.add(what="workers", **_workers(folder, n_larger))
        record.add(what="journal", **_journal(folder / "journal", n_rows))
    for case in record.cases:
        print(case, flush=True)
    record.write()


def _draw(folder: Path, n_pictures: int, side: int) -> None:
    folder.mkdir()
    rng = np.random.default_rng(0)
    for number in range(n_pictures):
        Image.fromarray(rng.integers(0, 256, (side, side, 3), dtype=np.uint8)).save(folder / f"{number:05}.png")


def _items_told(line: str, folder: Path, n_workers: int = 1) -> Iterator[tuple[int, subprocess.Popen[str]]]:
    """Run a command and yield the number of items that are done, as it tells of each."""
    command = [sys.executable, "-m", "retouch.cli", "batch", *line.split(), f"--workers={n_workers}", "--no-score"]
    command.append("--json")
    environment = {**os.environ, "PYTHONUNBUFFERED": "1", "RETOUCH_THREADS": str(n_workers)}  # one for each worker
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True, env=environment) as process:
        if process.stdout is None:
            raise RuntimeError("the command has no output")
        for number, told in enumerate(process.stdout, 1):
            if '"item"' in told:
                yield number, process


def _tiny_run(folder: Path, n_files: int) -> dict[str, Any]:
    """Return overhead and memory of a run over tiny pictures."""
    memory: dict[int, dict[str, float]] = {}
    started = ended = 0.0
    for number, process in _items_told("tiny -o out --task denoise --method gaussian --sigma 5", folder):
        started, ended = (started or time.perf_counter()), time.perf_counter()
        if number in (n_files // 50, n_files):
            memory[number] = _resident_mb(process.pid)
    with closing(sqlite3.connect(journal_path(folder / "out"))) as database:
        inside = database.execute("SELECT avg(seconds) FROM items WHERE id > 1").fetchone()[0]
    an_item = (ended - started) / (n_files - 1)
    early, late = memory[n_files // 50], memory[n_files]
    return {
        "n_files": n_files,
        "ms_an_item": round(1e3 * an_item, 3),
        "ms_inside": round(1e3 * inside, 3),
        "ms_overhead": round(1e3 * (an_item - inside), 3),
        "resident_mb": {str(number): sizes for number, sizes in memory.items()},
        "growth": {who: round(late[who] / early[who], 4) for who in early},
    }


def _resident_mb(parent: int) -> dict[str, float]:
    """Return the resident size of a run's parent and of the largest of its children (Linux)."""
    children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    sizes = [_status_mb(int(child)) for child in children]
    return {"parent": _status_mb(parent), "worker": max(sizes, default=0.0)}


def _status_mb(process: int) -> float:
    for line in Path(f"/proc/{process}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return round(int(line.split()[1]) * 1024 / 1e6, 1)
    return 0.0


def _workers(folder: Path, n_files: int) -> dict[str, Any]:
    """Return items a second with one and with two workers; the first items warm the processes up."""
    rates = {}
    for n_workers in (1, 2):
        line = f"larger -o by-{n_workers} --task denoise --method non_local_means --sigma 25"
        times = [time.perf_counter() for _ in _items_told(line, folder, n_workers)]
        warm = 2 * n_workers - 1
        rates[n_workers] = (len(times) - 1 - warm) / (times[-1] - times[warm])
    return {
        "n_files": n_files,
        "items_a_second": {str(n): round(rate, 3) for n, rate in rates.items()},
        "gain": round(rates[2] / rates[1], 3),
    }


def _journal(folder: Path, n_rows: int) -> dict[str, Any]:
    """Return the rate at which items pass through the journal, at its start and at its end."""
    journal_path(folder).parent.mkdir(parents=True)
    with closing(Journal(folder)) as journal:
        start = time.perf_counter()
        names = (f"{number // 1000}/{number:06}.png" for number in range(n_rows))
        run_number = journal.begin(Item(name, f"/in/{name}", None, _SETTINGS) for name in names)
        planned = time.perf_counter() - start
        tenth, times = n_rows // 10, [time.perf_counter()]
        for number, work in enumerate(journal.work_of(run_number), 1):
            journal.announce(work, Hashes("0" * 64, "1" * 64, "", "2" * 64))
            journal.finish(work, run_number, Done(0.01, 100.0, None, ""))
            if number % tenth == 0:
                times.append(time.perf_counter())
    rates = [tenth / (late - early) for early, late in pairwise(times)]
    return {
        "n_items": n_rows,
        "plan_s": round(planned, 3),
        "items_a_second": [round(rate) for rate in rates],
        "last_over_first": round(rates[-1] / rates[0], 3),
    }
