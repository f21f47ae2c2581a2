"""StructureFlow: the smooth picture, then the flow that carries texture into it, then both.

Source: Y. Ren, X. Yu, R. Zhang, T. H. Li, S. Liu, G. Li: "StructureFlow: Image Inpainting via Structure-aware
Appearance Flow", ICCV 2019, Secs. 3.1-3.3; weights as in the authors' code.

Departures
----------
- Features of the flow's loss are relu3_1 of VGG-19 in the paper. With `flow_features = "pixels"` windows of 3 x 3
  pixels at a quarter of the side stand for them, so that no foreign weights are needed; state it beside any result.
- Networks are moved at once (see `filling`). Style and content terms of the last stage are 0 without a backbone.

stage       trains, from                                                   role
"structure" the structure generator: l1 and game                           structure_critic
"flow"      the flow column alone, from the true structure                 -
"texture"   the texture generator, from the true structure                 critic
"joint"     both, the texture from the generator's own structure           both

Errors are of pictures in [-1, 1]; "structure" of the batch is the smooth version of the truth.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

import torch
from torch import Tensor, nn
from torch.nn import functional

from retouch.errors import InputError, unknown_name
from retouch.losses.structureflow import sampling_correctness
from retouch.nets.layers.flow_warp import GaussianFlowWarp
from retouch.nets.layers.mirroring import pad_to_multiple
from retouch.nets.structure.structureflow_texture import TextureGenerator
from retouch.training.batch import Batch
from retouch.training.steps.contract import Context
from retouch.training.steps.inpainting.filling import Filling, full_structure, require_role, signed_l1
from retouch.training.steps.inpainting.games import GameName, play
from retouch.training.steps.inpainting.perceiving import Perceiver
from retouch.training.steps.scoring import hole_scores, journal

Stage = Literal["structure", "flow", "texture", "joint"]
_QUARTER = 4
_FLOW_LAYER = "relu3_1"
_GREY = 0.5


@dataclass(frozen=True)
class StructureFlowLoss:
    """Weights of the terms.

    Attributes
    ----------
    stage : str
        Where a recipe has no phases; else the phase's name is the stage.
    structure_weight, structure_adversarial_weight : float
        Of the smooth picture.
    l1_weight, adversarial_weight, flow_weight : float
        Of the picture and of the flow.
    perceptual_weight, style_weight : float
        Of the picture; .1 and 250 in the paper's last stage, they need `backbone`.
    flow_features : str
        "backbone" or "pixels", see the head of this file.
    game, backbone : str
    """

    stage: Stage = "joint"
    structure_weight: float = 4.0
    structure_adversarial_weight: float = 1.0
    l1_weight: float = 5.0
    adversarial_weight: float = 1.0
    flow_weight: float = 0.25
    perceptual_weight: float = 0.0
    style_weight: float = 0.0
    flow_features: Literal["backbone", "pixels"] = "backbone"
    game: GameName = "least_squares"
    backbone: str = ""


class StructureFlowTraining(Filling[StructureFlowLoss]):
    """One step moves what its stage trains.

    Parameters
    ----------
    networks : mapping by role
        "generator", a `StructureFlow`; "critic" and "structure_critic" where the games have a weight.
    loss : StructureFlowLoss
    """

    def __init__(self, networks: Mapping[str, nn.Module], loss: StructureFlowLoss) -> None:
        super().__init__(networks, loss)
        weights = {"critic": loss.adversarial_weight, "structure_critic": loss.structure_adversarial_weight}
        for role, weight in weights.items():
            if weight:
                require_role(networks, role, f"a game's weight of {weight}")
        self._perceiver = Perceiver(
            loss.backbone, perceptual_weight=loss.perceptual_weight, style_weight=loss.style_weight
        )
        self._sees_features = bool(loss.flow_weight) and loss.flow_features == "backbone"
        if self._sees_features:
            self._perceiver.require("flow_weight", loss.flow_weight, _FLOW_LAYER)
        self._warp = GaussianFlowWarp(window=4, sigma=2.0)

    def painted(self, batch: Batch, context: Context) -> Tensor:
        """Return the pictures that follow the generator's own structure."""
        picture: Tensor = context.run(self.generator, batch.image, _known_structure(batch), batch.mask).picture
        return picture

    def step(self, batch: Batch, context: Context) -> Mapping[str, float | Tensor]:
        """Take one step.

        Raises
        ------
        InputError
            If the phase is no stage, or the batch has no "structure".
        """
        stage = context.phase or self.loss.stage
        if stage not in get_args(Stage):
            raise InputError(unknown_name("stage of StructureFlow", stage, get_args(Stage)))
        losses: dict[str, Tensor] = {}
        metrics: dict[str, Tensor] = {}
        structure = full_structure(batch)
        if stage in {"structure", "joint"}:
            own = context.run(self.generator.complete_structure, batch.image, _known_structure(batch), batch.mask)
            metrics |= self._learn_structure(structure, own, losses, context)
            structure = own.detach() if stage == "joint" else structure
        if stage != "structure":
            metrics |= self._learn_texture(stage, batch, structure, losses, context)
        context.update(losses)
        return journal(metrics)

    def validate(self, batch: Batch, context: Context) -> Mapping[str, Tensor]:
        """Return psnr, mse and l1 of the holes, and the l1 of the structure there."""
        own = context.run(self.generator.complete_structure, batch.image, _known_structure(batch), batch.mask)
        scores = hole_scores(self.paint(batch, context), batch.image, batch.mask)
        return scores | {"structure_l1": hole_scores(own, full_structure(batch), batch.mask)["l1"]}

    def _learn_structure(
        self, structure: Tensor, own: Tensor, losses: dict[str, Tensor], context: Context
    ) -> dict[str, Tensor]:
        l1 = signed_l1(own, structure)
        losses["generator"] = self.loss.structure_weight * l1
        weight = self.loss.structure_adversarial_weight
        if not weight:
            return {"structure_l1": l1}
        verdict = play(self.loss.game, context, self.networks["structure_critic"], 2 * structure - 1, 2 * own - 1)
        losses["generator"] = losses["generator"] + weight * verdict.generator
        losses["structure_critic"] = verdict.critic
        return {"structure_l1": l1, "structure_generator": verdict.generator, "structure_critic": verdict.critic}

    def _learn_texture(
        self, stage: str, batch: Batch, structure: Tensor, losses: dict[str, Tensor], context: Context
    ) -> dict[str, Tensor]:
        painted, flow = context.run(self.generator.paint, batch.image, structure, batch.mask)
        metrics = {"correctness": self._correctness(flow, batch, context)}
        total = self.loss.flow_weight * metrics["correctness"]
        if stage != "flow":
            metrics["l1"] = signed_l1(painted, batch.image)
            total = total + self.loss.l1_weight * metrics["l1"] + self._perceiver(painted, batch, context)
        if stage != "flow" and self.loss.adversarial_weight:
            critic = self.networks["critic"]
            verdict = play(self.loss.game, context, critic, 2 * batch.image - 1, 2 * painted - 1)
            total = total + self.loss.adversarial_weight * verdict.generator
            losses["critic"] = verdict.critic
            metrics |= {"generator": verdict.generator, "critic": verdict.critic}
        losses["generator"] = losses["generator"] + total if "generator" in losses else total
        return metrics

    def _correctness(self, flow: Tensor, batch: Batch, context: Context) -> Tensor:
        if not self.loss.flow_weight:
            return flow.sum() * 0  # the flow column is then told nothing
        image, mask = (_padded(x) for x in (batch.image, batch.mask))
        target, source = (self._features(x, context) for x in (image, image.where(mask == 0, _GREY)))
        holes = functional.adaptive_max_pool2d(mask, tuple(flow.shape[2:]))
        return sampling_correctness(self._warp(source, flow), source, target, holes)

    def _features(self, picture: Tensor, context: Context) -> Tensor:
        with torch.no_grad():
            if self._sees_features:
                return self._perceiver.features(picture, context, _FLOW_LAYER)[_FLOW_LAYER]
            quarter = functional.avg_pool2d(picture, _QUARTER)
            windows = functional.unfold(quarter, 3, padding=1)  # (N, 27, h w)
            return windows.reshape(*windows.shape[:2], *quarter.shape[2:])


def _padded(x: Tensor) -> Tensor:
    return pad_to_multiple(x, TextureGenerator.stride, least=TextureGenerator.smallest)


def _known_structure(batch: Batch) -> Tensor:
    """Return the smooth version of the known part, which in use is computed from the masked picture."""
    known = batch.tensors.get("known_structure")
    return full_structure(batch) if known is None else known
