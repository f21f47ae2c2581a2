"""One thread setting for every parallel kernel: the environment variable RETOUCH_THREADS."""

from __future__ import annotations

import os

from retouch.errors import InputError


def n_threads() -> int:
    """Return how many threads kernels may use: RETOUCH_THREADS, or every core this process may run on."""
    setting = os.environ.get("RETOUCH_THREADS", "")
    if not setting:
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)
    if not setting.isdecimal() or int(setting) < 1:
        raise InputError(f"RETOUCH_THREADS must be a whole number of at least 1, got '{setting}'")
    return int(setting)
