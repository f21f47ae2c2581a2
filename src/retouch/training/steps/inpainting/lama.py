"""LaMa: known pixels, a game in which known patches of a made picture count as real, and the critic's features.

Source: R. Suvorov et al., "Resolution-robust Large Mask Inpainting with Fourier Convolutions", WACV 2022, Sec. 2.2-2.3
and Eqs. 2-5; weights as in the authors' configuration.

Departures
----------
- The perceptual loss of high receptive field (weight 30) needs the features of a segmentation net; without a file of
  these its weight must be 0, and is by default.
- Both networks are moved at once (see `filling`).

Pictures are in [0, 1]; the critic sees the generator's whole picture, not the composite.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn

from retouch.losses import lama as losses
from retouch.training.batch import Batch
from retouch.training.steps.contract import Context
from retouch.training.steps.inpainting.filling import Filling
from retouch.training.steps.inpainting.games import score_maps
from retouch.training.steps.inpainting.perceiving import Perceiver
from retouch.training.steps.scoring import journal


@dataclass(frozen=True)
class LaMaLoss:
    """Weights of the terms.

    Attributes
    ----------
    known_weight, hole_weight : float
        Of the absolute error; the paper leaves the hole to the other terms.
    adversarial_weight, feature_weight, penalty_weight : float
        Of the game, of feature matching and of the critic's gradient penalty (R1).
    masks_fake : bool
        Whether patches of a made picture that hold known pixels count as real.
    perceptual_weight, backbone
        Of the features of a file of weights.
    """

    known_weight: float = 10.0
    hole_weight: float = 0.0
    adversarial_weight: float = 10.0
    feature_weight: float = 100.0
    penalty_weight: float = 0.001
    masks_fake: bool = True
    perceptual_weight: float = 0.0
    backbone: str = ""


class LaMaTraining(Filling[LaMaLoss]):
    """One step moves generator and critic.

    Parameters
    ----------
    networks : mapping by role
        "generator", and "critic", which gives scores and the features of its stages (`lama_critic`).
    loss : LaMaLoss
    """

    def __init__(self, networks: Mapping[str, nn.Module], loss: LaMaLoss) -> None:
        super().__init__(networks, loss)
        self._perceiver = Perceiver(loss.backbone, perceptual_weight=loss.perceptual_weight, squared=True)

    def step(self, batch: Batch, context: Context) -> Mapping[str, float | Tensor]:
        """Take one step."""
        painted = self.painted(batch, context)
        real = batch.image.clone().requires_grad_()  # the penalty is a gradient with respect to true pictures
        real_scores, real_features = context.run(self.networks["critic"], real)
        l1 = losses.masked_l1(painted, batch.image, batch.mask, self.loss.known_weight, self.loss.hole_weight)
        game, matching = self._hopes(painted, real_features, context)
        total = l1 + self.loss.adversarial_weight * game + self.loss.feature_weight * matching
        critic_loss, penalty = self._critic_losses(batch, painted.detach(), real, real_scores, context)
        context.update(
            {
                "generator": total + self._perceiver(painted, batch, context),
                "critic": critic_loss + self.loss.penalty_weight * penalty,
            }
        )
        return journal({"l1": l1, "generator": game, "matching": matching, "critic": critic_loss, "penalty": penalty})

    def _hopes(self, painted: Tensor, real_features: Any, context: Context) -> tuple[Tensor, Tensor]:
        scores, features = context.run(self.networks["critic"], painted)
        truth = [feature.detach() for feature in real_features]
        return losses.generator_loss(scores), losses.feature_matching(features, truth)

    def _critic_losses(
        self, batch: Batch, painted: Tensor, real: Tensor, real_scores: Tensor, context: Context
    ) -> tuple[Tensor, Tensor]:
        mask = batch.mask if self.loss.masks_fake else None
        (fake_scores,) = score_maps(context.run(self.networks["critic"], painted))
        critic_loss = losses.discriminator_loss(real_scores, fake_scores, mask)
        if not self.loss.penalty_weight:
            return critic_loss, critic_loss.new_zeros(())
        return critic_loss, losses.gradient_penalty(real_scores, real)
