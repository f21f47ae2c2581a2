"""Training of a net that says where frames carry text.

Source: O. Ronneberger, P. Fischer, T. Brox, "U-Net", MICCAI 2015 (cross-entropy of every pixel); the overlap term after
F. Milletari, N. Navab, S.-A. Ahmadi, "V-Net", 3DV 2016, section 3, which keeps few pixels of text from being lost among
many without.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from retouch.training.batch import Batch
from retouch.training.steps.contract import Context
from retouch.training.steps.video.clips import caption_masks

_SMALLEST = 1e-6


@dataclass(frozen=True)
class MaskLoss:
    """How much 1 - overlap counts beside the cross-entropy; from which probability a pixel is called text."""

    overlap_weight: float = 1.0
    threshold: float = 0.5


class MaskTraining:
    """A finder of captions.

    Parameters
    ----------
    networks : mapping
        "generator": from frames (N, T, 3, H, W) to probabilities (N, T, 1, H, W).
    loss : MaskLoss
    """

    def __init__(self, networks: Mapping[str, nn.Module], loss: MaskLoss) -> None:
        self.networks = networks
        self.loss = loss

    def step(self, batch: Batch, context: Context) -> Mapping[str, float | Tensor]:
        """Move the net once."""
        found, truth = self._find(batch, context), caption_masks(batch)
        entropy = functional.binary_cross_entropy(found, truth)
        missed = 1 - soft_overlap(found, truth).mean()
        loss = entropy + self.loss.overlap_weight * missed
        context.update({"generator": loss})
        return {"loss": loss.detach(), "entropy": entropy.detach(), "overlap": 1 - missed.detach()}

    def paint(self, batch: Batch, context: Context) -> Tensor:
        """Return the masks of the middle frames, (N, 1, H, W)."""
        found = self._find(batch, context)
        return (found[:, found.shape[1] // 2] >= self.loss.threshold).float()

    def validate(self, batch: Batch, context: Context) -> Mapping[str, Tensor]:
        """Return precision, recall and their harmonic mean of each clip's pixels; 1 where there is no text at all."""
        found = (self._find(batch, context) >= self.loss.threshold).float().flatten(1)
        truth = caption_masks(batch).flatten(1)
        both, ours, theirs = (found * truth).sum(dim=1), found.sum(dim=1), truth.sum(dim=1)
        precision, recall = (both / whole.clamp(min=1) + (whole == 0).float() for whole in (ours, theirs))
        f1 = 2 * precision * recall / (precision + recall).clamp(min=_SMALLEST)
        return {"precision": precision, "recall": recall, "f1": f1}

    def _find(self, batch: Batch, context: Context) -> Float[Tensor, "N T 1 H W"]:
        found: Tensor = context.run(self.networks["generator"], batch.tensors["damaged_frames"])
        return found


def soft_overlap(found: Float[Tensor, " N *shape"], truth: Float[Tensor, " N *shape"]) -> Float[Tensor, " N"]:
    """Return twice the shared mass over the sum of both masses (Dice's coefficient); 1 where both are empty.

    >>> import torch
    >>> soft_overlap(torch.tensor([[1.0, 1.0, 0.0]]), torch.tensor([[1.0, 0.0, 0.0]])).round(decimals=3).tolist()
    [0.6669999957084656]
    """
    both = (found * truth).flatten(1).sum(dim=1)
    whole = found.flatten(1).sum(dim=1) + truth.flatten(1).sum(dim=1)
    return (2 * both + _SMALLEST) / (whole + _SMALLEST)
