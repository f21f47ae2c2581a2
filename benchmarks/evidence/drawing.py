"""The plot of a study: the mean over seeds of one score against steps, with the baselines as level lines."""

from __future__ import annotations

from statistics import fmean

from benchmarks.evidence.figures import baseline
from benchmarks.evidence.gathering import Results
from benchmarks.evidence.study import Study
from retouch.evaluation.report.charts import Series, line_chart


def draw_curves(study: Study, results: Results) -> str:
    """Return the plot as SVG."""
    lines = [Series(arm, mean_curve([run["curve"] for run in line["runs"].values()])) for arm, line in _arms(results)]
    for method in results["baselines"]:
        level = baseline(results, method, study.curve)
        if level is not None:
            lines.append(Series(f"{method} fill", [(0.0, level), (float(results["steps"]), level)]))
    unit = f", {study.curve.unit}" if study.curve.unit else ""
    return line_chart(
        lines,
        title=study.title,
        x_label="steps",
        y_label=f"{study.curve.score}, {study.curve.label}{unit}",
        width_px=760,
        height_px=440,
        background="white",
    )


def mean_curve(curves: list[list[list[float]]]) -> list[tuple[float, float]]:
    """Return the mean at every step that all curves have.

    >>> mean_curve([[[5, 20.0], [10, 22.0]], [[5, 21.0]]])
    [(5.0, 20.5)]
    """
    tables = [{point[0]: point[1] for point in curve} for curve in curves]
    steps = sorted(set.intersection(*map(set, tables))) if tables else []
    return [(float(step), fmean(found[step] for found in tables)) for step in steps]


def _arms(results: Results) -> list[tuple[str, Results]]:
    return list(results["arms"].items())
