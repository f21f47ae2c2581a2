"""Processes that do items, one item each at a time; one that dies is told with its item, and another takes its place.

A worker asks before its output takes its place (it sends the hashes and waits). One whose parent was killed gets no
answer and ends without a trace, so that the next run never meets an old one.

Departure from `retouch.evaluation.runs.pool`: processes with a pipe each in place of an executor, for an executor's
task cannot ask in the middle, and which task killed a process is not told.
"""

from __future__ import annotations

import contextlib
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import TracebackType
from typing import Any

from retouch.arrays.threads import n_threads
from retouch.errors import RetouchError
from retouch.evaluation.runs.processes import prepare_process
from retouch.jobs.journal import Hashes, Work

_GRACE_S = 1.0  # to take temporary files away; what still runs then is killed
_READY, _GO_ON = "ready", "go on"
_TERMINATED = 143


class _Orphaned(BaseException):
    """Nobody answers any more."""


@dataclass(eq=False)
class Worker:
    """A process, the pipe to it, and what it does."""

    process: BaseProcess
    pipe: Connection
    is_ready: bool = False
    work: Work | None = field(default=None)


class Workers:
    """Some processes; a context that ends them all.

    Parameters
    ----------
    n_workers : int
    out : Path
        The output folder.
    score : bool
        As `retouch.jobs.running.work.do_item` takes it.
    """

    def __init__(self, n_workers: int, out: Path, *, score: bool) -> None:
        self._given = (out, score, max(1, n_threads() // n_workers))
        self._n_workers = n_workers
        self._workers: list[Worker] = []

    def __enter__(self) -> Workers:  # noqa: PYI034 - beartype cannot check Self
        for _ in range(self._n_workers):
            self._workers.append(self._started())
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for worker in self._workers:
            worker.process.terminate()
        last = time.monotonic() + _GRACE_S
        for worker in self._workers:
            worker.process.join(max(0.0, last - time.monotonic()))
            if worker.process.is_alive():
                worker.process.kill()
                worker.process.join()
            worker.pipe.close()

    @property
    def idle(self) -> list[Worker]:
        """Those that can be given an item."""
        return [worker for worker in self._workers if worker.is_ready and worker.work is None]

    @property
    def are_busy(self) -> bool:
        """Whether any has an item."""
        return any(worker.work for worker in self._workers)

    def give(self, worker: Worker, work: Work) -> None:
        """Hand an item to an idle worker; one that has just died tells so by `messages`."""
        worker.work = work
        with contextlib.suppress(OSError):
            worker.pipe.send(work)

    def let_go_on(self, worker: Worker) -> None:
        """Let a worker that has announced its output put it in its place."""
        with contextlib.suppress(OSError):
            worker.pipe.send(_GO_ON)

    def messages(self) -> Iterator[tuple[Worker, Work, Any]]:
        """Wait, and yield what workers say of their items: Hashes, an Outcome, or None from one that died.

        Raises
        ------
        RetouchError
            If a process ends before it could take its first item.
        """
        ready = wait([worker.pipe for worker in self._workers])
        for worker in [one for one in self._workers if one.pipe in ready]:
            try:
                message = worker.pipe.recv()
            except (OSError, EOFError):
                message = None
            if message == _READY:
                worker.is_ready = True
                continue
            work = worker.work
            if message is None:
                self._replace(worker)
            elif not isinstance(message, Hashes):
                worker.work = None
            if work is not None:
                yield worker, work, message

    def _replace(self, worker: Worker) -> None:
        if not worker.is_ready:
            raise RetouchError(
                "a worker process ended before its first picture; a script that calls retouch.batch must do so under "
                "'if __name__ == \"__main__\":'"
            )
        worker.process.join()
        worker.pipe.close()
        self._workers[self._workers.index(worker)] = self._started()

    def _started(self) -> Worker:
        context = get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(target=_serve, args=(theirs, *self._given), daemon=True)
        process.start()
        theirs.close()
        return Worker(process, ours)


def _serve(pipe: Connection, out: Path, score: bool, threads: int) -> None:
    """Do items until the parent is gone."""
    prepare_process(threads)
    signal.signal(signal.SIGTERM, _end)
    from retouch.jobs.running.work import do_item  # noqa: PLC0415 - its libraries read how many threads they may use

    def announce(hashes: Hashes) -> None:
        pipe.send(hashes)
        if pipe.recv() != _GO_ON:
            raise _Orphaned

    try:
        pipe.send(_READY)
        while True:
            pipe.send(do_item(pipe.recv(), out, _or_end(announce), score=score))
    except (EOFError, OSError, _Orphaned):
        return


def _or_end(announce: Any) -> Any:
    """Turn a broken pipe into what `do_item` does not take for a fault of the item."""

    def asked(hashes: Hashes) -> None:
        try:
            announce(hashes)
        except (EOFError, OSError) as error:
            raise _Orphaned from error

    return asked


def _end(number: int, frame: Any) -> None:
    raise SystemExit(_TERMINATED)
