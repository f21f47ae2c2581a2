"""The test sets by which denoisers are known: where each lies, and one evaluation for each that is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from retouch.errors import InputError, UsageError, unknown_name

SUITES = ("bsd68", "cbsd68", "set5", "set12", "set14", "kodak24", "mcmaster")
"""Names that published figures and folders go by."""

_PREFIXES = ("", "denoise-")


def find_suite(folder: Path, name: str) -> Path:
    """Return the folder of a test set: NAME or denoise-NAME below the one given, in letters of any size.

    Raises
    ------
    UsageError
        If there is no such set.
    InputError
        If its folder is not there.
    """
    if name not in SUITES:
        raise UsageError(unknown_name("suite", name, SUITES))
    if not folder.is_dir():
        raise InputError(f"suites must lie in a folder that exists, got {folder}; name it by --images")
    wanted = [prefix + name for prefix in _PREFIXES]
    for place in sorted(folder.iterdir()):
        if place.is_dir() and place.name.lower() in wanted:
            return place
    raise InputError(f"no folder {' or '.join(wanted)} in {folder}; name the folder that holds it by --images")


def read_sigmas(texts: Sequence[str]) -> tuple[str, ...]:
    """Return noise in the words of `--noise` for sigmas on the scale of 0 to 255: the protocol of published tables.

    Raises
    ------
    UsageError
        If one is no number of 0 to 255.

    Examples
    --------
    >>> read_sigmas(["15", "25"])
    ('awgn:15', 'awgn:25')
    """
    for text in texts:
        try:
            fits = 0 <= float(text) <= 255  # noqa: PLR2004 - the scale
        except ValueError:
            fits = False
        if not fits:
            raise UsageError(f"--sigma must be numbers of 0 to 255 such as 15,25,50, got '{text}'")
    return tuple(f"awgn:{text}" for text in texts)
