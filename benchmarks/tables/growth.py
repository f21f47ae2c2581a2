"""Tables and plots of how cost grows with the size of the picture and of the hole."""

from __future__ import annotations

import math
from collections.abc import Callable
from statistics import linear_regression, median
from typing import NamedTuple

from benchmarks.tables.markdown import Case, engine_name, table
from retouch.evaluation.report.charts import Series, line_chart

GALLERY = "docs/gallery"


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
        Series(engine_name(engine).replace("*", "").replace("`", ""), _growth_points(engine, chosen, growth))
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
        return [engine_name(engine), *cells, exponent, "", ""]
    busy = median(last["cpu_s"]) / median(last["wall_s"])
    return [engine_name(engine), *cells, exponent, f"{busy:.1f}", f"{last['peak_mb']:.0f}"]


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
