"""The tables of a report: means with intervals, published figures beside them, paired differences."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from retouch.evaluation.report.content import Cell, Column, PublishedCell, Row, Summary
from retouch.evaluation.report.svg.marks import MINUS, escaped
from retouch.evaluation.report.words import DASH, arrow, counted, direction, number, seconds

_EQUAL, _OPEN = "equal", "not distinguishable"


def results_table(summary: Summary, condition: str) -> str:
    """Return methods x measures under one condition, the best in bold and published figures in italics.

    Measures that nothing has under this condition are left out; empty where nothing was measured at all.
    """
    rows = {row.method: row for row in summary.rows if row.condition == condition}
    published = [cell for cell in summary.published if cell.condition == condition]
    sources = list(dict.fromkeys(cell.source for cell in published))
    view = _View.of(summary, rows, published)
    body = []
    for method in dict.fromkeys([*(m for m in summary.methods if m in rows), *rows, *(p.method for p in published)]):
        if method in rows:
            body.append(view.own_row(rows[method]))
        body += view.published_rows([cell for cell in published if cell.method == method], sources)
    return table(f"Results, {condition}", view.heads(), body) + _sources_note(sources) if body else ""


def differences_table(summary: Summary, condition: str) -> str:
    """Return pairs of methods x measures under one condition; empty where nothing was compared."""
    found = {(d.method, d.against, d.column): d.cell for d in summary.differences if d.condition == condition}
    shown = [(i, c) for i, c in enumerate(summary.columns) if any(key[2] == c.name for key in found)]
    body = []
    for method, against in dict.fromkeys((method, against) for method, against, _ in found):
        cells = [found.get((method, against, column.name)) for _, column in shown]
        n = counted(max(cell.n for cell in cells if cell is not None), "picture", "pictures")
        head = f"{escaped(method)} {MINUS} {escaped(against)}<small>{n}</small>"
        drawn = [_difference(cell, column) for cell, (_, column) in zip(cells, shown, strict=True)]
        body.append(f'<tr><th scope="row">{head}</th>{"".join(drawn)}</tr>')
    heads = ["difference", *(_head(i, column) for i, column in shown)]
    return table(f"Differences on the same pictures, {condition}", heads, body) if body else ""


def table(caption: str, heads: Sequence[str], rows: Iterable[str], *, kind: str = "numbers") -> str:
    """Return a table in a box that scrolls by itself, so that the page never does; `heads` and `rows` are HTML."""
    head = "".join(f'<th scope="col">{one}</th>' for one in heads)
    return (
        f'<div class="box" role="region" tabindex="0" aria-label="{escaped(caption)}"><table class="{kind}">'
        f"<thead><tr>{head}</tr></thead>\n<tbody>\n{chr(10).join(rows)}\n</tbody></table></div>\n"
    )


def best_of(values: Mapping[str, float], column: Column) -> set[str]:
    """Return the methods with the best value; those that read the same at the shown decimals are equally good.

    Nothing is best where neither high nor low is better, or where there is nothing to compare with.

    Examples
    --------
    >>> sorted(best_of({"a": 28.304, "b": 28.296, "c": 27.0}, Column("psnr", "", "dB", "higher", 2)))
    ['a', 'b']
    """
    measured = {method: value for method, value in values.items() if not math.isnan(value)}
    if not column.better or len(measured) < 2:  # noqa: PLR2004 - one alone is neither best nor worst
        return set()
    top = max(measured.values()) if column.better == "higher" else min(measured.values())
    return {m for m, value in measured.items() if number(value, column.digits) == number(top, column.digits)}


@dataclass(frozen=True)
class _View:
    """The columns of one table of results, and how its rows are drawn."""

    columns: Sequence[tuple[int, Column]]
    best: Mapping[str, set[str]]
    timed: bool
    weighed: bool
    failures_listed: bool

    @classmethod
    def of(cls, summary: Summary, rows: Mapping[str, Row], published: Sequence[PublishedCell]) -> _View:
        """Choose the columns that something has a value for."""
        columns, best = [], {}
        for i, column in enumerate(summary.columns):
            cells = {m: row.cells[column.name] for m, row in rows.items() if column.name in row.cells}
            cells = {m: cell for m, cell in cells.items() if not math.isnan(cell.mean)}
            if cells or any(p.column == column.name for p in published):
                columns.append((i, column))
                most = max((cell.n for cell in cells.values()), default=0)
                best[column.name] = best_of({m: cell.mean for m, cell in cells.items() if cell.n == most}, column)
        timed = any(math.isfinite(row.seconds) for row in summary.rows)
        weighed = any(math.isfinite(row.peak_mb) for row in summary.rows)
        return cls(columns, best, timed, weighed, bool(summary.failures))

    def heads(self) -> list[str]:
        heads = ["method", *(_head(i, column) for i, column in self.columns), "pictures", "failed"]
        if self.timed:
            heads.append("time<small>s, median</small>")
        return [*heads, "memory<small>MB, peak</small>"] if self.weighed else heads

    def own_row(self, row: Row) -> str:
        """Return one method that was measured here."""
        n = max((cell.n for cell in row.cells.values()), default=0)
        cells = [_cell(row.cells.get(c.name), c, n, bold=row.method in self.best[c.name]) for _, c in self.columns]
        failed = f"{row.n_failed:,}"
        tail = [f"{n:,}", f'<a href="#failures">{failed}</a>' if row.n_failed and self.failures_listed else failed]
        if self.timed:
            tail.append(seconds(row.seconds))
        if self.weighed:
            tail.append(number(row.peak_mb, 0))
        return f'<tr><th scope="row">{escaped(row.method)}</th>{"".join(cells)}{"".join(map(_td, tail))}</tr>'

    def published_rows(self, cells: Sequence[PublishedCell], sources: Sequence[str]) -> list[str]:
        """Return one row for each source of a method's published figures; sources are numbered as in the note."""
        rows = []
        for method, source in dict.fromkeys((cell.method, cell.source) for cell in cells):
            values = {cell.column: cell.value for cell in cells if cell.source == source}
            shown = [
                _td(f"<i>{number(values[c.name], c.digits)}</i>" if c.name in values else DASH) for _, c in self.columns
            ]
            blank = _td("") * (2 + self.timed + self.weighed)
            name = f"<i>{escaped(method)}, published <sup>{sources.index(source) + 1}</sup></i>"
            rows.append(f'<tr class="published"><th scope="row">{name}</th>{"".join(shown)}{blank}</tr>')
        return rows


def _sources_note(sources: Sequence[str]) -> str:
    """Return what the numbers of published rows stand for."""
    listed = "; ".join(f"<sup>{number}</sup> {escaped(source)}" for number, source in enumerate(sources, 1))
    return f'<p class="note">Published in {listed}.</p>\n' if sources else ""


def _head(index: int, column: Column) -> str:
    """Return the name of a measure, leading to its sentence, with its unit and the direction."""
    unit = f"<small>{escaped(column.unit)}</small>" if column.unit else ""
    points = f' <span title="{direction(column)}">{arrow(column)}</span>' if column.better else ""
    link = f'<a href="#measure-{index}" title="{escaped(column.sentence)}">{escaped(column.name)}</a>'
    return f"{link}{points}{unit}"


def _cell(cell: Cell | None, column: Column, n: int, *, bold: bool) -> str:
    """Return one mean with its interval, and with its number of pictures where that is not the row's."""
    if cell is None or math.isnan(cell.mean):
        return _td(f'<span title="not measured">{DASH}</span>')
    mean = number(cell.mean, column.digits)
    notes = [_interval(cell, column.digits)]
    if cell.n_capped:
        notes.append(f"{cell.n_capped:,} capped")
    if cell.n != n:
        notes.append(counted(cell.n, "picture", "pictures"))
    small = "".join(f"<small>{note}</small>" for note in notes if note)
    return _td(f"<b>{mean}</b>{small}" if bold else f"{mean}{small}")


def _interval(cell: Cell, digits: int, *, sign: bool = False) -> str:
    """Return the two ends of an interval; nothing for measures of whole sets, nor for one picture alone."""
    if math.isnan(cell.low) or math.isnan(cell.high) or cell.n == 1:
        return ""
    return f"{number(cell.low, digits, sign=sign)} to {number(cell.high, digits, sign=sign)}"


def _difference(cell: Cell | None, column: Column) -> str:
    """Return a difference with its interval and what follows from it."""
    if cell is None or math.isnan(cell.mean):
        return _td(DASH)
    interval = _interval(cell, column.digits, sign=True)
    mean = number(cell.mean, column.digits, sign=True)
    if not interval:
        return _td(mean)
    verdict = _verdict(cell, column)
    kind = "open" if verdict in (_EQUAL, _OPEN) else verdict
    return f'<td class="{kind}">{mean}<small>{interval}</small><small>{verdict}</small></td>'


def _verdict(cell: Cell, column: Column) -> str:
    if cell.low == cell.high == 0:
        return _EQUAL
    if cell.low <= 0 <= cell.high:
        return _OPEN
    if not column.better:
        return "differs"
    return "better" if (cell.low > 0) == (column.better == "higher") else "worse"


def _td(inner: str) -> str:
    return f"<td>{inner}</td>"
