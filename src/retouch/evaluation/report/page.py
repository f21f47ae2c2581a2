"""The report of an evaluation: one HTML file that holds everything and asks for nothing from anywhere.

Figures first, then charts, then pictures. Everything can be read without a script; the one script sorts and filters the
cases and opens pictures larger. The content security policy lets the browser run that script (by its hash) and nothing
else, so that a hostile file name stays a name.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from retouch.evaluation.report.cases import case_block, scale_style
from retouch.evaluation.report.content import Cell, ShownCase, Summary
from retouch.evaluation.report.curves import ALL, draw_measures
from retouch.evaluation.report.facts import facts_table, failures_table, measures_table, warnings_box
from retouch.evaluation.report.pictures import ERROR_GAIN, WIDEST_PX
from retouch.evaluation.report.script import SCRIPT
from retouch.evaluation.report.style import STYLE
from retouch.evaluation.report.svg.marks import MINUS, escaped
from retouch.evaluation.report.tables import differences_table, results_table
from retouch.evaluation.report.words import share
from retouch.io.atomic import atomic_file


def write_report(path: Path, summary: Summary, cases: Iterable[ShownCase]) -> None:
    """Write an evaluation as one HTML file.

    Parameters
    ----------
    path : Path
        Where to; the folder must exist. A file that is there is replaced once the new one is complete.
    summary : Summary
    cases : iterable of ShownCase
        Taken once, one at a time: memory does not grow with their number. The file does, by about 10 KB for each
        picture and error map.

    Raises
    ------
    FileError
        If the file cannot be written. Whatever is raised here or by `cases`, the old file is left as it was.
    """
    with atomic_file(path) as write_bytes:

        def write(text: str) -> None:
            write_bytes(text.encode())

        write(_head(summary))
        for part in _figures(summary):
            write(part)
        write(_cases_head(summary))
        n_cases = 0
        for n_cases, case in enumerate(cases, 1):
            write(case_block(case, summary, n_cases - 1))
        write("</div>\n" if n_cases else '</div>\n<p class="note">No pictures were kept for this report.</p>\n')
        write(_FOOT)


def _head(summary: Summary) -> str:
    """Return everything up to the first figure."""
    digest = base64.b64encode(hashlib.sha256(SCRIPT.encode()).digest()).decode("ascii")
    policy = f"default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-{digest}'; "
    policy += "base-uri 'none'; form-action 'none'"
    nav = "\n".join(f'<a href="#{name}">{words}</a>' for name, words in _parts(summary).items())
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<title>{escaped(summary.title)}</title>
<style>{STYLE}{scale_style()}</style>
</head>
<body>
<h1>{escaped(summary.title)}</h1>
<nav aria-label="Parts of this page">
{nav}
</nav>
{warnings_box(summary.warnings)}{facts_table(summary.facts)}"""


def _parts(summary: Summary) -> dict[str, str]:
    """Return the headings of the page by the names that links use, in their order."""
    parts = {"results": "Results", "differences": "Paired differences", "measures": "Measures", "charts": "Charts"}
    parts |= {"failures": "Failures", "pictures": "Pictures"}
    absent = {"differences": not summary.differences, "failures": not summary.failures}
    return {name: words for name, words in parts.items() if not absent.get(name, False)}


def _figures(summary: Summary) -> Iterator[str]:
    """Yield all parts but the pictures."""
    bodies = {
        "results": _results_note(summary) + _by_condition(summary, results_table),
        "differences": _note(_DIFFERENCES_NOTE) + _by_condition(summary, differences_table),
        "measures": measures_table(summary.columns),
        "charts": draw_measures(summary) or _note("No measure has a value."),
        "failures": _note(_FAILURES_NOTE) + failures_table(summary.failures),
    }
    for name, words in _parts(summary).items():
        if name in bodies:
            heading = f'<section id="{name}" aria-labelledby="h-{name}">\n<h2 id="h-{name}">{words}</h2>\n'
            yield f"{heading}{bodies[name]}</section>\n"


def _by_condition(summary: Summary, draw: Callable[[Summary, str], str]) -> str:
    """Return a table for each condition that has one, under its name and its mean share of missing pixels."""
    parts = []
    for condition in summary.conditions:
        drawn = draw(summary, condition)
        if drawn:
            ratio = summary.ratios.get(condition)
            small = "" if ratio is None else f" <small>{share(ratio)} missing in the mean</small>"
            parts.append(f"<h3>{escaped(condition)}{small}</h3>\n{drawn}")
    return "".join(parts)


def _results_note(summary: Summary) -> str:
    """Explain only what the tables hold."""
    sentences = ["Mean over the pictures; in small type the 95 % bootstrap interval."]
    if len(summary.methods) > 1:
        sentences.append("Bold: the best of each column, and what reads the same.")
    if any(len({cell.n for cell in cells}) > 1 for cells in _columns_of(summary)):
        sentences.append("A mean over fewer pictures than others have is of other pictures, and never bold.")
    if any(cell.n_capped for row in summary.rows for cell in row.cells.values()):
        sentences.append("Capped: so many values were infinite and entered the mean as the cap.")
    if summary.published:
        sentences.append("Italics: figures from papers, measured there under the same protocol.")
    return _note(" ".join(sentences))


def _columns_of(summary: Summary) -> Iterator[list[Cell]]:
    """Yield the cells of each measure under each condition."""
    for condition in summary.conditions:
        rows = [row for row in summary.rows if row.condition == condition]
        for column in summary.columns:
            yield [row.cells[column.name] for row in rows if column.name in row.cells]


def _note(words: str) -> str:
    return f'<p class="note">{words}</p>\n'


def _cases_head(summary: Summary) -> str:
    """Return the start of the part with the pictures: what they show, and the controls."""
    marking = '<label class="marking"><input type="checkbox" id="marking" checked> colour missing pixels</label>'
    by_method = _select("method", "of", [(str(i), escaped(one), "") for i, one in enumerate(summary.methods)])
    columns = [(str(i), escaped(one.name), one.better) for i, one in enumerate(summary.columns)]
    by_measure = _select("measure", "by", columns)
    orders = [("listed", "as listed", ""), ("worst", "worst first", ""), ("best", "best first", "")]
    conditions = [("", "all", ""), *((escaped(one), escaped(one), "") for one in summary.conditions if one != ALL)]
    return f"""<section id="pictures" aria-labelledby="h-pictures">
<h2 id="h-pictures">Pictures</h2>
{_note(_PICTURES_NOTE)}<div class="tools">
{_select("order", "sort", orders)}
{by_measure}
{by_method}
{_select("condition", "condition", conditions)}
{marking}
<output id="shown" hidden></output>
</div>
<div id="cases">
"""


def _select(name: str, label: str, options: Iterable[tuple[str, str, str]]) -> str:
    """Return a choice that stays hidden until the script makes it work; options are (value, words, better)."""
    inner = "".join(
        f'<option value="{value}" data-better="{better}">{words}</option>' for value, words, better in options
    )
    return f'<label hidden>{label} <select id="{name}">{inner}</select></label>'


_DIFFERENCES_NOTE = (
    "The first method minus the second on the same pictures, with the 95 % bootstrap interval of the mean difference. "
    "Where the interval holds 0 the two cannot be told apart by these pictures."
)
_FAILURES_NOTE = "These pictures are in no mean of the method that failed."
_PICTURES_NOTE = (
    f"Below each result: its error, the mean over channels of |result {MINUS} truth|, {ERROR_GAIN} times amplified, "
    "black where they are equal. White in a mask is missing. "
    f"Pictures wider than {WIDEST_PX} px are shown reduced. Press one to see it larger; the arrow keys then go from "
    "one to the next in place."
)
_FOOT = f"""</section>
<dialog id="viewer" class="viewer" aria-label="Picture, enlarged">
<figure><img alt=""><figcaption></figcaption></figure>
<div><button type="button" data-step="-1">previous</button> <button type="button" data-step="1">next</button>
<button type="button" data-close="1">close</button></div>
</dialog>
<script>{SCRIPT}</script>
</body>
</html>
"""
