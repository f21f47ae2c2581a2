"""Training of the net that colours a grey picture, on known pixels alone.

Source: T. Wang, H. Ouyang, Q. Chen, "Image Inpainting with External-Internal Learning and Monochromic Bottleneck", CVPR
2021, Sec. 3.2: the squared error of the known pixels, at one size after the other.

Departures: the authors train on the one picture that is to be coloured, which `retouch.nets.structure.monochromic`
does at use; a run on one picture does the same, one on many gives a start for it. A run trains one size: a net of grey
and a guess takes its guess from a finished net of half the side, the role "coarser".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from retouch.nets.structure.monochromic import enlarge, known_error
from retouch.training.batch import Batch
from retouch.training.steps.contract import Context
from retouch.training.steps.denoising.staged import untouched
from retouch.training.steps.restoring.scores import to_channels
from retouch.training.steps.scoring import composite, hole_scores


@dataclass(frozen=True)
class ColourNetLoss:
    """Nothing to choose: the squared error of the known pixels."""


class ColourNetTraining:
    """A colour net.

    Parameters
    ----------
    networks : mapping
        "generator": from grey, and a guess of the colours if there is a "coarser" net, to RGB in [0, 1].
    loss : ColourNetLoss
    """

    def __init__(self, networks: Mapping[str, nn.Module], loss: ColourNetLoss) -> None:
        self.networks = networks
        self.loss = loss

    def step(self, batch: Batch, context: Context) -> Mapping[str, float | Tensor]:
        """Move the net once."""
        loss = known_error(self._colour(batch, context), batch.image, 1 - batch.mask)
        context.update({"generator": loss})
        return {"loss": loss.detach()}

    def paint(self, batch: Batch, context: Context) -> Tensor:
        """Return the pictures, coloured in the hole, where their grey is taken to be known."""
        return composite(self._colour(batch, context), batch.image, batch.mask)

    def validate(self, batch: Batch, context: Context) -> Mapping[str, Tensor]:
        """Return psnr, mse and l1 of the holes."""
        return hole_scores(self.paint(batch, context), batch.image, batch.mask)

    def _colour(self, batch: Batch, context: Context) -> Float[Tensor, "N 3 H W"]:
        shown = to_channels(batch.image, 1)
        if "coarser" in self.networks:
            half = functional.interpolate(shown, scale_factor=0.5, mode="bicubic", antialias=True).clamp(0, 1)
            with untouched([self.networks["coarser"]]), torch.no_grad():
                guess = context.run(self.networks["coarser"], half)
            shown = torch.cat([shown, enlarge(guess, (shown.shape[2], shown.shape[3]))], dim=1)
        colours: Tensor = context.run(self.networks["generator"], shown)
        return colours
