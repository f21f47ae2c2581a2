"""The charts of a report: each measure against the share of missing pixels, or as dots where there is no such axis.

Lines join the conditions of one family of masks only: a box of 20 % and strokes of 25 % are no two points of one curve.
A family is what stands before the ratio bin in the name of a condition ("brush 0.1-0.2"). Where no name ends in a bin,
all conditions are taken for one family.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence

from retouch.evaluation.report.charts import Series, line_chart
from retouch.evaluation.report.content import Cell, Column, Row, Summary
from retouch.evaluation.report.svg.dots import Dot, Group, dot_chart
from retouch.evaluation.report.svg.marks import look
from retouch.evaluation.report.words import direction

ALL = "all"
"""The condition that pools all others: it has a table, but no place on an axis."""

_BIN = re.compile(r"(.*?)[\s,:;/_-]*[(\[]?\d*\.?\d+\s*%?\s*(?:-|\u2013|to)\s*\d*\.?\d+\s*%?[)\]]?")


def draw_measures(summary: Summary) -> str:
    """Return the charts of every measure that has a value; empty where none has."""
    rows = {(row.method, row.condition): row for row in summary.rows}
    charts = "".join(_draw_measure(summary, rows, column) for column in summary.columns)
    return f'<div class="charts">\n{charts}</div>\n' if charts else ""


def families(conditions: Sequence[str]) -> dict[str, list[str]]:
    """Return the conditions of each family of masks, in the order given.

    >>> families(["brush 0.1-0.2", "box 0.1-0.2", "brush 0.2-0.3"])
    {'brush': ['brush 0.1-0.2', 'brush 0.2-0.3'], 'box': ['box 0.1-0.2']}
    >>> families(["few", "many"])
    {'': ['few', 'many']}
    """
    found = {condition: _BIN.fullmatch(condition) for condition in conditions}
    if not any(found.values()):
        return {"": list(conditions)}
    grouped: dict[str, list[str]] = {}
    for condition, match in found.items():
        grouped.setdefault(match[1] if match else condition, []).append(condition)
    return grouped


def _draw_measure(summary: Summary, rows: Mapping[tuple[str, str], Row], column: Column) -> str:
    """Return the charts of one measure: lines for each family with two ratios or more, dots for other conditions."""
    cells = {key: row.cells[column.name] for key, row in rows.items() if column.name in row.cells}
    with_values = {condition for (_, condition), cell in cells.items() if math.isfinite(cell.mean)}
    if not with_values:
        return ""
    measured = [condition for condition in summary.conditions if condition in with_values]
    separate = [condition for condition in measured if condition != ALL] or measured
    drawn, left = [], []
    for family, conditions in families(separate).items():
        if len({summary.ratios[c] for c in conditions if c in summary.ratios}) > 1:
            drawn.append(_lines(summary, cells, column, (family, conditions)))
        else:
            left += conditions
    if left:
        drawn.append(_dots(summary.methods, cells, column, left))
    return "".join(drawn)


def _lines(
    summary: Summary, cells: Mapping[tuple[str, str], Cell], column: Column, family: tuple[str, Sequence[str]]
) -> str:
    """Return one chart with a line for each method."""
    name, conditions = family
    placed = sorted((summary.ratios[condition], condition) for condition in conditions if condition in summary.ratios)
    series = [
        Series(method, [(100 * ratio, _mean(cells, method, condition)) for ratio, condition in placed])
        for method in summary.methods
    ]
    title = f"{column.name}, {name}" if name else column.name
    return line_chart(series, title=title, x_label="mean share of missing pixels, %", y_label=_described(column))


def _dots(
    methods: Sequence[str], cells: Mapping[tuple[str, str], Cell], column: Column, conditions: Sequence[str]
) -> str:
    """Return one chart with a dot for each method under each condition."""
    missing = Cell(math.nan, math.nan, math.nan, 0)
    groups = []
    for condition in conditions:
        found = [cells.get((method, condition), missing) for method in methods]
        dots = [Dot(m, look(i), c.mean, c.low, c.high) for i, (m, c) in enumerate(zip(methods, found, strict=True))]
        groups.append(Group(condition, dots))
    return dot_chart(groups, title=column.name, x_label=_described(column))


def _mean(cells: Mapping[tuple[str, str], Cell], method: str, condition: str) -> float:
    cell = cells.get((method, condition))
    return math.nan if cell is None else cell.mean


def _described(column: Column) -> str:
    return ", ".join(part for part in (column.unit, direction(column)) if part)
