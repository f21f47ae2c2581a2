"""Recipes with nothing in them but data, and pictures on disk, for the tests of kinds of data."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np
from PIL import Image

from retouch.training.data.samples import Draw
from retouch.training.recipes.settings import DamageSettings, DataSettings, Recipe, RunSettings

Kind = Literal["fill", "denoise", "pairs", "labels", "things", "clips", "boxes"]
TRAINING = Draw((0, "sample", 0, 0))
VALIDATION = Draw(("validation", 0), is_training=False)


def recipe_of(
    kind: Kind, root: Path | str, options: Mapping[str, Any] | None = None, curriculum: str = "none", **settings: Any
) -> Recipe:
    """Return a recipe whose data are the given ones."""
    data = DataSettings(kind=kind, root=str(root), options=options or {}, **{"size_px": 16, **settings})
    return Recipe(
        name="test",
        kind="reconstruction",
        paper="",
        aim="",
        networks={},
        optimisers={},
        data=data,
        damage=DamageSettings(curriculum=curriculum),
        run=RunSettings(steps=1, batch=2),
        loss=None,
    )


def save(path: Path, pixels: np.ndarray) -> None:
    """Write a PNG file and its folders."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)


def noise(height: int, width: int, seed: int) -> np.ndarray:
    """Return a random RGB picture."""
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
