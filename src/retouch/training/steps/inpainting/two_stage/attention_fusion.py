"""Attention feature fusion: DeepFill v2's training with the weight alpha, and the game that it was compared with.

Source: doctoral thesis on multi-scale image inpainting (seed 003), Ch. 4, Eqs. 4.10-4.13.

Departures: the thesis draws a single stage; the error of the coarse one is DeepFill v2's. How skips and residuals are
fused, and whether a norm may be trained on batches of one, is the network's matter.

Errors are of pictures in [-1, 1]; the critic sees composites with their masks.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from retouch.training.batch import Batch
from retouch.training.steps.contract import Context
from retouch.training.steps.inpainting.games import Verdict, as_seen
from retouch.training.steps.inpainting.two_stage.deepfill_v2 import DeepFillV2Loss, TwoStageTraining
from retouch.training.steps.inpainting.wasserstein import play_wasserstein


@dataclass(frozen=True)
class AttentionFusionLoss(DeepFillV2Loss):
    """DeepFill v2's settings, and `wasserstein`, the game of Eq. 4.10 with a penalty in the hole.

    `refined_weight` is alpha.
    """

    wasserstein: bool = False
    penalty_weight: float = 10.0


class AttentionFusionTraining(TwoStageTraining[AttentionFusionLoss]):
    """One step moves the generator, and its critic where the game has a weight."""

    def judge(self, batch: Batch, filled: Tensor, context: Context) -> Verdict:
        """Return what the critic makes of composites."""
        if not self.loss.wasserstein:
            return super().judge(batch, filled, context)
        real, fake = (as_seen(picture, batch.mask, self.loss.critic_view) for picture in (batch.image, filled))
        result = play_wasserstein(
            context,
            self.networks["critic"],
            real,
            fake,
            mask=batch.mask,
            penalty_weight=self.loss.penalty_weight,
        )
        return Verdict(result.generator, result.critic, result.real_score, result.fake_score)
