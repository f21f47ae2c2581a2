"""Batches with holes for the tests of steps, and what every such step must do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from tests.training.steps.task_context import (
    FakeContext,
    batch_of,
    check_judged,
    check_step,
    copied,
    draw,
    moved,
    smooth,
)
from torch import Tensor, nn

from retouch.training.batch import Batch


def square_hole(n_samples: int, side: int) -> Tensor:
    """Return masks with a square of half of the side in the middle."""
    mask = torch.zeros(n_samples, 1, side, side)
    quarter = side // 4
    mask[:, :, quarter : side - quarter, quarter : side - quarter] = 1
    return mask


def damaged(n_samples: int = 2, side: int = 64, mask: Tensor | None = None, **tensors: Tensor) -> Batch:
    """Return soft pictures with holes."""
    return batch_of(
        image=smooth(n_samples, 3, side), mask=square_hole(n_samples, side) if mask is None else mask, **tensors
    )


def check_training(
    training: Any,
    batch: Batch,
    networks: Mapping[str, nn.Module],
    *,
    moving: set[str] | None = None,
    phase: str = "",
    trained: tuple[str, ...] | None = None,
) -> None:
    """Take a step that moves only what it should, then paint and judge; known pixels of a painting are the truth's."""
    context = FakeContext(networks, phase=phase, trained=trained)
    check_step(training, batch, context, moving)
    scores = check_judged(training, batch, context, tuple(batch.image.shape))
    assert {"psnr", "mse", "l1"} <= set(scores)
    with torch.no_grad():
        painted = training.paint(batch, context)
    known = (batch.mask == 0).expand_as(painted)
    assert torch.equal(painted[known], batch.image[known])


def gradients_of(training: Any, batch: Batch, networks: Mapping[str, nn.Module], role: str) -> Tensor:
    """Return the gradient that a step would use for a network, as one vector, with weights left in place."""
    context = _Recording(networks)
    training.step(batch, context)
    return context.gradients[role]


class _Recording(FakeContext):
    """Takes gradients and moves nothing."""

    def __init__(self, networks: Mapping[str, nn.Module]) -> None:
        super().__init__(networks)
        self.gradients: dict[str, Tensor] = {}

    def update(self, losses: Mapping[str, Tensor]) -> None:
        for role, loss in losses.items():
            weights = list(self.networks[role].parameters())
            taken = torch.autograd.grad(loss, weights, allow_unused=True, retain_graph=True)
            kept = [torch.zeros_like(w) if g is None else g for w, g in zip(weights, taken, strict=True)]
            self.gradients[role] = torch.cat([gradient.flatten() for gradient in kept])


__all__ = ["check_training", "copied", "damaged", "draw", "gradients_of", "moved", "square_hole"]
