"""The slow denoisers on BSD68 at sigma 25, one after another, beside the published figures: hours on two cores.

A run that is stopped loses one picture; the next one goes on (see `benchmarks.denoisers.resuming`). The result file is
written anew after each denoiser, and holds those that are done.
"""

from __future__ import annotations

from benchmarks.denoisers.resuming import Job, add_scores
from benchmarks.measuring import Bench
from benchmarks.quality.denoising import PROTOCOL, SLOW, add_published
from benchmarks.records import Record

LEVEL = 25
DATASET = "bsd68"


def run(bench: Bench) -> None:
    """Score every slow denoiser and write the result file."""
    jobs = [Job(method, DATASET, (LEVEL,)) for method in SLOW]
    if not jobs[0].pictures.is_dir():
        print(f"skipped: {jobs[0].pictures} is absent")
        return
    record = Record(bench, "quality-denoising-slow", PROTOCOL)
    add_published(record, [DATASET], [LEVEL])
    for job in jobs:
        add_scores(bench, record, job)
        record.write()
