"""CBDNet's training: picture and noise map at once, the map too low being worse than too high.

Source: S. Guo, Z. Yan, K. Zhang, W. Zuo, L. Zhang, "Toward convolutional blind denoising of real photographs", CVPR
2019, section 3.3, Eqs. 3-6; the losses stand in `retouch.losses.cbdnet`.

Departures: the authors alternate batches of synthetic noise and of photographed pairs; a run here has one kind of data,
so the two are alternated by short runs that start from each other's weights. Photographed pairs have no noise map and
are trained without the asymmetric error, as published.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor, nn

from retouch.losses.cbdnet import cbdnet_loss
from retouch.training.batch import Batch
from retouch.training.steps.contract import Context
from retouch.training.steps.restoring.scores import psnr


@dataclass(frozen=True)
class CBDNetLoss:
    """Weights of the loss.

    Attributes
    ----------
    under_weight : float
        Of pixels whose noise is estimated too low, in [0, 1]; the others get what is left of 1.
    smoothness_weight : float
        Of the total variation of the noise map.
    """

    under_weight: float = 0.7
    smoothness_weight: float = 0.05


class CBDNetTraining:
    """CBDNet.

    Parameters
    ----------
    networks : mapping
        "generator": from a noisy picture to its noise map and the clean picture.
    loss : CBDNetLoss
    """

    def __init__(self, networks: Mapping[str, nn.Module], loss: CBDNetLoss) -> None:
        self.networks = networks
        self.loss = loss

    def step(self, batch: Batch, context: Context) -> Mapping[str, float | Tensor]:
        """Move the net once."""
        noise_map, clean = self._denoise(batch, context)
        true, known = _true_noise(batch, noise_map)
        weights = {"under_weight": self.loss.under_weight, "smoothness_weight": self.loss.smoothness_weight}
        loss = cbdnet_loss(clean, batch.image, noise_map, true, known, **weights)
        context.update({"generator": loss})
        return {
            "loss": loss.detach(),
            "psnr": psnr(clean.detach(), batch.image).mean(),
            "map": noise_map.detach().mean(),
        }

    def paint(self, batch: Batch, context: Context) -> Tensor:
        """Return the clean pictures."""
        return self._denoise(batch, context)[1].clamp(0, 1)

    def validate(self, batch: Batch, context: Context) -> Mapping[str, Tensor]:
        """Return the PSNR of the clean pictures, and the relative error of the noise maps where the noise is known."""
        noise_map, clean = self._denoise(batch, context)
        scores = {"psnr": psnr(clean.clamp(0, 1), batch.image)}
        true, known = _true_noise(batch, noise_map)
        if bool(known.all()):
            error = (noise_map - true).abs().mean(dim=(1, 2, 3))
            scores["map_error"] = error / true.mean(dim=(1, 2, 3)).clamp(min=1e-3)
        return scores

    def _denoise(self, batch: Batch, context: Context) -> tuple[Float[Tensor, "N C H W"], Float[Tensor, "N C H W"]]:
        noise_map, clean = context.run(self.networks["generator"], noisy_picture(batch))
        return noise_map, clean


def noisy_picture(batch: Batch) -> Float[Tensor, "N C H W"]:
    """Return the noisy pictures of either kind of data."""
    return batch.tensors["noisy"] if "noisy" in batch.tensors else batch.tensors["damaged"]


def _true_noise(batch: Batch, like: Tensor) -> tuple[Tensor, Tensor]:
    """Return the standard deviation of the noise, pixel by pixel, and for which samples it is known."""
    tensors = batch.tensors
    if "noise_map" in tensors:
        true = tensors["noise_map"].expand_as(like)
    elif "sigma" in tensors:
        true = tensors["sigma"][:, None, None, None].expand_as(like)
    else:
        return like.new_zeros(like.shape), like.new_zeros(len(like)).bool()
    return true, like.new_ones(len(like)).bool()
