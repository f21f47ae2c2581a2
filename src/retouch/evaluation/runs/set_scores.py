"""Measures of whole sets (FID and the like), taken once every case is done."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

from retouch.arrays.types import Progress
from retouch.evaluation.cases.conditions import Case, load_case
from retouch.evaluation.cases.pictures import read_8_bits
from retouch.evaluation.report.content import Cell
from retouch.evaluation.ruler.measures import Measure
from retouch.evaluation.runs.contenders import Contender
from retouch.evaluation.runs.journal import Journal
from retouch.evaluation.runs.places import Places
from retouch.evaluation.runs.plan import EvaluationPlan
from retouch.evaluation.runs.summary import ALL, condition_labels
from retouch.evaluation.runs.worker import DONE, result_path
from retouch.metrics.sets.image_sets import SetScore, start_set_measure


class SetScores(NamedTuple):
    """Measures of whole sets.

    Attributes
    ----------
    cells : dict
        By method, condition and column.
    warnings : tuple of str
        What limits them.
    weights : dict
        SHA-256 of the weights, by metric.
    """

    cells: dict[tuple[str, str, str], Cell]
    warnings: tuple[str, ...]
    weights: dict[str, str]


def score_sets(plan: EvaluationPlan, journal: Journal, places: Places, progress: Progress) -> SetScores:
    """Take the measures of whole sets.

    Pictures are read one by one, so memory does not grow with their number, but for what a measure itself keeps.
    """
    cells: dict[tuple[str, str, str], Cell] = {}
    warnings: dict[str, None] = {}
    weights: dict[str, str] = {}
    wanted = [
        (measure, contender, condition)
        for measure in plan.measures
        if measure.of_set
        for contender in plan.contenders
        for condition in condition_labels(plan)
    ]
    for done, (measure, contender, condition) in enumerate(wanted):
        progress(done, len(wanted))
        cases = list(_done_cases(plan, journal, contender, condition))
        if len(cases) > 1:
            score = _score(plan, measure, contender, cases, places)
            cells[contender.label, condition, measure.column] = Cell(score.value, math.nan, math.nan, score.n)
            weights[measure.metric] = score.weights_sha256
            if score.warning:
                warnings[score.warning] = None
        else:
            words = f"{measure.column} of {contender.label} ({condition}) needs at least two pictures, got {len(cases)}"
            warnings[words] = None
    return SetScores(cells, tuple(warnings), weights)


def _done_cases(plan: EvaluationPlan, journal: Journal, contender: Contender, condition: str) -> Iterator[Case]:
    for case in plan.cases:
        if condition in (ALL, case.condition.label):
            row = journal.row(case.key, contender.label)
            if row is not None and row["status"] == DONE:
                yield case


def _score(plan: EvaluationPlan, measure: Measure, contender: Contender, cases: list[Case], places: Places) -> SetScore:
    of_set = start_set_measure(measure.metric, plan.weights.get(measure.metric))
    for case in cases:
        truth = load_case(case, plan.preparation, plan.seed, plan.max_pixels).truth
        of_set.add(truth, read_8_bits(result_path(places.results, contender, case)))
    return of_set.value()
