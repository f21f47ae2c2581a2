"""The figures of a page: values of arms by seed, cells of tables, and whether what was claimed is seen."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

from benchmarks.evidence.gathering import Results
from benchmarks.evidence.intervals import (
    HOLDS,
    NOT_MEASURED,
    ONE_SEED,
    REVERSED,
    WITHIN,
    WITHIN_REVERSED,
    MeanInterval,
    judge,
    mean_interval,
    paired_interval,
)
from benchmarks.evidence.study import Claim, Column, Study

MINUS = "\N{MINUS SIGN}"
VERDICTS = (HOLDS, WITHIN, WITHIN_REVERSED, REVERSED)


class Verdict(NamedTuple):
    """A claim, the difference that was measured (in the claim's direction, less its margin), and the word for it."""

    claim: Claim
    difference: MeanInterval | None
    word: str


def by_seed(results: Results, arm: str, column: Column) -> dict[str, float]:
    """Return the values of an arm by seed; runs that broke off, or have no such score, are left out."""
    runs = results["arms"].get(arm, {}).get("runs", {})
    values = {
        seed: run["scores"].get(column.group, {}).get(column.score) for seed, run in runs.items() if "failed" not in run
    }
    return {seed: value for seed, value in values.items() if value is not None}


def baseline(results: Results, method: str, column: Column) -> float | None:
    """Return what a baseline scores in a column, None where it has no such score."""
    value: float | None = results["baselines"].get(method, {}).get(column.group, {}).get(column.score)
    return value


def weigh_claim(study: Study, results: Results, claim: Claim) -> Verdict:
    """Return whether a claim is seen: by the differences of the same seeds, or from a fixed figure."""
    column = study.column(claim.column)
    ahead = by_seed(results, claim.better, column)
    behind = _other_side(study, results, claim, ahead)
    sign = -1.0 if claim.is_lower else 1.0
    shifted = {seed: sign * value - claim.margin for seed, value in ahead.items()}
    difference = paired_interval(shifted, {seed: sign * value for seed, value in behind.items()})
    return Verdict(claim, difference, judge(difference))


def _other_side(study: Study, results: Results, claim: Claim, ahead: Mapping[str, float]) -> dict[str, float]:
    column = study.column(claim.column)
    if claim.worse in {arm.name for arm in study.arms}:
        return by_seed(results, claim.worse, column)
    fixed = baseline(results, claim.worse, column) if claim.worse else 0.0
    return {} if fixed is None else dict.fromkeys(ahead, fixed)


def order_sentence(verdicts: list[Verdict]) -> str:
    """Say in one sentence whether the paper's claims are seen."""
    if not verdicts:
        return "The paper publishes no order of these arms."
    words = [verdict.word for verdict in verdicts if verdict.word != NOT_MEASURED]
    if not words or ONE_SEED in words:
        return "Nothing can be said about the paper's order yet."
    if all(word == HOLDS for word in words):
        return "The paper's order holds at this scale: every stated difference is above 0 with its whole interval."
    counted = ", ".join(f"{word}: {words.count(word)}" for word in VERDICTS if word in words)
    if all(word in {HOLDS, WITHIN} for word in words):
        return f"Means stand in the paper's order, but not beyond noise at this scale ({counted})."
    return f"The paper's order is not seen at this scale ({counted})."


def cell(values: Mapping[str, float], digits: int) -> str:
    """Return the mean with half its interval.

    >>> cell({"0": 1.0, "1": 2.0, "2": 3.0}, 2), cell({"0": 1.0}, 1), cell({}, 1)
    ('2.00 ± 2.48', '1.0', '')
    """
    return interval_words(mean_interval(list(values.values())), digits) if values else ""


def interval_words(found: MeanInterval | None, digits: int, *, signed: bool = False) -> str:
    """Return an interval as a table shows it.

    >>> interval_words(MeanInterval(0.126, 0.04, 3), 2, signed=True)
    '+0.13 ± 0.04'
    """
    if found is None:
        return ""
    mean = f"{found.mean:{'+' if signed else ''}.{digits}f}".replace("-", MINUS)
    return mean if math.isnan(found.half) else f"{mean} ± {found.half:.{digits}f}"
