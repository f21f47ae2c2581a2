"""How the cost of a fill grows with the picture and with the hole: every method of ours and every rival."""

from __future__ import annotations

from typing import Any

from benchmarks.engines import OURS, RIVALS, Hole, Pixels
from benchmarks.measuring import Bench, StoppedError
from benchmarks.pictures import SEED, photograph
from benchmarks.records import Record
from retouch.masks.sampler import sample_mask
from retouch.methods.catalogue import AUTO, method_names

PICTURE = "motorcycle"
REPEATS, LIMIT_S = 3, 40.0
PROTOCOL = """The picture motorcycle and one hole of the family blob, drawn at the wanted size and share: the same
outline, enlarged, its area exact to the pixel. Square pictures with 5 % missing; 512 px with 1 to 40 % missing. Each
engine and case in a fresh process, warm-up first, then 3 timed runs; 1 where the first takes more than 10 s. A first
run of more than 40 s is ended there, and no case that is at least as large in picture and hole is run: both are
recorded."""

SIZE, HOLE = "size", "hole"
_CASES: tuple[tuple[tuple[str, ...], int, float], ...] = (
    ((SIZE,), 256, 0.05),
    ((SIZE, HOLE), 512, 0.05),
    ((SIZE,), 1024, 0.05),
    ((SIZE,), 2048, 0.05),
    ((HOLE,), 512, 0.01),
    ((HOLE,), 512, 0.1),
    ((HOLE,), 512, 0.2),
    ((HOLE,), 512, 0.4),
)
"""The series that a case belongs to, side in px and share of missing pixels; each series rises."""
_QUICK = (((SIZE,), 64, 0.05), ((SIZE, HOLE), 96, 0.05), ((HOLE,), 96, 0.2))


def draw_hole(side: int, share: float) -> Hole:
    """Return (side, side) bool: one blob, the same in shape and nearly in place for all sizes and shares."""
    return sample_mask("blob", side, side, seed=SEED, options={"ratio": share})


def measure(bench: Bench, engine: str, truth: Pixels, mask: Hole) -> dict[str, Any]:
    """Measure one engine on one case; `over_limit_s` or `crashed` stand in the report where it did not finish."""
    try:
        return bench.run(engine, truth, mask, repeats=1 if bench.quick else REPEATS, limit_s=LIMIT_S)[0]
    except StoppedError as stopped:
        print(f"  {stopped}", flush=True)
        return {"over_limit_s": LIMIT_S} if stopped.over_limit else {"crashed": stopped.signal.name}


def smaller_case(over: list[tuple[int, float]], side: int, share: float) -> dict[str, float] | None:
    """Return a case where an engine went over the limit and that is no larger in picture and hole; None without one."""
    for over_side, over_share in over:
        if over_side <= side and over_share <= share:
            return {"side_px": over_side, "share": over_share}
    return None


def skipped(smaller: dict[str, float]) -> dict[str, Any]:
    """Return the report of a case that is not run, as a smaller one went over the limit."""
    return {"over_limit_s": LIMIT_S, "seen_at": smaller}


def run(bench: Bench) -> None:
    """Measure every case and write the result file."""
    record = Record(bench, "growth", PROTOCOL)
    engines = [*(OURS + name for name in (*method_names(), AUTO)), *RIVALS]
    over: dict[str, list[tuple[int, float]]] = {engine: [] for engine in engines}
    for series, side, share in _QUICK if bench.quick else _CASES:
        truth, mask = photograph(PICTURE, side, side), draw_hole(side, share)
        print(f"{side} {PICTURE}, {mask.mean():.1%} missing", flush=True)
        reports = {}
        for engine in engines:
            smaller = smaller_case(over[engine], side, share)
            reports[engine] = measure(bench, engine, truth, mask) if smaller is None else skipped(smaller)
            if "over_limit_s" in reports[engine]:
                over[engine].append((side, share))
        facts = {"picture": PICTURE, "side_px": side, "share": share, "missing": round(float(mask.mean()), 5)}
        record.add(series=series, **facts, engines=reports)
    record.write()
