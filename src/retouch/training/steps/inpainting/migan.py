"""MI-GAN: a small generator taught by a critic with a gradient penalty, by a larger network and by the truth.

Source: A. Sargsyan, S. Navasardyan, X. Xu, H. Shi, "MI-GAN: A Simple Baseline for Image Inpainting on Mobile Devices",
ICCV 2023, Sec. 3: an adversarial loss and the distillation of a teacher; penalty: L. Mescheder et al., "Which Training
Methods for GANs do actually Converge?", ICML 2018, Eq. 9.

Departures
----------
- The authors' training code and weights of terms are not public: those here are chosen. An absolute error against the
  truth is added, so that the net learns without a teacher too; 0 leaves it out.
- The generator is trained in its merged form, without the parallel branches of the paper's re-parametrisation.
- Any critic of the catalogue may play; theirs is StyleGAN2's.
- Both networks are moved at once (see `filling`).

Errors are of pictures in [-1, 1]; the critic sees composites.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from retouch.losses.games.zero_centred import r1_penalty
from retouch.training.batch import Batch
from retouch.training.steps.contract import Context
from retouch.training.steps.inpainting.filling import Filling, final_picture, require_role, signed_l1
from retouch.training.steps.inpainting.games import GAMES, GameName, View, as_seen, score_maps
from retouch.training.steps.scoring import journal, paste


@dataclass(frozen=True)
class MIGANLoss:
    """Weights of the terms; that of the penalty is R1's gamma, taken every `penalty_every` steps times that number.

    A `teacher_weight` above 0 needs a network of the role "teacher", which is never moved.
    """

    l1_weight: float = 1.0
    teacher_weight: float = 0.0
    adversarial_weight: float = 0.1
    penalty_weight: float = 10.0
    penalty_every: int = 16
    game: GameName = "vanilla"
    critic_view: View = "signed"


class MIGANTraining(Filling[MIGANLoss]):
    """One step moves generator and critic."""

    def __init__(self, networks: Mapping[str, nn.Module], loss: MIGANLoss) -> None:
        super().__init__(networks, loss)
        if loss.teacher_weight:
            require_role(networks, "teacher", f"teacher_weight = {loss.teacher_weight}")

    def step(self, batch: Batch, context: Context) -> Mapping[str, float | Tensor]:
        """Take one step."""
        painted = self.painted(batch, context)
        filled = paste(painted, batch.image, batch.mask)
        real, fake = (as_seen(picture, batch.mask, self.loss.critic_view) for picture in (batch.image, filled))
        rules = GAMES[self.loss.game]
        l1, lesson = signed_l1(painted, batch.image), self._lesson(painted, batch, context)
        real.requires_grad_()
        on_real = self._scores(real, context)
        hoped = rules.of_generator(on_real.detach(), self._scores(fake, context))
        critic = rules.of_critic(on_real, self._scores(fake.detach(), context))
        penalty = self._penalty(on_real, real, context)
        total = self.loss.l1_weight * l1 + self.loss.teacher_weight * lesson + self.loss.adversarial_weight * hoped
        context.update({"generator": total, "critic": critic + penalty})
        return journal({"l1": l1, "lesson": lesson, "generator": hoped, "critic": critic, "penalty": penalty})

    def _scores(self, picture: Tensor, context: Context) -> Tensor:
        maps = score_maps(context.run(self.networks["critic"], picture))
        return torch.cat([scores.flatten(1) if scores.ndim > 1 else scores[:, None] for scores in maps], dim=1)

    def _lesson(self, painted: Tensor, batch: Batch, context: Context) -> Tensor:
        """Return how far the picture is from the teacher's."""
        if not self.loss.teacher_weight:
            return painted.new_zeros(())
        teacher = self.networks["teacher"].eval()
        with torch.no_grad():
            taught = final_picture(context.run(teacher, batch.image, batch.mask))
        return signed_l1(painted, taught)

    def _penalty(self, on_real: Tensor, real: Tensor, context: Context) -> Tensor:
        every = self.loss.penalty_every
        if not self.loss.penalty_weight or context.step % every:
            return on_real.new_zeros(())
        return every * r1_penalty(on_real.mean(dim=1), real, gamma=self.loss.penalty_weight)
