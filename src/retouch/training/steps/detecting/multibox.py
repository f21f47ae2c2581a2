"""Training of single-shot detectors: SSD, FSSD and MPSSD.

Source: W. Liu et al., "SSD: single shot multibox detector", ECCV 2016, section 2.2, Eqs. 1-3; Z. Li, F. Zhou, "FSSD",
2017; the doctoral thesis behind MPSSD, section 5.2. The losses stand in `retouch.losses.multibox`, matching in
`retouch.nets.detection.boxes`. Departures: photometric and zooming augmentation is the data's affair.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from retouch.errors import UsageError
from retouch.losses.multibox import class_loss, location_loss
from retouch.nets.detection.boxes import detect, match
from retouch.nets.detection.fssd import FSSD
from retouch.nets.detection.mpssd import MPSSD
from retouch.nets.detection.ssd import SSD, centre_picture
from retouch.training.batch import Batch
from retouch.training.steps.contract import Context
from retouch.training.steps.detecting.precision import average_precision, draw_boxes

Detector: TypeAlias = SSD | FSSD | MPSSD


@dataclass(frozen=True)
class MultiboxLoss:
    """What counts, and what is shown.

    Attributes
    ----------
    location_weight : float
        alpha of Eq. 1.
    match_overlap : float
        Overlap from which a prior takes a true box.
    negatives_per_match : int
        Hard backgrounds for each matched prior.
    show_score : float
        Boxes from this probability are drawn.
    """

    location_weight: float = 1.0
    match_overlap: float = 0.5
    negatives_per_match: int = 3
    show_score: float = 0.6


class MultiboxTraining:
    """A detector.

    Parameters
    ----------
    networks : mapping
        "generator": an `SSD`, `FSSD` or `MPSSD`.
    loss : MultiboxLoss
    """

    def __init__(self, networks: Mapping[str, nn.Module], loss: MultiboxLoss) -> None:
        self.networks = networks
        self.loss = loss
        net = networks["generator"]
        if not isinstance(net, SSD | FSSD | MPSSD):
            raise UsageError(f"this kind trains ssd, fssd and mpssd, got a {type(net).__name__}")
        self.net: Detector = net

    def step(self, batch: Batch, context: Context) -> Mapping[str, float | Tensor]:
        """Move the detector once."""
        offsets, logits = self._look(batch, context)
        true_offsets, true_classes = self._targets(batch)
        place = location_loss(offsets, true_offsets, true_classes)
        kind = class_loss(logits, true_classes, negatives_per_match=self.loss.negatives_per_match)
        loss = kind + self.loss.location_weight * place  # Eq. 1
        context.update({"generator": loss})
        return {"loss": loss.detach(), "location": place.detach(), "class": kind.detach()}

    def paint(self, batch: Batch, context: Context) -> Tensor:
        """Return the pictures with frames around what was found."""
        found = self._detect(batch, context)
        shown = [boxes[boxes[..., 0] >= self.loss.show_score][:, 1:] for boxes in found]
        return torch.stack([draw_boxes(picture, boxes) for picture, boxes in zip(batch.image, shown, strict=True)])

    def validate(self, batch: Batch, context: Context) -> Mapping[str, Tensor]:
        """Return the average precision in each picture."""
        found, truths = self._detect(batch, context), true_boxes(batch)
        return {
            "ap50": torch.stack([average_precision(ours, *theirs) for ours, theirs in zip(found, truths, strict=True)])
        }

    def _look(self, batch: Batch, context: Context) -> tuple[Tensor, Tensor]:
        offsets, logits = context.run(self.net, centre_picture(batch.image, self.net.side))
        return offsets, logits

    def _detect(self, batch: Batch, context: Context) -> Float[Tensor, "N K M 5"]:
        offsets, logits = self._look(batch, context)
        return detect(offsets, logits.softmax(dim=2), self.net.priors)

    def _targets(self, batch: Batch) -> tuple[Float[Tensor, "N P 4"], Int[Tensor, "N P"]]:
        matched = [
            match(boxes, classes, self.net.priors, threshold=self.loss.match_overlap)
            for boxes, classes in true_boxes(batch)
        ]
        offsets, classes = zip(*matched, strict=True)
        return torch.stack(offsets), torch.stack(classes)


def true_boxes(batch: Batch) -> list[tuple[Float[Tensor, "T 4"], Int[Tensor, " T"]]]:
    """Return the true boxes and classes of each picture, without the rows of class -1 that only fill up a batch."""
    pairs = zip(batch.tensors["boxes"], batch.tensors["classes"].long(), strict=True)
    return [(boxes[classes >= 0], classes[classes >= 0]) for boxes, classes in pairs]
