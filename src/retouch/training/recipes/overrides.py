"""Changes to a recipe from the command line: `run.steps=200`, `optimisers.generator.lr=1e-3`, `phases.0.steps=5`."""

from __future__ import annotations

import copy
import tomllib
from collections.abc import Sequence
from typing import Any

from retouch.errors import UsageError


def apply_overrides(table: dict[str, Any], settings: Sequence[str]) -> dict[str, Any]:
    """Return the tables of a recipe with some values replaced.

    Parameters
    ----------
    table : dict
        As tomllib gives it; left as it is.
    settings : sequence of str
        "place=value" each. The value is written as in TOML; a word that is none is taken as text.

    Raises
    ------
    UsageError
        If one has no "=" or its place cannot exist. Whether key and value fit is for the reader of recipes.

    Examples
    --------
    >>> apply_overrides({"run": {"steps": 5}}, ["run.steps=7", "run.seed=1", "data.root=/pictures"])
    {'run': {'steps': 7, 'seed': 1}, 'data': {'root': '/pictures'}}
    """
    changed = copy.deepcopy(table)
    for setting in settings:
        place, separator, text = setting.partition("=")
        keys = [key.strip() for key in place.split(".")]
        if not separator or not all(keys):
            raise UsageError(f"a setting must be KEY=VALUE, such as run.steps=200, got '{setting}'")
        _put(changed, keys, _value(text.strip()), setting)
    return changed


def _value(text: str) -> Any:
    try:
        tables = tomllib.loads(f"value = {text}")
    except tomllib.TOMLDecodeError:
        return text
    return tables["value"] if len(tables) == 1 else text


def _put(table: dict[str, Any], keys: list[str], value: Any, setting: str) -> None:
    inside: Any = table
    for depth, key in enumerate(keys):
        is_last = depth == len(keys) - 1
        if isinstance(inside, list) and key.isdecimal() and int(key) < len(inside):
            place: Any = int(key)
        elif isinstance(inside, dict):
            place = key
        else:
            raise UsageError(f"{'.'.join(keys[:depth])} has no '{key}', got the setting '{setting}'; see the recipe")
        if is_last:
            inside[place] = value
        else:
            inside = inside.setdefault(place, {}) if isinstance(inside, dict) else inside[place]
