"""Denoising by one distance: most denoisers are trained like this.

Source: K. Zhang et al., "Beyond a Gaussian denoiser", IEEE Trans. Image Processing 26(7), 2017, Eq. 1 (DnCNN, l2);
K. Zhang et al., "Learning deep CNN denoiser prior", CVPR 2017 (IRCNN, l2), "FFDNet", IEEE Trans. Image Processing
27(9), 2018 (FFDNet and FDnCNN, l2), "Plug-and-play image restoration with deep denoiser prior", PAMI 44(10), 2022
(DRUNet, l1); X.-J. Mao et al., NIPS 2016 (RED-Net, l2); S. Gu et al., ICCV 2019 (FDnet, l1).

Departures: means stand for the sums over pixels, and DnCNN's factor 1/2 is left out: Adam does not feel either.
A network that gives the picture less its noise is trained on the picture: the distance is that of the noise.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from jaxtyping import Float
from torch import Tensor, nn

from retouch.losses.pixels.charbonnier import charbonnier
from retouch.training.batch import Batch
from retouch.training.steps.contract import Context
from retouch.training.steps.restoring.scores import psnr

Distance = Literal["l2", "l1", "charbonnier"]


@dataclass(frozen=True)
class DenoisingLoss:
    """What is minimised.

    Attributes
    ----------
    distance : str
        "l2" is the mean squared error, "l1" the mean absolute one, "charbonnier" the mean of sqrt(d^2 + epsilon^2).
    epsilon : float
        Of Charbonnier's distance.
    """

    distance: Distance = "l2"
    epsilon: float = 1e-3


class PlainDenoising:
    """One denoiser, told the noise level where it asks for one.

    Parameters
    ----------
    networks : mapping
        "generator": from "noisy" (N, C, H, W), and "sigma" (N, 1, 1, 1) if it takes one, to the clean picture.
    loss : DenoisingLoss
    """

    def __init__(self, networks: Mapping[str, nn.Module], loss: DenoisingLoss) -> None:
        self.networks = networks
        self.loss = loss
        self.net = networks["generator"]
        self.steered = takes_sigma(self.net)

    def step(self, batch: Batch, context: Context) -> Mapping[str, float | Tensor]:
        """Move the denoiser once."""
        clean = self.denoise(batch, context)
        loss = distance(clean, batch.image, self.loss.distance, self.loss.epsilon)
        context.update({"generator": loss})
        return {"loss": loss.detach(), "psnr": psnr(clean.detach(), batch.image).mean()}

    def paint(self, batch: Batch, context: Context) -> Tensor:
        """Return the clean pictures."""
        return self.denoise(batch, context).clamp(0, 1)

    def validate(self, batch: Batch, context: Context) -> Mapping[str, Tensor]:
        """Return the PSNR of the clean pictures, and how much they gained."""
        return judge_denoised(self.paint(batch, context), batch)

    def denoise(self, batch: Batch, context: Context) -> Float[Tensor, "N C H W"]:
        """Return what the network gives, not clipped."""
        noisy = batch.tensors["noisy"]
        inputs = [noisy, batch.tensors["sigma"][:, None, None, None]] if self.steered else [noisy]
        clean: Tensor = context.run(self.net, *inputs)
        return clean


def takes_sigma(net: nn.Module) -> bool:
    """Return whether the forward of a network asks for the noise level."""
    return "sigma" in inspect.signature(net.forward).parameters


def distance(
    ours: Float[Tensor, "*shape"], truth: Float[Tensor, "*shape"], which: Distance, epsilon: float = 1e-3
) -> Float[Tensor, ""]:
    """Return the mean distance over all values.

    >>> import torch
    >>> one = torch.full((2,), 3.0)
    >>> distance(one, 0 * one, "l2").item(), distance(one, 0 * one, "l1").item()
    (9.0, 3.0)
    >>> distance(one, 0 * one, "charbonnier", 4.0).item()  # sqrt(9 + 16)
    5.0
    """
    difference = ours - truth
    if which == "l2":
        return difference.square().mean()
    if which == "l1":
        return difference.abs().mean()
    return charbonnier(ours, truth, epsilon=epsilon)


def judge_denoised(clean: Float[Tensor, "N C H W"], batch: Batch) -> dict[str, Tensor]:
    """Return the PSNR of each clean picture, and by how much it lies above that of the noisy one."""
    after = psnr(clean, batch.image)
    return {"psnr": after, "gain": after - psnr(batch.tensors["noisy"].clamp(0, 1), batch.image)}
