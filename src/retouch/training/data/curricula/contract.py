"""What a curriculum is, and what the plain ones share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

import numpy as np

from retouch.arrays.types import AnyArray, Mask
from retouch.training.data.curricula.allocation import allocate
from retouch.training.data.samples import Draw, Groups
from retouch.training.data.seeds import seeded


@runtime_checkable
class Curriculum(Groups, Protocol):
    """Draws the damage of each sample.

    `fingerprint` is what else decides it besides the settings, such as the names in a folder of masks; "" for nothing.
    """

    fingerprint: str

    def damage(self, pixels: AnyArray, draw: Draw) -> Mapping[str, AnyArray]:
        """Return what is added to a sample whose truth is (H, W, C) uint8, as arrays (channels, H, W)."""


@runtime_checkable
class MaskDraw(Protocol):
    """Draws one mask of a class; it has at least one missing and one known pixel."""

    def __call__(self, group: str, shape: tuple[int, int], step: int, rng: np.random.Generator) -> Mask:
        """Return (H, W) bool, True where missing."""


class SharedCurriculum:
    """Classes of fixed shares: each training sample draws its class, validation has them in proportion.

    Parameters
    ----------
    shares : mapping of str to float
        Positive weights by class; they need not sum to 1.
    draw_mask : MaskDraw
    seed : int
        Of the run.
    fingerprint : str
    """

    def __init__(self, shares: Mapping[str, float], draw_mask: MaskDraw, seed: int, fingerprint: str = "") -> None:
        self.classes = tuple(shares)
        self.fingerprint = fingerprint
        self._weights = np.array(list(shares.values()), np.float64)
        self._draw_mask = draw_mask
        self._seed = seed

    def training_groups(self, number: int, n_samples: int) -> tuple[str, ...]:
        """Draw the class of each sample of a batch."""
        rng = seeded(self._seed, "groups", number)
        drawn = rng.choice(len(self.classes), size=n_samples, p=self._weights / self._weights.sum())
        return tuple(self.classes[i] for i in drawn)

    def validation_groups(self, n_samples: int) -> tuple[str, ...]:
        """Return the classes in proportion to their shares, mixed."""
        return spread(self.classes, allocate(self._weights.tolist(), n_samples), seeded("validation groups"))

    def damage(self, pixels: AnyArray, draw: Draw) -> Mapping[str, AnyArray]:
        """Return "mask" (1, H, W) bool."""
        height, width = pixels.shape[:2]
        mask = self._draw_mask(draw.group, (height, width), draw.step, draw.rng("damage"))
        return {"mask": mask[None]}

    def feedback(self, scores: Mapping[str, Mapping[str, float]]) -> bool:
        """Listen to nothing."""
        return False

    def state_dict(self) -> dict[str, Any]:
        """Return nothing: there is no state."""
        return {}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Do nothing."""


def spread(classes: Sequence[str], counts: Sequence[int], rng: np.random.Generator) -> tuple[str, ...]:
    """Return each class so many times, in random order."""
    names = [name for name, count in zip(classes, counts, strict=True) for _ in range(count)]
    return tuple(names[i] for i in rng.permutation(len(names)))
