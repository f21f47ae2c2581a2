"""Training of a small network on what a click or a box means: cross-entropy and Dice's overlap.

Source: F. Milletari, N. Navab, S. Ahmadi, "V-Net", 3DV 2016, section 3 (the overlap, here with plain and not squared
sums in the denominator); cross-entropy keeps probabilities honest, so that a mask can be judged by them.
Departures: pixels that nobody has labelled teach nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from retouch.errors import UsageError
from retouch.nets.detection.prompted_unet import PromptedUNet
from retouch.training.batch import Batch
from retouch.training.steps.contract import Context
from retouch.training.steps.detecting.clicked_masks import overlap_of_masks

_TINT = (0.2, 1.0, 0.2)
_IMPOSSIBLE = -20.0


@dataclass(frozen=True)
class PromptedMasksLoss:
    """Weights of the terms."""

    entropy_weight: float = 1.0
    dice_weight: float = 1.0


class PromptedMasksTraining:
    """A network of the picture and the planes of a prompt.

    Parameters
    ----------
    networks : mapping
        "generator": a `PromptedUNet`.
    loss : PromptedMasksLoss
    """

    def __init__(self, networks: Mapping[str, nn.Module], loss: PromptedMasksLoss) -> None:
        self.networks = networks
        self.loss = loss
        net = networks["generator"]
        if not isinstance(net, PromptedUNet):
            raise UsageError(f"this kind trains prompted_unet, got a {type(net).__name__}")
        self.net = net

    def step(self, batch: Batch, context: Context) -> Mapping[str, float | Tensor]:
        """Move the net once."""
        logits = self._ask(batch, context)
        target, known = batch.tensors["target"], batch.tensors["known"]
        entropy = functional.binary_cross_entropy_with_logits(logits, target, known, reduction="sum") / known.sum()
        dice = dice_error(logits.sigmoid() * known, target * known)
        loss = self.loss.entropy_weight * entropy + self.loss.dice_weight * dice
        context.update({"generator": loss})
        shared = self._overlap(logits.detach(), batch).mean()
        return {"loss": loss.detach(), "entropy": entropy.detach(), "dice": dice.detach(), "overlap": shared}

    def paint(self, batch: Batch, context: Context) -> Tensor:
        """Return the pictures with what was found tinted green."""
        inside = (self._ask(batch, context) > 0).float()
        tint = batch.image.new_tensor(_TINT)[:, None, None]
        return batch.image.lerp(tint.expand_as(batch.image), 0.5 * inside).clamp(0, 1)

    def validate(self, batch: Batch, context: Context) -> Mapping[str, Tensor]:
        """Return the overlap with the true masks, and by how much it exceeds that of the classical answer."""
        overlap = self._overlap(self._ask(batch, context), batch)
        return {"overlap": overlap, "gain": overlap - self._overlap(batch.tensors["prompt"][:, :1] - 0.5, batch)}

    def _ask(self, batch: Batch, context: Context) -> Float[Tensor, "N 1 H W"]:
        logits: Tensor = context.run(self.net, batch.image, batch.tensors["prompt"])
        return logits

    def _overlap(self, logits: Tensor, batch: Batch) -> Float[Tensor, " N"]:
        known = batch.tensors["known"]
        return overlap_of_masks(logits.where(known > 0, _IMPOSSIBLE), batch.tensors["target"] * known)[:, 0]


def dice_error(chance: Float[Tensor, "N 1 H W"], target: Float[Tensor, "N 1 H W"]) -> Float[Tensor, ""]:
    """Return one less the mean of twice what is shared over the sum of both; one pixel is added to each.

    >>> import torch
    >>> dice_error(torch.ones(1, 1, 2, 2), torch.ones(1, 1, 2, 2)).item()
    0.0
    """
    axes = (1, 2, 3)
    shared = (2 * (chance * target).sum(dim=axes) + 1) / ((chance + target).sum(dim=axes) + 1)
    return 1 - shared.mean()
