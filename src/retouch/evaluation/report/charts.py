"""Line charts as SVG text, from nothing but the numbers.

Source: none; the manners are those of E. Tufte, The Visual Display of Quantitative Information, 1983: a faint grid, no
frame, names at the ends of the lines rather than in a key that the eye must travel to.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from retouch.errors import InputError
from retouch.evaluation.report.svg.axes import Axis, axis_over
from retouch.evaluation.report.svg.marks import Look, look, svg
from retouch.evaluation.report.svg.names import Name, Names
from retouch.evaluation.report.svg.plot import EDGE_PX, foot_px, heading, nothing_to_show, tick_room_px, x_grid, y_grid

_LEAST_SIZE_PX = (200, 150)
_LEAST_PLOT_PX = 90.0  # under a long title the picture grows rather than the lines being flattened
_MOST_MARKERS = 12  # on one line


@dataclass(frozen=True)
class Series:
    """One line.

    Attributes
    ----------
    label : str
    points : sequence of (x, y)
        In the order in which they are joined. A point that is not finite (or not above 0 on a logarithmic axis) is
        left out, and the line is broken there; a point without neighbours is a marker.
    """

    label: str
    points: Sequence[tuple[float, float]]


def line_chart(
    series: Sequence[Series],
    *,
    title: str,
    x_label: str,
    y_label: str,
    log_x: bool = False,
    log_y: bool = False,
    width_px: int = 520,
    height_px: int = 320,
    background: str | None = None,
) -> str:
    """Return a line chart as the text of an SVG file.

    Parameters
    ----------
    series : sequence of Series
        Colour, dash and marker follow from the place in this sequence: give a series without points where one chart
        of several lacks it, and the others keep their looks.
    title, x_label, y_label : str
        Say the units; long ones are wrapped.
    log_x, log_y : bool
    width_px, height_px : int
        Size of the picture, 200 x 150 and up. It grows in height under a long title, and where the names are too
        long or too many for the right margin and go below.
    background : str or None
        Such as "white" for a picture that is shown on pages of any colour; None is transparent.

    Returns
    -------
    str
        It asks for nothing from anywhere. Save it as UTF-8.

    Raises
    ------
    InputError
        If the size is below 200 x 150.

    Examples
    --------
    >>> drawn = line_chart([Series("a", [(1.0, 2.0), (2.0, 4.0)])], title="t", x_label="x", y_label="y")
    >>> drawn.count("<polyline"), drawn.count("<circle")  # two points, and one before the name
    (1, 3)
    """
    if width_px < _LEAST_SIZE_PX[0] or height_px < _LEAST_SIZE_PX[1]:
        raise InputError(f"a chart must be at least 200 x 150 pixels, got {width_px} x {height_px}")
    width = float(width_px)
    lines = [_Line(one.label, look(i), _runs(one.points, log_x, log_y)) for i, one in enumerate(series)]
    names = Names([line.name for line in lines], width)
    parts, top = heading(title, y_label, width)
    foot = foot_px(x_label, width)
    span = top, max(height_px - foot, top + _LEAST_PLOT_PX)
    x, y = _axes(lines, names, span, (log_x, log_y))
    parts += [*y_grid(y, x.start_px, x.end_px), *x_grid(x, span, x_label, width)]
    parts += [part for line in lines for part in line.draw(x, y)] or [nothing_to_show(x, y)]
    parts += names.draw([Name(line.name, line.look, line.end_px(y)) for line in lines], x.end_px, span, foot)
    height = span[1] + foot + names.below_px(span)
    about = f"Line chart of {y_label} against {x_label}. {' '.join(line.described() for line in lines)}"
    return svg((width, height), (title, about), parts, background)


@dataclass(frozen=True)
class _Line:
    """A series that is ready to be drawn: points without the ones that cannot be, in unbroken runs."""

    label: str
    look: Look
    runs: list[list[tuple[float, float]]]

    @property
    def points(self) -> list[tuple[float, float]]:
        return [point for run in self.runs for point in run]

    @property
    def name(self) -> str:
        return self.label if self.runs else f"{self.label} (no values)"

    def end_px(self, y: Axis) -> float | None:
        """Return how high the line ends."""
        return y.place(self.points[-1][1]) if self.runs else None

    def draw(self, x: Axis, y: Axis) -> list[str]:
        """Draw the runs, and markers on at most a dozen of the points: the last one always has its own."""
        parts = []
        for run in self.runs:
            if len(run) > 1:
                places = " ".join(f"{x.place(a):.1f},{y.place(b):.1f}" for a, b in run)
                parts.append(f'<polyline points="{places}" {self.look.stroke()}/>')
        step = max(1, math.ceil(len(self.points) / _MOST_MARKERS))
        alone = [run[0] for run in self.runs if len(run) == 1] if step > 1 else []
        for a, b in [*self.points[::-1][::step], *alone]:
            parts.append(self.look.marker(x.place(a), y.place(b), f"{self.label}: {a:.4g}, {b:.4g}"))
        return parts

    def described(self) -> str:
        """Return a sentence for those who do not see the line."""
        if not self.runs:
            return f"{self.name}."
        (x, y), (last_x, last_y) = self.points[0], self.points[-1]
        n = len(self.points)
        if n == 1:
            return f"{self.label}: {y:.4g} at {x:.4g}."
        return f"{self.label}: {n} points, from {y:.4g} at {x:.4g} to {last_y:.4g} at {last_x:.4g}."


def _runs(points: Sequence[tuple[float, float]], log_x: bool, log_y: bool) -> list[list[tuple[float, float]]]:
    """Cut a line where a point cannot be drawn."""
    runs: list[list[tuple[float, float]]] = [[]]
    for x, y in points:
        drawable = math.isfinite(x) and math.isfinite(y) and (x > 0 or not log_x) and (y > 0 or not log_y)
        if drawable:
            runs[-1].append((float(x), float(y)))
        elif runs[-1]:
            runs.append([])
    return [run for run in runs if run]


def _axes(lines: Sequence[_Line], names: Names, span: tuple[float, float], log: tuple[bool, bool]) -> tuple[Axis, Axis]:
    """Lay the axes between the numbers on the left and the names on the right."""
    top, bottom = span
    points = [point for line in lines for point in line.points]
    y = axis_over([point[1] for point in points], (bottom, top), log=log[1])
    right = names.width_px - max(names.margin_px(span), EDGE_PX)
    return axis_over([point[0] for point in points], (EDGE_PX + tick_room_px(y), right - EDGE_PX), log=log[0]), y
