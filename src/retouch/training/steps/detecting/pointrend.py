"""Training of PointRend's heads: a coarse mask of a region, and its undecided points once more.

Source: A. Kirillov, Y. Wu, K. He, R. Girshick, "PointRend", CVPR 2020, sections 3.1 (points in training: 14 squared of
them, three times as many drawn, three quarters chosen for their doubt) and 4.1; cross-entropy of both heads.

Departures: the features are those of MobileSAM's encoder, as the authors' backbone is not in the catalogue; a region is
the bounding box of one labelled thing in each picture, whose class is its label less 1; with one class in the heads
any label will do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional

from retouch.errors import UsageError
from retouch.nets.detection.mobilesam import MobileSAM
from retouch.nets.detection.pointrend import (
    CoarseHead,
    PointHead,
    draw_training_points,
    pick_class,
    pixel_centres,
    sample_points,
    subdivide,
)
from retouch.training.batch import Batch
from retouch.training.steps.contract import Context
from retouch.training.steps.detecting.clicked_masks import overlap_of_masks
from retouch.training.steps.detecting.clicking import Clicked, click

_REGION_SIDE = 14


@dataclass(frozen=True)
class PointRendLoss:
    """Points of a region, and the weight of the coarse head; doublings at use."""

    points: int = 196
    coarse_weight: float = 1.0
    doublings: int = 5


class Region(NamedTuple):
    """What is asked in each picture: features of the encoder, the thing, its class and box (corners, fractions)."""

    features: Float[Tensor, "N C h w"]
    clicked: Clicked
    classes: Int[Tensor, " N"]
    boxes: Float[Tensor, "N 4"]


class PointRendTraining:
    """Both heads, and the encoder if the phase trains it.

    Parameters
    ----------
    networks : mapping
        "generator": a `PointHead`; "coarse_head": a `CoarseHead`; "encoder": a `MobileSAM`, pictures have its side.
    loss : PointRendLoss
    """

    def __init__(self, networks: Mapping[str, nn.Module], loss: PointRendLoss) -> None:
        self.networks = networks
        self.loss = loss
        wanted = {"generator": PointHead, "coarse_head": CoarseHead, "encoder": MobileSAM}
        for role, kind in wanted.items():
            if not isinstance(networks[role], kind):
                raise UsageError(f"the role '{role}' must be a {kind.__name__}, got a {type(networks[role]).__name__}")
        self.n_classes: int = networks["coarse_head"].shape[0]  # type: ignore[index, assignment]

    def step(self, batch: Batch, context: Context) -> Mapping[str, float | Tensor]:
        """Move the heads once."""
        region = self._region(batch, context, context.rng)
        coarse = self._coarse(region, context)
        seven = pixel_centres(*coarse.shape[2:], like=coarse).expand(len(coarse), -1, -1)
        rough = self._entropy(coarse.flatten(2), region, seven)
        doubt = pick_class(coarse, region.classes).detach()
        points = draw_training_points(doubt, self.loss.points, generator=context.rng)
        sharp = self._entropy(self._at(points, region, coarse, context), region, points)
        loss = sharp + self.loss.coarse_weight * rough
        context.update(dict.fromkeys(self.networks, loss))
        return {"loss": loss.detach(), "points": sharp.detach(), "coarse": rough.detach()}

    def paint(self, batch: Batch, context: Context) -> Tensor:
        """Return the masks within the boxes of the largest things, (N, 1, S, S)."""
        return (self._masks(self._region(batch, context, None), context) > 0).float()

    def validate(self, batch: Batch, context: Context) -> Mapping[str, Tensor]:
        """Return the overlap of the masks with the true ones, within the boxes of the largest things."""
        region = self._region(batch, context, None)
        masks = self._masks(region, context)
        centres = pixel_centres(*masks.shape[2:], like=masks).expand(len(masks), -1, -1)
        truth = self._truth(region, centres).reshape(masks.shape)
        return {"overlap": overlap_of_masks(masks, truth)[:, 0]}

    def _region(self, batch: Batch, context: Context, rng: torch.Generator | None) -> Region:
        encoder = self.networks["encoder"]
        if not isinstance(encoder, MobileSAM) or set(batch.image.shape[2:]) != {encoder.side}:
            raise UsageError(f"pictures must have the encoder's side, got {tuple(batch.image.shape[2:])}; set size_px")
        features = context.run(encoder.image_encoder, encoder.preprocess(255 * batch.image))
        clicked = click(batch.tensors["labels"], rng)
        classes = (clicked.labels - 1).clamp(0, self.n_classes - 1)
        return Region(features, clicked, classes, mask_boxes(clicked.masks))

    def _coarse(self, region: Region, context: Context) -> Float[Tensor, "N K a a"]:
        centres = pixel_centres(_REGION_SIDE, _REGION_SIDE, like=region.features)
        cells = sample_points(region.features, _in_picture(centres.expand(len(region.boxes), -1, -1), region.boxes))
        coarse: Tensor = context.run(
            self.networks["coarse_head"], cells.reshape(*cells.shape[:2], _REGION_SIDE, _REGION_SIDE)
        )
        return coarse

    def _at(self, points: Tensor, region: Region, coarse: Tensor, context: Context) -> Float[Tensor, "N K P"]:
        fine = sample_points(region.features, _in_picture(points, region.boxes))
        logits: Tensor = context.run(self.networks["generator"], fine, sample_points(coarse, points))
        return logits

    def _masks(self, region: Region, context: Context) -> Float[Tensor, "N 1 S S"]:
        coarse, classes = self._coarse(region, context), region.classes

        def logits_at(points: Tensor) -> Tensor:
            return pick_class(self._at(points, region, coarse, context), classes)

        return subdivide(pick_class(coarse, classes), logits_at, steps=self.loss.doublings)

    def _entropy(self, logits: Float[Tensor, "N K P"], region: Region, points: Tensor) -> Float[Tensor, ""]:
        own = pick_class(logits, region.classes)
        return functional.binary_cross_entropy_with_logits(own, self._truth(region, points))

    def _truth(self, region: Region, points: Float[Tensor, "N P 2"]) -> Float[Tensor, "N 1 P"]:
        return sample_points(region.clicked.masks, _in_picture(points, region.boxes)).clamp(0, 1)


def mask_boxes(masks: Float[Tensor, "N 1 H W"]) -> Float[Tensor, "N 4"]:
    """Return the bounding box of each mask, which is not empty: corners, fractions of the sides.

    >>> mask = torch.zeros(1, 1, 4, 4)
    >>> mask[..., 1:3, 0:2] = 1
    >>> mask_boxes(mask).tolist()
    [[0.0, 0.25, 0.5, 0.75]]
    """
    height, width = masks.shape[2:]
    boxes = []
    for mask in masks[:, 0]:
        rows, columns = (mask.any(dim=axis).nonzero().flatten() for axis in (1, 0))
        boxes.append([columns[0] / width, rows[0] / height, (columns[-1] + 1) / width, (rows[-1] + 1) / height])
    return masks.new_tensor(boxes)


def _in_picture(points: Float[Tensor, "N P 2"], boxes: Float[Tensor, "N 4"]) -> Float[Tensor, "N P 2"]:
    """Return points of boxes as points of the picture."""
    return boxes[:, None, :2] + points * (boxes[:, None, 2:] - boxes[:, None, :2])
