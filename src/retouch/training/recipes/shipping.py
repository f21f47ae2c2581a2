"""The recipes inside the package, found by name; nothing here needs torch."""

from __future__ import annotations

import tomllib
from importlib import resources
from pathlib import Path
from typing import Any, NamedTuple

from retouch.errors import InputError, UsageError, unknown_name
from retouch.io.wording import fault, shown

_SUFFIX = ".toml"


class RecipeLine(NamedTuple):
    """What a list of recipes shows of one."""

    name: str
    kind: str
    network: str
    aim: str


def shipped_names() -> tuple[str, ...]:
    """Return the names of the recipes inside the package."""
    return tuple(sorted(_shipped_files()))


def list_shipped() -> tuple[RecipeLine, ...]:
    """Return a line for each recipe inside the package."""
    return tuple(_line(name, read_toml(name)) for name in shipped_names())


def read_toml(source: str | Path) -> dict[str, Any]:
    """Return the tables of a recipe.

    Parameters
    ----------
    source : str or path
        A file, or the name of a recipe inside the package.

    Raises
    ------
    UsageError
        If there is neither.
    InputError
        If the file cannot be read or is no TOML.
    """
    try:
        return tomllib.loads(_text(source))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"a recipe must be a TOML file, {shown(source)} is not: {fault(error)}; correct it") from error


def _text(source: str | Path) -> str:
    path = Path(source)
    if isinstance(source, str) and not path.is_file() and source in (files := _shipped_files()):
        return files[source].read_text(encoding="utf-8")
    if path.suffix != _SUFFIX and not path.exists():
        raise UsageError(unknown_name("recipe", str(source), shipped_names()) + f"; or give a file {_SUFFIX}")
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise InputError(f"cannot read the recipe {shown(source)}: {fault(error)}; give another file") from error


def _shipped_files() -> dict[str, Path]:
    """Return the files of the recipes by their names, from rooms by task and size."""
    folder = Path(str(resources.files("retouch.training.recipes"))) / "shipped"
    return {file.stem: file for file in folder.rglob(f"*{_SUFFIX}")}


def _line(name: str, table: dict[str, Any]) -> RecipeLine:
    first: dict[str, Any] = next(iter(table.get("networks", {}).values()), {})
    return RecipeLine(name, str(table.get("kind", "")), str(first.get("name", "")), str(table.get("aim", "")))
