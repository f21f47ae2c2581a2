"""DCGAN: pictures from random numbers, against a critic; for searches in latent space.

Source: A. Radford, L. Metz, S. Chintala: "Unsupervised Representation Learning with Deep Convolutional Generative
Adversarial Networks", ICLR 2016; the non-saturating loss of I. Goodfellow et al., NIPS 2014, Sec. 3.

Departures: both networks are moved at once, from the same codes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from retouch.training.batch import Batch
from retouch.training.steps.contract import Context
from retouch.training.steps.inpainting.games import GameName, play
from retouch.training.steps.scoring import journal


@dataclass(frozen=True)
class DCGANLoss:
    """The game; "vanilla" is the paper's, with -log D for the generator."""

    game: GameName = "vanilla"


class DCGANTraining:
    """One step moves generator and critic.

    Parameters
    ----------
    networks : mapping by role
        "generator", from codes in [-1, 1] to pictures in [-1, 1], and "critic".
    loss : DCGANLoss
    """

    def __init__(self, networks: Mapping[str, nn.Module], loss: DCGANLoss) -> None:
        self.networks = dict(networks)
        self.loss = loss

    def step(self, batch: Batch, context: Context) -> Mapping[str, float | Tensor]:
        """Take one step on the pictures of the batch, which must have the size that the networks were built for."""
        fake = self._draw(len(batch), context)
        verdict = play(self.loss.game, context, self.networks["critic"], 2 * batch.image - 1, fake)
        context.update({"generator": verdict.generator, "critic": verdict.critic})
        return journal({**verdict._asdict(), "diversity": pairwise_distance(fake.detach())})

    def paint(self, batch: Batch, context: Context) -> Tensor:
        """Return as many new pictures as the batch has."""
        return ((self._draw(len(batch), context) + 1) / 2).clamp(0, 1)

    def validate(self, batch: Batch, context: Context) -> Mapping[str, Tensor]:
        """Return the diversity of new pictures over that of true ones, and the critic's answers to both.

        The first is the mean distance of two pictures: 0 tells that all are the same.
        """
        fake, real = self.paint(batch, context), batch.image
        ratio = pairwise_distance(fake) / pairwise_distance(real).clamp(min=1e-8)
        critic = self.networks["critic"]
        return {
            "diversity": ratio.expand(len(batch)),
            "real_score": context.run(critic, 2 * real - 1),
            "fake_score": context.run(critic, 2 * fake - 1),
        }

    def _draw(self, n_samples: int, context: Context) -> Tensor:
        generator: Any = self.networks["generator"]
        device = next(generator.parameters()).device
        codes = 2 * torch.rand(n_samples, generator.n_latent, generator=context.rng, device=device) - 1
        pictures: Tensor = context.run(generator, codes)
        return pictures


def pairwise_distance(pictures: Tensor) -> Tensor:
    """Return the mean Euclidean distance between two different pictures of a batch; 0 for a single one.

    >>> pairwise_distance(torch.tensor([[0.0, 0.0], [3.0, 4.0]])).item()
    5.0
    """
    n_pictures = len(pictures)
    distances = torch.cdist(pictures.flatten(1), pictures.flatten(1))
    return distances.sum() / max(n_pictures * (n_pictures - 1), 1)
