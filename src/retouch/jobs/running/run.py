"""The loop of a run: items to workers, what they say into the journal. Only this process writes the journal.

Each worker has one item at a time and items are read from the journal in parts, so memory does not grow with their
number.
"""

from __future__ import annotations

import os
import re
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from retouch.errors import FileError
from retouch.jobs.journal import DONE, FAILED, Done, Hashes, Journal, Work
from retouch.jobs.running.work import Failed, Kept, Outcome
from retouch.jobs.running.workers import Workers

SKIP, STOP, RETRY = "skip", "stop", "retry"
ON_ERROR = (SKIP, STOP, RETRY)

_TRIES = 3
_TRIES_OF_THE_DEAD = 2  # under any rule: the machine may have ended a process for what another one took
_DIED = "the process died while it worked on this picture, {n} times; the machine may be out of memory"
_TEMPORARY = re.compile(r"\.retouch-[0-9a-f]{16}\.part")

Tell = Callable[[str, str, str], None]
"""Told the name of an item, its state ("done", "kept" or "failed") and the reason or note."""


@dataclass(frozen=True)
class RunOrder:
    """How a run goes.

    Attributes
    ----------
    out : Path
    n_workers : int
    on_error : str
        One of `ON_ERROR`.
    score : bool
        Whether fills are judged by the detector of artefacts.
    tell : callable
    """

    out: Path
    n_workers: int
    on_error: str
    score: bool
    tell: Tell


class Loop:
    """One run over what a journal says is to be done."""

    def __init__(self, journal: Journal, number: int, order: RunOrder) -> None:
        self._journal, self._number, self._order = journal, number, order
        self._waiting = journal.work_of(number)
        self._again: deque[Work] = deque()
        self._tries: Counter[int] = Counter()
        self._stopped = False
        self._fault = ""

    def run(self) -> None:
        """Work until there is nothing left, or an error ends it.

        Raises
        ------
        FileError
            If no output can be written any more, such as on a full disk; what was not done waits.
        """
        first = self._next()
        if first is None:
            return
        self._again.appendleft(first)
        try:
            with Workers(self._order.n_workers, self._order.out, score=self._order.score) as workers:
                self._feed(workers)
        finally:
            remove_temporary_files(self._order.out)
        if self._fault:
            raise FileError(f"{self._fault}; then go on with --resume")

    def _feed(self, workers: Workers) -> None:
        while True:
            for worker in workers.idle:
                work = self._next()
                if work is None:
                    break
                workers.give(worker, work)
            if not workers.are_busy and not self._has_more():
                return
            for worker, work, message in workers.messages():
                if isinstance(message, Hashes):
                    self._journal.announce(work, message)
                    workers.let_go_on(worker)
                else:
                    self._note(work, message)

    def _next(self) -> Work | None:
        if self._stopped:
            return None
        return self._again.popleft() if self._again else next(self._waiting, None)

    def _has_more(self) -> bool:
        work = self._next()
        if work is not None:
            self._again.appendleft(work)
        return work is not None

    def _note(self, work: Work, outcome: Outcome | None) -> None:
        """Write down how an item ended; None for a process that died."""
        match outcome:
            case Done():
                self._journal.finish(work, self._number, outcome)
                self._order.tell(work.name, DONE, outcome.note)
            case Kept():
                self._journal.keep(work, self._number)
                self._order.tell(work.name, "kept", "")
            case _:
                self._note_failure(work, outcome)

    def _note_failure(self, work: Work, failed: Failed | None) -> None:
        self._tries[work.id] += 1
        if failed is not None and failed.stops_all:
            self._stopped, self._fault = True, failed.reason
            return
        tries = self._tries[work.id]
        most = 1
        if failed is None:
            most = _TRIES_OF_THE_DEAD
        if self._order.on_error == RETRY and (failed is None or failed.may_pass):
            most = _TRIES
        if tries < most:
            self._again.append(work)
            return
        del self._tries[work.id]
        reason = failed.reason if failed is not None else _DIED.format(n=tries)
        self._journal.fail(work, self._number, reason)
        self._order.tell(work.name, FAILED, reason)
        self._stopped = self._stopped or self._order.on_error == STOP


def remove_temporary_files(out: Path) -> None:
    """Take away what killed processes have left of outputs that they were writing."""
    for folder, _, files in os.walk(out):
        for name in files:
            if _TEMPORARY.fullmatch(name):
                Path(folder, name).unlink(missing_ok=True)
