"""Letters to lines: neighbours of one height and one base line make a line of text.

Source: this project. Two letters belong together where they stand side by side, nearer than a wide space, at one
height, with strokes of one width. A line has three letters or more, most of them on one base line.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from retouch.arrays.regions import Box
from retouch.masks.finding.glyphs import Glyph

_WIDEST_SPACE = 1.0  # times the height of the taller letter
_MOST_HEIGHTS_APART = 2.6
_MOST_STROKES_APART = 2.2


class Line(NamedTuple):
    """Letters side by side, and the box that holds them."""

    box: Box
    glyphs: tuple[Glyph, ...]

    @property
    def height(self) -> float:
        """Height in pixels that three quarters of its letters do not pass: that of capitals, about."""
        return float(np.percentile([g.height for g in self.glyphs], 75))

    @property
    def radius_px(self) -> float:
        """Median of half the stroke width of its letters."""
        return float(np.median([g.radius_px for g in self.glyphs]))

    @property
    def n_letters(self) -> float:
        """Number of letters, where a part wider than high counts for as many as are as wide as half its height."""
        return float(sum(max(1.0, g.width / max(0.7 * self.height, 1)) for g in self.glyphs))

    @property
    def order(self) -> float:
        """Share of letters, by width, that stand within a sixth of the line's height of one base line."""
        width = np.array([g.width for g in self.glyphs], np.float64)
        foot = np.array([g.bottom for g in self.glyphs], np.float64)
        on_line = np.abs(foot[:, None] - foot) <= max(self.height / 7, 1.0)
        return float((on_line @ width).max() / width.sum())


def group_lines(glyphs: Sequence[Glyph], least_letters: float = 3) -> list[Line]:
    """Return the lines that the letters make, top to bottom.

    Examples
    --------
    >>> letters = [Glyph(10, x, 20, x + 6, 30, 1.0) for x in (0, 8, 16, 80)]
    >>> [line.box for line in group_lines(letters)]
    [Box(top=10, left=0, bottom=20, right=22)]
    """
    if not glyphs:
        return []
    _, labels = connected_components(sparse.csr_matrix(_side_by_side(glyphs)), directed=False)
    lines = []
    for label in np.unique(labels):
        members = tuple(glyph for glyph, own in zip(glyphs, labels, strict=True) if own == label)
        line = Line(_hull(members), members)
        if line.n_letters >= least_letters:
            lines.append(line)
    return sorted(lines, key=lambda line: line.box)


def _side_by_side(glyphs: Sequence[Glyph]) -> np.ndarray:
    """Tell of each pair whether the two are neighbours in a line."""
    top, left, bottom, right = (np.array([g[i] for g in glyphs], np.float64) for i in range(4))
    height, width, radius = bottom - top, right - left, np.array([g.radius_px for g in glyphs])
    taller = np.maximum(height[:, None], height)
    gap = np.maximum(left[:, None], left) - np.minimum(right[:, None], right)
    shared = np.minimum(bottom[:, None], bottom) - np.maximum(top[:, None], top)
    near = (gap <= _WIDEST_SPACE * taller) & (gap > -0.5 * np.minimum(width[:, None], width))
    level = shared >= 0.5 * np.minimum(height[:, None], height)
    level &= np.abs(bottom[:, None] - bottom) <= np.maximum(0.4 * taller, 1)
    alike = taller <= _MOST_HEIGHTS_APART * np.minimum(height[:, None], height)
    alike &= np.maximum(radius[:, None], radius) <= _MOST_STROKES_APART * np.minimum(radius[:, None], radius) + 0.5
    pairs: np.ndarray = near & level & alike
    return pairs


def _hull(members: Sequence[Glyph]) -> Box:
    return Box(
        min(g.top for g in members),
        min(g.left for g in members),
        max(g.bottom for g in members),
        max(g.right for g in members),
    )
