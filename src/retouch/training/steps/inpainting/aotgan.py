"""AOT-GAN: absolute error, features and style, and a critic that paints where the hole was.

Source: Y. Zeng, J. Fu, H. Chao, B. Guo, "Aggregated Contextual Transformations for High-Resolution Image Inpainting",
IEEE TVCG 2022, part "SM-PatchGAN" and the weights of its overall loss.

Departures: both networks are moved at once (see `filling`); which form of the generator's game is played is a setting,
see `retouch.losses.aotgan`. Errors are of pictures in [-1, 1]; the critic sees composites.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from torch import Tensor, nn

from retouch.losses import aotgan as losses
from retouch.training.batch import Batch
from retouch.training.steps.contract import Context
from retouch.training.steps.inpainting.filling import Filling, signed_l1
from retouch.training.steps.inpainting.games import as_seen, score_maps
from retouch.training.steps.inpainting.perceiving import Perceiver
from retouch.training.steps.scoring import journal, paste


@dataclass(frozen=True)
class AOTGANLoss:
    """Weights of the terms.

    Attributes
    ----------
    l1_weight, perceptual_weight, style_weight, adversarial_weight : float
        The second and third need `backbone`, the weights file of VGG-19.
    game : str
        "soft_mask" as the paper means it, "released" as the authors' code computes the generator's part, "plain" the
        non-saturating game of the paper's ablation.
    blur_px, blur_sigma_px : int, float
        Of the mask that the critic is to paint; published for pictures of 512 px.
    backbone : str
    """

    l1_weight: float = 1.0
    perceptual_weight: float = 0.1
    style_weight: float = 250.0
    adversarial_weight: float = 0.01
    game: Literal["soft_mask", "released", "plain"] = "soft_mask"
    blur_px: int = 71
    blur_sigma_px: float = 10.0
    backbone: str = ""


class AOTGANTraining(Filling[AOTGANLoss]):
    """One step moves generator and critic."""

    def __init__(self, networks: Mapping[str, nn.Module], loss: AOTGANLoss) -> None:
        super().__init__(networks, loss)
        self._perceiver = Perceiver(
            loss.backbone, perceptual_weight=loss.perceptual_weight, style_weight=loss.style_weight
        )

    def step(self, batch: Batch, context: Context) -> Mapping[str, float | Tensor]:
        """Take one step."""
        painted = self.painted(batch, context)
        filled = paste(painted, batch.image, batch.mask)
        real, fake = (as_seen(picture, batch.mask, "signed") for picture in (batch.image, filled))
        on_real, on_fake, hoped = (self._scores(x, context) for x in (real, fake.detach(), fake))
        l1, game = signed_l1(painted, batch.image), self._generator_loss(hoped, batch.mask)
        critic = self._critic_loss(on_real, on_fake, batch.mask)
        total = self.loss.l1_weight * l1 + self.loss.adversarial_weight * game
        context.update({"generator": total + self._perceiver(painted, batch, context), "critic": critic})
        return journal({"l1": l1, "generator": game, "critic": critic})

    def _scores(self, picture: Tensor, context: Context) -> Tensor:
        (scores,) = score_maps(context.run(self.networks["critic"], picture))
        return scores

    def _generator_loss(self, hoped: Tensor, mask: Tensor) -> Tensor:
        if self.loss.game == "plain":
            return losses.generator_loss(hoped)
        if self.loss.game == "released":
            return losses.released_generator_loss(hoped, mask)
        return losses.soft_mask_generator_loss(hoped, mask)

    def _critic_loss(self, on_real: Tensor, on_fake: Tensor, mask: Tensor) -> Tensor:
        if self.loss.game == "plain":
            return losses.discriminator_loss(on_real, on_fake)
        return losses.soft_mask_discriminator_loss(
            on_real, on_fake, mask, size_px=self.loss.blur_px, sigma_px=self.loss.blur_sigma_px
        )
