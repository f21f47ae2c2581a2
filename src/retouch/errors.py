"""Everything that retouch raises on purpose, and the exit code that each one becomes.

    RetouchError            1
    +-- InputError          3   bad picture, mask or option (also a ValueError)
    +-- UsageError          2   the command line itself is wrong (also a ValueError)
    +-- SomeFailedError     4   some items of a batch failed; the rest is done
    +-- FileError           6   a file or folder cannot be written (also an OSError)
    +-- LimitError          5   a stated limit is passed; names the limit and its flag
    +-- WeightsError        7   weights are missing, damaged or of another net
    +-- TrainingError       8   a training broke down, such as by a loss that is no number
    +-- MissingExtraError   2   an optional dependency is absent; gives the install line
    +-- Cancelled           130 raised from a progress hook to stop the work

A message says what must hold, what was given and what to do, in one line.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class RetouchError(Exception):
    """Root of everything raised on purpose."""

    exit_code = 1


class InputError(RetouchError, ValueError):
    """A picture, a mask or an option cannot be used."""

    exit_code = 3


class UsageError(RetouchError, ValueError):
    """The command line asks for something that does not exist or cannot be read."""

    exit_code = 2


class SomeFailedError(RetouchError):
    """Some items of many failed; the others are done and written."""

    exit_code = 4


class FileError(RetouchError, OSError):
    """A file or folder cannot be written."""

    exit_code = 6


class LimitError(RetouchError, ValueError):
    """A stated limit is passed; the message names the limit and the flag that raises it."""

    exit_code = 5


class WeightsError(RetouchError):
    """Weights are missing, damaged or belong to another net."""

    exit_code = 7


class TrainingError(RetouchError):
    """A training broke down; its last checkpoint is kept."""

    exit_code = 8


class MissingExtraError(RetouchError, ImportError):
    """An optional dependency is absent; the message holds the exact install line."""

    exit_code = 2


class Cancelled(RetouchError):  # noqa: N818 - the field's word for it, and not a fault
    """Raise this from a progress hook to stop the work."""

    exit_code = 130


def unknown_name(what: str, given: str, known: Iterable[str]) -> str:
    """Write the message for a name that does not exist, with the nearest known one.

    >>> unknown_name("method", "patchmach", ["harmonic", "patchmatch"])
    "unknown method 'patchmach'; did you mean 'patchmatch'? Known: harmonic, patchmatch"
    """
    names = list(known)
    near = difflib.get_close_matches(given, names, n=1, cutoff=0.5)
    hint = f"did you mean '{near[0]}'? " if near else ""
    return f"unknown {what} '{given}'; {hint}Known: {', '.join(names)}"
