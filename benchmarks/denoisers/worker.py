"""The measured process: one denoiser, one picture. Started by measuring.py as `python -m benchmarks.denoisers.worker`.

Reads a job (JSON file named by the only argument), writes the clean picture and prints its measurements as JSON.
Linux only: memory is read from /proc/self/status.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import numpy as np

from benchmarks.denoisers.engines import Denoiser, Values, build_denoiser
from benchmarks.worker import WARM_UP_PX, memory_mb, repeats_for


def timed(denoiser: Denoiser, noisy: Values, sigma: float | None) -> tuple[float, float, Values]:
    """Return wall seconds, CPU seconds of all threads (user and system), and the clean picture."""
    wall, cpu = time.perf_counter(), time.process_time()
    clean = denoiser(noisy, sigma)
    return time.perf_counter() - wall, time.process_time() - cpu, clean


def main() -> None:
    """Do the job."""
    job = json.loads(Path(sys.argv[1]).read_text())
    denoiser = build_denoiser(job["engine"])
    noisy, sigma = np.load(job["noisy"]), job["sigma"]
    loaded_mb = memory_mb("VmRSS")
    denoiser(np.ascontiguousarray(noisy[:WARM_UP_PX, :WARM_UP_PX]), sigma)
    warm_mb = memory_mb("VmRSS")
    runs = [timed(denoiser, noisy, sigma)]
    for _ in range(repeats_for(runs[0][0], job["repeats"]) - 1):
        runs.append((*timed(denoiser, noisy, sigma)[:2], runs[0][2]))
    report = {
        "wall_s": [round(run[0], 4) for run in runs],
        "cpu_s": [round(run[1], 4) for run in runs],
        "loaded_mb": round(loaded_mb, 1),
        "warm_mb": round(warm_mb, 1),
        "peak_mb": round(memory_mb("VmHWM"), 1),
    }
    np.save(job["clean"], runs[0][2])
    print(json.dumps(report))


if __name__ == "__main__":
    main()
