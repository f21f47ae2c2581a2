"""The general training of networks that fill holes: chosen errors against the truth, and a critic on wish.

Source: the two weights of hole and known pixels as in G. Liu et al.: "Image Inpainting for Irregular Holes Using
Partial Convolutions", ECCV 2018, Sec. 3.4, and the total variation there; MS-SSIM with absolute errors after H. Zhao,
O. Gallo, I. Frosio, J. Kautz: "Loss Functions for Image Restoration with Neural Networks", IEEE TCI 2017.

Departures: this is no paper's training, but what recipes of networks use that have none of their own.

Pictures and errors are in [0, 1].
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from torch import Tensor, nn

from retouch.losses.lama import masked_l1, masked_l2
from retouch.losses.partial_conv import total_variation
from retouch.losses.pixels.gradients import gradient_l1
from retouch.losses.pixels.hole_psnr import log_squared_error
from retouch.losses.similarity.ms_ssim import ms_ssim
from retouch.training.batch import Batch
from retouch.training.steps.contract import Context
from retouch.training.steps.inpainting.filling import Filling, final_picture, require_role
from retouch.training.steps.inpainting.games import GameName, View, as_seen, play
from retouch.training.steps.inpainting.perceiving import Perceiver
from retouch.training.steps.scoring import journal, paste


@dataclass(frozen=True)
class ReconstructionLoss:
    """Weights of the terms; those of 0 are not computed.

    Attributes
    ----------
    error : str
        "l1" or "l2".
    hole_weight, valid_weight : float
        Of the errors of missing and of known pixels; the mean is over all pixels.
    log_weight : float
        Of the logarithm of the squared error in the hole, of which 1 dB of PSNR is 0.115.
    coarse_weight : float
        Of the first stage's picture, where a network gives one, beside the last one's 1.
    ms_ssim_weight, gradient_weight : float
        Of the composite: structure at several sizes (each scale halves the sides), and differences of neighbours.
    ms_ssim_scales : int
        1 to 5; 0 takes as many as fit.
    smoothness_weight : float
        Of the total variation of the composite in the hole.
    perceptual_weight, style_weight, backbone
        Need a file of weights.
    adversarial_weight, game, critic_view
        Need a network of the role "critic", which sees composites.
    """

    error: Literal["l1", "l2"] = "l1"
    hole_weight: float = 6.0
    valid_weight: float = 1.0
    log_weight: float = 0.0
    coarse_weight: float = 0.0
    ms_ssim_weight: float = 0.0
    ms_ssim_scales: int = 0
    gradient_weight: float = 0.0
    smoothness_weight: float = 0.0
    perceptual_weight: float = 0.0
    style_weight: float = 0.0
    backbone: str = ""
    adversarial_weight: float = 0.0
    game: GameName = "hinge"
    critic_view: View = "signed_with_mask"


class ReconstructionTraining(Filling[ReconstructionLoss]):
    """One step moves the generator, and the critic where the game has a weight."""

    def __init__(self, networks: Mapping[str, nn.Module], loss: ReconstructionLoss) -> None:
        super().__init__(networks, loss)
        if loss.adversarial_weight:
            require_role(networks, "critic", f"adversarial_weight = {loss.adversarial_weight}")
        self._perceiver = Perceiver(
            loss.backbone, perceptual_weight=loss.perceptual_weight, style_weight=loss.style_weight
        )

    def step(self, batch: Batch, context: Context) -> Mapping[str, float | Tensor]:
        """Take one step."""
        output = context.run(self.generator, self.given(batch), batch.mask)
        painted = final_picture(output)
        filled = paste(painted, batch.image, batch.mask)
        terms = self._errors(output, painted, batch) | self._structure(filled, batch)
        total = sum(terms.values(), start=self._perceiver(painted, batch, context))
        losses: dict[str, Any] = {"generator": total}
        if self.loss.adversarial_weight:
            real, fake = (as_seen(picture, batch.mask, self.loss.critic_view) for picture in (batch.image, filled))
            verdict = play(self.loss.game, context, self.networks["critic"], real, fake)
            losses = {
                "generator": total + self.loss.adversarial_weight * verdict.generator,
                "critic": verdict.critic,
            }
            terms |= {f"game_{name}": value for name, value in verdict._asdict().items()}
        context.update(losses)
        return journal({**terms, "reconstruction": total})

    def _errors(self, output: Any, painted: Tensor, batch: Batch) -> dict[str, Tensor]:
        """Return the weighted errors of pixels, of every stage that counts."""
        distance = masked_l1 if self.loss.error == "l1" else masked_l2
        weights = self.loss.valid_weight, self.loss.hole_weight
        errors = {"pixels": distance(painted, batch.image, batch.mask, *weights)}
        if self.loss.log_weight:
            errors["log_error"] = self.loss.log_weight * log_squared_error(painted, batch.image, batch.mask)
        if self.loss.coarse_weight and hasattr(output, "coarse"):
            coarse = distance(output.coarse, batch.image, batch.mask, *weights)
            errors["coarse_pixels"] = self.loss.coarse_weight * coarse
        return errors

    def _structure(self, filled: Tensor, batch: Batch) -> dict[str, Tensor]:
        """Return the weighted terms of what lies between pixels."""
        terms = {}
        if self.loss.ms_ssim_weight:
            unlike = 1 - ms_ssim(filled, batch.image, self.loss.ms_ssim_scales or None).mean()
            terms["ms_ssim"] = self.loss.ms_ssim_weight * unlike
        if self.loss.gradient_weight:
            terms["gradients"] = self.loss.gradient_weight * gradient_l1(filled, batch.image)
        if self.loss.smoothness_weight:
            terms["smoothness"] = self.loss.smoothness_weight * total_variation(filled, batch.mask)
        return terms
