"""SinGAN, one scale: a generator that adds detail to an enlarged coarser picture, learned from a single picture.

Source: T. Rott Shaham, T. Dekel, T. Michaeli, "SinGAN: Learning a Generative Model from a Single Natural Image", ICCV
2019, Secs. 2.1-2.2, Eqs. 3-5; weights as in the authors' code.

Departures
----------
- One scale at a time: the coarser picture comes with the batch ("coarse", in [0, 1], of the same size) and is zero at
  the coarsest scale. A pyramid is a row of runs, each fed by those before it.
- Both networks are moved at once; the paper takes three steps of each in turn. The noise of the reconstruction at the
  coarsest scale is drawn from a seed of its own.

Pictures are in [-1, 1] inside.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from retouch.training.batch import Batch
from retouch.training.steps.contract import Context
from retouch.training.steps.inpainting.wasserstein import play_wasserstein
from retouch.training.steps.scoring import journal, picture_scores

_NOISE_SEED = 0


@dataclass(frozen=True)
class SinGANLoss:
    """Weights of the terms.

    Attributes
    ----------
    reconstruction_weight : float
        alpha, of the squared error of the picture that the fixed noise gives.
    penalty_weight : float
        Of the critic's gradient penalty.
    noise_weight : float
        The noise has this many times the error of the enlarged coarser picture as standard deviation.
    border_px : int
        Zeros around what a generator without padding is given; 5 for five convolutions of 3 x 3, 0 with padding.
    """

    reconstruction_weight: float = 10.0
    penalty_weight: float = 0.1
    noise_weight: float = 0.1
    border_px: int = 5


class SinGANTraining:
    """One step moves generator and critic of one scale.

    Parameters
    ----------
    networks : mapping by role
        "generator" and "critic".
    loss : SinGANLoss
    """

    def __init__(self, networks: Mapping[str, nn.Module], loss: SinGANLoss) -> None:
        self.networks = dict(networks)
        self.loss = loss

    def step(self, batch: Batch, context: Context) -> Mapping[str, float | Tensor]:
        """Take one step."""
        critic, real = self.networks["critic"], 2 * batch.image - 1
        fake = self._paint(batch, self._noise(batch, context.rng), context)
        game = play_wasserstein(context, critic, real, fake, penalty_weight=self.loss.penalty_weight)
        error = (self._reconstructed(batch, context) - real).square().mean()
        total = game.generator + self.loss.reconstruction_weight * error  # Eqs. 3-5
        context.update({"generator": total, "critic": game.critic})
        return journal({"reconstruction": error, **game._asdict()})

    def paint(self, batch: Batch, context: Context) -> Tensor:
        """Return new pictures."""
        fake = self._paint(batch, self._noise(batch, context.rng), context)
        return ((fake + 1) / 2).clamp(0, 1)

    def validate(self, batch: Batch, context: Context) -> Mapping[str, Tensor]:
        """Return psnr, mse and l1 of the picture that the fixed noise gives."""
        again = ((self._reconstructed(batch, context) + 1) / 2).clamp(0, 1)
        return picture_scores(again, batch.image)

    def _coarse(self, batch: Batch) -> Tensor:
        coarse = batch.tensors.get("coarse")
        return torch.zeros_like(batch.image) if coarse is None else 2 * coarse - 1

    def _noise(self, batch: Batch, rng: torch.Generator) -> Tensor:
        noise = torch.randn(batch.image.shape, generator=rng, device=batch.image.device)
        if "coarse" not in batch.tensors:
            return noise
        error = (self._coarse(batch) - (2 * batch.image - 1)).square().mean(dim=(1, 2, 3), keepdim=True).sqrt()
        return self.loss.noise_weight * error * noise

    def _reconstructed(self, batch: Batch, context: Context) -> Tensor:
        """Return what the fixed noise gives: one draw at the coarsest scale, none at the others."""
        if "coarse" in batch.tensors:
            return self._paint(batch, torch.zeros_like(batch.image), context)
        generator = torch.Generator(batch.image.device).manual_seed(_NOISE_SEED)
        noise = torch.randn(batch.image.shape[1:], generator=generator, device=batch.image.device)
        return self._paint(batch, noise.expand_as(batch.image), context)

    def _paint(self, batch: Batch, noise: Tensor, context: Context) -> Tensor:
        coarse, border = self._coarse(batch), [self.loss.border_px] * 4
        noisy = functional.pad(noise + coarse, border)
        picture: Tensor = context.run(self.networks["generator"], noisy, coarse)
        return picture
