"""DeepFill v1: errors that count less inside the hole, and a global and a local critic.

Source: J. Yu, Z. Lin, J. Yang, X. Shen, X. Lu, T. Huang: "Generative Image Inpainting with Contextual Attention", CVPR
2018, Secs. 3.2-3.3, Eqs. 3-5; weights, and five moves of the critics for one of the generator, as in the authors' code.
The game "glsgan" is that of the winner of the ChaLearn 2018 track on pictures of people: G. Unlu, in S. Escalera et al.
(eds.), "Inpainting and Denoising Challenges", Springer 2019, after G.-J. Qi: "Loss-Sensitive Generative Adversarial
Networks on Lipschitz Densities", IJCV 2020.

Departures
----------
- Each of the five moves has a batch of its own, since a step is a batch: the generator moves in every fifth step.
- Holes of any shape: the local critic's window has the middle of the hole's bounding box in its middle.
- That chapter names neither lambda nor the slope of GLS-GAN; 1 and 0 are chosen.

Errors are of pictures in [-1, 1]; critics see composites.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor

from retouch.losses.adversarial import glsgan_critic_loss, glsgan_generator_loss, l1_distance
from retouch.losses.discounted import discounted_l1
from retouch.losses.pixels.regions import region_l1
from retouch.nets.encoder_decoders.glcic import crop_windows, window_corners
from retouch.training.batch import Batch
from retouch.training.steps.contract import Context
from retouch.training.steps.inpainting.filling import Filling
from retouch.training.steps.inpainting.wasserstein import Round, play_wasserstein
from retouch.training.steps.scoring import journal, paste


@dataclass(frozen=True)
class DeepFillV1Loss:
    """Weights of the terms.

    Attributes
    ----------
    hole_weight, known_weight : float
        Of the errors of missing pixels, discounted with their distance, and of known ones.
    coarse_factor : float
        The first stage's errors count so much more.
    discount : float
        gamma: a missing pixel at distance d from the known ones weighs gamma^d.
    adversarial_weight, penalty_weight : float
        Of both critics, and of their gradient penalty in the hole.
    generator_every : int
        The generator moves once in so many steps.
    game : str
        "wgan_gp" or "glsgan", with `margin_weight` and `slope` of the latter.
    """

    hole_weight: float = 1.2
    known_weight: float = 1.2
    coarse_factor: float = 1.2
    discount: float = 0.9
    adversarial_weight: float = 0.001
    penalty_weight: float = 10.0
    generator_every: int = 5
    game: Literal["wgan_gp", "glsgan"] = "wgan_gp"
    margin_weight: float = 1.0
    slope: float = 0.0


class DeepFillV1Training(Filling[DeepFillV1Loss]):
    """One step moves the critics, and the generator when its turn comes.

    Parameters
    ----------
    networks : mapping by role
        "generator"; "critic" of whole pictures and "local_critic" of windows, both `CropCritic`.
    loss : DeepFillV1Loss
    """

    def step(self, batch: Batch, context: Context) -> Mapping[str, float | Tensor]:
        """Take one step."""
        is_turn = (context.step + 1) % self.loss.generator_every == 0
        with torch.set_grad_enabled(is_turn):
            stages = context.run(self.generator, batch.image, batch.mask)
        rounds = self._rounds(batch, paste(stages.refined, batch.image, batch.mask), context)
        losses = {role: result.critic for role, result in rounds.items()}
        metrics = {f"{role}_{name}": value for role, r in rounds.items() for name, value in r._asdict().items()}
        if is_turn:
            coarse, refined = (self._error(picture, batch) for picture in (stages.coarse, stages.refined))
            games = torch.stack([result.generator for result in rounds.values()]).sum()
            errors = self.loss.coarse_factor * coarse + refined
            losses["generator"] = errors + self.loss.adversarial_weight * games
            metrics |= {"coarse": coarse, "refined": refined}
        context.update(losses)
        return journal(metrics)

    def _error(self, picture: Tensor, batch: Batch) -> Tensor:
        image, mask = batch.image, batch.mask
        hole = 2 * discounted_l1(picture, image, mask, discount=self.loss.discount)
        known = 2 * region_l1(picture, image, 1 - mask)
        return self.loss.hole_weight * hole + self.loss.known_weight * known

    def _rounds(self, batch: Batch, filled: Tensor, context: Context) -> dict[str, Round]:
        local: Any = self.networks["local_critic"]
        side = local.size[0]
        whole = 2 * batch.image - 1, 2 * filled - 1, batch.mask
        corners = window_corners(batch.mask, side)
        around = [crop_windows(x, corners, side) for x in whole]
        return {
            "critic": self._round("critic", *whole, context=context),
            "local_critic": self._round("local_critic", *around, context=context),
        }

    def _round(self, role: str, real: Tensor, fake: Tensor, mask: Tensor, *, context: Context) -> Round:
        critic = self.networks[role]
        if self.loss.game == "wgan_gp":
            return play_wasserstein(context, critic, real, fake, mask=mask, penalty_weight=self.loss.penalty_weight)
        real_loss, fake_loss = context.run(critic, real), context.run(critic, fake.detach())  # low for true pictures
        shortfall = glsgan_critic_loss(
            real_loss,
            fake_loss,
            l1_distance(real, fake.detach()),
            margin_weight=self.loss.margin_weight,
            slope=self.loss.slope,
        )
        hoped = glsgan_generator_loss(context.run(critic, fake))
        means = -real_loss.detach().mean(), -fake_loss.detach().mean()  # as scores, high for true pictures
        return Round(hoped, real_loss.mean() + shortfall, shortfall.new_zeros(()), *means)
