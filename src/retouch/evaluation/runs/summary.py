"""From the rows of items to tables: means with intervals, paired differences, published figures beside them."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from statistics import fmean, median

import numpy as np

from retouch.evaluation.report.content import Cell, Column, Difference, Failure, PublishedCell, Row, Summary
from retouch.evaluation.ruler.measures import Measure
from retouch.evaluation.ruler.protocols import PSNR_CAP_DB
from retouch.evaluation.ruler.published import Published, find_published
from retouch.evaluation.runs.journal import Journal
from retouch.evaluation.runs.plan import EvaluationPlan
from retouch.evaluation.runs.worker import DONE, FAILED, LEFT_OUT, ItemRow
from retouch.metrics.intervals import bootstrap_interval, capped, paired_difference

ALL = "all"
"""The condition that holds every case, where there are several."""

CHANGED = "changed_known"
_CHANGED_SENTENCE = "known pixels that the method changed in any channel, mean number per picture"

SetCells = Mapping[tuple[str, str, str], Cell]
"""Measures of whole sets, by method, condition and column."""

_Scores = Mapping[str, Mapping[str, float]]  # by case, then by column


class _Group:
    """The rows of one method under one condition."""

    def __init__(self, rows: Iterable[ItemRow]) -> None:
        self.rows = list(rows)
        self.done = [row for row in self.rows if row["status"] == DONE]
        self.scores: _Scores = {row["case"]: row["scores"] for row in self.done}

    def values(self, column: str) -> list[float]:
        return [scores[column] for scores in self.scores.values() if column in scores]

    def of(self, field: str) -> list[float]:
        return [float(row[field]) for row in self.done if row[field] is not None]


def summarise(plan: EvaluationPlan, journal: Journal, sets: SetCells, facts: Mapping[str, str]) -> Summary:
    """Return the tables of an evaluation.

    Parameters
    ----------
    plan : EvaluationPlan
    journal : Journal
        Items that are missing from it are not counted.
    sets : mapping
        Measures of whole sets, already taken.
    facts : mapping
        What a reader must know, for the head of the report.
    """
    groups = {
        (contender.label, condition): _Group(_rows_of(plan, journal, contender.label, condition))
        for condition in condition_labels(plan)
        for contender in plan.contenders
    }
    singles = [group for (_, condition), group in groups.items() if condition != ALL]
    published = _published(plan)
    return Summary(
        title=f"Evaluation: {plan.task}" + (f" on {plan.dataset}" if plan.dataset else ""),
        facts={**facts, **_known_pixels(singles)},
        warnings=(*_warnings(plan, singles), *_published_warnings(plan, published)),
        conditions=condition_labels(plan),
        methods=tuple(contender.label for contender in plan.contenders),
        ratios=_ratios(plan, groups),
        columns=_columns(plan, singles),
        rows=tuple(_row(plan, key, group, sets) for key, group in groups.items()),
        differences=tuple(_differences(plan, groups)),
        published=tuple(PublishedCell(p.method, p.condition, p.column, p.value, p.source) for p in published),
        failures=tuple(_failures(singles)),
    )


def condition_labels(plan: EvaluationPlan) -> tuple[str, ...]:
    """Return the conditions in order, and "all" behind them where there are several."""
    labels = tuple(condition.label for condition in plan.conditions)
    return (*labels, ALL) if len(labels) > 1 else labels


def cell_of(values: Sequence[float]) -> Cell:
    """Return the mean with its interval; infinite values count as the cap."""
    finite, n_capped = capped(np.asarray(values, np.float64), PSNR_CAP_DB)
    interval = bootstrap_interval(finite)
    return Cell(interval.mean, interval.low, interval.high, interval.n, n_capped)


def _rows_of(plan: EvaluationPlan, journal: Journal, method: str, condition: str) -> Iterator[ItemRow]:
    for case in plan.cases:
        if condition in (ALL, case.condition.label):
            row = journal.row(case.key, method)
            if row is not None:
                yield row


def _row(plan: EvaluationPlan, key: tuple[str, str], group: _Group, sets: SetCells) -> Row:
    method, condition = key
    cells: dict[str, Cell] = {}
    for measure in plan.measures:
        if measure.of_set:
            found = sets.get((method, condition, measure.column))
            if found is not None:
                cells[measure.column] = found
        elif values := group.values(measure.column):
            cells[measure.column] = cell_of(values)
    changed = group.of(CHANGED)
    if any(changed):
        cells[CHANGED] = Cell(fmean(changed), math.nan, math.nan, len(changed))
    seconds, peaks = group.of("seconds"), group.of("peak_mb")
    return Row(
        method=method,
        condition=condition,
        cells=cells,
        n_failed=sum(row["status"] == FAILED for row in group.rows),
        seconds=median(seconds) if seconds else math.nan,
        peak_mb=max(peaks, default=math.nan),
    )


def _columns(plan: EvaluationPlan, groups: Sequence[_Group]) -> tuple[Column, ...]:
    columns = [_column(measure) for measure in plan.measures]
    if any(any(group.of(CHANGED)) for group in groups):
        columns.append(Column(CHANGED, _CHANGED_SENTENCE, "px", "lower", 0))
    return tuple(columns)


def _known_pixels(groups: Sequence[_Group]) -> dict[str, str]:
    """Say that known pixels are exact where they are; where they are not, a column says how many."""
    counts = [count for group in groups for count in group.of(CHANGED)]
    return {"Known pixels": "no method changed any"} if counts and not any(counts) else {}


def _column(measure: Measure) -> Column:
    info = measure.info
    return Column(measure.column, measure.sentence(), info.unit, info.better, info.digits)


def _ratios(plan: EvaluationPlan, groups: Mapping[tuple[str, str], _Group]) -> dict[str, float]:
    ratios: dict[str, float] = {}
    for (_, condition), group in groups.items():
        shares = group.of("mask_ratio")
        if shares and condition != ALL:
            ratios.setdefault(condition, fmean(shares))
    return {condition.label: ratios[condition.label] for condition in plan.conditions if condition.label in ratios}


def _differences(plan: EvaluationPlan, groups: Mapping[tuple[str, str], _Group]) -> Iterator[Difference]:
    """Yield each method against the one to compare with, over the pictures that both have done."""
    for (method, condition), group in groups.items():
        base = groups[plan.against, condition]
        if method == plan.against:
            continue
        for measure in plan.measures:
            column = measure.column
            both = [
                (scores[column], base.scores[case][column])
                for case, scores in group.scores.items()
                if column in scores and column in base.scores.get(case, {})
            ]
            if both:
                mine, theirs = (capped(np.array(side), PSNR_CAP_DB)[0] for side in zip(*both, strict=True))
                interval = paired_difference(mine, theirs)
                cell = Cell(interval.mean, interval.low, interval.high, interval.n)
                yield Difference(method, plan.against, condition, column, cell)


def _published(plan: EvaluationPlan) -> tuple[Published, ...]:
    columns = (measure.column for measure in plan.measures)
    conditions = (condition.label for condition in plan.conditions)
    return find_published(plan.dataset, plan.protocol.name, plan.preparation.name, conditions, columns)


def _published_warnings(plan: EvaluationPlan, published: Iterable[Published]) -> Iterator[str]:
    counts = {(cell.source, cell.n_pictures) for cell in published if cell.n_pictures not in (0, len(plan.entries))}
    for source, n_pictures in sorted(counts):
        yield f"the published figures of {source} are over {n_pictures} pictures, ours over {len(plan.entries)}"


def _failures(groups: Iterable[_Group]) -> Iterator[Failure]:
    for group in groups:
        for row in group.rows:
            if row["status"] == FAILED:
                yield Failure(row["method"], row["condition"], row["image"], row["reason"])


def _warnings(plan: EvaluationPlan, groups: Sequence[_Group]) -> Iterator[str]:
    """Say what was not measured, and on how many pictures."""
    n_left_out = sum(row["status"] == LEFT_OUT for group in groups for row in group.rows) // len(plan.contenders)
    if n_left_out:
        most = plan.protocol.most_missing
        yield f"{n_left_out} cases have more than {most:.0%} missing and are left out, as the protocol says"
    unscored = Counter(column for group in groups for row in group.done for column in row["unscored"])
    n_done = sum(len(group.done) for group in groups)
    for column, count in unscored.items():
        reason = next(row["unscored"][column] for g in groups for row in g.done if column in row["unscored"])
        yield f"{column} could not be measured on {count} of {n_done} results; the first reason: {reason}"
