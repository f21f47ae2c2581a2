"""One round of the Wasserstein game with a gradient penalty.

Source: I. Gulrajani, F. Ahmed, M. Arjovsky, V. Dumoulin, A. Courville: "Improved Training of Wasserstein GANs", NIPS
2017, Eq. 3; the penalty in the hole alone as in J. Yu et al., CVPR 2018, Eq. 4.

Departures: a critic that gives maps of scores is judged by their mean.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor

from retouch.losses.games.wasserstein import (
    draw_between,
    wasserstein_critic_loss,
    wasserstein_generator_loss,
    wasserstein_penalty,
)
from retouch.training.steps.contract import Context
from retouch.training.steps.inpainting.games import score_maps


class Round(NamedTuple):
    """What a round costs generator and critic (its penalty included), the penalty before its weight, mean scores."""

    generator: Tensor
    critic: Tensor
    penalty: Tensor
    real_score: Tensor
    fake_score: Tensor


def play_wasserstein(
    context: Context,
    critic: Any,
    real: Tensor,
    fake: Tensor,
    *,
    mask: Tensor | None = None,
    penalty_weight: float = 10.0,
) -> Round:
    """Return the losses of one round.

    Parameters
    ----------
    context : Context
        Its random numbers say where between a true and a made picture the penalty is taken.
    critic : nn.Module
        Gives one score, or a map of scores, for each picture.
    real, fake : (N, C, H, W)
        As the critic wants to see them; the gradient of the generator's loss runs through `fake`.
    mask : (N, 1, H, W), optional
        Only the gradient with respect to pixels where it is 1 counts in the penalty.
    penalty_weight : float
    """

    def judge(picture: Tensor) -> Tensor:
        maps = score_maps(context.run(critic, picture))
        return torch.stack([scores.flatten(1).mean(dim=1) if scores.ndim > 1 else scores for scores in maps]).mean(
            dim=0
        )

    made = fake.detach()
    on_real, on_fake, hoped = (judge(picture) for picture in (real, made, fake))
    penalty = wasserstein_penalty(judge, draw_between(real, made, context.rng), mask)
    critic_loss = wasserstein_critic_loss(on_real, on_fake) + penalty_weight * penalty
    scores = on_real.detach().mean(), on_fake.detach().mean()
    return Round(wasserstein_generator_loss(hoped), critic_loss, penalty, *scores)
