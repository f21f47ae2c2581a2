"""Numbers as a reader wants them: a true minus, a dash for what was not measured, no digits that say nothing."""

from __future__ import annotations

import math

from retouch.evaluation.report.content import Column
from retouch.evaluation.report.svg.marks import MINUS

DASH, INFINITY, MIDDLE_DOT = "\N{EN DASH}", "\N{INFINITY}", "\N{MIDDLE DOT}"
_SHORTEST_S = 0.001  # below it is the clock that is measured
_ARROWS = {"higher": "\N{UPWARDS ARROW}", "lower": "\N{DOWNWARDS ARROW}", "": ""}


def number(value: float, digits: int, *, sign: bool = False) -> str:
    """Return a number with so many decimals.

    >>> number(28.3149, 2), number(0.5, 1, sign=True), number(float("inf"), 2)
    ('28.31', '+0.5', '\N{INFINITY}')
    """
    if math.isnan(value):
        return DASH
    if math.isinf(value):
        return INFINITY if value > 0 else MINUS + INFINITY
    written = f"{value:+,.{digits}f}" if sign else f"{value:,.{digits}f}"
    if not float(written.replace(",", "")):  # a zero has no sign, however it was rounded to
        written = written.lstrip("+-")
    return written.replace("-", MINUS)


def seconds(value: float) -> str:
    """Return a time in seconds to three digits, or fewer where they would say nothing.

    >>> seconds(0.01234), seconds(1.2345), seconds(128.4)
    ('0.012', '1.23', '128')
    """
    if not math.isfinite(value):
        return DASH
    if value < _SHORTEST_S:
        return f"under {_SHORTEST_S}"
    return number(value, 0 if value >= 100 else 1 if value >= 10 else 2 if value >= 1 else 3)  # noqa: PLR2004


def share(ratio: float) -> str:
    """Return a share of 0 to 1 in percent.

    >>> share(0.1534)
    '15.3 %'
    """
    return f"{number(100 * ratio, 1)} %"


def arrow(column: Column) -> str:
    """Return the arrow that points to the better values, or nothing."""
    return _ARROWS[column.better]


def direction(column: Column) -> str:
    """Return in words which values are better.

    >>> direction(Column("psnr", "", "dB", "higher", 2))
    'higher is better'
    """
    return f"{column.better} is better" if column.better else "neither high nor low is better"


def counted(n: int, one: str, many: str) -> str:
    """Return a number with its noun.

    >>> counted(1, "picture", "pictures"), counted(1200, "picture", "pictures")
    ('1 picture', '1,200 pictures')
    """
    return f"{n:,} {one if n == 1 else many}"
