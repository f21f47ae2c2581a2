"""Folders of tiny pictures with their masks, and what a fill of them must be."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

import retouch

SIZE = (12, 16)


def make_pictures(root: Path, names: list[str]) -> Path:
    """Write pictures into root/in and their masks into root/masks; return root."""
    rng = np.random.default_rng(0)
    mask = np.zeros(SIZE, np.uint8)
    mask[4:7, 5:9] = 255
    for name in names:
        picture, hole = root / "in" / name, (root / "masks" / name).with_suffix(".png")
        picture.parent.mkdir(parents=True, exist_ok=True)
        hole.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(0, 256, (*SIZE, 3), dtype=np.uint8)).save(picture)
        Image.fromarray(mask).save(hole)
    return root


def filled_alone(root: Path, name: str) -> bytes:
    """Return the bytes that `retouch.fill` and `save` make of one picture, without any bulk work."""
    place = root / "alone" / name
    place.parent.mkdir(parents=True, exist_ok=True)
    mask = (root / "masks" / name).with_suffix(".png")
    retouch.fill(str(root / "in" / name), str(mask), method="nearest").save(str(place))
    return place.read_bytes()


def tree(folder: Path) -> dict[str, bytes]:
    """Return the files below a folder without the hidden one."""
    files = (path for path in folder.rglob("*") if path.is_file())
    found = {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}
    return {name: data for name, data in found.items() if not name.startswith(".retouch/")}
