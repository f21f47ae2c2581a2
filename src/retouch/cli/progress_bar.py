"""A progress bar on the terminal, and none where standard error is not one."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from retouch.arrays.types import Progress, ignore_progress


@contextmanager
def progress_bar(what: str) -> Iterator[Progress]:
    """Yield a progress hook that draws a bar while the block runs."""
    if not sys.stderr.isatty():
        yield ignore_progress
        return
    from rich.console import Console  # noqa: PLC0415 - only terminals need it
    from rich.progress import Progress as Bars  # noqa: PLC0415

    with Bars(console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task(what, total=None)
        yield lambda done, total: bars.update(task, completed=done, total=total)
