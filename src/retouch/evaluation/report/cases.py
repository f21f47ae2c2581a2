"""One picture under one condition: what went in, the truth, and what every method made of it, side by side."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence

from retouch.evaluation.report.content import Column, ShownCase, Summary
from retouch.evaluation.report.pictures import (
    ERROR_GAIN,
    Stored,
    choose_hue,
    error_palette,
    store,
    store_error,
    store_marked,
    store_mask,
)
from retouch.evaluation.report.svg.marks import TIMES, escaped
from retouch.evaluation.report.tables import best_of
from retouch.evaluation.report.words import DASH, MIDDLE_DOT, arrow, number, share

_SCALE_STEPS = 8
_BEYOND = "1e999"  # JSON has no infinity, but this number is read as one


def case_block(case: ShownCase, summary: Summary, index: int) -> str:
    """Return one case as HTML: the results above their error maps, and below them a row for each measure."""
    reasons = {f.method: f.reason for f in summary.failures if (f.image, f.condition) == (case.image, case.condition)}
    known = dict.fromkeys([*summary.methods, *case.results])
    methods = [method for method in known if method in case.results or method in reasons]
    hue = None if case.mask is None else choose_hue(case.damaged, case.mask)
    marked = "" if hue is None else f' <small class="marked">missing pixels in {hue}</small>'
    heads = [f"Damaged{marked}", "Truth", *map(escaped, methods)]
    body = [_results_row(case, hue, methods, reasons), _errors_row(case, methods), *_score_rows(case, summary, methods)]
    head = "".join(f'<th scope="col">{one}</th>' for one in heads)
    return (
        f'<article class="case" data-index="{index}" data-condition="{escaped(case.condition)}" '
        f'data-scores="{_scores_as_json(case, summary)}">\n{_title(case)}\n'
        f'<div class="box"><table class="pictures" style="--columns:{len(heads)}"><thead><tr>{head}</tr></thead>\n'
        f"<tbody>\n{chr(10).join(body)}\n</tbody></table></div>\n</article>\n"
    )


def scale_style() -> str:
    """Return the style of the colour scale that stands beside error maps."""
    palette = error_palette()
    stops = [palette[round(255 * i / _SCALE_STEPS)] for i in range(_SCALE_STEPS + 1)]
    colours = ", ".join(f"rgb({red} {green} {blue})" for red, green, blue in stops)
    return f".scale span {{ background: linear-gradient(to right, {colours}); }}\n"


def _title(case: ShownCase) -> str:
    height, width = case.truth.shape[:2]
    facts = [escaped(case.condition)]
    if case.mask_ratio is not None:
        facts.append(f"{share(case.mask_ratio)} missing")
    facts.append(f"{width} {TIMES} {height} px")
    return f"<h3>{escaped(case.image)} <small>{f' {MIDDLE_DOT} '.join(facts)}</small></h3>"


def _results_row(case: ShownCase, hue: str | None, methods: Sequence[str], reasons: Mapping[str, str]) -> str:
    cells = [_damaged(case, hue), _shown(store(case.truth), case, "truth")]
    for method in methods:
        if method in case.results:
            cells.append(_shown(store(case.results[method]), case, method))
        else:
            cells.append(f'<p class="failed">failed: {escaped(reasons[method])}</p>')
    return _row(cells)


def _errors_row(case: ShownCase, methods: Sequence[str]) -> str:
    """Return mask or first error, the scale of the error maps, and the maps."""
    label = f"<small>error {TIMES} {ERROR_GAIN}</small>"
    if case.mask is None:
        first = label + _shown(store_error(case.truth, case.damaged), case, f"damaged, error {TIMES} {ERROR_GAIN}")
    else:
        first = "<small>mask</small>" + _shown(store_mask(case.mask), case, "mask")
    brightest = round(255 / ERROR_GAIN)
    scale = (
        f'<div class="scale"><small>error, of 255</small><span></span>'
        f"<small><b>0</b><b>{brightest} or more</b></small></div>"
    )
    cells = [first, scale]
    for method in methods:
        if method in case.results:
            stored = store_error(case.truth, case.results[method])
            cells.append(label + _shown(stored, case, f"{method}, error {TIMES} {ERROR_GAIN}"))
        else:
            cells.append("")
    return _row(cells)


def _score_rows(case: ShownCase, summary: Summary, methods: Sequence[str]) -> list[str]:
    """Return one row for each measure that any method has here, the best in bold."""
    rows = []
    for column in summary.columns:
        values = {m: case.scores.get(m, {}).get(column.name, math.nan) for m in methods}
        if all(map(math.isnan, values.values())):
            continue
        best = best_of(values, column)
        cells = "".join(_score(values[m], column, bold=m in best) for m in methods)
        unit = f" <small>{escaped(column.unit)}</small>" if column.unit else ""
        head = f"{escaped(column.name)} {arrow(column)}{unit}"
        rows.append(f'<tr class="score"><th scope="row" colspan="2">{head}</th>{cells}</tr>')
    return rows


def _score(value: float, column: Column, *, bold: bool) -> str:
    shown = DASH if math.isnan(value) else number(value, column.digits)
    return f'<td data-measure="{escaped(column.name)}">{f"<b>{shown}</b>" if bold else shown}</td>'


def _scores_as_json(case: ShownCase, summary: Summary) -> str:
    """Return the scores for the script, methods x measures in the order of the summary, null where there is none."""
    rows = []
    for method in summary.methods:
        values = (case.scores.get(method, {}).get(column.name, math.nan) for column in summary.columns)
        rows.append(f"[{','.join(map(_as_json, values))}]")
    return f"[{','.join(rows)}]"


def _as_json(value: float) -> str:
    if math.isnan(value):
        return "null"
    if math.isinf(value):
        return _BEYOND if value > 0 else f"-{_BEYOND}"
    return json.dumps(round(value, 6))


def _damaged(case: ShownCase, hue: str | None) -> str:
    """Return what went in: as it is, and with the missing pixels in a colour; the style shows one of the two."""
    plain = store(case.damaged)
    if case.mask is None or hue is None:
        return _shown(plain, case, "damaged")
    marked = store_marked(case.damaged, case.mask, hue)
    names = f"damaged, missing pixels in {hue}", "damaged"
    return _shown(marked, case, names[0], "marked") + _shown(plain, case, names[1], "unmarked")


def _shown(stored: Stored, case: ShownCase, what: str, kind: str = "") -> str:
    """Return a picture that opens larger when it is pressed."""
    tiny = ' class="tiny"' if stored.tiny else ""
    name = f"{escaped(what)}, {escaped(case.image)}"
    return (
        f'<button type="button" class="zoom {kind}" data-name="{escaped(what)}"><img{tiny} src="{stored.uri}" '
        f'width="{stored.width}" height="{stored.height}" decoding="async" alt="{name}"></button>'
    )


def _row(cells: Sequence[str]) -> str:
    return f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"
