"""Context encoder: the squared error of what was missing, with a heavier rim, and a critic of the result.

Source: D. Pathak, P. Krahenbuhl, J. Donahue, T. Darrell, A. Efros: "Context Encoders: Feature Learning by Inpainting",
CVPR 2016, Eqs. 1-3 and Sec. 4; the weights and the rim as in the authors' code.

Departures
----------
- Both networks are moved at once (see `filling`).
- The rim, known pixels near the hole that are predicted too, is taken from the mask, so that holes anywhere have one.
- Errors are means over the region, of pictures in [-1, 1].

A net that predicts a block of its own (`predict_block`) is judged by that block, one of whole pictures by composites.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from torch import Tensor, nn
from torch.nn import functional

from retouch.losses.pixels.regions import region_mean
from retouch.training.batch import Batch
from retouch.training.steps.contract import Context
from retouch.training.steps.inpainting.filling import Filling, require_role
from retouch.training.steps.inpainting.games import GameName, View, as_seen, play
from retouch.training.steps.scoring import journal, paste

Metrics = Mapping[str, float | Tensor]
_QUARTER = 4


@dataclass(frozen=True)
class ContextEncoderLoss:
    """Weights of both terms, and of the rim of `overlap_px` in the first; adversarial_weight = 0 needs no critic."""

    reconstruction_weight: float = 0.999
    adversarial_weight: float = 0.001
    overlap_px: int = 4
    overlap_weight: float = 10.0
    game: GameName = "vanilla"
    critic_view: View = "signed"


class Parts(NamedTuple):
    """What is compared: a prediction, the truth and the mask, all of one region; and what the critic sees of the first.

    `judged` is the prediction itself where it is a block.
    """

    predicted: Tensor
    truth: Tensor
    mask: Tensor
    judged: Tensor


class ContextEncoderTraining(Filling[ContextEncoderLoss]):
    """One step moves the encoder, and its critic where the game has a weight.

    Parameters
    ----------
    networks : mapping by role
        "generator", and "critic" where the game has a weight.
    loss : ContextEncoderLoss
    """

    def __init__(self, networks: Mapping[str, nn.Module], loss: ContextEncoderLoss) -> None:
        super().__init__(networks, loss)
        if loss.adversarial_weight:
            require_role(networks, "critic", f"adversarial_weight = {loss.adversarial_weight}")

    def step(self, batch: Batch, context: Context) -> Metrics:
        """Take one step."""
        parts = self._parts(batch, context)
        error = weighted_l2(parts, self.loss.overlap_px, self.loss.overlap_weight)
        total = self.loss.reconstruction_weight * error
        if not self.loss.adversarial_weight:
            context.update({"generator": total})
            return journal({"reconstruction": error})
        real, fake = (as_seen(picture, parts.mask, self.loss.critic_view) for picture in (parts.truth, parts.judged))
        verdict = play(self.loss.game, context, self.networks["critic"], real, fake)
        context.update(
            {"generator": total + self.loss.adversarial_weight * verdict.generator, "critic": verdict.critic}
        )
        return journal({"reconstruction": error, **verdict._asdict()})

    def _parts(self, batch: Batch, context: Context) -> Parts:
        image, mask = batch.image, batch.mask
        if not hasattr(self.generator, "predict_block"):
            painted: Tensor = context.run(self.generator, image, mask)
            return Parts(painted, image, mask, paste(painted, image, mask))
        block = context.run(self.generator.predict_block, image, mask)
        place = centre_block(image)
        return Parts(block, image[place], mask[place], block)


def centre_block(x: Tensor) -> tuple[slice, slice, slice, slice]:
    """Return the index of the block of half of the side in the middle.

    >>> import torch
    >>> torch.arange(16).reshape(1, 1, 4, 4)[centre_block(torch.ones(1, 1, 4, 4))].flatten().tolist()
    [5, 6, 9, 10]
    """
    rows, columns = (slice(side // _QUARTER, side - side // _QUARTER) for side in x.shape[2:])
    return slice(None), slice(None), rows, columns


def weighted_l2(parts: Parts, overlap_px: int, overlap_weight: float) -> Tensor:
    """Return the mean squared error in [-1, 1] of the missing pixels, and of those near them at a weight of their own.

    Known pixels farther than `overlap_px` from the hole do not count.

    >>> import torch
    >>> mask = torch.tensor([[[[1.0, 0.0, 0.0, 0.0]]]])
    >>> parts = Parts(torch.ones(1, 1, 1, 4), torch.full((1, 1, 1, 4), 0.5), mask, mask)
    >>> weighted_l2(parts, 1, 10.0).item()  # (1 + 10) / 2 pixels, each off by 1
    5.5
    """
    near = functional.max_pool2d(parts.mask, 2 * overlap_px + 1, stride=1, padding=overlap_px)
    weights = parts.mask + overlap_weight * (near - parts.mask)
    squared = 4 * (parts.predicted - parts.truth).square()
    return region_mean(weights * squared, near)
