"""A recipe read from its file, and what tells one recipe from another."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from retouch.errors import UsageError, unknown_name
from retouch.training.recipes.checks import check_recipe
from retouch.training.recipes.overrides import apply_overrides
from retouch.training.recipes.settings import Recipe
from retouch.training.recipes.shipping import read_toml
from retouch.training.recipes.tables import read_table
from retouch.training.steps.listing import find_kind, load_named


def read_recipe(source: str | Path, settings: Sequence[str] = ()) -> Recipe:
    """Return the recipe of a file or of a name inside the package.

    Parameters
    ----------
    source : str or path
    settings : sequence of str
        Changes, see `retouch.training.recipes.overrides`.

    Raises
    ------
    UsageError
        If a key, a name or a value is unknown, or the parts contradict each other.
    InputError
        If the file cannot be read.
    """
    return recipe_from(apply_overrides(read_toml(source), settings))


def recipe_from(table: Mapping[str, Any], *, is_checked: bool = True) -> Recipe:
    """Return the recipe that some tables describe.

    Parameters
    ----------
    table : mapping
        As tomllib gives it, or as `recipe_to_dict` does.
    is_checked : bool
        Look for contradictions too.

    Raises
    ------
    UsageError
        As `read_recipe`.
    """
    known = Recipe.__dataclass_fields__
    for key in table:
        if key not in known:
            raise UsageError(unknown_name("key in the recipe", str(key), known))
    if not isinstance(table.get("kind"), str):
        raise UsageError("the recipe must say 'kind', the kind of training, and does not; add it")
    kind = find_kind(table["kind"])
    loss = read_table(load_named(kind.settings), table.get("loss", {}), "loss")
    recipe: Recipe = read_table(Recipe, {"data": {}, "damage": {}, **table, "loss": loss})
    if is_checked:
        check_recipe(recipe, kind)
    return recipe


def recipe_to_dict(recipe: Recipe) -> dict[str, Any]:
    """Return plain types, fit for JSON, which `recipe_from` reads."""
    plain: dict[str, Any] = json.loads(json.dumps(asdict(recipe)))
    return plain


def recipe_hash(recipe: Recipe) -> str:
    """Return the SHA-256 of everything that a recipe says."""
    return hashlib.sha256(json.dumps(recipe_to_dict(recipe), sort_keys=True).encode()).hexdigest()


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Return what is not the same in two recipes as plain types: place to the values in the first and the second.

    >>> differences({"run": {"batch": 8, "seed": 0}}, {"run": {"batch": 16, "seed": 0}})
    {'run.batch': (8, 16)}
    """
    first, second = _flat(before), _flat(after)
    places = [*first, *(place for place in second if place not in first)]
    pairs = {place: (first.get(place), second.get(place)) for place in places}
    return {place: pair for place, pair in pairs.items() if pair[0] != pair[1]}


def describe(changes: Mapping[str, tuple[Any, Any]]) -> list[str]:
    """Return differences as people read them.

    >>> describe({"run.batch": (8, 16), "data.flip": (None, True)})
    ['run.batch: 8 -> 16', 'data.flip: nothing -> true']
    """
    return [f"{place}: {_shown(before)} -> {_shown(after)}" for place, (before, after) in changes.items()]


def _flat(table: Any, where: str = "") -> dict[str, Any]:
    if isinstance(table, Mapping):
        items = [(str(key), value) for key, value in table.items()]
    elif isinstance(table, list) and any(isinstance(item, Mapping) for item in table):
        items = [(str(place), value) for place, value in enumerate(table)]
    else:
        return {where: table}
    flat: dict[str, Any] = {}
    for key, value in items:
        flat |= _flat(value, f"{where}.{key}" if where else key)
    return flat


def _shown(value: Any) -> str:
    return "nothing" if value is None else json.dumps(value)
