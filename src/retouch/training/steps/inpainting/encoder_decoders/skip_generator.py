"""The generator with skip connections of the people track: absolute error first, then a critic of whole pictures too.

Source: V. Patel, A. Pandey, "Generative Image Inpainting for Person Pose Generation", in S. Escalera et al. (eds.),
"Inpainting and Denoising Challenges", Springer 2019, Sec. 1.1: terms, beta = 0.01 and the two stages of 5 and 15
epochs.

Departures
----------
- The printed adversarial loss has a logarithm too many; the ordinary one is meant.
- The authors add a perceptual term of VGG-16 without saying its weight; it is 0 here and needs a backbone's file.
- The absolute error is a mean, not a sum. Critics see composites.

A phase that does not train the critic is the first one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from torch import Tensor, nn

from retouch.training.batch import Batch
from retouch.training.steps.contract import Context
from retouch.training.steps.inpainting.filling import Filling
from retouch.training.steps.inpainting.games import GameName, View, as_seen, play
from retouch.training.steps.inpainting.perceiving import Perceiver
from retouch.training.steps.scoring import journal, paste


@dataclass(frozen=True)
class SkipGeneratorLoss:
    """Weights of the terms; `backbone` is the weights file of the perceptual one."""

    l1_weight: float = 1.0
    adversarial_weight: float = 0.01
    perceptual_weight: float = 0.0
    backbone: str = ""
    game: GameName = "vanilla"
    critic_view: View = "signed"


class SkipGeneratorTraining(Filling[SkipGeneratorLoss]):
    """One step moves the generator, and the critic in the phases that train it."""

    def __init__(self, networks: Mapping[str, nn.Module], loss: SkipGeneratorLoss) -> None:
        super().__init__(networks, loss)
        self._perceiver = Perceiver(loss.backbone, perceptual_weight=loss.perceptual_weight, squared=True)

    def step(self, batch: Batch, context: Context) -> Mapping[str, float | Tensor]:
        """Take one step."""
        painted = self.painted(batch, context)
        error = (painted - batch.image).abs().mean()
        total = self.loss.l1_weight * error + self._perceiver(painted, batch, context)
        if "critic" not in self.networks or not context.trains("critic"):
            context.update({"generator": total})
            return journal({"l1": error})
        filled = paste(painted, batch.image, batch.mask)
        real, fake = (as_seen(picture, batch.mask, self.loss.critic_view) for picture in (batch.image, filled))
        verdict = play(self.loss.game, context, self.networks["critic"], real, fake)
        context.update(
            {"generator": total + self.loss.adversarial_weight * verdict.generator, "critic": verdict.critic}
        )
        return journal({"l1": error, **verdict._asdict()})
