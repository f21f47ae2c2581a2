"""DeepFill v2: pixel errors of both stages, and a critic that scores every feature of every patch.

Source: J. Yu, Z. Lin, J. Yang, X. Shen, X. Lu, T. Huang: "Free-Form Image Inpainting with Gated Convolution", ICCV
2019, Sec. 3.3-3.5; weights as in the authors' code.

Departures: both networks are moved at once (see `filling`).

Errors are of pictures in [-1, 1]; the critic sees composites with their masks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from torch import Tensor, nn

from retouch.training.batch import Batch
from retouch.training.steps.contract import Context
from retouch.training.steps.inpainting.filling import Filling, require_role, signed_l1
from retouch.training.steps.inpainting.games import GameName, Verdict, View, as_seen, play
from retouch.training.steps.scoring import journal, paste

Metrics = Mapping[str, float | Tensor]


@dataclass(frozen=True)
class DeepFillV2Loss:
    """Weights of the absolute errors of both stages and of the game; without the game no critic is needed."""

    coarse_weight: float = 1.0
    refined_weight: float = 1.0
    adversarial_weight: float = 1.0
    game: GameName = "hinge"
    critic_view: View = "signed_with_mask"


Loss = TypeVar("Loss", bound=DeepFillV2Loss)


class TwoStageTraining(Filling[Loss], Generic[Loss]):
    """One step of a generator that gives a coarse and a refined picture, with or without a critic.

    Parameters
    ----------
    networks : mapping by role
        "generator", and "critic" where the game has a weight.
    loss : DeepFillV2Loss
    """

    def __init__(self, networks: Mapping[str, nn.Module], loss: Loss) -> None:
        super().__init__(networks, loss)
        if loss.adversarial_weight:
            require_role(networks, "critic", f"adversarial_weight = {loss.adversarial_weight}")

    def step(self, batch: Batch, context: Context) -> Metrics:
        """Take one step."""
        stages = context.run(self.generator, batch.image, batch.mask)
        coarse, refined = (signed_l1(picture, batch.image) for picture in (stages.coarse, stages.refined))
        errors = self.loss.coarse_weight * coarse + self.loss.refined_weight * refined
        metrics: dict[str, Any] = {"coarse_l1": coarse, "refined_l1": refined}
        losses = {"generator": errors}
        if self.loss.adversarial_weight:
            verdict = self.judge(batch, paste(stages.refined, batch.image, batch.mask), context)
            losses["generator"] = errors + self.loss.adversarial_weight * verdict.generator
            losses["critic"] = verdict.critic
            metrics |= {f"game_{name}": value for name, value in verdict._asdict().items()}
        context.update(losses)
        return journal(metrics)

    def judge(self, batch: Batch, filled: Tensor, context: Context) -> Verdict:
        """Return what the critic makes of composites."""
        real, fake = (as_seen(picture, batch.mask, self.loss.critic_view) for picture in (batch.image, filled))
        return play(self.loss.game, context, self.networks["critic"], real, fake)


class DeepFillV2Training(TwoStageTraining[DeepFillV2Loss]):
    """The paper's own training."""
