"""Atomic writing: a file is either the old one or the whole new one, never a part.

Departure: devices and pipes (such as /dev/stdout) cannot be replaced and are written in place.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
from collections.abc import Callable, Iterator
from io import BufferedWriter
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
    with atomic_file(path) as write:
        write(data)


@contextlib.contextmanager
def atomic_file(path: str | os.PathLike[str]) -> Iterator[Callable[[bytes], None]]:
    """Give a function that writes piece by piece what `atomic_write` writes at once: for what may not fit in memory.

    The file takes its place when the block ends; if the block raises, the old file is left as it was.

    Raises
    ------
    FileError
        As `atomic_write`.
    """
    with _told_as_file_error(path):
        target = Path(os.path.realpath(path))
        in_place = target.exists() and not target.is_file()  # a device or a pipe
        temporary = target if in_place else target.parent / f".retouch-{secrets.token_hex(8)}.part"
        file = temporary.open("wb" if in_place else "xb")

    def write(data: bytes) -> None:
        with _told_as_file_error(path):
            file.write(data)

    try:
        yield write
        with _told_as_file_error(path):
            _finish(file, None if in_place else temporary, target)
    except BaseException:
        with contextlib.suppress(OSError):
            file.close()
        if not in_place:
            with contextlib.suppress(OSError):
                temporary.unlink()
        raise


def _finish(file: BufferedWriter, temporary: Path | None, target: Path) -> None:
    """Bring what was written to the disk and, unless it is there already, in its place."""
    file.flush()
    if temporary is None:
        file.close()
        return
    os.fsync(file.fileno())
    file.close()
    if target.exists():
        temporary.chmod(stat.S_IMODE(target.stat().st_mode))
    temporary.replace(target)
    _sync_folder(target.parent)


@contextlib.contextmanager
def _told_as_file_error(path: str | os.PathLike[str]) -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError) as error:  # ValueError: a zero byte in the name
        raise FileError(f"cannot write {shown(path)}: {fault(error)}; {_advice(error)}") from error


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
