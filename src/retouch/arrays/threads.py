"""One thread setting for every parallel kernel, the environment variable RETOUCH_THREADS, and none inside numpy."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from threadpoolctl import threadpool_limits

from retouch.errors import InputError


def n_threads() -> int:
    """Return how many threads kernels may use: RETOUCH_THREADS, or every core this process may run on."""
    setting = os.environ.get("RETOUCH_THREADS", "")
    if not setting:
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)
    if not setting.isdecimal() or int(setting) < 1:
        raise InputError(f"RETOUCH_THREADS must be a whole number of at least 1, got '{setting}'")
    return int(setting)


@contextmanager
def single_threaded_products() -> Iterator[None]:
    """Keep numpy's matrix products on one thread meanwhile.

    The linear algebra library's own threads spin for milliseconds after each product: beside threads of ours, many
    small products cost a third to a half more CPU time for the same wall time.
    """
    with threadpool_limits(limits=1, user_api="blas"):
        yield
