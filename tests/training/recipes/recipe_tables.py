"""A small recipe as tables, for tests to change."""

from __future__ import annotations

import copy
from typing import Any

_TABLES: dict[str, Any] = {
    "name": "small",
    "kind": "reconstruction",
    "paper": "none",
    "aim": "nothing",
    "networks": {"generator": {"name": "pennet", "preset": "tiny"}},
    "optimisers": {"generator": {"lr": 1e-3}},
    "data": {"root": "synthetic:toy_faces", "size_px": 32},
    "damage": {"families": {"brush": 1}},
    "run": {"steps": 10, "batch": 2},
}


def tables(**changes: Any) -> dict[str, Any]:
    """Return the tables with others put over them: `run__steps=5` is run.steps."""
    changed = copy.deepcopy(_TABLES)
    for place, value in changes.items():
        *outer, last = place.split("__")
        inside = changed
        for key in outer:
            inside = inside.setdefault(key, {})
        inside[last] = value
    return changed
