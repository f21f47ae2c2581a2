"""Small pictures and recipes for the tests of data streams."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image as PillowImage

from retouch.training.batch import Batch
from retouch.training.recipes.settings import DamageSettings, DataSettings, Recipe, RunSettings

SIZE = 16


def write_pictures(folder: Path, n: int, *, first: int = 0, shape: tuple[int, int] = (20, 24)) -> Path:
    """Write n different PNG pictures of noise, in two subfolders; picture i is the same whatever n is."""
    for i in range(first, first + n):
        path = folder / ("even" if i % 2 == 0 else "odd") / f"{i:03}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        pixels = np.random.default_rng(i).integers(0, 256, (*shape, 3), np.uint8)
        PillowImage.fromarray(pixels).save(path)
    return folder


def spoil(folder: Path, n: int) -> list[str]:
    """Cut n of the pictures short, in the middle of their pixels; return their names."""
    paths = sorted(folder.rglob("*.png"))[:n]
    for path in paths:
        path.write_bytes(path.read_bytes()[:300])
    return [path.relative_to(folder).as_posix() for path in paths]


def zip_up(folder: Path, packed: str) -> Path:
    """Pack a folder beside itself as "zip" or "tar"; return the archive."""
    return Path(shutil.make_archive(str(folder) + "_packed", packed, folder))


def recipe_for(root: Path | str, *, damage: DamageSettings | None = None, run: Any = None, **data: Any) -> Recipe:
    """Return a recipe over pictures of 16 px with centred squares, which need no drawing."""
    settings = DataSettings(root=str(root), size_px=SIZE, workers=0, validation_share=0.2)
    return Recipe(
        name="test",
        kind="gdn",
        paper="",
        aim="",
        networks={},
        optimisers={},
        data=replace(settings, **data),
        damage=damage or DamageSettings(families={"center_square": 1.0}),
        run=replace(RunSettings(steps=10, batch=4), **(run or {})),
        loss=None,
    )


def same(a: Batch, b: Batch) -> bool:
    """Return whether two batches are equal to the last bit."""
    tensors = a.tensors.keys() == b.tensors.keys() and all(torch.equal(a.tensors[k], b.tensors[k]) for k in a.tensors)
    return tensors and a.names == b.names and a.groups == b.groups
