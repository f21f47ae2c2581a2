"""Whether a run may go on with what it is given now."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from retouch.errors import UsageError
from retouch.training.recipes.reading import describe, differences, recipe_to_dict
from retouch.training.recipes.settings import Recipe

_STEPS = "run.steps"
_WITHOUT_EFFECT = ("data.root", "data.workers", "data.cache_mb")
"""Where the pictures lie and how fast they come: what they are is told by their own hash."""
_MOST_SHOWN = 6


def check_same(before: Mapping[str, Any], recipe: Recipe, data_sha256: str) -> None:
    """Refuse to go on with another recipe or other data.

    Parameters
    ----------
    before : mapping
        The run.json of the run.
    recipe : Recipe
    data_sha256 : str
        The stream's fingerprint.

    Raises
    ------
    UsageError
        Showing the differences. A run may be made longer, unless a cosine schedule ends with it.
    """
    changes = differences(before["recipe"], recipe_to_dict(recipe))
    for place in _WITHOUT_EFFECT:
        changes.pop(place, None)
    if _STEPS in changes and _may_grow(recipe, *changes[_STEPS]):
        changes.pop(_STEPS)
    if changes:
        lines = describe(changes)
        more = f" and {len(lines) - _MOST_SHOWN} more" if len(lines) > _MOST_SHOWN else ""
        why = " (a cosine schedule ends with the run)" if _STEPS in changes and _has_cosine(recipe) else ""
        raise UsageError(
            f"a run goes on with its own recipe only, this one differs in {'; '.join(lines[:_MOST_SHOWN])}{more}{why}"
            "; give the same recipe, or start anew in another folder"
        )
    if before["data_sha256"] != data_sha256:
        raise UsageError(
            f"a run goes on with its own data only; they had the hash {before['data_sha256'][:12]} and have "
            f"{data_sha256[:12]} now; give the same pictures and masks, or start anew in another folder"
        )


def _may_grow(recipe: Recipe, before: int, after: int) -> bool:
    return after > before and not _has_cosine(recipe)


def _has_cosine(recipe: Recipe) -> bool:
    return any(optimiser.schedule == "cosine" for optimiser in recipe.optimisers.values())
