"""Training of MobileSAM on maps of labels: a click, and the mask of what was clicked on.

Source: A. Kirillov et al., "Segment Anything", ICCV 2023, section 3 and appendix A: focal loss and Dice's in the ratio
20 to 1; of several masks of an ambiguous prompt only the best is taught; their quality learns the overlap that they
have.

Departures: the authors of MobileSAM teach the encoder the features of a larger one (arXiv:2306.14289, section 3.2),
which is not at hand; here all of it learns from labelled pictures. The first mask, the one that is used, is taught at
every click, beside the best of the other three. A prompt is one click, with no corrections after it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from retouch.errors import UsageError
from retouch.nets.detection.mobilesam import MobileSAM, Prompts, segment
from retouch.training.batch import Batch
from retouch.training.steps.contract import Context
from retouch.training.steps.detecting.clicking import Clicked, click

_TINT = (0.2, 1.0, 0.2)


@dataclass(frozen=True)
class ClickedMasksLoss:
    """Weights of the terms, and the focal loss's exponent and share of the inside."""

    focal_weight: float = 20.0
    dice_weight: float = 1.0
    quality_weight: float = 1.0
    gamma: float = 2.0
    alpha: float = 0.25


class ClickedMasksTraining:
    """MobileSAM.

    Parameters
    ----------
    networks : mapping
        "generator": a `MobileSAM`; pictures have its side at most.
    loss : ClickedMasksLoss
    """

    def __init__(self, networks: Mapping[str, nn.Module], loss: ClickedMasksLoss) -> None:
        self.networks = networks
        self.loss = loss
        net = networks["generator"]
        if not isinstance(net, MobileSAM):
            raise UsageError(f"this kind trains mobile_sam, got a {type(net).__name__}")
        self.net = net

    def step(self, batch: Batch, context: Context) -> Mapping[str, float | Tensor]:
        """Move the net once, at one click in each picture."""
        clicked = click(batch.tensors["labels"], context.rng)
        masks, quality = self._ask(batch, clicked, context)
        truth = self._quarter(clicked.masks)
        errors = self._errors(masks, truth)  # (N, 4)
        taught = errors[:, 0] + errors[:, 1:].amin(dim=1)
        judged = (quality - overlap_of_masks(masks.detach(), truth)).square().mean()
        loss = taught.mean() + self.loss.quality_weight * judged
        context.update({"generator": loss})
        shared = overlap_of_masks(masks.detach()[:, :1], truth).mean()
        return {"loss": loss.detach(), "masks": taught.mean().detach(), "quality": judged.detach(), "overlap": shared}

    def paint(self, batch: Batch, context: Context) -> Tensor:
        """Return the pictures with what was clicked on tinted green."""
        inside = (self._segment(batch, context)[0] > 0).float()
        tint = batch.image.new_tensor(_TINT)[:, None, None]
        return batch.image.lerp(tint.expand_as(batch.image), 0.5 * inside).clamp(0, 1)

    def validate(self, batch: Batch, context: Context) -> Mapping[str, Tensor]:
        """Return the overlap of the mask with the largest thing of each picture, clicked on in its middle."""
        logits, clicked = self._segment(batch, context)
        return {"overlap": overlap_of_masks(logits, clicked.masks)[:, 0]}

    def _ask(self, batch: Batch, clicked: Clicked, context: Context) -> tuple[Tensor, Tensor]:
        points = clicked.points[:, None]  # (N, 1, 2)
        prompts = Prompts(points=points, labels=points.new_ones(points.shape[:2]))
        masks, quality = context.run(self.net, self.net.preprocess(255 * batch.image), prompts)
        return masks, quality

    def _segment(self, batch: Batch, context: Context) -> tuple[Float[Tensor, "N 1 H W"], Clicked]:
        clicked = click(batch.tensors["labels"])
        return context.run(segment, self.net, batch.image, clicked.points[:, None]), clicked

    def _quarter(self, masks: Float[Tensor, "N 1 H W"]) -> Float[Tensor, "N 1 Q Q"]:
        """Return the masks at a quarter of the net's side, filled up like its pictures."""
        height, width = masks.shape[2:]
        padded = functional.pad(masks, (0, self.net.side - width, 0, self.net.side - height))
        return (functional.avg_pool2d(padded, 4) >= 0.5).float()  # noqa: PLR2004 - half of a cell

    def _errors(self, masks: Float[Tensor, "N M Q Q"], truth: Float[Tensor, "N 1 Q Q"]) -> Float[Tensor, "N M"]:
        target = truth.expand_as(masks)
        chance = masks.sigmoid()
        right = chance * target + (1 - chance) * (1 - target)
        share = self.loss.alpha * target + (1 - self.loss.alpha) * (1 - target)
        entropy = functional.binary_cross_entropy_with_logits(masks, target, reduction="none")
        focal = (share * (1 - right) ** self.loss.gamma * entropy).mean(dim=(2, 3))
        both, whole = (chance * target).sum(dim=(2, 3)), (chance + target).sum(dim=(2, 3))
        return self.loss.focal_weight * focal + self.loss.dice_weight * (1 - (2 * both + 1) / (whole + 1))


def overlap_of_masks(logits: Float[Tensor, "N M H W"], truth: Float[Tensor, "N 1 H W"]) -> Float[Tensor, "N M"]:
    """Return intersection over union of what lies above 0 with the truth; 1 where both are empty.

    >>> overlap_of_masks(torch.tensor([[[[3.0, 3.0, -3.0]]]]), torch.tensor([[[[1.0, 0.0, 0.0]]]])).item()
    0.5
    """
    ours = (logits > 0).float()
    both, either = (ours * truth).sum(dim=(2, 3)), torch.maximum(ours, truth).sum(dim=(2, 3))
    return both / either.clamp(min=1) + (either == 0).float()
