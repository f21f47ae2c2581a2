"""What may not stand side by side, found before a picture is read: two outputs of one name, an output on an input.

Names are compared as file systems that fold them do: case folded, and accents composed (Unicode NFC). A clash is
refused everywhere, so that a tree made on one system can be moved to another.
"""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Container
from pathlib import Path

from retouch.errors import UsageError
from retouch.jobs.planning.items import Item, Plan, output_path


def check_collisions(plan: Plan, out: Path, known: Container[str]) -> None:
    """Refuse a plan that would write over something.

    Parameters
    ----------
    plan : Plan
    out : Path
        The output folder.
    known : container of str
        Names of outputs that earlier runs of the same folder have made.

    Raises
    ------
    UsageError
        If two items share an output, an output is an input, or a file of another origin lies in its place.
    """
    _check_names(plan.items)
    inputs = _identities(plan.items)
    for item in plan.items:
        path = output_path(out, item.name)
        identity = _identity(path)
        if identity is None:
            continue
        if identity in inputs:
            raise UsageError(f"the output must not be an input, and {path} is both; name another output folder")
        if item.name not in known:
            raise UsageError(f"{path} exists and is no output of an earlier run; name an empty or a new folder")


def folded(name: str) -> str:
    r"""Return the name that every file system takes for the same.

    >>> folded("Cafe\u0301.PNG") == folded("caf\u00e9.png")
    True
    """
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", name).casefold())


def _check_names(items: tuple[Item, ...]) -> None:
    first: dict[str, Item] = {}
    for item in items:
        other = first.setdefault(folded(item.name), item)
        if other is not item:
            raise UsageError(
                f"each output needs a name of its own, also where case and accents do not count; {other.source} and "
                f"{item.source} both go to {item.name!r}; rename one"
            )
    folders = {item.name.rpartition("/")[0]: item for item in items}  # far fewer than items
    for folder, item in folders.items():
        for name in (folder, *map(str, Path(folder).parents)):
            other = first.get(folded(name), item)
            if other is not item:
                raise UsageError(f"{other.name!r} would be a file and a folder, for {item.name!r}; rename one")


def _identities(items: tuple[Item, ...]) -> set[tuple[int, int]]:
    """Return what tells the input files apart, also under other names."""
    paths = dict.fromkeys(path for item in items for path in (item.source, item.mask) if path)
    found = (_identity(Path(path)) for path in paths)
    return {identity for identity in found if identity is not None}


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        status = os.stat(path)  # noqa: PTH116 - many thousand times
    except (OSError, ValueError):
        return None
    return status.st_dev, status.st_ino
