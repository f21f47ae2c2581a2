"""Drawing from a curriculum as a stream does."""

from __future__ import annotations

from typing import Any

import numpy as np

from retouch.arrays.types import Mask
from retouch.training.data.curricula.contract import Curriculum
from retouch.training.data.curricula.listing import build_curriculum
from retouch.training.data.samples import Draw
from retouch.training.recipes.settings import DamageSettings

SIDE = 64


def build(name: str, side: int = SIDE, *, settings: dict[str, Any] | None = None, **options: Any) -> Curriculum:
    return build_curriculum(DamageSettings(name, options=options, **(settings or {})), 0, side)


def draw_masks(curriculum: Curriculum, n: int, *, step: int = 0, side: int = SIDE) -> list[tuple[str, Mask]]:
    """Return n training masks with their classes."""
    pixels = np.zeros((side, side, 3), np.uint8)
    drawn = []
    for j, group in enumerate(curriculum.training_groups(step, n)):
        mask = curriculum.damage(pixels, Draw((0, "sample", step, j), step, group))["mask"]
        assert mask.shape == (1, side, side)
        drawn.append((group, mask[0]))
    return drawn


def draw_validation(curriculum: Curriculum, n: int, *, side: int = SIDE) -> list[tuple[str, Mask]]:
    """Return n validation masks with their classes."""
    pixels = np.zeros((side, side, 3), np.uint8)
    groups = curriculum.validation_groups(n)
    draws = [Draw(("validation", j), 10**9, group, is_training=False) for j, group in enumerate(groups)]
    return [(draw.group, curriculum.damage(pixels, draw)["mask"][0]) for draw in draws]
