"""HiFill: errors of the coarse and of the refined picture, and a critic under a gradient penalty.

Source: Z. Yi, Q. Tang, S. Azizi, D. Jang, Z. Xu: "Contextual Residual Aggregation for Ultra High-Resolution Image
Inpainting", CVPR 2020, Sec. 3.5.

Departures
----------
- The authors' training code is not public, and the weights here are chosen: DeepFill v1's for the game, equal ones for
  both stages.
- Both networks are moved at once (see `filling`).

Errors are of pictures in [-1, 1]; the critic sees composites. The attention map needs no loss of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from torch import Tensor

from retouch.losses.lama import masked_l1
from retouch.training.batch import Batch
from retouch.training.steps.contract import Context
from retouch.training.steps.inpainting.filling import Filling
from retouch.training.steps.inpainting.wasserstein import play_wasserstein
from retouch.training.steps.scoring import journal, paste


@dataclass(frozen=True)
class HiFillLoss:
    """Weights of the terms."""

    coarse_weight: float = 1.0
    refined_weight: float = 1.0
    hole_weight: float = 1.2
    known_weight: float = 1.0
    adversarial_weight: float = 0.001
    penalty_weight: float = 10.0


class HiFillTraining(Filling[HiFillLoss]):
    """One step moves generator and critic.

    Parameters
    ----------
    networks : mapping by role
        "generator", and "critic" of whole pictures in [-1, 1].
    loss : HiFillLoss
    """

    def step(self, batch: Batch, context: Context) -> Mapping[str, float | Tensor]:
        """Take one step."""
        pictures = context.run(self.generator, batch.image, batch.mask)
        coarse, refined = (self._error(picture, batch) for picture in (pictures.coarse, pictures.refined))
        filled = paste(pictures.refined, batch.image, batch.mask)
        result = play_wasserstein(
            context,
            self.networks["critic"],
            2 * batch.image - 1,
            2 * filled - 1,
            mask=batch.mask,
            penalty_weight=self.loss.penalty_weight,
        )
        errors = self.loss.coarse_weight * coarse + self.loss.refined_weight * refined
        context.update({"generator": errors + self.loss.adversarial_weight * result.generator, "critic": result.critic})
        return journal({"coarse": coarse, "refined": refined, **result._asdict()})

    def _error(self, picture: Tensor, batch: Batch) -> Tensor:
        weights = self.loss.known_weight, self.loss.hole_weight
        return 2 * masked_l1(picture, batch.image, batch.mask, *weights)
