"""Writes the tables and plots of the docs from benchmarks/results/ and the catalogue; no figure is typed by hand.

Usage: scripts/tables.py [--check]

A table stands between the lines `<!-- table NAME -->` and `<!-- end NAME -->`. With --check nothing is written, and the
exit code is 1 if a table or a plot is not what it should be.
"""

from __future__ import annotations

import json
import math
import re
import sys
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from statistics import fmean, geometric_mean, linear_regression, median
from typing import Any, NamedTuple

from retouch.evaluation.report.charts import Series, line_chart
from retouch.masks.families import FAMILIES
from retouch.methods.catalogue import CATALOGUE

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks" / "results"
GALLERY = "docs/gallery"
PAGES = ("README.md", "benchmarks/README.md", "docs/start.md")
OURS, THEIRS = "retouch:patchmatch", "pypatchmatch"
ENGINE_NAMES = {
    "retouch:auto": "**retouch, auto**",
    "pypatchmatch": "pypatchmatch",
    "patchmatch_cython": "patchmatch-cython",
    "opencv_shiftmap": "OpenCV SHIFTMAP",
    "opencv_fsr_best": "OpenCV FSR_BEST",
    "opencv_fsr_fast": "OpenCV FSR_FAST",
    "opencv_telea": "OpenCV Telea",
    "opencv_ns": "OpenCV NS",
    "skimage_biharmonic": "scikit-image biharmonic",
}

Case = dict[str, Any]
_BLOCK = re.compile(r"<!-- table (?P<name>[\w-]+) -->\n.*?<!-- end (?P=name) -->", re.DOTALL)


def table(header: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Return a Markdown table."""
    lines = [list(header), *map(list, rows)]
    lines.insert(1, ["---"] * len(lines[0]))
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def methods_table(_: Path) -> str:
    """Every method of the catalogue."""
    return table(
        ("method", "kind", "what it does", "where it fails", "source"),
        ((f"`{m.name}`", m.kind, m.summary, m.limits.words, m.paper) for m in CATALOGUE),
    )


def families_table(_: Path) -> str:
    """Every family of masks."""
    return table(("family", "what it draws", "source"), ((f"`{f.name}`", f.summary, f.source) for f in FAMILIES))


def with_results(name: str, write: Callable[[list[Case]], str]) -> Callable[[Path], str]:
    """Return a table maker that reads the result file `name` and states where its figures come from."""

    def make(results: Path) -> str:
        path = results / f"{name}.json"
        if not path.exists():
            return f"Not measured yet: `make bench` writes `benchmarks/results/{name}.json`."
        record = json.loads(path.read_text())
        if record["quick"]:
            raise SystemExit(f"{path} comes from a --quick run, which measures nothing; run: make bench")
        return f"{write(record['cases'])}\n\n{origin(record['facts'])}"

    return make


def origin(facts: dict[str, Any]) -> str:
    """Say where and when the figures were measured."""
    return (
        f"Measured {facts['date']} at commit {facts['commit'][:8]} on {facts['cpu']}, {facts['n_threads']} threads, "
        f"Python {facts['python']}, load {facts['load_before']} before."
    )


def patchmatch_table(cases: list[Case]) -> str:
    """Ours against pypatchmatch, one row per size and kind of hole, the better figure in bold."""
    rows = [_patchmatch_row(f"{size}, {mask}", group) for (size, mask), group in _grouped(cases, "size", "mask")]
    header = (
        *("hole", "CPU s, ours / theirs", "CPU ratio", "wall s, ours / theirs", "wall ratio", "peak MB, ours / theirs"),
        "of it the fill's own, MB, ours / theirs",
        *("PSNR in the hole, dB, ours / theirs", "changed known pixels, ours / theirs", "spread"),
    )
    return table(header, [*rows, _patchmatch_row("**all**", cases)])


def _patchmatch_row(label: str, cases: list[Case]) -> list[str]:
    ours, theirs = ([case["engines"][engine] for case in cases] for engine in (OURS, THEIRS))

    def seconds(field: str) -> tuple[str, str]:
        pairs = [(median(us[field]), median(them[field])) for us, them in zip(ours, theirs, strict=True)]
        means = fmean(us for us, _ in pairs), fmean(them for _, them in pairs)
        ratio = geometric_mean([us / them for us, them in pairs])
        return _pair(*means, digits=2, smaller_wins=True), f"{ratio:.2f}"

    decibels = [fmean(report["hole_psnr_db"] for report in side) for side in (ours, theirs)]
    peaks = [max(report["peak_mb"] for report in side) for side in (ours, theirs)]
    own = [max(report["peak_mb"] - report["warm_mb"] for report in side) for side in (ours, theirs)]
    changed = [sum(report["changed_known"] for report in side) for side in (ours, theirs)]
    return [
        label,
        *seconds("cpu_s"),
        *seconds("wall_s"),
        _pair(*peaks, digits=0, smaller_wins=True),
        _pair(*own, digits=0, smaller_wins=True),
        _pair(*decibels, digits=2, smaller_wins=False) + f" ({decibels[0] - decibels[1]:+.2f})",
        f"{changed[0]} / {changed[1]}",
        f"{max(_spread(report['cpu_s']) for report in ours + theirs):.0%}",
    ]


def thin_damage_table(cases: list[Case]) -> str:
    """PSNR in the hole for scratches and captions, and the CPU time, of every engine."""
    fsr = _mean_cpu(cases, "opencv_fsr_fast")
    kinds = dict(_grouped(cases, "mask"))
    rows = []
    for engine in cases[0]["engines"]:
        decibels = [fmean(case["engines"][engine]["hole_psnr_db"] for case in group) for group in kinds.values()]
        cpu = _mean_cpu(cases, engine)
        changed = sum(case["engines"][engine]["changed_known"] for case in cases)
        spent = f"{cpu:.3f}", f"{cpu / fsr:.3f}"
        rows.append([_engine_name(engine), *(f"{value:.2f}" for value in decibels), *spent, str(changed)])
    masks = (f"{mask}, dB" for (mask,) in kinds)
    return table(("256 px", *masks, "CPU s", "CPU / FSR_FAST", "changed known pixels"), rows)


def _mean_cpu(cases: list[Case], engine: str) -> float:
    return fmean(median(case["engines"][engine]["cpu_s"]) for case in cases)


def cold_start_table(cases: list[Case]) -> str:
    """Whole commands, and the size of an installation."""
    rows = []
    for case in cases:
        if "installed_mb" in case:
            parts = ", ".join(f"{name} {size:.0f}" for name, size in case["installed_mb"].items() if name != "total")
            rows.append([f"`{case['command']}`", "", "", f"**{case['installed_mb']['total']:.0f} on disk** ({parts})"])
        else:
            spent = (_with_range(case[field], digits) for field, digits in (("wall_s", 2), ("cpu_s", 2)))
            rows.append([f"`{case['command']}`", *spent, f"{max(case['peak_mb']):.0f}"])
    return table(("command", "wall s (range)", "CPU s (range)", "peak MB"), rows)


def mini_benchmark_table(cases: list[Case]) -> str:
    """Every method on every kind of hole: PSNR of the picture / of the hole / SSIM."""
    methods = {case["method"]: None for case in cases}
    cells = {
        (case["method"], case["mask"]): f"{case['psnr_db']:.2f} / {case['hole_psnr_db']:.2f} / {case['ssim']:.3f}"
        for case in cases
    }
    masks = {case["mask"]: None for case in cases}
    return table(("method", *masks), ([f"`{m}`", *(cells[m, mask] for mask in masks)] for m in methods))


class Growth(NamedTuple):
    """One series of the benchmark growth: what grows, and how it is called."""

    title: str
    x_label: str
    x: Callable[[Case], float]
    label: Callable[[Case], str]


GROWTH = {
    "size": Growth(
        "Time to fill a hole of 5 %, by the size of the picture",
        "picture, megapixels",
        lambda case: case["side_px"] ** 2 / 1e6,
        lambda case: f"{case['side_px']} px",
    ),
    "hole": Growth(
        "Time to fill a picture of 512 px, by the share that is missing",
        "missing pixels, percent",
        lambda case: 100 * case["share"],
        lambda case: f"{100 * case['share']:g} %",
    ),
}


def growth_table(series: str, cases: list[Case]) -> str:
    """Wall time of every engine in one series of the benchmark growth, and how it grows; the least is bold."""
    growth, chosen = GROWTH[series], _growth_cases(series, cases)
    last = growth.label(chosen[-1])
    header = ("wall s", *map(growth.label, chosen), "exponent", f"cores busy, {last}", f"peak MB, {last}")
    rows = [_growth_row(engine, chosen, growth) for engine in chosen[0]["engines"]]
    return f"![{growth.title}](../{GALLERY}/growth-{series}.svg)\n\n{table(header, rows)}"


def growth_plot(series: str, cases: list[Case]) -> str:
    """Draw the same as SVG: both axes logarithmic, so that the slope of a line is its exponent."""
    growth, chosen = GROWTH[series], _growth_cases(series, cases)
    lines = [
        Series(_engine_name(engine).replace("*", "").replace("`", ""), _growth_points(engine, chosen, growth))
        for engine in chosen[0]["engines"]
    ]
    return line_chart(
        lines,
        title=growth.title,
        x_label=growth.x_label,
        y_label="wall time, seconds",
        log_x=True,
        log_y=True,
        width_px=760,
        height_px=480,
        background="white",
    )


def _growth_cases(series: str, cases: list[Case]) -> list[Case]:
    return sorted((case for case in cases if series in case["series"]), key=GROWTH[series].x)


def _growth_points(engine: str, cases: list[Case], growth: Growth) -> list[tuple[float, float]]:
    """Return what grows and the median wall time, where the engine was measured."""
    measured = [(growth.x(case), case["engines"][engine]) for case in cases]
    return [(x, median(report["wall_s"])) for x, report in measured if "wall_s" in report]


def _growth_row(engine: str, cases: list[Case], growth: Growth) -> list[str]:
    cells = []
    for case in cases:
        least = min(median(report["wall_s"]) for report in case["engines"].values() if "wall_s" in report)
        cells.append(_growth_cell(case["engines"][engine], least))
    points = [(math.log(x), math.log(y)) for x, y in _growth_points(engine, cases, growth)]
    exponent = f"{linear_regression(*zip(*points, strict=True)).slope:.2f}" if len(points) > 1 else ""
    last = cases[-1]["engines"][engine]
    if "wall_s" not in last:
        return [_engine_name(engine), *cells, exponent, "", ""]
    busy = median(last["cpu_s"]) / median(last["wall_s"])
    return [_engine_name(engine), *cells, exponent, f"{busy:.1f}", f"{last['peak_mb']:.0f}"]


def _growth_cell(report: Case, least: float) -> str:
    """Return the time, or why there is none: no case is left out in silence."""
    if "crashed" in report:
        return f"crashes ({report['crashed']})"
    if "over_limit_s" in report:
        smaller = report.get("seen_at")
        where = f" at {smaller['side_px']} px, {100 * smaller['share']:g} %" if smaller else ""
        return f"> {report['over_limit_s']:g}{where}"
    seconds = median(report["wall_s"])
    words = f"{seconds:.{3 if seconds < 1 else 2 if seconds < 10 else 1}f}"
    return f"**{words}**" if seconds == least else words


def _engine_name(engine: str) -> str:
    """Return what a table calls an engine."""
    return ENGINE_NAMES.get(engine) or f"retouch, `{engine.partition(':')[2]}`"


def _grouped(cases: list[Case], *fields: str) -> list[tuple[tuple[str, ...], list[Case]]]:
    groups: dict[tuple[str, ...], list[Case]] = {}
    for case in cases:
        groups.setdefault(tuple(case[field] for field in fields), []).append(case)
    return list(groups.items())


def _pair(ours: float, theirs: float, *, digits: int, smaller_wins: bool) -> str:
    words = [f"{value:.{digits}f}" for value in (ours, theirs)]
    if ours != theirs:
        winner = 0 if (ours < theirs) == smaller_wins else 1
        words[winner] = f"**{words[winner]}**"
    return " / ".join(words)


def _spread(values: list[float]) -> float:
    """Return how far the slowest and the fastest run lie apart, as a share of the median."""
    return (max(values) - min(values)) / median(values)


def _with_range(values: list[float], digits: int) -> str:
    return f"{median(values):.{digits}f} ({max(values) - min(values):.{digits}f})"


RESULT_TABLES: dict[str, tuple[str, Callable[[list[Case]], str]]] = {
    "patchmatch": ("patchmatch", patchmatch_table),
    "patchmatch-shared": ("patchmatch-shared", patchmatch_table),
    "thin-damage": ("thin-damage", thin_damage_table),
    "cold-start": ("cold-start", cold_start_table),
    "mini-benchmark": ("mini-benchmark", mini_benchmark_table),
    "growth-size": ("growth", partial(growth_table, "size")),
    "growth-hole": ("growth", partial(growth_table, "hole")),
}
"""By the name of the table: the result file and what writes its cases."""

TABLES: dict[str, Callable[[Path], str]] = {
    "methods": methods_table,
    "families": families_table,
    **{name: with_results(file, write) for name, (file, write) in RESULT_TABLES.items()},
}


def plots(results: Path = RESULTS) -> dict[str, str]:
    """Return the text of each plot by its path from the root of the repository; none before there are results."""
    path = results / "growth.json"
    if not path.exists():
        return {}
    cases = json.loads(path.read_text())["cases"]
    return {f"{GALLERY}/growth-{series}.svg": growth_plot(series, cases) for series in GROWTH}


def with_tables(page: str, results: Path = RESULTS) -> str:
    """Return the text of a page with every table as it should be."""

    def block(found: re.Match[str]) -> str:
        name = found["name"]
        return f"<!-- table {name} -->\n{TABLES[name](results)}\n<!-- end {name} -->"

    return _BLOCK.sub(block, page)


def main() -> None:
    """Write the pages and plots that changed, or with --check name them."""
    check = sys.argv[1:] == ["--check"]
    wanted = {name: with_tables((ROOT / name).read_text()) for name in PAGES} | plots()
    stale = [name for name, text in wanted.items() if not (ROOT / name).exists() or (ROOT / name).read_text() != text]
    for name in stale:
        if not check:
            (ROOT / name).write_text(wanted[name])
        print(f"{'stale' if check else 'wrote'}: {name}")
    raise SystemExit(bool(stale) and check)


if __name__ == "__main__":
    main()
