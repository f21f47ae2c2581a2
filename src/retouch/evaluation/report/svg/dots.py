"""A plot of dots with their intervals: one row for each method, in groups, with names on the left."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from retouch.evaluation.report.svg.axes import Axis, axis_over
from retouch.evaluation.report.svg.marks import FONT_PX, Look, shorten_text, svg, text, text_width_px
from retouch.evaluation.report.svg.plot import EDGE_PX, foot_px, heading, nothing_to_show, x_grid

_ROW_PX = 22.0
_INDENT_PX = 8.0  # of names under their heading
_WIDEST_SHARE = 0.4  # of the width for names
_ROUNDING_PX = 0.01  # the longest name fills its room to the last digit


@dataclass(frozen=True)
class Dot:
    """One value with the ends of its interval; a dot that is not finite leaves its row empty."""

    label: str
    look: Look
    value: float
    low: float = math.nan
    high: float = math.nan


@dataclass(frozen=True)
class Group:
    """Rows under one heading; an empty heading takes no room."""

    heading: str
    dots: Sequence[Dot]


def dot_chart(groups: Sequence[Group], *, title: str, x_label: str, width_px: int = 520) -> str:
    """Return dots with intervals as the text of an SVG; its height follows from the number of rows.

    Examples
    --------
    >>> rows = [Group("", [Dot("a", Look("#006BB2", "", 0), 0.5, 0.4, 0.6)])]
    >>> dot_chart(rows, title="t", x_label="x").count("<circle")
    1
    """
    width = float(width_px)
    parts, top = heading(title, "", width)
    rows = list(_rows(groups))
    bottom = top + _ROW_PX * len(rows) + 4
    dots = [dot for group in groups for dot in group.dots]
    values = [value for dot in dots for value in (dot.value, dot.low, dot.high) if math.isfinite(value)]
    names = max((text_width_px(dot.label) for dot in dots), default=0.0)
    left = 2 * EDGE_PX + _INDENT_PX + min(_WIDEST_SHARE * width, names)
    x = axis_over(values, (left, width - 2 * EDGE_PX), log=False)
    parts += x_grid(x, (top, bottom), x_label, width)
    for i, row in enumerate(rows):
        parts += _draw(row, x, top + _ROW_PX * (i + 0.5) + 2)
    if not values:
        parts.append(nothing_to_show(x, Axis(0.0, 1.0, bottom, top)))
    about = f"Values of {x_label}. " + " ".join(_described(row) for row in rows)
    return svg((width, bottom + foot_px(x_label, width)), (title, about), parts, None)


def _rows(groups: Sequence[Group]) -> Iterator[Dot | str]:
    """Yield headings and dots in the order of the rows."""
    for group in groups:
        if group.heading:
            yield group.heading
        yield from group.dots


def _draw(row: Dot | str, x: Axis, y: float) -> list[str]:
    """Draw a heading, or a name with its interval and dot."""
    base = y + 0.35 * FONT_PX
    if isinstance(row, str):
        return [text(EDGE_PX, base, shorten_text(row, x.end_px - EDGE_PX), more=' font-weight="600"')]
    room = x.start_px - 2 * EDGE_PX - _INDENT_PX + _ROUNDING_PX
    parts = [text(EDGE_PX + _INDENT_PX, base, shorten_text(row.label, room))]
    if math.isfinite(row.low) and math.isfinite(row.high):
        ends = f"M{x.place(row.low):.1f} {y:.1f}H{x.place(row.high):.1f}"
        parts.append(f'<path d="{ends}" fill="none" stroke="{row.look.colour}" stroke-width="2"/>')
    if math.isfinite(row.value):
        parts.append(row.look.marker(x.place(row.value), y, _described(row)))
    return parts


def _described(row: Dot | str) -> str:
    if isinstance(row, str):
        return f"{row}:"
    interval = f" ({row.low:.4g} to {row.high:.4g})" if math.isfinite(row.low) and math.isfinite(row.high) else ""
    return f"{row.label}: {row.value:.4g}{interval}." if math.isfinite(row.value) else f"{row.label}: no value."
