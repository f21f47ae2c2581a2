"""What a reader must know before any figure: facts, warnings, what each measure is; and which pictures failed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from retouch.evaluation.report.content import Column, Failure
from retouch.evaluation.report.svg.marks import escaped
from retouch.evaluation.report.tables import table
from retouch.evaluation.report.words import arrow, direction

_COMMAND = "command"


def facts_table(facts: Mapping[str, str]) -> str:
    """Return what was measured, how and with what."""
    rows = []
    for name, value in facts.items():
        shown = _command(value) if name.lower() == _COMMAND else escaped(value)
        rows.append(f'<tr><th scope="row">{escaped(name)}</th><td>{shown}</td></tr>')
    body = "\n".join(rows)
    return f'<table class="facts"><tbody>\n{body}\n</tbody></table>\n' if rows else ""


def _command(line: str) -> str:
    """Return a command whose lines break between words only: a broken --option cannot be read back."""
    return f"<code>{' '.join(f'<span>{escaped(word)}</span>' for word in line.split())}</code>"


def warnings_box(warnings: Sequence[str]) -> str:
    """Return what limits the figures, to be read before them."""
    if not warnings:
        return ""
    items = "\n".join(f"<li>{escaped(one)}</li>" for one in warnings)
    return f'<section class="warnings" aria-label="Warnings"><h2>Read this first</h2><ul>\n{items}\n</ul></section>\n'


def measures_table(columns: Sequence[Column]) -> str:
    """Return one sentence for each measure; the heads of the other tables lead here."""
    rows = [
        f'<tr id="measure-{i}"><th scope="row">{escaped(column.name)}</th><td>{escaped(column.sentence)}</td>'
        f'<td>{escaped(column.unit)}</td><td class="short">{arrow(column)} {direction(column)}</td></tr>'
        for i, column in enumerate(columns)
    ]
    return table("Measures", ["measure", "how it is computed", "unit", "direction"], rows, kind="prose")


def failures_table(failures: Sequence[Failure]) -> str:
    """Return every picture that a method could not do, with the reason; empty where all went well."""
    rows = [
        "<tr>" + "".join(f"<td>{escaped(part)}</td>" for part in (f.method, f.condition, f.image, f.reason)) + "</tr>"
        for f in failures
    ]
    return table("Failures", ["method", "condition", "picture", "reason"], rows, kind="prose failures") if rows else ""
