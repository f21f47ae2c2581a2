"""Which networks a step trains, and in which mode they all are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from torch import nn

from retouch.training.recipes.settings import Recipe


class Phase(NamedTuple):
    """Its name, "" where the recipe has none, and the roles that it trains."""

    name: str
    trains: frozenset[str]


def phase_at(recipe: Recipe, step: int) -> Phase:
    """Return the phase of a step, the first is 0; after the last phase everything is trained."""
    end = 0
    for phase in recipe.phases:
        end += phase.steps
        if step < end:
            return Phase(phase.name, frozenset(phase.trains))
    return Phase("", frozenset(recipe.optimisers))


class Modes:
    """Keeps networks in training or evaluation mode.

    Those that a phase does not train are in evaluation mode, so that nothing in them moves, statistics included.
    """

    def __init__(self, networks: Mapping[str, nn.Module]) -> None:
        self._networks = networks
        self._training: frozenset[str] | None = None

    def set_training(self, roles: frozenset[str]) -> None:
        """Put these networks in training mode and the others in evaluation mode."""
        if roles != self._training:
            for role, net in self._networks.items():
                net.train(role in roles)
            self._training = roles
