"""Partial convolutions: pixels of hole and surroundings, features, style and smoothness.

Source: G. Liu, F. A. Reda, K. J. Shih, T.-C. Wang, A. Tao, B. Catanzaro: "Image Inpainting for Irregular Holes Using
Partial Convolutions", ECCV 2018, Secs. 3.3 and 3.4, Eqs. 2-7.

Departures: none beyond those of `retouch.losses.partial_conv`. A recipe has two phases; the one whose name is that of
`frozen_phase` keeps the statistics of the encoder's norms (Sec. 3.3), at a lower rate that the recipe's schedule sets.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn

from retouch.losses import partial_conv as losses
from retouch.training.batch import Batch
from retouch.training.steps.contract import Context
from retouch.training.steps.inpainting.filling import Filling
from retouch.training.steps.inpainting.perceiving import Perceiver
from retouch.training.steps.scoring import journal, paste


@dataclass(frozen=True)
class PartialConvLoss:
    """Weights of Eq. 7; those of features and style need `backbone`, the weights file of VGG-16.

    `smooths_hole` takes total variation over the hole grown by a pixel, as in the paper, else over the whole picture.
    """

    valid_weight: float = losses.PUBLISHED_WEIGHTS["valid"]
    hole_weight: float = losses.PUBLISHED_WEIGHTS["hole"]
    perceptual_weight: float = losses.PUBLISHED_WEIGHTS["perceptual"]
    style_weight: float = losses.PUBLISHED_WEIGHTS["style"]
    smoothness_weight: float = losses.PUBLISHED_WEIGHTS["total_variation"]
    smooths_hole: bool = True
    frozen_phase: str = "fine"
    backbone: str = ""


class PartialConvTraining(Filling[PartialConvLoss]):
    """One step moves the U-Net."""

    def __init__(self, networks: Mapping[str, nn.Module], loss: PartialConvLoss) -> None:
        super().__init__(networks, loss)
        self._perceiver = Perceiver(
            loss.backbone,
            perceptual_weight=loss.perceptual_weight,
            style_weight=loss.style_weight,
            with_composite=True,
        )

    def step(self, batch: Batch, context: Context) -> Mapping[str, float | Tensor]:
        """Take one step."""
        self._freeze_norms(context.phase == self.loss.frozen_phase)
        image, mask = batch.image, batch.mask
        painted = self.painted(batch, context)
        filled = paste(painted, image, mask)
        terms = {
            "valid": losses.valid_l1(painted, image, mask),
            "hole": losses.hole_l1(painted, image, mask),
            "smoothness": losses.total_variation(filled, mask if self.loss.smooths_hole else None),
        }
        total = (
            self.loss.valid_weight * terms["valid"]
            + self.loss.hole_weight * terms["hole"]
            + self.loss.smoothness_weight * terms["smoothness"]
        )
        perceived = self._perceiver(painted, batch, context)
        context.update({"generator": total + perceived})
        return journal({**terms, "perceived": perceived})

    def _freeze_norms(self, frozen: bool) -> None:
        generator: Any = self.generator
        if hasattr(generator, "freeze_encoder_norms") and generator.encoder_norms_frozen != frozen:
            generator.freeze_encoder_norms(frozen=frozen)
