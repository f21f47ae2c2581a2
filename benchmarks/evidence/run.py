"""Runs a study: `python -m benchmarks.evidence.run STUDY [--arm A] [--seed N] [--steps N] [--time-budget 25m]`.

From the root of the repository; "all" runs every study. What was run before is not run again, and a run that was cut
off goes on where it stopped. `--steps` is for a try: its runs lie in a folder of their own.
The pages are written by `python -m benchmarks.evidence.pages`.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from benchmarks.evidence.running import Wish, run_study
from benchmarks.evidence.studies import STUDIES, find_study
from benchmarks.measuring import ROOT
from retouch.training.loop.stopping import parse_duration

RUNS = ROOT / "scratch" / "evidence"


def parse_arguments(arguments: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.evidence.run", description=__doc__)
    parser.add_argument("study", choices=[*(study.name for study in STUDIES), "all"])
    parser.add_argument("--arm", action="append", default=[], help="only this arm; may be given more than once")
    parser.add_argument("--seed", action="append", type=int, default=[], help="only this seed")
    parser.add_argument("--out", type=Path, help="folder for the runs; scratch/evidence unless it is said")
    parser.add_argument("--steps", type=int, help="instead of the study's, for a try")
    parser.add_argument("--time-budget", type=parse_duration, help="such as 25m; then it stops, ready to go on")
    parser.add_argument("--threads", type=int)
    return parser.parse_args(arguments)


def main() -> None:
    """Run what is missing; exit code 3 where the time did not suffice."""
    chosen = parse_arguments()
    out = chosen.out or (RUNS if chosen.steps is None else RUNS.with_name(f"evidence-{chosen.steps}-steps"))
    ends_at = time.monotonic() + chosen.time_budget if chosen.time_budget is not None else None
    wish = Wish(out, chosen.arm, chosen.seed, chosen.steps, ends_at, chosen.threads)
    studies = STUDIES if chosen.study == "all" else (find_study(chosen.study),)
    for study in studies:
        unknown = set(chosen.arm) - {arm.name for arm in study.arms}
        if unknown:
            raise SystemExit(
                f"{study.name} has no arm {', '.join(sorted(unknown))}; it has {', '.join(a.name for a in study.arms)}"
            )
        if not run_study(study, wish, lambda words: print(words, flush=True)):
            raise SystemExit(3)


if __name__ == "__main__":
    main()
