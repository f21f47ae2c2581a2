"""Rounds of the Wasserstein game, played through the loop's context.

Source: the losses and the penalty stand in `retouch.losses.games.wasserstein`. Departures: a critic of several maps of
scores plays with all their places alike.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from retouch.losses.games.wasserstein import (
    PENALTY_WEIGHT,
    draw_between,
    wasserstein_critic_loss,
    wasserstein_generator_loss,
    wasserstein_penalty,
)
from retouch.training.steps.contract import Context
from retouch.training.steps.inpainting.games import score_maps


def critic_round(
    context: Context,
    critic: Callable[..., Any],
    real: Float[Tensor, "N C H W"],
    fake: Float[Tensor, "N C H W"],
    *,
    penalty_weight: float = PENALTY_WEIGHT,
    region: Float[Tensor, "N 1 H W"] | None = None,
) -> Float[Tensor, ""]:
    """Return what the critic minimises, its penalty included; `fake` gets no gradient.

    With a region the penalty looks at the slope where it is 1.
    """
    fake = fake.detach()
    scored = _scorer(context, critic)
    between = draw_between(real, fake, context.rng)
    game = wasserstein_critic_loss(scored(real), scored(fake))
    return game + penalty_weight * wasserstein_penalty(scored, between, region)


def generator_round(context: Context, critic: Callable[..., Any], fake: Float[Tensor, "N C H W"]) -> Float[Tensor, ""]:
    """Return what the generator minimises."""
    return wasserstein_generator_loss(_scorer(context, critic)(fake))


def _scorer(context: Context, critic: Callable[..., Any]) -> Callable[[Tensor], Tensor]:
    def score(picture: Tensor) -> Tensor:
        return torch.cat([part.reshape(len(picture), -1) for part in score_maps(context.run(critic, picture))], dim=1)

    return score
