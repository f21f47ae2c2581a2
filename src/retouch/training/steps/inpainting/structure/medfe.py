"""MEDFE: the picture, and its structure and texture at an eighth of the side, against critics of the whole and a part.

Source: H. Liu, B. Jiang, Y. Song, W. Huang, C. Yang: "Rethinking Image Inpainting via a Mutual Encoder-Decoder with
Feature Equalizations", ECCV 2020, Sec. 3.4; weights as in the authors' code.

Departures
----------
- Batches of any size; the code takes the first sample alone.
- The local critic sees a square in the middle of the hole; the code takes one anywhere.
- Both networks are moved at once (see `filling`).

Errors are of pictures in [-1, 1]. "structure" of the batch is the smooth version of the truth.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from torch import Tensor, nn

from retouch.losses.pixels.scales import reduced
from retouch.nets.encoder_decoders.glcic import crop_windows, window_corners
from retouch.nets.inpainting.medfe import SMALLEST, STRIDE
from retouch.nets.layers.mirroring import pad_to_multiple
from retouch.training.batch import Batch
from retouch.training.steps.contract import Context
from retouch.training.steps.inpainting.filling import Filling, full_structure, require_role, signed_l1
from retouch.training.steps.inpainting.games import GameName, Verdict, View, as_seen, play
from retouch.training.steps.inpainting.perceiving import Perceiver
from retouch.training.steps.scoring import journal, paste


@dataclass(frozen=True)
class MEDFELoss:
    """Weights of the terms.

    Attributes
    ----------
    l1_weight, structure_weight, texture_weight : float
        Of the picture and of the two small ones; a structure weight needs the data's option "structure".
    adversarial_weight, local_px, game, critic_view
        Of both games; a weight of 0 needs no critics. `local_px` is the side of the local critic's square.
    perceptual_weight, style_weight : float
        Need `backbone`, a file of weights.
    """

    l1_weight: float = 1.0
    structure_weight: float = 1.0
    texture_weight: float = 1.0
    adversarial_weight: float = 0.2
    perceptual_weight: float = 0.2
    style_weight: float = 250.0
    local_px: int = 64
    game: GameName = "relativistic"
    critic_view: View = "signed"
    backbone: str = ""


class MEDFETraining(Filling[MEDFELoss]):
    """One step moves the generator and its critics."""

    def __init__(self, networks: Mapping[str, nn.Module], loss: MEDFELoss) -> None:
        super().__init__(networks, loss)
        if loss.adversarial_weight:
            require_role(networks, "critic", f"adversarial_weight = {loss.adversarial_weight}")
        self._perceiver = Perceiver(
            loss.backbone, perceptual_weight=loss.perceptual_weight, style_weight=loss.style_weight
        )

    def step(self, batch: Batch, context: Context) -> Mapping[str, float | Tensor]:
        """Take one step."""
        painted, structure, texture = context.run(self.generator.paint_parts, batch.image, batch.mask)
        errors = {"l1": signed_l1(painted, batch.image), "texture": signed_l1(texture, _like(texture, batch.image))}
        total = self.loss.l1_weight * errors["l1"] + self.loss.texture_weight * errors["texture"]
        if self.loss.structure_weight:
            errors["structure"] = signed_l1(
                structure, _like(structure, full_structure(batch, ", or structure_weight = 0"))
            )
            total = total + self.loss.structure_weight * errors["structure"]
        verdicts = self._play(batch, paste(painted, batch.image, batch.mask), context)
        for verdict in verdicts.values():
            total = total + self.loss.adversarial_weight * verdict.generator
        total = total + self._perceiver(painted, batch, context)
        context.update({"generator": total, **{role: verdict.critic for role, verdict in verdicts.items()}})
        games = {f"{role}_{side}": value for role, v in verdicts.items() for side, value in v._asdict().items()}
        return journal(errors | games)

    def _play(self, batch: Batch, filled: Tensor, context: Context) -> dict[str, Verdict]:
        if not self.loss.adversarial_weight:
            return {}
        whole = batch.image, filled, batch.mask
        verdicts = {"critic": self._round("critic", whole, context)}
        if "local_critic" in self.networks:
            corners = window_corners(batch.mask, self.loss.local_px)
            image, made, mask = (crop_windows(x, corners, self.loss.local_px) for x in whole)
            verdicts["local_critic"] = self._round("local_critic", (image, made, mask), context)
        return verdicts

    def _round(self, role: str, parts: tuple[Tensor, Tensor, Tensor], context: Context) -> Verdict:
        image, filled, mask = parts
        real, fake = (as_seen(picture, mask, self.loss.critic_view) for picture in (image, filled))
        return play(self.loss.game, context, self.networks[role], real, fake)


def _like(small: Tensor, picture: Tensor) -> Tensor:
    """Return a picture at the size of one that came out of the padded net."""
    padded = pad_to_multiple(picture, STRIDE, least=SMALLEST)
    return reduced(padded, small)
