"""GDN: a detector learns where a picture was filled in, and its answer weighs the generator's errors.

Source: R. Zhang, W. Quan, B. Wu, Z. Li, D.-M. Yan: "Pixel-wise Dense Detector for Image Inpainting", Computer Graphics
Forum (Pacific Graphics) 2020, Eqs. 4-8 and Sec. 4 (the ablations); the update of both networks in one step and the
gradient through the detector as in the authors' code.

Departures
----------
- The paper does not give the weight of its adversarial ablation; 0.1 is the choice of EdgeConnect, whose generator
  has the same layers.

I_out  the generator's raw picture, not the composite: the detector must find the hole without its rim
V      the detector's answer, W = 1 + V or base^V
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor, nn

from retouch.errors import InputError
from retouch.losses import gdn as losses
from retouch.losses.lama import masked_l1
from retouch.training.batch import Batch
from retouch.training.steps.contract import Context
from retouch.training.steps.inpainting.filling import Filling, require_role
from retouch.training.steps.inpainting.games import GameName, View, as_seen, play
from retouch.training.steps.scoring import composite, detector_scores, hole_scores, journal

Metrics = Mapping[str, float | Tensor]


@dataclass(frozen=True)
class GDNLoss:
    """Settings of GDN and of the arms that it is compared with.

    Attributes
    ----------
    arm : str
        "detector" is GDN (Eq. 8); "l1" the plain error; "hard" weighs the hole by `hole_weight`; "adversarial" adds
        a critic to the plain error.
    detector_loss : str
        "ce" (Eq. 4), "bce" (Eq. 5) or "focal" (Eq. 6).
    gamma : float
        Of the focal loss.
    weight : str
        "linear", 1 + V, or "exponential", `base`^V.
    base : float
        10 in the paper, which also tried e.
    detach_weight : bool
        True stops the gradient at the weight: what remains is a weighting of hard pixels.
    hole_weight : float
        Of "hard"; known pixels weigh 1.
    adversarial_weight, game, critic_view
        Of "adversarial".
    """

    arm: Literal["detector", "l1", "hard", "adversarial"] = "detector"
    detector_loss: Literal["ce", "bce", "focal"] = "focal"
    gamma: float = 2.0
    weight: Literal["linear", "exponential"] = "exponential"
    base: float = 10.0
    detach_weight: bool = False
    hole_weight: float = 6.0
    adversarial_weight: float = 0.1
    game: GameName = "vanilla"
    critic_view: View = "unit"


class GDNTraining(Filling[GDNLoss]):
    """One step moves generator and detector together.

    Parameters
    ----------
    networks : mapping by role
        "generator"; "detector" (`gdn_detector`) for the arm of that name, "critic" for "adversarial". A generator that
        carries a detector of its own, as the catalogue's `gdn` does, is given the weights of the trained one after
        every step, so that its file is complete.
    loss : GDNLoss
    """

    def __init__(self, networks: Mapping[str, nn.Module], loss: GDNLoss) -> None:
        super().__init__(networks, loss)
        needed = {"detector": "detector", "adversarial": "critic"}.get(loss.arm)
        if needed:
            require_role(networks, needed, f'arm = "{loss.arm}"')
        if loss.arm == "detector":
            _require_same_shapes(self._own_detector(), networks["detector"])

    def step(self, batch: Batch, context: Context) -> Metrics:
        """Take one step."""
        painted = self.painted(batch, context)
        if self.loss.arm == "detector":
            return self._step_with_detector(batch, painted, context)
        if self.loss.arm == "adversarial":
            return self._step_with_critic(batch, painted, context)
        return self._step_alone(batch, painted, context)

    def validate(self, batch: Batch, context: Context) -> Mapping[str, Tensor]:
        """Return psnr, mse and l1 of the holes, and how well the detector tells holes of I_out from the rest."""
        painted = self.painted(batch, context)
        scores = hole_scores(composite(painted, batch.image, batch.mask), batch.image, batch.mask)
        if self.loss.arm == "detector":
            scores |= detector_scores(self._artifacts(painted, context), batch.mask)
        return scores

    def _artifacts(self, painted: Tensor, context: Context) -> Tensor:
        detector: Any = self.networks["detector"]
        artifacts: Tensor = context.run(detector.artifact_map, painted)
        return artifacts

    def _step_with_detector(self, batch: Batch, painted: Tensor, context: Context) -> Metrics:
        artifacts = self._artifacts(painted, context)
        weight = self._weight(artifacts)
        generator_loss = losses.weighted_l1(painted, batch.image, weight, detach_weight=self.loss.detach_weight)
        detector_loss = self._detector_loss(self._artifacts(painted.detach(), context), batch.mask)
        context.update({"generator": generator_loss, "detector": detector_loss})
        self._complete_generator()
        gap = detector_scores(artifacts.detach(), batch.mask)["detector_gap"].mean()
        return journal({"generator": generator_loss, "detector": detector_loss, "detector_gap": gap})

    def _step_with_critic(self, batch: Batch, painted: Tensor, context: Context) -> Metrics:
        real, fake = (as_seen(x, batch.mask, self.loss.critic_view) for x in (batch.image, painted))
        verdict = play(self.loss.game, context, self.networks["critic"], real, fake)
        l1 = (painted - batch.image).abs().mean()
        context.update({"generator": l1 + self.loss.adversarial_weight * verdict.generator, "critic": verdict.critic})
        return journal({"l1": l1, **verdict._asdict()})

    def _step_alone(self, batch: Batch, painted: Tensor, context: Context) -> Metrics:
        hole_weight = self.loss.hole_weight if self.loss.arm == "hard" else 1.0
        error = masked_l1(painted, batch.image, batch.mask, weight_known=1.0, weight_missing=hole_weight)
        context.update({"generator": error})
        return journal({"generator": error})

    def _weight(self, artifacts: Tensor) -> Tensor:
        if self.loss.weight == "linear":
            return losses.linear_weight(artifacts)
        return losses.exponential_weight(artifacts, base=self.loss.base)

    def _detector_loss(self, artifacts: Tensor, mask: Tensor) -> Tensor:
        if self.loss.detector_loss == "ce":
            return losses.cross_entropy(artifacts, mask)
        gamma = 0.0 if self.loss.detector_loss == "bce" else self.loss.gamma  # Eq. 5 is Eq. 6 with gamma = 0
        return losses.focal_loss(artifacts, mask, gamma=gamma)

    def _own_detector(self) -> nn.Module | None:
        own = getattr(self.generator, "detector", None)
        return own if isinstance(own, nn.Module) else None

    @torch.no_grad()
    def _complete_generator(self) -> None:
        own = self._own_detector()
        if own is not None:
            for mine, trained in zip(own.parameters(), self.networks["detector"].parameters(), strict=True):
                mine.copy_(trained)


def _require_same_shapes(own: nn.Module | None, trained: nn.Module) -> None:
    if own is None:
        return
    ours, theirs = ([tuple(value.shape) for value in net.parameters()] for net in (own, trained))
    if ours != theirs:
        raise InputError(
            "the generator carries a detector of another size than the one that is trained; take the same preset for "
            "the roles 'generator' and 'detector'"
        )
