"""What every chart has: heading, grid, ticks and the words at the axes."""

from __future__ import annotations

import math

from retouch.evaluation.report.svg.axes import Axis
from retouch.evaluation.report.svg.marks import FONT_PX, LINE_PX, text, text_width_px, wrap_text

EDGE_PX = 10.0
TITLE_PX = 14.0
_TITLE_LINE_PX = 19.0
_BOLD = 1.2  # how much wider bold letters are
_TICK_GAP_PX = 6.0
_ROW_PX = 26.0  # at least so much from one horizontal line to the next
_COLUMN_PX = 56.0
_GRID = 'stroke="currentColor" stroke-opacity="0.16"'


def heading(title: str, note: str, width_px: float) -> tuple[list[str], float]:
    """Return the title with a smaller note under it, and how far down they reach, in pixels."""
    room = width_px - 2 * EDGE_PX
    parts, y = [], EDGE_PX - 4
    for line in wrap_text(title, room / _BOLD, TITLE_PX):
        y += _TITLE_LINE_PX
        parts.append(text(EDGE_PX, y, line, size_px=TITLE_PX, more=' font-weight="600"'))
    for line in wrap_text(note, room):
        y += LINE_PX
        parts.append(text(EDGE_PX, y, line, more=' fill-opacity="0.8"'))
    return parts, y + 12


def foot_px(x_label: str, width_px: float) -> float:
    """Return the height that the labels under a plot need."""
    return EDGE_PX + LINE_PX * (1 + len(wrap_text(x_label, width_px - 2 * EDGE_PX)))


def tick_room_px(y: Axis) -> float:
    """Return the width that the labels of a vertical axis need."""
    return _TICK_GAP_PX + max(map(text_width_px, _y_ticks(y).values()), default=0.0)


def y_grid(y: Axis, left: float, right: float) -> list[str]:
    """Return horizontal lines with the numbers left of them."""
    parts = []
    for value, label in _y_ticks(y).items():
        at = y.place(value)
        parts.append(f'<path d="M{left:.1f} {at:.1f}H{right:.1f}" {_GRID}/>')
        parts.append(text(left - _TICK_GAP_PX, at + 0.35 * FONT_PX, label, anchor="end"))
    return parts


def x_grid(x: Axis, span: tuple[float, float], label: str, width_px: float) -> list[str]:
    """Return vertical lines with the numbers under them, and the name of the axis under these."""
    top, bottom = span
    most = max(2, math.floor((x.end_px - x.start_px) / _COLUMN_PX))
    parts = []
    for value, number in x.labelled_ticks(most, lambda words: text_width_px(words) + 12).items():
        at = x.place(value)
        parts.append(f'<path d="M{at:.1f} {top:.1f}V{bottom:.1f}" {_GRID}/>')
        parts.append(text(at, bottom + LINE_PX, number, anchor="middle"))
    parts.append(
        f'<path d="M{x.start_px:.1f} {bottom:.1f}H{x.end_px:.1f}" stroke="currentColor" stroke-opacity="0.6"/>'
    )
    lines = wrap_text(label, width_px - 2 * EDGE_PX)
    widest = max(map(text_width_px, lines), default=0.0)
    middle = min(max((x.start_px + x.end_px) / 2, EDGE_PX + widest / 2), width_px - EDGE_PX - widest / 2)
    y = bottom + LINE_PX + 2
    return parts + [text(middle, y + LINE_PX * (i + 1), line, anchor="middle") for i, line in enumerate(lines)]


def nothing_to_show(x: Axis, y: Axis) -> str:
    """Return the words that stand in an empty plot."""
    return text((x.start_px + x.end_px) / 2, (y.start_px + y.end_px) / 2, "no values to show", anchor="middle")


def _y_ticks(y: Axis) -> dict[float, str]:
    return y.labelled_ticks(max(2, math.floor(abs(y.end_px - y.start_px) / _ROW_PX)))
