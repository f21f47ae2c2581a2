"""One run on a folder at a time.

The lock is an exclusive transaction on a database of its own: the system lets go of it when the process ends, however
it ends, so that nothing has to be cleared away by hand.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from retouch.errors import FileError
from retouch.jobs.planning.items import HIDDEN


@contextlib.contextmanager
def locked(out: Path) -> Iterator[None]:
    """Hold the output folder while the block runs; makes the folder.

    Raises
    ------
    FileError
        If another run holds it, or it cannot be written.
    """
    connection = _connect(out)
    try:
        connection.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError as error:
        connection.close()
        if "locked" in str(error):
            raise FileError(f"another run works in {out}; wait until it ends, or name another folder") from error
        raise FileError(f"cannot write {out}: {error}; name a folder that can be written to") from error
    try:
        yield
    finally:
        connection.close()


def _connect(out: Path) -> sqlite3.Connection:
    hidden = out / HIDDEN
    try:
        hidden.mkdir(parents=True, exist_ok=True)
        if not os.access(out, os.W_OK):
            raise PermissionError(13, os.strerror(13))
        return sqlite3.connect(hidden / "lock.sqlite", timeout=0, isolation_level=None)
    except (OSError, sqlite3.OperationalError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise FileError(f"cannot write {out}: {reason}; name a folder that can be written to") from error
