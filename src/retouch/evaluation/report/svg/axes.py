"""Axes: round ticks, linear or logarithmic, their labels, and where a value lies in pixels.

Source: none; ticks are 1, 2 or 5 times a power of ten apart, as on any chart paper. An axis ends where its data end and
not at a tick: a range that is forced to zero or to round numbers wastes the room that differences of a tenth of a
decibel need.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from itertools import pairwise

from retouch.evaluation.report.svg.marks import MINUS, TIMES

_ROOM = 0.05  # share of the range left free at either end, so that no marker is cut
_FLAT = 1e-7  # values that differ by less of themselves are drawn as one: nobody could read the labels between them
_LEAST_TICKS = 3
_MANTISSAS: tuple[tuple[int, ...], ...] = ((1, 3), (1, 2, 5), (1, 2, 3, 4, 5, 6, 7, 8, 9))
_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_PLAIN = (1e-4, 1e6)  # outside, a power of ten reads better than a row of zeros


@dataclass(frozen=True)
class Axis:
    """A range of values laid over a range of pixels.

    Attributes
    ----------
    low, high : float
        Values at the two ends; above 0 where `log` is set.
    start_px, end_px : float
        Where these values lie.
    log : bool
    """

    low: float
    high: float
    start_px: float
    end_px: float
    log: bool = False

    def place(self, value: float) -> float:
        """Return where a value lies, in pixels.

        >>> Axis(1.0, 100.0, 0.0, 200.0, log=True).place(10.0)
        100.0
        """
        low, high = _onto_line(self.low, log=self.log), _onto_line(self.high, log=self.log)
        share = (_onto_line(value, log=self.log) - low) / (high - low)
        return self.start_px + share * (self.end_px - self.start_px)

    def ticks(self, most: int) -> list[float]:
        """Return at most `most` round values inside the range, in rising order."""
        if self.log:
            return log_ticks(self.low, self.high, most)
        return linear_ticks(self.low, self.high, most)

    def labelled_ticks(self, most: int, room_px: Callable[[str], float] | None = None) -> dict[float, str]:
        """Return ticks with their labels, as many as fit side by side.

        Parameters
        ----------
        most : int
            Never more than so many.
        room_px : callable or None
            How many pixels along the axis a label needs; None where labels cannot touch.
        """
        for n in range(most, 1, -1):
            values = self.ticks(n)
            labels = dict(zip(values, tick_labels(values), strict=True))
            if room_px is None or self._fit(labels, room_px):
                return labels
        return {}

    def _fit(self, labels: dict[float, str], room_px: Callable[[str], float]) -> bool:
        """Tell whether no label touches the next one."""
        places = [(self.place(value), room_px(text)) for value, text in labels.items()]
        return all(b - a >= (need_a + need_b) / 2 for (a, need_a), (b, need_b) in pairwise(places))


def axis_over(values: Sequence[float], span_px: tuple[float, float], *, log: bool) -> Axis:
    """Return the axis that shows all values with a little room at either end; without values it runs from 0 (or 1).

    >>> axis_over([0.0, 100.0], (0.0, 300.0), log=False)
    Axis(low=-5.0, high=105.0, start_px=0.0, end_px=300.0, log=False)
    """
    low, high = (min(values), max(values)) if values else (1.0, 10.0) if log else (0.0, 1.0)
    low, high = _onto_line(low, log=log), _onto_line(high, log=log)
    room = _ROOM * (high - low)
    if high - low <= _FLAT * max(abs(low), abs(high)):
        room = 0.1 if log or not high else abs(high) / 10
    back: Callable[[float], float] = partial(math.pow, 10.0) if log else float
    return Axis(back(low - room), back(high + room), *span_px, log)


def linear_ticks(low: float, high: float, most: int) -> list[float]:
    """Return the multiples of 1, 2 or 5 times a power of ten inside a range: as many as possible up to `most`.

    >>> linear_ticks(0.03, 0.57, 6)
    [0.1, 0.2, 0.3, 0.4, 0.5]
    """
    decade = math.floor(math.log10((high - low) / most))
    for exponent in range(decade, decade + 4):
        for mantissa in (1, 2, 5):
            first, last = (end / mantissa / 10.0**exponent for end in (low, high))
            counts = range(math.ceil(first - 1e-9), math.floor(last + 1e-9) + 1)
            if len(counts) <= most:
                return [float(f"{count * mantissa}e{exponent}") for count in counts]
    return []


def log_ticks(low: float, high: float, most: int) -> list[float]:
    """Return powers of ten inside a range, with round numbers between them where these alone would be too few.

    >>> log_ticks(0.3, 400.0, 6), log_ticks(0.8, 9.0, 6)
    ([1.0, 10.0, 100.0], [1.0, 2.0, 5.0])
    """
    decades = _multiples((1,), low, high)
    if len(decades) >= _LEAST_TICKS:
        return decades[:: math.ceil(len(decades) / most)]
    for mantissas in _MANTISSAS:
        values = _multiples(mantissas, low, high)
        if _LEAST_TICKS <= len(values) <= most:
            return values
    return decades if len(decades) == _LEAST_TICKS - 1 else linear_ticks(low, high, most)


def tick_labels(values: Sequence[float]) -> list[str]:
    """Return the labels of some ticks, all with the same number of decimals where they are evenly spaced.

    >>> tick_labels([0.0, 0.5, 1.0]), tick_labels([0.01, 1.0, 1000.0])
    (['0.0', '0.5', '1.0'], ['0.01', '1', '1,000'])
    """
    sizes = [abs(value) for value in values if value]
    if sizes and (max(sizes) >= _PLAIN[1] or max(sizes) < _PLAIN[0]):
        return [_with_power(value) for value in values]
    steps = [b - a for a, b in pairwise(values)]
    even = bool(steps) and max(steps) - min(steps) < 1e-6 * max(steps)
    decimals = max(_decimals(value) for value in values) if even else None
    return [_plain(value, _decimals(value) if decimals is None else decimals) for value in values]


def _multiples(mantissas: Sequence[int], low: float, high: float) -> list[float]:
    """Return these multiples of all powers of ten that lie inside a range."""
    exponents = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    values = [float(f"{mantissa}e{exponent}") for exponent in exponents for mantissa in mantissas]
    return [value for value in values if low <= value <= high]


def _onto_line(value: float, *, log: bool) -> float:
    return math.log10(value) if log else value


def _decimals(value: float) -> int:
    """Count the decimals that a round number needs."""
    return max(0, -_digits(value)[1])


def _digits(value: float) -> tuple[str, int]:
    """Return the digits of a round number and the power of ten of the last one."""
    parts = Decimal(repr(value)).normalize().as_tuple()
    return "".join(map(str, parts.digits)), int(parts.exponent)


def _plain(value: float, decimals: int) -> str:
    return f"{value:,.{decimals}f}".replace("-", MINUS)


def _with_power(value: float) -> str:
    if not value:
        return "0"
    digits, exponent = _digits(value)
    mantissa = f"{digits[0]}.{digits[1:]}" if digits[1:] else digits
    power = str(exponent + len(digits) - 1).translate(_SUPERSCRIPTS)
    return f"{MINUS if value < 0 else ''}{mantissa}{TIMES}10{power}"
