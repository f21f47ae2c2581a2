"""Globally and locally consistent completion: the generator alone, the critic alone, then both.

Source: S. Iizuka, E. Simo-Serra, H. Ishikawa: "Globally and Locally Consistent Image Completion", ACM Transactions on
Graphics (SIGGRAPH) 2017, Eqs. 2-4 and Algorithm 1.

Departures
----------
- In the third phase both networks are moved at once (see `filling`).
- The squared error is a mean over the missing pixels, not a sum.

What a phase trains tells what is computed: without the critic there is no game, without the generator only the critic
learns. Pictures are in [0, 1].
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from retouch.losses.pixels.regions import region_l2
from retouch.nets.encoder_decoders.glcic import window_corners
from retouch.training.batch import Batch
from retouch.training.steps.contract import Context
from retouch.training.steps.inpainting.filling import Filling
from retouch.training.steps.inpainting.games import GAMES, GameName, Verdict
from retouch.training.steps.scoring import journal, paste

Metrics = Mapping[str, float | Tensor]


@dataclass(frozen=True)
class GLCICLoss:
    """Weight of the game (alpha) beside the squared error."""

    adversarial_weight: float = 4e-4
    game: GameName = "vanilla"


class GLCICTraining(Filling[GLCICLoss]):
    """One step moves what the phase trains.

    Parameters
    ----------
    networks : mapping by role
        "generator", and "critic", a `GlobalLocalCritic`.
    loss : GLCICLoss
    """

    def step(self, batch: Batch, context: Context) -> Metrics:
        """Take one step."""
        if not context.trains("generator"):
            return self._step_of_critic(batch, context)
        painted = self.painted(batch, context)
        error = region_l2(painted, batch.image, batch.mask)  # Eq. 2
        if not context.trains("critic"):
            context.update({"generator": error})
            return journal({"reconstruction": error})
        verdict = self._judge(batch, paste(painted, batch.image, batch.mask), context)
        total = error + self.loss.adversarial_weight * verdict.generator  # Eq. 4
        context.update({"generator": total, "critic": verdict.critic})
        return journal({"reconstruction": error, **verdict._asdict()})

    def _step_of_critic(self, batch: Batch, context: Context) -> Metrics:
        with torch.no_grad():
            filled = self.paint(batch, context)
        verdict = self._judge(batch, filled, context)
        context.update({"critic": verdict.critic})
        return journal(verdict._asdict())

    def _judge(self, batch: Batch, filled: Tensor, context: Context) -> Verdict:
        """Return the game; windows stand around the holes of filled pictures, and anywhere in true ones."""
        critic: Any = self.networks["critic"]
        around = window_corners(batch.mask, critic.local.side)
        anywhere = _random_corners(batch.mask, critic.local.side, context)
        rules = GAMES[self.loss.game]
        on_real = context.run(critic, batch.image, anywhere)
        on_fake = context.run(critic, filled.detach(), around)
        hoped = context.run(critic, filled, around)
        return Verdict(
            rules.of_generator(on_real.detach(), hoped),
            rules.of_critic(on_real, on_fake),
            on_real.detach().mean(),
            on_fake.detach().mean(),
        )


def _random_corners(mask: Tensor, side: int, context: Context) -> Tensor:
    rooms = [length - side + 1 for length in mask.shape[2:]]
    drawn = [
        torch.randint(room, (len(mask),), generator=context.rng, device=mask.device, dtype=torch.int64)
        for room in rooms
    ]
    return torch.stack(drawn, dim=1)
