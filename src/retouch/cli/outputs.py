"""Where results go: a file, checked before the work starts, or standard output."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from retouch.errors import FileError, UsageError
from retouch.io.atomic import atomic_write

STREAM = "-"


def check_writable(out: str) -> None:
    """Refuse an output that cannot be written, before minutes are spent on what should go there.

    Raises
    ------
    FileError
        If the folder does not exist or cannot be written to, or `out` is a folder itself.
    """
    if out == STREAM:
        return
    target = Path(os.path.realpath(out))
    if target.is_dir():
        raise FileError(f"cannot write {out}: it is a folder; give the name of a file in it")
    if target.exists() and not target.is_file():
        return  # a device or a pipe
    try:
        with tempfile.TemporaryFile(dir=target.parent):
            pass
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise FileError(f"cannot write {out}: {reason}; name a folder that exists and can be written to") from error


def check_not_input(out: str, sources: list[str]) -> None:
    """Refuse to write over a file that is read.

    Raises
    ------
    UsageError
        If `out` is one of `sources`, also by another name.
    """
    for source in sources:
        if STREAM not in (out, source) and Path(out).exists() and Path(source).exists() and Path(out).samefile(source):
            raise UsageError(f"the output must not be the input, got {out} for both; name another or add --overwrite")


def write_bytes(out: str, data: bytes) -> None:
    """Write to a file, whole or not at all, or to standard output."""
    if out == STREAM:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    else:
        atomic_write(out, data)
