"""The names of lines: beside their ends, or in rows below where they are too long or too many.

Each name has a piece of its line and its marker before it, so that it can move from the end of the line where two
would touch, and nothing has to be drawn across the lines.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from retouch.evaluation.report.svg.marks import FONT_PX, LINE_PX, Look, shorten_text, text, text_width_px
from retouch.evaluation.report.svg.plot import EDGE_PX

_SAMPLE_PX = 26.0
_WIDEST_SHARE = 0.38  # of the picture's width for names beside the lines
_COLUMN_GAP_PX = 18.0


@dataclass(frozen=True)
class Name:
    """What a line is called, how it looks, and how high it ends: None where it was not drawn."""

    label: str
    look: Look
    end_px: float | None = None


@dataclass(frozen=True)
class Names:
    """All the names of a chart of a given width."""

    labels: Sequence[str]
    width_px: float

    def beside(self, span: tuple[float, float]) -> bool:
        """Tell whether they fit into the right margin of a plot between two heights."""
        if not self.labels:
            return False
        return self._widest <= _WIDEST_SHARE * self.width_px and LINE_PX * len(self.labels) <= span[1] - span[0]

    def margin_px(self, span: tuple[float, float]) -> float:
        """Return the width of the margin that holds them beside the lines; 0 where they go below."""
        return self._widest + EDGE_PX if self.beside(span) else 0.0

    def below_px(self, span: tuple[float, float]) -> float:
        """Return the height of the rows that hold them below the plot; 0 where they stand beside the lines."""
        if self.beside(span) or not self.labels:
            return 0.0
        return LINE_PX * math.ceil(len(self.labels) / self._n_columns) + 6

    def draw(self, names: Sequence[Name], right: float, span: tuple[float, float], foot: float) -> list[str]:
        """Draw the names of a plot that ends at `right` and at `span[1]`, with `foot` pixels of words under it."""
        if self.beside(span):
            return self._draw_beside(names, right + EDGE_PX, span)
        return self._draw_below(names, span[1] + foot)

    def _draw_beside(self, names: Sequence[Name], left: float, span: tuple[float, float]) -> list[str]:
        """Draw each name as near to the end of its line as the others let it."""
        ends = [span[1] if name.end_px is None else name.end_px for name in names]
        order = sorted(range(len(names)), key=ends.__getitem__)
        heights = spread([ends[i] for i in order], LINE_PX, span)
        return [part for i, y in zip(order, heights, strict=True) for part in self._draw_name(names[i], left, y)]

    def _draw_below(self, names: Sequence[Name], top: float) -> list[str]:
        """Draw the names in rows, in the order given."""
        column_px = (self.width_px - 2 * EDGE_PX) / self._n_columns if names else 0.0
        parts = []
        for i, name in enumerate(names):
            row, column = divmod(i, self._n_columns)
            parts += self._draw_name(name, EDGE_PX + column * column_px, top + LINE_PX * (row + 0.5))
        return parts

    @property
    def _widest(self) -> float:
        return _SAMPLE_PX + 6 + max(map(text_width_px, self.labels))

    @property
    def _n_columns(self) -> int:
        return max(1, math.floor((self.width_px - 2 * EDGE_PX) / (self._widest + _COLUMN_GAP_PX)))

    def _draw_name(self, name: Name, left: float, y: float) -> list[str]:
        """Draw a piece of the line, its marker and the name."""
        room = self.width_px - 2 * EDGE_PX - _SAMPLE_PX - 6
        line = f'<path d="M{left:.1f} {y:.1f}h{_SAMPLE_PX:.0f}" {name.look.stroke()}/>'
        label = shorten_text(name.label, room)
        words = text(left + _SAMPLE_PX + 6, y + 0.35 * FONT_PX, label)
        return [line, name.look.marker(left + _SAMPLE_PX / 2, y), words]


def spread(wished: Sequence[float], gap: float, span: tuple[float, float]) -> list[float]:
    """Return places near the wished ones, which rise, at least `gap` apart and inside a span as far as they fit.

    >>> spread([10.0, 11.0, 90.0], 16.0, (0.0, 91.0))
    [10.0, 26.0, 83.0]
    """
    low, high = span[0] + gap / 2, span[1] - gap / 2
    places: list[float] = []
    for wish in wished:
        places.append(max(wish, places[-1] + gap if places else low))
    for i in range(len(places) - 1, -1, -1):
        places[i] = min(places[i], places[i + 1] - gap if i + 1 < len(places) else high)
    return places
