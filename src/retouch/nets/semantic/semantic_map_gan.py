"""Semantic-map inpainting: the static class behind each moving object of a street scene, labels in and labels out.

Source: L. Berlincioni, F. Becattini, L. Galteri, L. Seidenari, A. Del Bimbo: "Road Layout Understanding by Generative
Adversarial Inpainting", 2019, on the net of J. Yu et al.: "Generative Image Inpainting with Contextual Attention",
CVPR 2018. The critics stand in `retouch.nets.semantic.semantic_map_critic`.

Departures
----------
- Widths and activations are those of the net that the paper builds on; it gives only the numbers of layers. Attention
  stands in the one path of the second stage, as the paper says; Yu's net has a path of its own for it.
- Sizes are mirrored to a multiple of 8.

S static and D moving classes, static ones first; c = 32 channels at full size
labels  (N, S + D, H, W)  one-hot, 0 in the hole, which is where a moving object stands
layers of each stage      channels                          side
6                         c 2c 2c 4c 4c 4c, the first 5x5   1 1/2 1/2 1/4 1/4 1/4
4, dilated 2 4 8 16       4c                                1/4
(stage 2: contextual attention)
2                         4c                                1/4
5                         2c 2c, c c/2, S                   1/2, 1
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from retouch.errors import InputError
from retouch.nets.inpainting.two_stage.generator import STRIDE, framed
from retouch.nets.inpainting.two_stage.networks import coarse_encoder
from retouch.nets.inpainting.two_stage.parts import LayerStyle, dilate
from retouch.nets.layers.attention.contextual_attention import ContextualAttention
from retouch.nets.layers.gated import PaddedConv, keep
from retouch.nets.layers.initial import initialise_convs
from retouch.nets.layers.mirroring import pad_to_multiple


@dataclass(frozen=True)
class Classes:
    """Names of the classes of a data set.

    Attributes
    ----------
    static, moving : tuple of str
        What is predicted, and what is removed; channels of a map of labels are in this order, static ones first.
    """

    static: tuple[str, ...]
    moving: tuple[str, ...]


CITYSCAPES = Classes(
    static=("road", "sidewalk", "building", "wall", "traffic sign", "vegetation", "sky", "unlabeled"),
    moving=("person", "car", "truck", "two-wheeler"),
)
"""Thirty classes joined to twelve: parking goes to sidewalk, fence to wall, terrain to vegetation, bus to truck."""
MICC_SRI = Classes(
    static=("road", "sidewalk", "building", "fence", "pole", "vegetation", "unlabeled"), moving=("person", "car")
)
"""Simulated streets (CARLA)."""


class MapStages(NamedTuple):
    """Scores of the static classes by the first and the second stage."""

    coarse: Float[Tensor, "N S H W"]
    refined: Float[Tensor, "N S H W"]


class MapStage(nn.Module):
    """Seventeen convolutions from a map of labels to scores.

    Parameters
    ----------
    in_channels, out_channels : int
    channels : int
        c, even.
    attention : ContextualAttention, optional
        Right after the dilated layers.
    """

    def __init__(
        self, in_channels: int, out_channels: int, channels: int, attention: ContextualAttention | None = None
    ) -> None:
        super().__init__()
        style, c = LayerStyle(PaddedConv), channels
        self.encoder = coarse_encoder(in_channels, c, style)
        self.dilated = dilate(4 * c, style)
        self.attention = attention
        self.decoder = nn.Sequential(
            PaddedConv(4 * c, 4 * c),
            PaddedConv(4 * c, 4 * c),
            nn.Upsample(scale_factor=2.0, mode="nearest"),
            PaddedConv(4 * c, 2 * c),
            PaddedConv(2 * c, 2 * c),
            nn.Upsample(scale_factor=2.0, mode="nearest"),
            PaddedConv(2 * c, c),
            PaddedConv(c, c // 2),
            PaddedConv(c // 2, out_channels, activation=keep),
        )

    def forward(self, x: Float[Tensor, "N C H W"], mask: Float[Tensor, "N 1 H W"]) -> Float[Tensor, "N S H W"]:
        """Return the scores; sides are multiples of 8."""
        features = self.dilated(self.encoder(x))
        if self.attention is not None:
            features = self.attention(features, mask)
        scores: Tensor = self.decoder(features)
        return scores


class SemanticMapGenerator(nn.Module):
    """Both stages.

    Parameters
    ----------
    n_static, n_moving : int
        S and D.
    channels : int
        c.
    generator : torch.Generator, optional
        For the initial weights.
    """

    def __init__(
        self, n_static: int, n_moving: int, *, channels: int = 32, generator: torch.Generator | None = None
    ) -> None:
        super().__init__()
        self.n_static, self.n_moving = n_static, n_moving
        n_in = n_static + n_moving + 2  # and ones and the mask
        self.coarse = MapStage(n_in, n_static, channels)
        self.refine = MapStage(n_in, n_static, channels, ContextualAttention())
        initialise_convs(self, partial(nn.init.kaiming_normal_, generator=generator))

    def forward(self, labels: Float[Tensor, "N C H W"], mask: Float[Tensor, "N 1 H W"]) -> MapStages:
        """Return the scores of the static classes.

        Parameters
        ----------
        labels : (N, S + D, H, W) float32
            One-hot, static classes first, of any size; values under the mask are not read.
        mask : (N, 1, H, W) float32
            1 where the class is wanted: where something moving stands. A moving class that is not masked stays as
            something that the net sees.

        Returns
        -------
        MapStages
            Two (N, S, H, W) float32 without limits, for the cross-entropy; `complete` makes a map of them.

        Raises
        ------
        InputError
            If there is another number of classes.
        """
        if labels.shape[1] != self.n_static + self.n_moving:
            raise InputError(
                f"this net knows {self.n_static} static and {self.n_moving} moving classes, got a map of "
                f"{labels.shape[1]} channels; give one channel for each class, static ones first"
            )
        height, width = labels.shape[2:]
        holes = pad_to_multiple(mask, STRIDE)
        known, frame = pad_to_multiple(labels.where(mask == 0, 0), STRIDE), framed(holes)
        coarse = self.coarse(torch.cat([known, frame], dim=1), holes)
        refined = self.refine(torch.cat([complete(known, coarse, holes), frame], dim=1), holes)
        return MapStages(coarse[:, :, :height, :width], refined[:, :, :height, :width])


def complete(
    labels: Float[Tensor, "N C H W"], logits: Float[Tensor, "N S H W"], mask: Float[Tensor, "N 1 H W"]
) -> Float[Tensor, "N C H W"]:
    """Return the given labels where known, and in the hole probabilities that give moving classes nothing.

    >>> labels, mask = torch.tensor([[[[1.0]], [[0.0]], [[0.0]]]]), torch.ones(1, 1, 1, 1)
    >>> complete(labels, torch.zeros(1, 2, 1, 1), mask).flatten().tolist()  # two static classes, one moving
    [0.5, 0.5, 0.0]
    """
    n_moving = labels.shape[1] - logits.shape[1]
    predicted = functional.pad(logits.softmax(dim=1), (0, 0, 0, 0, 0, n_moving))
    return labels.where(mask == 0, predicted)


def semantic_map_gan_full(
    classes: Classes = CITYSCAPES, generator: torch.Generator | None = None
) -> SemanticMapGenerator:
    """Return the generator at c = 32: 2,912,304 parameters for Cityscapes, 2,907,214 for MICC-SRI."""
    return SemanticMapGenerator(len(classes.static), len(classes.moving), generator=generator)


def semantic_map_gan_tiny(
    classes: Classes = CITYSCAPES, generator: torch.Generator | None = None
) -> SemanticMapGenerator:
    """Return the generator at c = 8, for 64 px."""
    return SemanticMapGenerator(len(classes.static), len(classes.moving), channels=8, generator=generator)
