"""Pieces that all tables are made of."""

from __future__ import annotations

from collections.abc import Iterable
from statistics import median
from typing import Any

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
"""One case of a result file."""


def table(header: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Return a Markdown table."""
    lines = [list(header), *map(list, rows)]
    lines.insert(1, ["---"] * len(lines[0]))
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def engine_name(engine: str) -> str:
    """Return what a table calls an engine."""
    return ENGINE_NAMES.get(engine) or f"retouch, `{engine.partition(':')[2]}`"


def grouped(cases: list[Case], *fields: str) -> list[tuple[tuple[str, ...], list[Case]]]:
    """Return the cases by the values of some fields, in the order in which these first come."""
    groups: dict[tuple[str, ...], list[Case]] = {}
    for case in cases:
        groups.setdefault(tuple(case[field] for field in fields), []).append(case)
    return list(groups.items())


def with_range(values: list[float], digits: int) -> str:
    """Return the median and the range."""
    return f"{median(values):.{digits}f} ({max(values) - min(values):.{digits}f})"


def pair(ours: float, theirs: float, *, digits: int, smaller_wins: bool) -> str:
    """Return two figures, the better one in bold."""
    words = [f"{value:.{digits}f}" for value in (ours, theirs)]
    if ours != theirs:
        winner = 0 if (ours < theirs) == smaller_wins else 1
        words[winner] = f"**{words[winner]}**"
    return " / ".join(words)


def spread(values: list[float]) -> float:
    """Return how far the slowest and the fastest run lie apart, as a share of the median."""
    return (max(values) - min(values)) / median(values)
