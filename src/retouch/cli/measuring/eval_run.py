"""`retouch eval`: evaluate, then say the result in a table and where the rest lies."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from retouch.arrays.threads import n_threads
from retouch.cli.progress_bar import progress_bar
from retouch.errors import Cancelled, SomeFailedError, UsageError
from retouch.evaluation.cases.suites import find_suite
from retouch.evaluation.door import run_evaluation
from retouch.evaluation.report.content import Cell, Column, Row, Summary
from retouch.evaluation.runs.outputs import summary_to_dict
from retouch.evaluation.runs.places import Places
from retouch.evaluation.runs.plan import EvaluationRequest, make_plan


@dataclass(frozen=True)
class EvalOrder:
    """What was typed."""

    request: EvaluationRequest
    out: str
    workers: int | None
    shown: int
    json: bool


def run_eval(order: EvalOrder) -> None:
    """Carry out the command.

    Raises
    ------
    SomeFailedError
        If a method failed on a picture; everything else is done and written.
    """
    plan, places = make_plan(order.request), Places(Path(order.out))
    try:
        with progress_bar("evaluating") as progress:
            summary = run_evaluation(plan, places, order.workers or n_threads(), order.shown, progress).summary
    except KeyboardInterrupt as error:
        raise Cancelled(f"interrupted; the same command goes on in {places.folder}") from error
    if order.json:
        sys.stdout.write(json.dumps(summary_to_dict(summary), allow_nan=False) + "\n")
    else:
        sys.stdout.write(as_text(summary) + f"\nRead {places.report}; every score is in {places.scores}.\n")
    if summary.failures:
        first = summary.failures[0]
        raise SomeFailedError(
            f"{len(summary.failures)} of {len(plan.cases) * len(plan.contenders)} results failed, the first: "
            f"{first.method} on {first.image} ({first.condition}): {first.reason}"
        )


def run_suites(order: EvalOrder, names: Sequence[str]) -> None:
    """Carry out the command once for each test set, each in a folder of its own below `out`.

    Raises
    ------
    SomeFailedError
        If a method failed on a picture of any; everything else is done and written.
    UsageError
        If a set is unknown, named twice, or the pictures are said to be another.
    """
    if order.request.dataset or len(set(names)) < len(names):
        raise UsageError("each suite is a dataset of its own: name each once, and leave --dataset out")
    places = {name: find_suite(Path(order.request.images or "."), name) for name in names}
    failures = []
    for name, place in places.items():
        request = replace(order.request, images=str(place), dataset=name)
        if not order.json:
            sys.stdout.write(f"{name}\n")
        try:
            run_eval(replace(order, request=request, out=str(Path(order.out) / name)))
        except SomeFailedError as error:
            failures.append(f"{name}: {error}")
    if failures:
        raise SomeFailedError("; ".join(failures))


def as_text(summary: Summary) -> str:
    """Return the tables for the terminal, a blank line between conditions."""
    blocks = [f"warning: {warning}" for warning in summary.warnings]
    for condition in summary.conditions:
        rows = [row for row in summary.rows if row.condition == condition]
        head = [condition, *(_heading(column) for column in summary.columns), "seconds", "peak MB", "n", "failed"]
        lines = [head, *(_line(row, summary.columns) for row in rows)]
        blocks.append(_aligned([*lines, *_published_lines(summary, condition)]))
    return "\n".join(blocks)


def _heading(column: Column) -> str:
    return column.name + (f" [{column.unit}]" if column.unit else "")


def _line(row: Row, columns: tuple[Column, ...]) -> list[str]:
    figures = [_figure(row.cells.get(column.name), column) for column in columns]
    n_pictures = max((cell.n for cell in row.cells.values()), default=0)
    return [row.method, *figures, _seconds(row.seconds), _number(row.peak_mb, 0), str(n_pictures), str(row.n_failed)]


def _published_lines(summary: Summary, condition: str) -> list[list[str]]:
    cells = {(p.method, p.column): p.value for p in summary.published if p.condition == condition}
    methods = dict.fromkeys(method for method, _ in cells)
    return [
        [
            f"{method} (published)",
            *(_number(cells.get((method, column.name), math.nan), column.digits) for column in summary.columns),
            *("-", "-", "", ""),
        ]
        for method in methods
    ]


def _figure(cell: Cell | None, column: Column) -> str:
    if cell is None:
        return "-"
    return _number(cell.mean, column.digits) + (f" ({cell.n_capped} equal)" if cell.n_capped else "")


def _number(value: float, digits: int) -> str:
    return "-" if math.isnan(value) else f"{value:.{digits}f}"


def _seconds(value: float) -> str:
    """Return a time with three figures: methods take from a millisecond to minutes."""
    return "-" if math.isnan(value) else f"{value:.3g}"


def _aligned(lines: list[list[str]]) -> str:
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    texts = []
    for line in lines:
        cells = [
            line[0].ljust(widths[0]),
            *(cell.rjust(width) for cell, width in zip(line[1:], widths[1:], strict=True)),
        ]
        texts.append("  ".join(cells).rstrip())
    return "\n".join(texts) + "\n"
