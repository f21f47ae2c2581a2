"""When a run stops before its end: a signal, or the time that it was given."""

from __future__ import annotations

import re
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from retouch.errors import UsageError

BUDGET = "time budget"
SIGNALS = {signal.SIGTERM: "SIGTERM", signal.SIGINT: "SIGINT"}
_SECONDS = {"s": 1, "m": 60, "h": 3600}


def parse_duration(text: str) -> float:
    """Return seconds.

    >>> parse_duration("90s"), parse_duration("25m"), parse_duration("1.5h")
    (90.0, 1500.0, 5400.0)
    >>> parse_duration("25")
    Traceback (most recent call last):
    retouch.errors.UsageError: a time must be a number and s, m or h, such as 25m, got '25'
    """
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([smh])", text.strip())
    if found is None or float(found[1]) <= 0:
        raise UsageError(f"a time must be a number and s, m or h, such as 25m, got '{text}'")
    return float(found[1]) * _SECONDS[found[2]]


class Stopping:
    """Knows why the run should stop after this step, if it should.

    Parameters
    ----------
    budget_s : float, optional
        Seconds from now.
    """

    def __init__(self, budget_s: float | None = None) -> None:
        self._started = time.monotonic()
        self._budget_s = budget_s
        self.reason = ""

    def ask(self, reason: str) -> None:
        """Ask for a stop."""
        self.reason = self.reason or reason

    def look_at_clock(self, coming_s: float) -> None:
        """Ask for a stop if what comes next, saving included, would not fit in the budget."""
        if self._budget_s is not None and time.monotonic() - self._started + coming_s > self._budget_s:
            self.ask(BUDGET)

    @contextmanager
    def watching_signals(self) -> Iterator[None]:
        """Take SIGTERM and SIGINT as a wish to stop after the step; a second one stops at once."""
        if threading.current_thread() is not threading.main_thread():
            yield  # signals reach the main thread alone
            return
        before = {number: signal.signal(number, self._on_signal) for number in SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if self.reason in SIGNALS.values():
            raise KeyboardInterrupt
        self.reason = SIGNALS[signal.Signals(number)]
