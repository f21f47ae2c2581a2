"""Batches made ahead by threads."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from retouch.training.batch import Batch


class Prefetcher:
    """Makes the batches that will be asked for next while the present one is in use.

    A batch depends on its number alone, so what is asked for is right whether or not it was foreseen; only what was
    foreseen is fast.

    Parameters
    ----------
    make : callable
        Batch of a number; called from several threads.
    n_workers : int
        Threads; 0 makes every batch when it is asked for.
    stride : int
        Distance of the numbers that follow each other: how many processes share the batches.
    """

    def __init__(self, make: Callable[[int], Batch], n_workers: int, stride: int = 1) -> None:
        self._make = make
        self._stride = stride
        self._n_ahead = n_workers + 1
        self._pool = ThreadPoolExecutor(n_workers, "batch") if n_workers else None
        self._coming: dict[int, Future[Batch]] = {}

    def get(self, number: int) -> Batch:
        """Return a batch; what went wrong while it was made is raised here."""
        if self._pool is None:
            return self._make(number)
        ahead = range(number, number + self._n_ahead * self._stride, self._stride)
        for stale in [n for n in self._coming if n not in ahead]:
            self._coming.pop(stale).cancel()
        for coming in ahead:
            if coming not in self._coming:
                self._coming[coming] = self._pool.submit(self._make, coming)
        return self._coming.pop(number).result()

    def forget(self) -> None:
        """Throw away what was made ahead."""
        for future in self._coming.values():
            future.cancel()
        self._coming.clear()

    def close(self) -> None:
        """Stop the threads."""
        self.forget()
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
