"""Writes docs/evidence: `python -m benchmarks.evidence.pages [STUDY ...] [--runs DIR]`.

From the root of the repository. With --runs the result files of the named studies (or of all that have finished runs
there) are made first; the pages are made from the result files alone, so that anybody can make them again.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from benchmarks.evidence.drawing import draw_curves
from benchmarks.evidence.figures import (
    Verdict,
    baseline,
    by_seed,
    cell,
    interval_words,
    order_sentence,
    weigh_claim,
)
from benchmarks.evidence.gathering import ENDED, Results, gather
from benchmarks.evidence.intervals import paired_interval
from benchmarks.evidence.studies import STUDIES, find_study
from benchmarks.evidence.study import Study
from benchmarks.measuring import ROOT
from benchmarks.tables.markdown import table

RESULTS = ROOT / "benchmarks" / "evidence" / "results"
PAGES = "docs/evidence"
_MOST_COLUMNS = 8
"""A table with more is turned: its columns become rows."""


def evidence_pages(results: Path = RESULTS, root: Path = ROOT) -> dict[str, str]:
    """Return the text of every page and plot by its path from the root of the repository.

    Parameters
    ----------
    results : Path
        Folder of the result files.
    root : Path
        Of the repository; pages in docs/evidence that are none of a study are listed too.
    """
    texts: dict[str, str] = {}
    found: dict[str, Results] = {}
    for study in STUDIES:
        path = results / f"{study.name}.json"
        if path.exists():
            found[study.name] = json.loads(path.read_text())
            texts[f"{PAGES}/{study.name}.md"] = page_of(study, found[study.name])
            texts[f"{PAGES}/{study.name}.svg"] = draw_curves(study, found[study.name])
    return {f"{PAGES}/README.md": index_of(found, root / PAGES), **texts}


def page_of(study: Study, results: Results) -> str:
    """Return the page of a study as Markdown."""
    claims = [weigh_claim(study, results, claim) for claim in study.claims]
    bars = [weigh_claim(study, results, bar) for bar in study.bars]
    parts = [
        f"# {study.title}",
        f"{study.question} {_how(study, results)}",
        f"**{order_sentence(claims)}**",
        f"Source: {study.paper}",
        "## Figures",
        arms_table(study, results),
        " ".join(("± is half the interval of 95 % of the mean over seeds, by Student's distribution.", *study.notes)),
        f"![{study.curve.label} against steps]({study.name}.svg)",
    ]
    if study.reference:
        parts += [f"## Differences from `{study.reference}`, seed by seed", differences_table(study, results)]
    for title, verdicts in (("What the paper says", claims), ("What this project asks", bars)):
        parts += [f"## {title}", verdicts_table(study, verdicts)] if verdicts else []
    parts += ["## Published", table(study.published.header, study.published.rows), study.published.note]
    parts += ["## Runs", runs_table(study, results), _missing(study, results)]
    return "\n\n".join(part for part in parts if part) + "\n"


def arms_table(study: Study, results: Results) -> str:
    """Return the figures of all arms, and of the baselines beside them."""
    lines = [(f"`{arm}`", [cell(by_seed(results, arm, c), c.digits) for c in study.columns]) for arm in results["arms"]]
    for method in results["baselines"]:
        figures = (baseline(results, method, column) for column in study.columns)
        cells = ["" if x is None else f"{x:.{c.digits}f}" for x, c in zip(figures, study.columns, strict=True)]
        lines.append((f"{method} fill", cells))
    return _laid_out(_labels(study), lines)


def differences_table(study: Study, results: Results) -> str:
    """Return the paired differences of all arms from the reference."""
    lines = []
    for arm in results["arms"]:
        if arm != study.reference:
            pairs = [
                paired_interval(by_seed(results, arm, c), by_seed(results, study.reference, c)) for c in study.columns
            ]
            cells = [interval_words(x, c.digits, signed=True) for x, c in zip(pairs, study.columns, strict=True)]
            lines.append((f"`{arm}`", cells))
    return _laid_out(_labels(study), lines) if lines else "There is no other arm yet."


def verdicts_table(study: Study, verdicts: list[Verdict]) -> str:
    """Return what was claimed beside what was measured."""
    rows = []
    for claim, difference, word in verdicts:
        column = study.column(claim.column)
        against = f"`{claim.better}` against {claim.worse or 'the mark'}"
        rows.append((claim.source, against, column.label, interval_words(difference, column.digits, signed=True), word))
    return table(("claim", "arms", "figure", "beyond the claim by", "here"), rows)


def runs_table(study: Study, results: Results) -> str:
    """Return what the arms are, and with what they were run."""
    rows = []
    for name, arm in results["arms"].items():
        runs = list(arm["runs"].values())
        speeds = [run["samples_per_s"] for run in runs]
        ended = [run for run in runs if "failed" not in run]
        changes = ", ".join(f"`{setting}`" for setting in arm["settings"])
        rows.append(
            (
                f"`{name}`",
                _note(study, name),
                f"`{arm['recipe']}` {changes}".strip(),
                f"{len(ended)}" + (f", {len(runs) - len(ended)} broke off" if len(ended) < len(runs) else ""),
                f"{runs[0]['batch']}",
                f"{min(speeds):.0f}-{max(speeds):.0f}" if max(speeds) > min(speeds) else f"{speeds[0]:.0f}",
                f"{sum(run['seconds'] for run in runs) / len(runs):.0f}",
            )
        )
    return table(("arm", "what it is", "recipe and changes", "seeds", "batch", "samples/s", "s a run"), rows)


def index_of(found: dict[str, Results], folder: Path) -> str:
    """Return the page that lists all studies, and what else lies in the folder."""
    rows = []
    for study in STUDIES:
        results = found.get(study.name)
        if results is None:
            said = f"Not run yet: `python -m benchmarks.evidence.run {study.name}`"
            rows.append((study.title, study.question, said))
        else:
            said = order_sentence([weigh_claim(study, results, claim) for claim in study.claims])
            rows.append((f"[{study.title}]({study.name}.md)", study.question, said))
    names = {"README", *(study.name for study in STUDIES)}
    others = [path for path in sorted(folder.glob("*.md")) if path.stem not in names]
    links = [f"[{path.read_text().splitlines()[0].lstrip('# ')}]({path.name})" for path in others]
    more = [f"Other evidence: {', '.join(links)}."] if links else []
    return "\n\n".join((*_INDEX, table(("study", "question", "finding"), rows), *more)) + "\n"


_INDEX = (
    "# Evidence at reduced scale",
    (
        "Do the papers' own contributions do what the papers say? Small networks on small pictures, every arm of a "
        "study for as many steps as the others, three seeds each, beside fills that learn nothing, on the same "
        "samples. Such runs cannot reach published figures; they can show whether an order holds. Where it does not, "
        "the page says so."
    ),
    (
        "Runs: `python -m benchmarks.evidence.run STUDY`; pages: `python -m benchmarks.evidence.pages --runs "
        "scratch/evidence`. Result files lie in `benchmarks/evidence/results`; the pages are made from these alone."
    ),
)


def _how(study: Study, results: Results) -> str:
    """Say how much was run, where and when."""
    runs = [run for arm in results["arms"].values() for run in arm["runs"].values()]
    seeds = {seed for arm in results["arms"].values() for seed in arm["runs"]}
    machines = sorted({f"{run['machine']} ({run['threads']} threads)" for run in runs})
    commits = sorted({run["commit"][:8] + run["commit"][40:] for run in runs})  # with the "+" of changed files
    dates = sorted({run["date"] for run in runs})
    days = dates[0] if len(dates) == 1 else f"{dates[0]} to {dates[-1]}"
    return (
        f"Every arm: {results['steps']:,} steps of {runs[0]['batch']} samples; {len(seeds)} "
        f"{'seed' if len(seeds) == 1 else 'seeds'}. Measured {days} at commit {', '.join(commits)} on "
        f"{', '.join(machines)}."
    )


def _missing(study: Study, results: Results) -> str:
    """Name what is not there, so that nobody takes the page for whole."""
    words = []
    if results["unfinished"]:
        words.append(f"Not finished: {'; '.join(results['unfinished'])}.")
    for name, arm in results["arms"].items():
        words += [f"`{name}`, seed {seed}: {run['failed']}" for seed, run in arm["runs"].items() if "failed" in run]
    short = f"Meant for {study.steps:,} steps." if results["steps"] != study.steps else ""
    return " ".join([*words, short]).strip()


def _note(study: Study, name: str) -> str:
    return next((arm.note for arm in study.arms if arm.name == name), "")


def _labels(study: Study) -> list[str]:
    return [f"{column.label}, {column.unit}" if column.unit else column.label for column in study.columns]


def _laid_out(labels: list[str], lines: list[tuple[str, list[str]]]) -> str:
    """Return a table with a line for each arm, or a column where there are too many figures."""
    if len(labels) <= _MOST_COLUMNS:
        return table(("", *labels), ((name, *cells) for name, cells in lines))
    names = [name for name, _ in lines]
    turned = ((label, *(cells[i] for _, cells in lines)) for i, label in enumerate(labels))
    return table(("", *names), turned)


def parse_arguments(arguments: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.evidence.pages", description=__doc__)
    parser.add_argument("studies", nargs="*", metavar="STUDY", help=f"any of {', '.join(s.name for s in STUDIES)}")
    parser.add_argument("--runs", type=Path, help="folder of the runs, such as scratch/evidence")
    return parser.parse_args(arguments)


def _studies_in(runs: Path) -> list[str]:
    """Return the studies with finished runs."""
    return [study.name for study in STUDIES if any((runs / study.name).glob(f"*/seed-*/{ENDED}"))]


def main() -> None:
    """Write result files, where runs are given, and all pages."""
    chosen = parse_arguments()
    if chosen.runs is not None:
        for name in chosen.studies or _studies_in(chosen.runs):
            path = RESULTS / f"{name}.json"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(gather(find_study(name), chosen.runs), separators=(",", ":")) + "\n")
            print(f"wrote {path.relative_to(ROOT)}")
    for place, text in evidence_pages().items():
        path = ROOT / place
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() or path.read_text() != text:
            path.write_text(text)
            print(f"wrote {place}")


if __name__ == "__main__":
    main()
