"""What an evaluation leaves behind: a table of all scores, the summary, and the page to read."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from retouch.arrays.types import AnyArray
from retouch.errors import RetouchError
from retouch.evaluation.cases.conditions import Case, load_case
from retouch.evaluation.cases.pictures import read_8_bits
from retouch.evaluation.report.content import ShownCase, Summary
from retouch.evaluation.report.page import write_report
from retouch.evaluation.ruler.measures import Measure
from retouch.evaluation.runs.journal import Journal
from retouch.evaluation.runs.places import Places
from retouch.evaluation.runs.plan import EvaluationPlan
from retouch.evaluation.runs.worker import DONE, result_path
from retouch.io.atomic import atomic_write
from retouch.metrics.catalogue import HIGHER

_HEAD = ("image", "condition", "method", "status", "reason", "mask_ratio", "mask_sha256", "changed_known", "seconds")


def write_outputs(plan: EvaluationPlan, journal: Journal, summary: Summary, places: Places, n_shown: int) -> None:
    """Write scores.csv, summary.json and report.html.

    Parameters
    ----------
    n_shown : int
        How many cases the page shows with their pictures.

    Raises
    ------
    FileError
        If one of them cannot be written.
    """
    atomic_write(places.scores, _to_csv(plan, journal).encode())
    atomic_write(places.summary, (json.dumps(summary_to_dict(summary), indent=1, allow_nan=False) + "\n").encode())
    chosen = choose_shown(plan, journal, n_shown)
    write_report(places.report, summary, _show(plan, journal, places, chosen))


def summary_to_dict(summary: Summary) -> dict[str, Any]:
    """Return plain types for JSON; what is not a number becomes null."""
    plain: dict[str, Any] = _without_nan(asdict(summary))
    return plain


def choose_shown(plan: EvaluationPlan, journal: Journal, n_shown: int) -> list[Case]:
    """Return the cases that the page shows, in the order of the plan.

    Half of them are those where the best method did worst by the first measure; the rest are evenly spread, so that a
    reader sees the usual as well.
    """
    done = [case for case in plan.cases if _best_score(plan, journal, case) is not None]
    if len(done) <= n_shown:
        return done
    by_badness = sorted(done, key=lambda case: _best_score(plan, journal, case) or 0.0)
    n_worst = n_shown // 2
    worst, rest = {case.key for case in by_badness[:n_worst]}, n_shown - n_worst
    others = [case for case in done if case.key not in worst]
    spread = {others[int(i)].key for i in np.linspace(0, len(others) - 1, rest)} if rest else set()
    return [case for case in done if case.key in worst | spread]


def _best_score(plan: EvaluationPlan, journal: Journal, case: Case) -> float | None:
    """Return the best score by the first measure, turned so that more is better; None where no method did it."""
    first = next((measure for measure in plan.measures if not measure.of_set), None)
    scores = []
    for contender in plan.contenders:
        row = journal.row(case.key, contender.label)
        if row is not None and row["status"] == DONE:
            scores.append(_turned(first, row["scores"]))
    return max(scores, default=None)


def _turned(measure: Measure | None, scores: Mapping[str, float]) -> float:
    if measure is None or measure.column not in scores:
        return 0.0
    value = scores[measure.column]
    return value if measure.info.better == HIGHER else -value


def _show(plan: EvaluationPlan, journal: Journal, places: Places, cases: list[Case]) -> Iterator[ShownCase]:
    for case in cases:
        loaded = load_case(case, plan.preparation, plan.seed, plan.max_pixels)
        results: dict[str, AnyArray] = {}
        scores: dict[str, Mapping[str, float]] = {}
        for contender in plan.contenders:
            row = journal.row(case.key, contender.label)
            if row is not None and row["status"] == DONE:
                picture = _read_result(result_path(places.results, contender, case))
                if picture is not None:
                    results[contender.label], scores[contender.label] = picture, row["scores"]
        ratio = None if loaded.mask is None else float(loaded.mask.mean())
        yield ShownCase(
            image=case.entry.name,
            condition=case.condition.label,
            mask_ratio=ratio,
            truth=loaded.truth,
            damaged=loaded.damaged,
            mask=loaded.mask,
            results=results,
            scores=scores,
        )


def _read_result(path: Path) -> AnyArray | None:
    """Return a stored result; None if somebody has removed it: its scores still stand."""
    try:
        return read_8_bits(path)
    except RetouchError:
        return None


def _to_csv(plan: EvaluationPlan, journal: Journal) -> str:
    columns = [measure.column for measure in plan.measures if not measure.of_set]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*_HEAD, "peak_mb", *columns])
    for case in plan.cases:
        for contender in plan.contenders:
            row = journal.row(case.key, contender.label)
            if row is not None:
                facts = [_plain(row[name]) for name in (*_HEAD, "peak_mb")]
                writer.writerow([*facts, *(_plain(row["scores"].get(column)) for column in columns)])
    return text.getvalue()


def _plain(value: Any) -> Any:
    """Return a value as the table shows it: six figures are more than any of them is good for."""
    if value is None:
        return ""
    return f"{value:.6g}" if isinstance(value, float) else value


def _without_nan(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nan(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_without_nan(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
