"""SSD, FSSD and MPSSD: boxes of things by an exported network.

Source: W. Liu et al., "SSD: Single Shot MultiBox Detector", ECCV 2016, section 2; the numbers of suppression (overlap
0.45, probability 0.01, 200 boxes) and of display (0.6) from its authors' files.
Departures: none. The whole picture is stretched to the net's square, as in training.

P   number of priors        K   number of classes with the background, which is class 0
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Float32, Int
from PIL import Image as PillowImage

from retouch.arrays.checks import check_noisy
from retouch.arrays.regions import Box
from retouch.arrays.types import Image
from retouch.errors import WeightsError
from retouch.nets.detection.priors import KNOWN_LAYOUTS, MEAN_RGB, VARIANCES, PriorLayout, prior_boxes
from retouch.runtime.segmenters.instances import Detection, Instance, masked, thing_at
from retouch.runtime.segmenters.suppression import keep_apart
from retouch.runtime.session import Net, open_net

_INPUT, _OFFSETS, _SCORES = "picture", "offsets", "scores"
_COCO_CLASSES = 81
_BILINEAR = PillowImage.Resampling.BILINEAR


class FoundBoxes(NamedTuple):
    """What was found, the surest first.

    Attributes
    ----------
    boxes : (N, 4) float32
        Top, left, bottom, right in pixels, cut off at the picture's border.
    kinds : (N,) int64
        Classes from 0, the background not counted.
    scores : (N,) float32, range [0, 1]
    """

    boxes: Float32[np.ndarray, "N 4"]
    kinds: Int[np.ndarray, " N"]
    scores: Float32[np.ndarray, " N"]


@dataclass(frozen=True)
class SsdDetector:
    """A segmenter.

    Attributes
    ----------
    net : Net
    priors : (P, 4)
        Centres, fractions of the sides.
    labels : sequence of str
        Names of the classes without the background; empty where nobody knows them, and then their numbers are the
        names.
    least_score : float, range [0, 1]
        Probability that a box must pass at all.
    shown_score : float, range [0, 1]
        Probability from which on a box is offered.
    most_overlap : float, range [0, 1]
        Of two boxes of one class that overlap more (intersection over union), the less sure one is dropped.
    most : int
        Boxes of a class that are looked at, and boxes of a picture that are kept.
    """

    net: Net
    priors: Float32[np.ndarray, "P 4"]
    labels: Sequence[str] = ()
    least_score: float = 0.01
    shown_score: float = 0.6
    most_overlap: float = 0.45
    most: int = 200

    @property
    def n_kinds(self) -> int:
        """How many classes it knows, the background not counted."""
        return (self.net.outputs[_SCORES][2] or 1) - 1

    def find(self, image: Image) -> FoundBoxes:
        """Return all boxes that pass `least_score`: what average precision is measured on.

        Parameters
        ----------
        image : (H, W, C) float32, range [0, 1]

        Raises
        ------
        InputError
            If the picture fails `check_noisy`.
        """
        check_noisy(image, 0.0)
        answers = self.net.run(picture=stretch(image, self.net.inputs[_INPUT][2] or 0))
        corners = decode_offsets(answers[_OFFSETS][0], self.priors)
        chances = softmax(answers[_SCORES][0])
        found = [self._of_kind(corners, chances[:, kind + 1], kind) for kind in range(self.n_kinds)]
        boxes, kinds, scores = (np.concatenate(parts) for parts in zip(*found, strict=True))
        order = np.argsort(-scores, kind="stable")[: self.most]
        height, width = image.shape[:2]
        sides = np.array([height, width, height, width], np.float32)
        return FoundBoxes(np.clip(boxes[order][:, [1, 0, 3, 2]], 0, 1) * sides, kinds[order], scores[order])

    def detect(self, image: Image) -> list[Detection]:
        """Return boxes to offer, the surest first: those of `shown_score` at least, in whole pixels.

        Parameters
        ----------
        image : (H, W, C) float32, range [0, 1]

        Raises
        ------
        InputError
            If the picture fails `check_noisy`.
        """
        found = [
            Detection(Box(*(round(float(side)) for side in box)), int(kind), float(score))
            for box, kind, score in zip(*self.find(image), strict=True)
            if score >= self.shown_score
        ]
        return [each for each in found if each.box.height > 0 and each.box.width > 0]

    def segment(self, image: Image) -> list[Instance]:
        """Return all things that have a mask, the surest first; costs a `segment_clicked` for each."""
        return masked(image, self.detect(image), self.label_of)

    def segment_at(self, image: Image, point: tuple[int, int]) -> Instance | None:
        """Return the smallest thing whose mask holds (row, col), or None.

        Raises
        ------
        InputError
            If the point is outside the picture.
        """
        return thing_at(self, image, point)

    def label_of(self, kind: int) -> str:
        """Return the name of a class, or its number."""
        return self.labels[kind] if kind < len(self.labels) else str(kind)

    def _of_kind(
        self, corners: Float32[np.ndarray, "P 4"], chances: Float32[np.ndarray, " P"], kind: int
    ) -> tuple[Float32[np.ndarray, "n 4"], Int[np.ndarray, " n"], Float32[np.ndarray, " n"]]:
        likely = np.flatnonzero(chances > self.least_score)
        likely = likely[np.argsort(-chances[likely], kind="stable")[: self.most]]
        kept = likely[keep_apart(corners[likely], self.most_overlap)]
        return corners[kept], np.full(len(kept), kind, np.int64), chances[kept]


def is_ssd(net: Net) -> bool:
    """Tell by what a network gives whether it is one of these."""
    return _OFFSETS in net.outputs and _SCORES in net.outputs


def open_ssd(
    path: str | os.PathLike[str], labels: Sequence[str] = (), *, layout: PriorLayout | None = None
) -> SsdDetector:
    """Open an exported SSD, FSSD or MPSSD.

    Parameters
    ----------
    path : path
        Of `retouch export ssd`, `fssd` or `mpssd`.
    labels : sequence of str
        Names of the classes in their order, the background not among them.
    layout : PriorLayout, optional
        Of its priors; by default the one of `KNOWN_LAYOUTS` with the net's side and number of priors, of two that
        which was made for COCO if there are COCO's 80 classes.

    Raises
    ------
    WeightsError
        If the file is missing or no such detector, its priors are of no known layout, or there are not as many labels
        as classes.
    """
    net = open_net(path)
    picture, offsets, scores = net.inputs.get(_INPUT, ()), net.outputs.get(_OFFSETS, ()), net.outputs.get(_SCORES, ())
    sizes = (*picture[2:], *offsets[1:], *scores[1:])
    if len(sizes) != 6 or None in sizes or picture[2] != picture[3] or offsets[1] != scores[1]:  # noqa: PLR2004
        raise WeightsError(
            f"'{path}' must take 'picture' 1x3xSxS and give 'offsets' 1xPx4 and 'scores' 1xPxK; it is no SSD, FSSD or "
            "MPSSD of 'retouch export'"
        )
    side, n_priors, n_classes = int(picture[2] or 0), int(offsets[1] or 0), int(scores[2] or 0)
    if labels and len(labels) != n_classes - 1:
        raise WeightsError(
            f"there must be a label for each of the {n_classes - 1} classes of '{path}', got {len(labels)}"
        )
    priors = _known_priors(side, n_priors, n_classes) if layout is None else prior_boxes(layout)
    if priors is None or len(priors) != n_priors:
        raise WeightsError(f"'{path}' has {n_priors} priors for {side} px, which is no known layout; give `layout`")
    return SsdDetector(net, priors, tuple(labels))


def stretch(image: Image, side: int) -> Float32[np.ndarray, "1 3 S S"]:
    """Return the picture as the net wants it: a square of RGB, 0-255, less ImageNet's mean; smoothed where it shrinks.

    >>> stretch(np.ones((2, 4, 1), np.float32), 3)[0, :, 0, 0].tolist()
    [132.0, 138.0, 151.0]
    """
    planes = np.repeat(image, 3, axis=2) if image.shape[2] == 1 else image
    resized = [
        np.asarray(PillowImage.fromarray(np.ascontiguousarray(plane)).resize((side, side), _BILINEAR), np.float32)
        for plane in np.moveaxis(planes, 2, 0)
    ]
    mean = np.array(MEAN_RGB, np.float32)[:, None, None]
    return (np.stack(resized) * np.float32(255) - mean)[None]


def softmax(logits: Float32[np.ndarray, "P K"]) -> Float32[np.ndarray, "P K"]:
    """Return probabilities over classes.

    >>> softmax(np.zeros((1, 4), np.float32)).tolist()
    [[0.25, 0.25, 0.25, 0.25]]
    """
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True), np.float32)


def decode_offsets(
    offsets: Float32[np.ndarray, "P 4"], priors: Float32[np.ndarray, "P 4"]
) -> Float32[np.ndarray, "P 4"]:
    """Return corners (x1, y1, x2, y2), fractions of the sides, from offsets and priors (centres): Eq. 2 turned round.

    >>> decode_offsets(np.float32([[5, 0, 0, 0]]), np.float32([[0.25, 0.5, 0.5, 0.5]])).tolist()
    [[0.25, 0.25, 0.75, 0.75]]
    """
    centre = priors[:, :2] + offsets[:, :2] * np.float32(VARIANCES[0]) * priors[:, 2:]
    half = priors[:, 2:] * np.exp(offsets[:, 2:] * np.float32(VARIANCES[1])) / 2
    return np.concatenate([centre - half, centre + half], axis=1)


def _known_priors(side: int, n_priors: int, n_classes: int) -> Float32[np.ndarray, "P 4"] | None:
    fitting = [layout for layout in KNOWN_LAYOUTS if layout.side == side and layout.n_priors() == n_priors]
    if not fitting:
        return None
    return prior_boxes(fitting[-1] if n_classes == _COCO_CLASSES else fitting[0])
