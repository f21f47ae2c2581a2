"""Training of a detector of fills by itself, on the fills of methods that learn nothing from it.

Source: R. Zhang, W. Quan, B. Wu, Z. Li, D.-M. Yan: "Pixel-wise Dense Detector for Image Inpainting", Computer Graphics
Forum (Pacific Graphics) 2020, Eqs. 4-6.

Departures
----------
- There is no generator: the pictures are the data's "guess", composites of finished fills.
- The share of missing pixels that balances the two classes is that of the batch where the paper's is that of each
  picture: so pictures without a hole teach too, and V = 1/2 means the same in all of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import torch
from jaxtyping import Float
from torch import Tensor, nn

from retouch.losses import gdn as losses
from retouch.training.batch import Batch
from retouch.training.steps.contract import Context
from retouch.training.steps.scoring import detector_scores

_TINT = (1.0, 0.1, 0.1)


@dataclass(frozen=True)
class ArtefactLoss:
    """What is made small.

    Attributes
    ----------
    detector_loss : str
        "ce" (Eq. 4), "bce" (Eq. 5) or "focal" (Eq. 6).
    gamma : float
        Of the focal loss.
    """

    detector_loss: Literal["ce", "bce", "focal"] = "focal"
    gamma: float = 2.0


class ArtefactTraining:
    """A detector of fills.

    Parameters
    ----------
    networks : mapping
        "generator": a `gdn_detector`, the network that people want.
    loss : ArtefactLoss
    """

    def __init__(self, networks: Mapping[str, nn.Module], loss: ArtefactLoss) -> None:
        self.networks = networks
        self.loss = loss

    def step(self, batch: Batch, context: Context) -> Mapping[str, float | Tensor]:
        """Move the detector once; "detector_gap" is V in the holes less V outside."""
        artefacts = self._detect(batch, context)
        loss = self._loss(artefacts, batch.mask)
        context.update({"generator": loss})
        gap = detector_scores(artefacts.detach(), batch.mask)["detector_gap"].mean()
        return {"loss": loss.detach(), "detector_gap": gap}

    def paint(self, batch: Batch, context: Context) -> Tensor:
        """Return the judged pictures, red where V is high."""
        picture = batch.tensors["guess"]
        tint = picture.new_tensor(_TINT)[:, None, None].expand_as(picture)
        return picture.lerp(tint, 0.6 * self._detect(batch, context)).clamp(0, 1)

    def validate(self, batch: Batch, context: Context) -> Mapping[str, Tensor]:
        """Return how well the detector tells holes from known pixels, and its loss."""
        artefacts = self._detect(batch, context)
        losses_of = [self._loss(one[None], mask[None]) for one, mask in zip(artefacts, batch.mask, strict=True)]
        return detector_scores(artefacts, batch.mask) | {"loss": torch.stack(losses_of)}

    def _detect(self, batch: Batch, context: Context) -> Float[Tensor, "N 1 H W"]:
        detector: Any = self.networks["generator"]
        artefacts: Tensor = context.run(detector.artifact_map, batch.tensors["guess"])
        return artefacts

    def _loss(self, artefacts: Float[Tensor, "N 1 H W"], mask: Float[Tensor, "N 1 H W"]) -> Tensor:
        whole, truth = (x.flatten()[None, None, None] for x in (artefacts, mask))  # one picture: one share
        if self.loss.detector_loss == "ce":
            return losses.cross_entropy(whole, truth)
        return losses.focal_loss(whole, truth, gamma=0.0 if self.loss.detector_loss == "bce" else self.loss.gamma)
