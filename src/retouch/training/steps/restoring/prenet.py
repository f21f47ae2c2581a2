"""PReNet's training: minus the structural similarity of the last stage, or of all stages.

Source: D. Ren, W. Zuo, Q. Hu, P. Zhu, D. Meng, "Progressive image deraining networks", CVPR 2019, Sec. 3.4, Eqs. 6-9: a
single minus SSIM is what the authors settle on; recursive supervision weighs the last stage 1.5 and the others 0.5.
Departures: none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from retouch.errors import UsageError
from retouch.losses.similarity.ssim import ssim
from retouch.nets.restoration.prenet import PReNet
from retouch.training.batch import Batch
from retouch.training.steps.contract import Context
from retouch.training.steps.restoring.scores import psnr


@dataclass(frozen=True)
class PReNetLoss:
    """What counts: minus SSIM or the squared error; the weights of the last stage and of each other."""

    squared: bool = False
    last_weight: float = 1.0
    other_weight: float = 0.0


class PReNetTraining:
    """PReNet.

    Parameters
    ----------
    networks : mapping
        "generator": a `PReNet`.
    loss : PReNetLoss
    """

    def __init__(self, networks: Mapping[str, nn.Module], loss: PReNetLoss) -> None:
        self.networks = networks
        self.loss = loss
        net = networks["generator"]
        if not isinstance(net, PReNet):
            raise UsageError(f"this kind trains prenet, got a {type(net).__name__}; take the kind 'pairs'")
        self.net = net

    def step(self, batch: Batch, context: Context) -> Mapping[str, float | Tensor]:
        """Move the net once."""
        *earlier, last = context.run(self.net.stages, batch.tensors["damaged"])
        loss = self.loss.last_weight * self._distance(last, batch.image)
        if self.loss.other_weight > 0 and earlier:
            others = torch.stack([self._distance(estimate, batch.image) for estimate in earlier])
            loss = loss + self.loss.other_weight * others.sum()
        context.update({"generator": loss})
        return {"loss": loss.detach(), "psnr": psnr(last.detach(), batch.image).mean()}

    def paint(self, batch: Batch, context: Context) -> Tensor:
        """Return the pictures without rain."""
        clean: Tensor = context.run(self.net, batch.tensors["damaged"])
        return clean.clamp(0, 1)

    def validate(self, batch: Batch, context: Context) -> Mapping[str, Tensor]:
        """Return PSNR and SSIM of the pictures, and how much PSNR they gained."""
        clean = self.paint(batch, context)
        after = psnr(clean, batch.image)
        gain = after - psnr(batch.tensors["damaged"], batch.image)
        return {"psnr": after, "gain": gain, "ssim": ssim(clean, batch.image)}

    def _distance(self, clean: Float[Tensor, "N C H W"], image: Float[Tensor, "N C H W"]) -> Float[Tensor, ""]:
        return (clean - image).square().mean() if self.loss.squared else -ssim(clean, image).mean()
