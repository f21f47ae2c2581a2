"""`retouch batch`: plan, run, say what came of it."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from retouch import __version__
from retouch.cli.progress_bar import progress_bar
from retouch.errors import SomeFailedError
from retouch.io.wording import shown
from retouch.jobs.door import BatchResult, How, make_plan, retry, run_plan, status
from retouch.jobs.planning.items import Plan
from retouch.jobs.planning.settings import Settings
from retouch.jobs.running.run import Tell


@dataclass(frozen=True)
class BatchOrder:
    """What was typed."""

    source: str | None
    out: str
    masks: str | None
    manifest: str | None
    settings: Settings
    how: How
    dry_run: bool
    json: bool


def run_batch(order: BatchOrder) -> None:
    """Carry out the command; all that can be refused is refused before the first picture is read.

    Raises
    ------
    SomeFailedError
        If an item failed; the others are done.
    """
    plan = make_plan(order.source, order.out, order.settings, masks=order.masks, manifest=order.manifest)
    if order.dry_run:
        _show_plan(plan, as_json=order.json)
        return
    _run(lambda tell: run_plan(plan, Path(order.out), order.how, tell), len(plan.items), plan, as_json=order.json)


def run_retry(out: str, how: How, *, json: bool) -> None:
    """Carry out `retouch batch retry`."""
    counts = status(out).counts
    _run(lambda tell: retry(out, how, tell), counts["waiting"] + counts["failed"], None, as_json=json)


def _run(work: Callable[[Tell], BatchResult], n_items: int, plan: Plan | None, *, as_json: bool) -> None:
    started = time.perf_counter()
    n_told = n_kept = 0
    with progress_bar("pictures") as progress:

        def tell(name: str, state: str, reason: str) -> None:
            nonlocal n_told, n_kept
            n_told += 1
            n_kept += state == "kept"
            if as_json:
                _say({"item": name, "state": state, "reason": reason})
            elif state == "failed":
                sys.stderr.write(f"{shown(name)}: {' '.join(reason.split())}\n")
            progress(n_told, n_items)

        progress(0, n_items)
        result = work(tell)
    seconds = time.perf_counter() - started
    facts: dict[str, Any] = {
        **result.counts,
        "kept": n_kept,
        "seconds": round(seconds, 3),
        "report": str(result.report),
    }
    if as_json:
        left_out = plan.left_out if plan is not None else {}
        _say({"retouch": __version__, **facts, "left_out": left_out})
    else:
        sys.stdout.writelines(f"{line}\n" for line in _sentences(result, plan, n_kept, n_told / max(seconds, 1e-9)))
    if result.counts["failed"]:
        n_all = sum(result.counts.values())
        raise SomeFailedError(
            f"{result.counts['failed']} of {n_all} pictures failed; 'retouch batch status' names them, "
            "'retouch batch retry' tries them again"
        )


def _sentences(result: BatchResult, plan: Plan | None, n_kept: int, rate: float) -> list[str]:
    kept = f", {n_kept} of them found as they should be" if n_kept else ""
    lines = [f"{result.counts['done']} pictures are done{kept}; {rate:.1f} a second; report: {result.report}"]
    if result.counts["waiting"]:
        lines.append(f"{result.counts['waiting']} pictures were not done; go on with --resume")
    if plan is not None and plan.left_out:
        lines.append(_left_out(plan))
    return lines


def _left_out(plan: Plan) -> str:
    kinds = ", ".join(f"{n} {suffix}" for suffix, n in sorted(plan.left_out.items()))
    return f"{sum(plan.left_out.values())} files are no pictures by their names and were left out: {kinds}"


def _show_plan(plan: Plan, *, as_json: bool) -> None:
    for item in plan.items:
        if as_json:
            _say({"item": item.name, "source": item.source, "mask": item.mask, "problem": item.problem})
        else:
            mask = f" with {shown(item.mask)}" if item.mask else ""
            problem = f": {item.problem}" if item.problem else ""
            sys.stdout.write(f"{shown(item.source)}{mask} -> {shown(item.name)}{problem}\n")
    if not as_json:
        sys.stdout.write(f"{len(plan.items)} pictures, nothing was written\n")
        if plan.left_out:
            sys.stdout.write(f"{_left_out(plan)}\n")


def _say(facts: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(facts) + "\n")
