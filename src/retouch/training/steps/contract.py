"""What the loop asks of a kind of training, and what it offers to one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Protocol, runtime_checkable

import torch
from torch import Tensor, nn

from retouch.training.batch import Batch


class Kind(NamedTuple):
    """A line of the table of kinds: `build` and `settings` are dotted paths "module:Class".

    `roles` are the networks that it trains, the one that people want first; `optional_roles` may be left out.
    `data` names the kinds of data that it can use.
    """

    name: str
    summary: str
    paper: str
    build: str
    settings: str
    roles: tuple[str, ...] = ("generator",)
    optional_roles: tuple[str, ...] = ()
    data: tuple[str, ...] = ("fill",)


@runtime_checkable
class Context(Protocol):
    """What a step is given by the loop besides its batch."""

    step: int
    """Number of this step, from 0."""
    phase: str
    """Name of the phase, "" where a recipe has none."""
    rng: torch.Generator
    """Random numbers of this step alone, on the device of the batch: they depend on the seed and the step."""

    def trains(self, role: str) -> bool:
        """Return whether the phase trains this network."""

    def run(self, net: Callable[..., Any], *inputs: Any) -> Any:
        """Call a network or one of its methods in the precision of the run; tensors come back as float32."""

    def update(self, losses: Mapping[str, Tensor]) -> None:
        """Move each named network against its own loss.

        All gradients are taken before any network is moved, and the gradient of a loss reaches only the parameters of
        the network that it is named for. Networks that the phase does not train are left as they are, and so is every
        parameter that its loss does not reach: its gradient is None, not zero. May be called more than once in a step.
        """


@runtime_checkable
class Training(Protocol):
    """One kind of training: built as `Class(networks, loss)`, from networks by role and the settings of the kind."""

    networks: Mapping[str, nn.Module]

    def step(self, batch: Batch, context: Context) -> Mapping[str, float | Tensor]:
        """Take one step; return scalars for the journal (losses and what tells a good run from a bad one)."""

    def paint(self, batch: Batch, context: Context) -> Tensor:
        """Return the pictures that a user would get, (N, C, H, W) in [0, 1]; called without gradients."""

    def validate(self, batch: Batch, context: Context) -> Mapping[str, Tensor]:
        """Return scores for each sample, (N,) each; called without gradients, on networks in evaluation mode."""
