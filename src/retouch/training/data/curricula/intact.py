"""Whole pictures: with noise, or with no damage at all.

Source: noise: S. Gu, R. Timofte, "A brief review of image denoising algorithms and beyond", 2019, Eq. 1, as
`retouch.degrade.noise` has it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from retouch.arrays.types import AnyArray
from retouch.degrade.noise.protocols import PROTOCOLS, add_noise
from retouch.training.data.curricula.allocation import allocate
from retouch.training.data.curricula.contract import spread
from retouch.training.data.curricula.options import Options
from retouch.training.data.samples import Draw
from retouch.training.data.seeds import seeded
from retouch.training.recipes.settings import DamageSettings

_WHITE = np.float32(255)
_VALIDATED = (15.0, 25.0, 50.0)


def build_noise(damage: DamageSettings, seed: int, size_px: int) -> NoiseCurriculum:
    """Return Gaussian noise.

    Options: `sigma`, limits (low, high) of the level on the literature's scale of 0 to 255 ((0, 55)); `protocol`
    ("awgn", neither clipped nor rounded, or "awgn_clipped"); `validation_sigma`, the levels of the validation samples
    (those of 15, 25 and 50 that lie within the limits, else the middle).
    """
    options = Options(damage, ("sigma", "protocol", "validation_sigma"))
    low, high = options.pair("sigma", (0.0, 55.0), 0.0, 255.0)
    protocol = options.word("protocol", "awgn", [protocol.name for protocol in PROTOCOLS])
    within = [sigma for sigma in _VALIDATED if low <= sigma <= high] or [(low + high) / 2]
    given = options.numbers("validation_sigma", within, 0.0, 255.0)
    return NoiseCurriculum((low, high), tuple(given), protocol)


def build_none(damage: DamageSettings, seed: int, size_px: int) -> NoDamage:
    """Return no damage: samples have no mask."""
    Options(damage, ())
    return NoDamage()


class NoDamage:
    """A curriculum that adds nothing."""

    fingerprint = ""
    classes: tuple[str, ...] = ("",)

    def training_groups(self, number: int, n_samples: int) -> tuple[str, ...]:
        """Return no classes."""
        return ("",) * n_samples

    def validation_groups(self, n_samples: int) -> tuple[str, ...]:
        """Return no classes."""
        return ("",) * n_samples

    def damage(self, pixels: AnyArray, draw: Draw) -> Mapping[str, AnyArray]:
        """Return nothing."""
        return {}

    def feedback(self, scores: Mapping[str, Mapping[str, float]]) -> bool:
        """Listen to nothing."""
        return False

    def state_dict(self) -> dict[str, Any]:
        """Return nothing: there is no state."""
        return {}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Do nothing."""


class NoiseCurriculum(NoDamage):
    """Noise of a level that is uniform within limits; validation has fixed levels, its classes "sigma_25" and so on."""

    def __init__(self, limits: tuple[float, float], validated: tuple[float, ...], protocol: str) -> None:
        self._limits = limits
        self._validated = {f"sigma_{sigma:g}": sigma for sigma in validated}
        self._protocol = protocol
        self.classes = tuple(self._validated)

    def validation_groups(self, n_samples: int) -> tuple[str, ...]:
        """Return the levels evenly, mixed."""
        counts = allocate([1.0] * len(self.classes), n_samples)
        return spread(self.classes, counts, seeded("validation groups"))

    def damage(self, pixels: AnyArray, draw: Draw) -> Mapping[str, AnyArray]:
        """Return "noisy" (C, H, W) float32 and "sigma" () float32 in [0, 1]."""
        rng = draw.rng("damage")
        drawn = rng.uniform(*self._limits)
        sigma = (self._validated[draw.group] if draw.group else drawn) / 255
        noisy = add_noise(np.divide(pixels, _WHITE, dtype=np.float32), self._protocol, float(sigma), rng=rng)
        return {"noisy": np.moveaxis(noisy, -1, 0), "sigma": np.array(sigma, np.float32)}
