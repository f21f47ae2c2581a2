"""Cases over several processes. A process that dies costs the case it was doing, and nothing else.

Processes and not threads: the peak memory of a method can only be told in a process of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context

from retouch.arrays.threads import n_threads
from retouch.errors import InputError
from retouch.evaluation.runs.contenders import Contender, warm_up
from retouch.evaluation.runs.processes import prepare_process
from retouch.evaluation.runs.worker import CaseTask, ItemRow, failed_row, run_case

_WAITING_PER_WORKER = 2  # tasks handed out ahead: the list of cases may be long
_DIED = "the process died while it worked on this picture; the machine may be out of memory"

Rows = list[ItemRow]


def run_tasks(tasks: Iterable[CaseTask], contenders: Sequence[Contender], n_workers: int) -> Iterator[Rows]:
    """Yield the rows of each case as it is done, in whatever order.

    Parameters
    ----------
    tasks : iterable of CaseTask
        Taken as they are needed.
    contenders : sequence of Contender
        What each process warms up for.
    n_workers : int
        1 works in this process.
    """
    warm_up(contenders)  # here too where others do the work: an option out of range ends it before the first case
    if n_workers == 1:
        yield from map(run_case, tasks)
        return
    waiting = iter(tasks)
    suspects: list[CaseTask] = []
    while True:
        try:
            yield from _run_pool(waiting, contenders, n_workers, suspects)
        except BrokenProcessPool:
            for suspect in suspects:  # one of them killed its process: each alone tells which
                yield _run_alone(suspect, contenders)
            suspects.clear()
        else:
            return


def _run_pool(
    waiting: Iterator[CaseTask], contenders: Sequence[Contender], n_workers: int, in_flight: list[CaseTask]
) -> Iterator[Rows]:
    """Work until there is nothing left; `in_flight` holds what was handed out and has not come back."""
    with _pool(contenders, n_workers) as pool:
        futures: dict[Future[Rows], CaseTask] = {}
        try:
            while True:
                for task in waiting:
                    in_flight.append(task)
                    futures[pool.submit(run_case, task)] = task
                    if len(futures) >= _WAITING_PER_WORKER * n_workers:
                        break
                if not futures:
                    return
                for future in wait(futures, return_when=FIRST_COMPLETED).done:
                    rows = future.result()
                    in_flight.remove(futures.pop(future))
                    yield rows
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _run_alone(task: CaseTask, contenders: Sequence[Contender]) -> Rows:
    """Do a case with a process for each contender, so that the one that dies can be named."""
    rows: Rows = []
    for contender in task.contenders:
        single = CaseTask(**{**vars(task), "contenders": (contender,)})
        try:
            with _pool([c for c in contenders if c.label == contender.label], 1) as pool:
                rows += pool.submit(run_case, single).result()
        except BrokenProcessPool:
            rows.append(failed_row(task.case, contender, InputError(_DIED)))
    return rows


def _pool(contenders: Sequence[Contender], n_workers: int) -> ProcessPoolExecutor:
    threads = max(1, n_threads() // n_workers)
    return ProcessPoolExecutor(n_workers, get_context("spawn"), _start_worker, (threads, tuple(contenders)))


def _start_worker(threads: int, contenders: Sequence[Contender]) -> None:
    prepare_process(threads)
    warm_up(contenders)
