"""How a process that works for another one begins: its share of threads, and an end when nobody waits for it."""

from __future__ import annotations

import os
import signal
import threading
from multiprocessing import parent_process

_THREAD_SETTINGS = ("RETOUCH_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS")


def prepare_process(threads: int) -> None:
    """Set this process up as a worker; libraries that read the number of threads when imported come after it.

    Parameters
    ----------
    threads : int
        How many it may use.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent decides what ends
    threading.Thread(target=_end_with_parent, daemon=True).start()
    for name in _THREAD_SETTINGS:
        os.environ[name] = str(threads)
    import cv2  # noqa: PLC0415 - reads its own setting, not the environment

    cv2.setNumThreads(threads)


def _end_with_parent() -> None:
    """End this process when its parent is gone: a killed parent cannot say so, and the next run uses the same files."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
