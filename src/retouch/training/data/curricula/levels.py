"""Squares in levels of difficulty; the worse a level goes, the more of its samples a batch holds.

Sources: the self-tuned encoder-decoder, Fig. 4; R. Gao, K. Grauman, "On-Demand Learning for Deep Image Restoration",
ICCV 2017: B_i = (1 / p_i) / sum_j (1 / p_j) B after each validation, p_i the PSNR of level i.

Departures
----------
- The pseudocode's comment calls p_i a mean squared error, with which hard levels would starve, against the text: p_i is
  the PSNR ("inv_psnr"); "prop_mse" makes B_i proportional to the squared error instead, "uniform" never changes.
- A batch smaller than the number of levels shares one allocation with the batches next to it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from retouch.arrays.types import AnyArray, Mask
from retouch.errors import InputError, UsageError
from retouch.training.data.curricula.allocation import allocate, inverse_psnr, mse_of
from retouch.training.data.curricula.contract import spread
from retouch.training.data.curricula.options import Options
from retouch.training.data.samples import Draw
from retouch.training.data.seeds import seeded
from retouch.training.recipes.settings import DamageSettings

LEVELS_PX = ((1.0, 6.0), (7.0, 12.0), (13.0, 18.0), (19.0, 24.0), (25.0, 30.0))
"""Sides of the squares, in pixels; stated for pictures of 64 px."""

_RULES = ("inv_psnr", "prop_mse", "uniform")


def build_levels(damage: DamageSettings, seed: int, size_px: int) -> LevelSquares:
    """Return level squares.

    Options: `alloc` ("inv_psnr", "prop_mse" or "uniform"); `levels_px`, limits of the side for each level, or
    `levels_ratio`, the same as shares of the picture's side.
    """
    options = Options(damage, ("alloc", "levels_px", "levels_ratio"))
    rule = options.word("alloc", _RULES[0], _RULES)
    if options.has("levels_px") and options.has("levels_ratio"):
        raise UsageError("the levels must be given in pixels or as shares of the side, got both; leave one out")
    if options.has("levels_ratio"):
        shares = options.pairs("levels_ratio", ((0.1, 0.5),), 0.0, 1.0)
        levels = [(max(1, round(low * size_px)), max(1, round(high * size_px))) for low, high in shares]
    else:
        levels = [(int(low), int(high)) for low, high in options.pairs("levels_px", LEVELS_PX, 1.0, 2.0**20)]
    largest = max(high for _, high in levels)
    if largest >= size_px:
        raise UsageError(
            f"the squares of all levels must be smaller than the picture of {size_px} px, got {largest} px"
        )
    return LevelSquares(levels, rule, seed)


class LevelSquares:
    """The curriculum of level squares; classes are "level_1", "level_2", ...

    Its state is the last score of each level: where a level was not scored, or its score is no number, the one before
    stays; before the first scores all levels are alike.
    """

    fingerprint = ""

    def __init__(self, levels: list[tuple[int, int]], rule: str, seed: int) -> None:
        self.classes = tuple(f"level_{i + 1}" for i in range(len(levels)))
        self._sides = dict(zip(self.classes, levels, strict=True))
        self._rule = rule
        self._seed = seed
        self._weights = dict.fromkeys(self.classes, 1.0)
        self._is_scored = False

    def allocation(self, n_samples: int) -> dict[str, int]:
        """Return B_i, how many of so many samples each level gets."""
        counts = allocate(list(self._weights.values()), n_samples)  # (1 / p_i) / sum_j (1 / p_j) B
        return dict(zip(self.classes, counts, strict=True))

    def training_groups(self, number: int, n_samples: int) -> tuple[str, ...]:
        """Return the level of each sample of a batch, in random order."""
        n_batches = math.ceil(len(self.classes) / n_samples)  # that share one allocation
        window, place = divmod(number, n_batches)
        counts = self.allocation(n_batches * n_samples)
        levels = spread(self.classes, list(counts.values()), seeded(self._seed, "levels", window))
        return levels[place * n_samples : (place + 1) * n_samples]

    def validation_groups(self, n_samples: int) -> tuple[str, ...]:
        """Return the levels evenly, mixed."""
        counts = allocate([1.0] * len(self.classes), n_samples)
        return spread(self.classes, counts, seeded("validation groups"))

    def damage(self, pixels: AnyArray, draw: Draw) -> Mapping[str, AnyArray]:
        """Return "mask" (1, H, W) bool: one square, its side uniform within its level, its place within the picture."""
        height, width = pixels.shape[:2]
        return {"mask": level_square((height, width), self._sides[draw.group], draw.rng("damage"))[None]}

    def feedback(self, scores: Mapping[str, Mapping[str, float]]) -> bool:
        """Set the weights by the scores "psnr" or "mse" of the levels."""
        if self._rule == "uniform":
            return False
        weigh = _from_psnr if self._rule == "inv_psnr" else _from_mse
        new = {level: weigh(dict(scores[level])) for level in self.classes if level in scores}
        good = {level: weight for level, weight in new.items() if weight is not None}
        if not self._is_scored and len(good) < len(self.classes):
            return False  # weights of both kinds, 1 and 1 / p, do not compare
        changed = {level: weight for level, weight in good.items() if weight != self._weights[level]}
        self._weights |= changed
        self._is_scored = True
        return bool(changed)

    def state_dict(self) -> dict[str, Any]:
        """Return the weights of the levels."""
        return {"weights": dict(self._weights), "is_scored": self._is_scored}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go back to a state.

        Raises
        ------
        InputError
            If it belongs to other levels.
        """
        weights = {str(level): float(weight) for level, weight in state["weights"].items()}
        if tuple(weights) != self.classes and set(weights) != set(self.classes):
            raise InputError(f"the state must be of the levels {', '.join(self.classes)}, got {', '.join(weights)}")
        self._weights = {level: weights[level] for level in self.classes}
        self._is_scored = bool(state["is_scored"])


def level_square(shape: tuple[int, int], sides: tuple[int, int], rng: np.random.Generator) -> Mask:
    """Return a square hole whose side is uniform in [low, high] pixels and whose place is uniform."""
    side = int(rng.integers(sides[0], sides[1] + 1))
    top, left = (int(rng.integers(length - side + 1)) for length in shape)
    mask = np.zeros(shape, np.bool_)
    mask[top : top + side, left : left + side] = True
    return mask


def _from_psnr(scores: dict[str, float]) -> float | None:
    psnr = scores.get("psnr", math.nan)
    return inverse_psnr(psnr) if math.isfinite(psnr) else None


def _from_mse(scores: dict[str, float]) -> float | None:
    mse = mse_of(scores)
    return mse if math.isfinite(mse) else None
