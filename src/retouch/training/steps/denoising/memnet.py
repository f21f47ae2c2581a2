"""MemNet's training: the answer of every memory block is supervised, and their learned mean.

Source: Y. Tai, J. Yang, X. Liu, C. Xu, "MemNet: a persistent memory network for image restoration", ICCV 2017, Eq. 12.
Departures: means stand for half the sums over pixels.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from retouch.errors import UsageError
from retouch.nets.denoising.memnet import MemNet
from retouch.training.batch import Batch
from retouch.training.steps.contract import Context
from retouch.training.steps.denoising.plain import judge_denoised
from retouch.training.steps.restoring.scores import psnr


@dataclass(frozen=True)
class MemNetLoss:
    """How much the learned mean counts, alpha; the M answers share the rest. Below 0: 1 / (M + 1), as published."""

    mean_weight: float = -1.0


class MemNetTraining:
    """MemNet.

    Parameters
    ----------
    networks : mapping
        "generator": a `MemNet`.
    loss : MemNetLoss
    """

    def __init__(self, networks: Mapping[str, nn.Module], loss: MemNetLoss) -> None:
        self.networks = networks
        self.loss = loss
        net = networks["generator"]
        if not isinstance(net, MemNet):
            raise UsageError(f"this kind trains memnet, got a {type(net).__name__}; take the kind 'denoise'")
        self.net = net

    def step(self, batch: Batch, context: Context) -> Mapping[str, float | Tensor]:
        """Move the net once."""
        estimates = torch.stack(context.run(self.net.estimates, batch.tensors["noisy"]))  # (M, N, C, H, W)
        clean = torch.einsum("m,mnchw->nchw", self.net.weights, estimates)  # Eq. 11
        loss = self._loss(clean, estimates, batch.image)
        context.update({"generator": loss})
        return {"loss": loss.detach(), "psnr": psnr(clean.detach(), batch.image).mean()}

    def paint(self, batch: Batch, context: Context) -> Tensor:
        """Return the clean pictures."""
        clean: Tensor = context.run(self.net, batch.tensors["noisy"])
        return clean.clamp(0, 1)

    def validate(self, batch: Batch, context: Context) -> Mapping[str, Tensor]:
        """Return the PSNR of the clean pictures, and how much they gained."""
        return judge_denoised(self.paint(batch, context), batch)

    def _loss(
        self, clean: Float[Tensor, "N C H W"], estimates: Float[Tensor, "M N C H W"], image: Float[Tensor, "N C H W"]
    ) -> Float[Tensor, ""]:
        alpha = self.loss.mean_weight if self.loss.mean_weight >= 0 else 1 / (len(estimates) + 1)
        blocks = (estimates - image).square().mean()
        return alpha * (clean - image).square().mean() + (1 - alpha) * blocks  # Eq. 12
