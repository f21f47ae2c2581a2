"""The report of a run: one HTML file with the counts, what failed and why, and a contact sheet of the worst fills.

The worst are those that the detector of artefacts takes most for filled: a place to look first, and no verdict.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from retouch import __version__
from retouch.errors import RetouchError
from retouch.evaluation.report.pictures import store
from retouch.evaluation.report.style import STYLE
from retouch.evaluation.report.svg.marks import escaped
from retouch.io.atomic import atomic_file
from retouch.io.pictures.conversion import in_rgb
from retouch.io.pictures.reading import open_image
from retouch.jobs.journal import DONE, FAILED, Journal, Row
from retouch.jobs.planning.items import HIDDEN, output_path

_MOST_SHOWN = 24
_MOST_FAILURES = 1000
_SHEET = """.sheet { display: flex; flex-wrap: wrap; gap: 1rem; } .sheet figure { margin: 0; max-width: 460px; }
.sheet img { max-width: 220px; vertical-align: top; }"""
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


def write_report(journal: Journal, out: Path) -> Path:
    """Write the page into the hidden folder of the outputs and return its path.

    Raises
    ------
    FileError
        If it cannot be written.
    """
    path = out / HIDDEN / "report.html"
    with atomic_file(path) as write:
        for part in _parts(journal, out):
            write(part.encode())
    return path


def _parts(journal: Journal, out: Path) -> Iterator[str]:
    counts = journal.counts()
    title = f"{counts[DONE]} of {sum(counts.values())} pictures are done"
    yield f"""<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="{_POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>{title}</title>
<style>{STYLE}{_SHEET}</style></head><body><h1>{title}</h1>
<p>{", ".join(f"{n} {state}" for state, n in counts.items())}. retouch {__version__}.</p>
"""
    if counts[FAILED]:
        yield f"<h2>Failed</h2>\n{_failures_note(counts[FAILED])}"
        yield '<div class="box"><table><tr><th>picture</th><th>reason</th></tr>\n'
        for row in journal.rows(state=FAILED, most=_MOST_FAILURES):
            yield f"<tr><td>{escaped(_readable(row.name))}</td><td>{escaped(_readable(row.error))}</td></tr>\n"
        yield "</table></div>\n"
    yield "<h2>To look at first</h2>\n"
    shown = [row for row in journal.rows(state=DONE, worst_first=True, most=_MOST_SHOWN) if row.score is not None]
    if not shown:
        yield '<p class="note">No picture has a score: only fills get one, and --no-score gives none.</p>\n'
    yield '<div class="sheet">\n'
    for row in shown:
        yield _figure(row, out)
    yield "</div></body></html>\n"


def _failures_note(n_failed: int) -> str:
    hidden = n_failed - _MOST_FAILURES
    return f"<p>The first {_MOST_FAILURES}; {hidden} more are in the journal.</p>\n" if hidden > 0 else ""


def _figure(row: Row, out: Path) -> str:
    """Return a picture before and after, with its name and score."""
    images = _image(Path(row.source), "before") + _image(output_path(out, row.name), "after")
    caption = f"{escaped(_readable(row.name))} <small>artefacts {row.score:.3f}</small>"
    return f"<figure>{images}<figcaption>{caption}</figcaption></figure>\n"


def _image(path: Path, words: str) -> str:
    """Return a thumbnail; what cannot be shown any more must not cost the page."""
    try:
        levels = np.rint(255 * in_rgb(open_image(path)).to_float()).astype(np.uint8)
    except RetouchError as error:
        return f"<small>{escaped(_readable(str(error)))}</small>"
    stored = store(levels)
    return f'<img src="{stored.uri}" alt="{words}" width="{stored.width}" height="{stored.height}">'


def _readable(name: str) -> str:
    """Return a name as text that can be written: bytes that are no Unicode are shown as such."""
    return name.encode("utf-8", "backslashreplace").decode()
