"""Correcting a classical fill: the training of a network that adds what interpolation lacks.

Source: this project. The loss is the mean over samples of the logarithm of the squared error in the hole, the PSNR that
the result is judged by, as L. Chen, X. Chu, X. Zhang, J. Sun train restoration nets ("Simple baselines for image
restoration", ECCV 2022, supplement); or the absolute error. GDN's weighting is a choice for the ablation: a detector
says where the correction still shows (R. Zhang et al., Computer Graphics Forum 2020, Eq. 7 and 8).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from retouch.losses.gdn import exponential_weight, focal_loss
from retouch.losses.pixels.hole_psnr import log_squared_error
from retouch.training.batch import Batch
from retouch.training.steps.contract import Context
from retouch.training.steps.inpainting.filling import Filling, require_role
from retouch.training.steps.scoring import composite, hole_scores


@dataclass(frozen=True)
class CorrectionLoss:
    """What is made small.

    Attributes
    ----------
    error : str
        "log_mse" counts each sample's relative improvement, "l1" absolute errors in the hole, "detected_l1" those
        weighted by a network of the role "detector".
    """

    error: Literal["log_mse", "l1", "detected_l1"] = "log_mse"


class CorrectionTraining(Filling[CorrectionLoss]):
    """One step moves the generator, and the detector where there is one."""

    def __init__(self, networks: Mapping[str, nn.Module], loss: CorrectionLoss) -> None:
        super().__init__(networks, loss)
        if loss.error == "detected_l1":
            require_role(networks, "detector", 'error = "detected_l1"')

    def step(self, batch: Batch, context: Context) -> Mapping[str, float | Tensor]:
        """Take one step; "gain" is the loss of the guess less that of the correction."""
        painted = self.painted(batch, context)
        losses = {"generator": self._error(painted, batch, context)}
        if self.loss.error == "detected_l1":
            answer = context.run(self.networks["detector"], painted.detach()).softmax(dim=1)[:, 1:]
            losses["detector"] = focal_loss(answer, batch.mask)
        context.update(losses)
        before = log_squared_error(batch.tensors["guess"], batch.image, batch.mask)
        gain = before - log_squared_error(painted.detach(), batch.image, batch.mask)
        return {f"loss_{role}": loss.detach() for role, loss in losses.items()} | {"gain": gain}

    def validate(self, batch: Batch, context: Context) -> Mapping[str, Tensor]:
        """Return psnr, mse and l1 of the holes, and how many dB the correction gains over the guess."""
        scores = hole_scores(self.paint(batch, context), batch.image, batch.mask)
        guess = composite(batch.tensors["guess"], batch.image, batch.mask)
        return scores | {"gain_db": scores["psnr"] - hole_scores(guess, batch.image, batch.mask)["psnr"]}

    def _error(self, painted: Tensor, batch: Batch, context: Context) -> Tensor:
        if self.loss.error == "log_mse":
            return log_squared_error(painted, batch.image, batch.mask)
        weight = torch.ones_like(batch.mask)
        if self.loss.error == "detected_l1":
            weight = exponential_weight(context.run(self.networks["detector"], painted).softmax(dim=1)[:, 1:])
        missing = batch.mask.sum() * painted.shape[1]
        return (weight * batch.mask * (painted - batch.image).abs()).sum() / missing.clamp(min=1)
