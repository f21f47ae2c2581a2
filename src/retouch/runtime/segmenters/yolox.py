"""YOLOX: boxes of 80 kinds of things by an exported network.

Source: Z. Ge, S. Liu, F. Wang, Z. Li, J. Sun, "YOLOX: exceeding YOLO series in 2021", arXiv:2107.08430, section 2.1:
one prediction a cell of grids of stride 8, 16 and 32: centre offset and logarithm of the size, objectness, classes.
Departures: none. The net wants BGR, 0-255, fitted into its square at the upper left and padded with 114.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from jaxtyping import Float32

from retouch.arrays.checks import check_noisy
from retouch.arrays.regions import Box
from retouch.arrays.types import Image
from retouch.errors import WeightsError
from retouch.runtime.segmenters.instances import Detection, Instance, masked, read_labels, thing_at
from retouch.runtime.segmenters.suppression import keep_apart
from retouch.runtime.session import Net, open_net

_STRIDES = (8, 16, 32)
_PADDING = 114
_FIRST_CLASS = 5
_INPUT, _OUTPUT = "images", "output"


@dataclass(frozen=True)
class Yolox:
    """A segmenter.

    Attributes
    ----------
    net : Net
    labels : sequence of str
        Names of the classes; empty where nobody knows them, and then their numbers are the names.
    least_score : float, range [0, 1]
        Objectness times class, below which a box is dropped.
    most_overlap : float, range [0, 1]
        Of two boxes of one class that overlap more (intersection over union), the less sure one is dropped.
    """

    net: Net
    labels: Sequence[str] = ()
    least_score: float = 0.3
    most_overlap: float = 0.45

    @property
    def n_kinds(self) -> int:
        """How many classes it knows; 0 where its file does not say."""
        return max((self.net.outputs[_OUTPUT][-1] or 0) - _FIRST_CLASS, 0)

    def detect(self, image: Image) -> list[Detection]:
        """Return boxes, the surest first.

        Parameters
        ----------
        image : (H, W, C) float32, range [0, 1]

        Raises
        ------
        InputError
            If the picture fails `check_noisy`.
        """
        check_noisy(image, 0.0)
        side = self.net.inputs[_INPUT][2] or 0
        batch, scale = letterbox(image, side)
        rows = decode_grid(self.net.run(images=batch)[_OUTPUT][0], side)
        kinds = rows[:, _FIRST_CLASS:].argmax(axis=1)
        scores = rows[:, 4] * rows[np.arange(len(rows)), _FIRST_CLASS + kinds]
        sure = scores >= self.least_score
        boxes = rows[sure, :4] / scale
        kept = suppress(boxes, scores[sure], kinds[sure], self.most_overlap)
        found = (_detection(boxes[i], int(kinds[sure][i]), float(scores[sure][i]), image) for i in kept)
        return [detection for detection in found if detection.box.height > 0 and detection.box.width > 0]

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


def open_yolox(path: str | os.PathLike[str], labels: str | os.PathLike[str] | None = None) -> Yolox:
    """Open a network file, and a text file with one class a line.

    Raises
    ------
    WeightsError
        If a file is missing, the network is no YOLOX, or there are not as many labels as classes.
    """
    net = open_net(path)
    shape = net.inputs.get(_INPUT, ())
    if len(shape) != 4 or shape[1] != 3 or not shape[2] or shape[2] != shape[3] or _OUTPUT not in net.outputs:  # noqa: PLR2004
        raise WeightsError(f"'{path}' must take 'images' 1x3xSxS and give 'output'; it is no YOLOX of one size")
    model = Yolox(net, read_labels(Path(labels)) if labels else ())
    if model.labels and model.n_kinds and len(model.labels) != model.n_kinds:
        raise WeightsError(
            f"there must be a label for each of the {model.n_kinds} classes of '{path}', got {len(model.labels)}"
        )
    return model


def letterbox(image: Image, side: int) -> tuple[Float32[np.ndarray, "1 3 S S"], float]:
    """Return the picture as the net wants it, and by how much it was stretched.

    >>> batch, scale = letterbox(np.ones((2, 4, 3), np.float32), 8)
    >>> batch[0, 0, :, 0].tolist(), scale
    ([255.0, 255.0, 255.0, 255.0, 114.0, 114.0, 114.0, 114.0], 2.0)
    """
    rgb = np.repeat(image, 3, axis=2) if image.shape[2] == 1 else image
    height, width = rgb.shape[:2]
    scale = min(side / height, side / width)
    size = (max(int(width * scale), 1), max(int(height * scale), 1))
    square = np.full((side, side, 3), _PADDING, np.float32)
    square[: size[1], : size[0]] = cv2.resize(rgb, size, interpolation=cv2.INTER_LINEAR)[..., ::-1] * 255
    return np.ascontiguousarray(square.transpose(2, 0, 1))[None], scale


def decode_grid(raw: Float32[np.ndarray, "P D"], side: int) -> Float32[np.ndarray, "P D"]:
    """Return predictions with corners x1, y1, x2, y2 in pixels of the net's square in place of offsets.

    Raises
    ------
    WeightsError
        If there is not one prediction for each cell.

    >>> decode_grid(np.zeros((21, 6), np.float32), 32)[5, :4].tolist()  # row 1, column 1 of the 4x4 grid
    [4.0, 4.0, 12.0, 12.0]
    """
    cells = [(x, y, stride) for stride in _STRIDES for y in range(side // stride) for x in range(side // stride)]
    if len(cells) != len(raw):
        raise WeightsError(f"the network must give {len(cells)} predictions for {side} px, got {len(raw)}")
    grid = np.array(cells, np.float32)
    centre = (raw[:, :2] + grid[:, :2]) * grid[:, 2:]
    half = np.exp(raw[:, 2:4]) * grid[:, 2:] / 2
    return np.concatenate([centre - half, centre + half, raw[:, 4:]], axis=1)


def suppress(
    boxes: Float32[np.ndarray, "P 4"], scores: Float32[np.ndarray, " P"], kinds: np.ndarray, most_overlap: float
) -> list[int]:
    """Return which boxes stay, the surest first, when those are dropped that a surer one of their class overlaps.

    >>> boxes = np.float32([[0, 0, 4, 4], [0, 0, 4, 3], [8, 8, 9, 9]])
    >>> suppress(boxes, np.float32([0.5, 0.9, 0.1]), np.zeros(3, int), 0.5)
    [1, 2]
    """
    order = np.argsort(-scores, kind="stable")
    alive = np.zeros(len(order), bool)
    for kind in np.unique(kinds):
        ranks = np.flatnonzero(kinds[order] == kind)
        alive[ranks[keep_apart(boxes[order[ranks]], most_overlap)]] = True
    return [int(i) for i in order[alive]]


def _detection(corners: Float32[np.ndarray, " 4"], kind: int, score: float, image: Image) -> Detection:
    x1, y1, x2, y2 = (round(float(value)) for value in corners)
    return Detection(Box(y1, x1, y2, x2).grown(0, 0, (image.shape[0], image.shape[1])), kind, score)
