"""The measured process: one engine, one picture, one mask. Started by measuring.py as `python -m benchmarks.worker`.

Reads a job (JSON file named by the only argument), writes the filled picture and prints its measurements as JSON.
Linux only: memory is read from /proc/self/status.
"""

from __future__ import annotations

import json
import signal
import sys
import time
from pathlib import Path

import numpy as np

from benchmarks.engines import Engine, Hole, Pixels, build_engine

WARM_UP_PX = 192
"""Side of the piece that is filled before anything is measured."""

SLOW_S, VERY_SLOW_S = 10.0, 30.0
"""A case whose first run takes longer than these is run two times fewer, or once."""


def memory_mb(field: str) -> float:
    """Return VmRSS (now) or VmHWM (the peak so far) of this process in MB of 10^6 bytes."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1]) * 1024 / 1e6
    raise RuntimeError(f"/proc/self/status has no {field}")


def warm_up(engine: Engine, image: Pixels) -> None:
    """Fill a broad hole and a scratch in a piece of the picture: libraries are loaded, kernels come from the cache."""
    piece = np.ascontiguousarray(image[:WARM_UP_PX, :WARM_UP_PX])
    height, width = piece.shape[:2]
    mask = np.zeros((height, width), dtype=bool)
    mask[height // 3 : 2 * height // 3, width // 3 : 2 * width // 3] = True
    mask[height // 10 : height // 10 + 2] = True
    engine(piece, mask)


def timed(engine: Engine, image: Pixels, mask: Hole) -> tuple[float, float, Pixels]:
    """Return wall seconds, CPU seconds of all threads (user and system), and the filled picture."""
    wall, cpu = time.perf_counter(), time.process_time()
    filled = engine(image, mask)
    return time.perf_counter() - wall, time.process_time() - cpu, filled


def timed_first(engine: Engine, image: Pixels, mask: Hole, limit_s: float) -> tuple[float, float, Pixels]:
    """Return what `timed` does, or end this process by SIGALRM after `limit_s` seconds; 0 sets no limit.

    The signal keeps its default action, which also ends a call inside a library that never comes back to Python.
    """
    signal.setitimer(signal.ITIMER_REAL, limit_s)
    run = timed(engine, image, mask)
    signal.setitimer(signal.ITIMER_REAL, 0)
    return run


def repeats_for(first_s: float, wanted: int) -> int:
    """Return how often a case is run, given how long its first run took."""
    if first_s > VERY_SLOW_S:
        return 1
    return max(1, wanted - 2) if first_s > SLOW_S else wanted


def main() -> None:
    """Do the job."""
    job = json.loads(Path(sys.argv[1]).read_text())
    engine = build_engine(job["engine"])
    image, mask = np.load(job["image"]), np.load(job["mask"])
    loaded_mb = memory_mb("VmRSS")
    warm_up(engine, image)
    warm_mb = memory_mb("VmRSS")
    runs = [timed_first(engine, image, mask, job["limit_s"])]
    for _ in range(repeats_for(runs[0][0], job["repeats"]) - 1):
        runs.append((*timed(engine, image, mask)[:2], runs[0][2]))
    report = {
        "wall_s": [round(run[0], 4) for run in runs],
        "cpu_s": [round(run[1], 4) for run in runs],
        "loaded_mb": round(loaded_mb, 1),
        "warm_mb": round(warm_mb, 1),
        "peak_mb": round(memory_mb("VmHWM"), 1),
    }
    np.save(job["filled"], runs[0][2])
    print(json.dumps(report))


if __name__ == "__main__":
    main()
