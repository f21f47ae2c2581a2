"""Atomic writing: a file is either the old one or the whole new one, never a part.

Departure: devices and pipes (such as /dev/stdout) cannot be replaced and are written in place.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
from pathlib import Path

from retouch.errors import FileError
from retouch.io.wording import fault, shown


def atomic_write(path: str | os.PathLike[str], data: bytes) -> None:
    """Put `data` at `path`: temporary file in the same folder, fsync, then `os.replace`.

    A symbolic link is followed, so that the file behind it is replaced and the link stays. A replaced file keeps its
    permission bits; a new one gets those that the umask leaves.

    Raises
    ------
    FileError
        If the folder is missing or not writable, the disk is full, and so on; nothing partial is left behind. Any
        other exception, Ctrl-C included, removes the temporary file too and passes on.
    """
    try:
        target = Path(os.path.realpath(path))
        if target.exists() and not target.is_file():
            target.write_bytes(data)
        else:
            _replace(target, data)
    except (OSError, ValueError) as error:  # ValueError: a zero byte in the name
        raise FileError(f"cannot write {shown(path)}: {fault(error)}; {_advice(error)}") from error


def _replace(target: Path, data: bytes) -> None:
    temporary = target.parent / f".retouch-{secrets.token_hex(8)}.part"
    # os.open and not tempfile: only so does the umask of this process apply, without reading it (which would set it)
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if target.exists():
            temporary.chmod(stat.S_IMODE(target.stat().st_mode))
        temporary.replace(target)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise
    _sync_folder(target.parent)


def _sync_folder(folder: Path) -> None:
    """Make the new name survive a power cut; systems that cannot sync a folder do without."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _advice(error: Exception) -> str:
    if isinstance(error, IsADirectoryError):
        return "give the name of a file"
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return "make the folder first, or name another place"
    return "free some space there, or name another place that can be written"
