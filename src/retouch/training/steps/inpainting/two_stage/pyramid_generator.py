"""Pyramid generator: structure, middle and texture layers are trained together, each at its own size.

Source: doctoral thesis on multi-scale image inpainting (seed 003), Ch. 3, Secs. 3.2-3.3: per layer an absolute error
and, but for the structure, a hinge game with a critic of its own.

Departures
----------
- The thesis compares the structure layer with the "input corrupted structure", an evident slip: the truth's smooth
  version is meant, without holes.
- The first stage of the texture layer has an error of its own, as in DeepFill v2.
- Critics see composites, with the mask of their size; errors are of pictures in [-1, 1].
- Where the batch holds "known_structure", smoothed from the masked picture, the generator is given that, as it will be
  in use; else the truth's smooth version without its holes, whose rims know a little of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from torch import Tensor, nn
from torch.nn import functional

from retouch.errors import InputError
from retouch.nets.inpainting.two_stage.pyramid_generator import STRIDE, Level, pyramid_levels
from retouch.nets.layers.mirroring import pad_to_multiple
from retouch.training.batch import Batch
from retouch.training.steps.contract import Context
from retouch.training.steps.inpainting.filling import Filling, require_role, signed_l1
from retouch.training.steps.inpainting.games import GameName, Verdict, View, as_seen, play
from retouch.training.steps.scoring import journal, paste

_QUARTER = 4


@dataclass(frozen=True)
class PyramidLoss:
    """Settings of the pyramid; how layers are fused and dilated is the network's own matter.

    Attributes
    ----------
    structure_weight, middle_weight, texture_weight : float
        lambda of the three layers; 0 leaves a layer's own loss out.
    l1_weight, coarse_weight : float
        Of the absolute error beside the game (alpha), and of the texture layer's first stage.
    adversarial_weight : float
        Of the games; 0 needs no critics.
    structure_target : str
        "smooth" needs the data's option "structure"; "picture" makes the smallest layer an ordinary one (Table 3.4).
    feeds_structure : bool
        Whether the generator is given the smooth version of the known part.
    game, critic_view
        Hinge, and the view of SN-PatchGAN; "signed" for SinGAN's critic.
    """

    structure_weight: float = 1.0
    middle_weight: float = 1.0
    texture_weight: float = 1.0
    l1_weight: float = 1.0
    coarse_weight: float = 1.0
    adversarial_weight: float = 1.0
    structure_target: Literal["smooth", "picture"] = "smooth"
    feeds_structure: bool = True
    game: GameName = "hinge"
    critic_view: View = "signed_with_mask"


class _Layer(NamedTuple):
    """What a game is played about: a layer's picture, the truth and the mask of its size."""

    painted: Tensor
    truth: Tensor
    mask: Tensor


class PyramidTraining(Filling[PyramidLoss]):
    """One step moves all layers.

    Parameters
    ----------
    networks : mapping by role
        "generator"; with games "critic_middle" and "critic", for half and full size.
    loss : PyramidLoss
    """

    def __init__(self, networks: Mapping[str, nn.Module], loss: PyramidLoss) -> None:
        super().__init__(networks, loss)
        for role in self._critics():
            require_role(networks, role, f"adversarial_weight = {loss.adversarial_weight}")

    def painted(self, batch: Batch, context: Context) -> Tensor:
        """Return the pictures of the texture layer."""
        refined: Tensor = self._pictures(batch, context).refined
        return refined

    def step(self, batch: Batch, context: Context) -> Mapping[str, float | Tensor]:
        """Take one step."""
        pictures = self._pictures(batch, context)
        middle, texture = self._layers(pictures, batch)
        errors = {
            "structure_l1": signed_l1(pictures.structure, self._structure_target(batch)),
            "middle_l1": signed_l1(middle.painted, middle.truth),
            "coarse_l1": signed_l1(pictures.coarse, batch.image),
            "texture_l1": signed_l1(texture.painted, texture.truth),
        }
        verdicts = {
            role: self._play(role, middle if role == "critic_middle" else texture, context) for role in self._critics()
        }
        context.update({"generator": self._total(errors, verdicts), **{r: v.critic for r, v in verdicts.items()}})
        games = {f"{role}_{side}": value for role, v in verdicts.items() for side, value in v._asdict().items()}
        return journal(errors | games)

    def _critics(self) -> tuple[str, ...]:
        if not self.loss.adversarial_weight:
            return ()
        weights = {"critic_middle": self.loss.middle_weight, "critic": self.loss.texture_weight}
        return tuple(role for role, weight in weights.items() if weight)

    def _total(self, errors: Mapping[str, Tensor], verdicts: Mapping[str, Verdict]) -> Tensor:
        loss = self.loss
        games = {role: loss.adversarial_weight * verdict.generator for role, verdict in verdicts.items()}
        texture = loss.l1_weight * errors["texture_l1"] + loss.coarse_weight * errors["coarse_l1"]
        return (
            loss.structure_weight * errors["structure_l1"]
            + loss.middle_weight * (loss.l1_weight * errors["middle_l1"] + games.get("critic_middle", 0))
            + loss.texture_weight * (texture + games.get("critic", 0))
        )

    def _pictures(self, batch: Batch, context: Context) -> Any:
        given = batch.tensors.get("known_structure", batch.tensors.get("structure"))
        smooth = None if given is None or not self.loss.feeds_structure else _small(given, batch)
        return context.run(self.generator, batch.image, batch.mask, smooth)

    def _structure_target(self, batch: Batch) -> Tensor:
        if self.loss.structure_target == "picture":
            return _small(batch.image, batch)
        if "structure" not in batch.tensors:
            raise InputError(
                "the structure layer needs the smooth version of every picture, and the batch has none; set the data's "
                'option structure = {scale = 4}, or structure_target = "picture"'
            )
        return _small(batch.tensors["structure"], batch)

    def _layers(self, pictures: Any, batch: Batch) -> tuple[_Layer, _Layer]:
        half: Level = pyramid_levels(batch.image, batch.mask)[1]
        halved = functional.avg_pool2d(pad_to_multiple(batch.image, STRIDE), 2)
        return _Layer(pictures.middle, halved, half.mask), _Layer(pictures.refined, batch.image, batch.mask)

    def _play(self, role: str, layer: _Layer, context: Context) -> Verdict:
        filled = paste(layer.painted, layer.truth, layer.mask)
        real, fake = (as_seen(picture, layer.mask, self.loss.critic_view) for picture in (layer.truth, filled))
        return play(self.loss.game, context, self.networks[role], real, fake)


def _small(picture: Tensor, batch: Batch) -> Tensor:
    """Return a picture at the size of the smallest layer; one that has this size already stays."""
    small = tuple(-(-side // STRIDE) * STRIDE // _QUARTER for side in batch.image.shape[2:])
    if tuple(picture.shape[2:]) == small:
        return picture
    return functional.avg_pool2d(pad_to_multiple(picture, STRIDE), _QUARTER)
