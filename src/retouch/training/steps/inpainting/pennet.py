"""PEN-Net: errors in and outside the hole, errors of the pictures of all levels, and a critic of patches.

Source: Y. Zeng, J. Fu, H. Chao, B. Guo: "Learning Pyramid-Context Encoder Network for High-Quality Image Inpainting",
CVPR 2019, Sec. 3.3; weights and the division by the shares of hole and known pixels as in the authors' PyTorch code.

Departures
----------
- The truth is brought to the size of a level by means over areas; that code takes single pixels.
- Both networks are moved at once (see `filling`).

Errors are of pictures in [-1, 1]; the critic sees composites.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from torch import Tensor, nn

from retouch.losses.pixels.regions import region_l1
from retouch.losses.pixels.scales import multiscale
from retouch.nets.inpainting.pennet import STRIDE
from retouch.nets.layers.mirroring import pad_to_multiple
from retouch.training.batch import Batch
from retouch.training.steps.contract import Context
from retouch.training.steps.inpainting.filling import Filling, require_role, signed_l1
from retouch.training.steps.inpainting.games import GameName, View, as_seen, play
from retouch.training.steps.scoring import journal, paste


@dataclass(frozen=True)
class PENNetLoss:
    """Weights of the terms; adversarial_weight = 0 needs no critic."""

    hole_weight: float = 6.0
    valid_weight: float = 1.0
    pyramid_weight: float = 0.5
    adversarial_weight: float = 0.1
    game: GameName = "hinge"
    critic_view: View = "signed"


class PENNetTraining(Filling[PENNetLoss]):
    """One step moves the generator, and its critic where the game has a weight."""

    def __init__(self, networks: Mapping[str, nn.Module], loss: PENNetLoss) -> None:
        super().__init__(networks, loss)
        if loss.adversarial_weight:
            require_role(networks, "critic", f"adversarial_weight = {loss.adversarial_weight}")

    def step(self, batch: Batch, context: Context) -> Mapping[str, float | Tensor]:
        """Take one step."""
        painted, pyramid = context.run(self.generator.paint_pyramid, batch.image, batch.mask)
        errors = {**region_errors(painted, batch), "pyramid": pyramid_error(pyramid, batch.image)}
        total = (
            self.loss.hole_weight * errors["hole"]
            + self.loss.valid_weight * errors["valid"]
            + self.loss.pyramid_weight * errors["pyramid"]
        )
        if not self.loss.adversarial_weight:
            context.update({"generator": total})
            return journal(errors)
        filled = paste(painted, batch.image, batch.mask)
        real, fake = (as_seen(picture, batch.mask, self.loss.critic_view) for picture in (batch.image, filled))
        verdict = play(self.loss.game, context, self.networks["critic"], real, fake)
        context.update(
            {"generator": total + self.loss.adversarial_weight * verdict.generator, "critic": verdict.critic}
        )
        return journal(errors | verdict._asdict())


def region_errors(painted: Tensor, batch: Batch) -> dict[str, Tensor]:
    """Return the mean absolute errors in [-1, 1] of the "hole" and of the "valid" pixels."""
    hole, valid = (2 * region_l1(painted, batch.image, region) for region in (batch.mask, 1 - batch.mask))
    return {"hole": hole, "valid": valid}


def pyramid_error(pyramid: Sequence[Tensor], image: Tensor) -> Tensor:
    """Return the sum over levels of the mean absolute error in [-1, 1], each at its own size."""
    return multiscale(pyramid, pad_to_multiple(image, STRIDE), signed_l1)
