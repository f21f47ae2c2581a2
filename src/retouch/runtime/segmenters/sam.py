"""Masks of clicked things by an exported MobileSAM, of which a click costs one pass through the whole network.

Source: A. Kirillov et al., "Segment Anything", ICCV 2023; C. Zhang et al., "Faster Segment Anything", arXiv:2306.14289,
2023: RGB 0-255 normalised by the means and spreads below, long side fitted to the net's square, zeros below and on the
right; masks come at a quarter of the size, the first for clear prompts and three for ambiguous ones.
Departures: the picture is fitted by area averaging where it shrinks; the authors' filter is bilinear with antialiasing,
which differs by little.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Float32

from retouch.arrays.regions import bounding_box
from retouch.arrays.types import Image
from retouch.errors import InputError, WeightsError
from retouch.masks.selecting.parts import Point, check_clicks
from retouch.runtime.segmenters.instances import Instance
from retouch.runtime.session import Net, open_net

_MEAN = (123.675, 116.28, 103.53)
_SPREAD = (58.395, 57.12, 57.375)
_NAMES = {"picture", "points", "labels"}


@dataclass(frozen=True)
class ClickedMasks:
    """A promptable segmenter.

    Attributes
    ----------
    net : Net
        With inputs picture 1x3xSxS, points 1xPx2 and labels 1xP, outputs masks and quality.
    """

    net: Net

    def segment_at(
        self, image: Image, points: Sequence[Point], negative_points: Sequence[Point] = ()
    ) -> Instance | None:
        """Return the thing that is clicked on, or None where the net says nothing is there.

        Parameters
        ----------
        image : (H, W, C) float32, range [0, 1]
        points, negative_points : sequence of (row, col)
            On the thing, of which one at least; not on it.

        Raises
        ------
        InputError
            If there is no point, or one is outside the picture, or the net takes another number of them.
        """
        given = [*points, *negative_points]
        check_clicks(image, given)
        if not points:
            raise InputError("points must hold at least one click on the thing, got none")
        side = self.net.inputs["picture"][2] or 0
        picture, size = _fitted(image, side)
        stretch = np.array([size[1] / image.shape[1], size[0] / image.shape[0]], np.float32)
        clicks = np.array([(col + 0.5, row + 0.5) for row, col in given], np.float32)  # (x, y) of the pixels' centres
        labels = np.array([1] * len(points) + [0] * len(negative_points), np.float32)
        answer = self.net.run(picture=picture, points=(clicks * stretch)[None], labels=labels[None])
        logits = cv2.resize(answer["masks"][0, 0], (side, side), interpolation=cv2.INTER_LINEAR)[: size[0], : size[1]]
        mask = cv2.resize(logits, (image.shape[1], image.shape[0]), interpolation=cv2.INTER_LINEAR) > 0
        score = float(np.clip(answer["quality"][0, 0], 0, 1))
        return Instance(mask, bounding_box(mask), "", score) if mask.any() else None


def open_clicked_masks(path: str | os.PathLike[str]) -> ClickedMasks:
    """Open a network that `retouch export mobile_sam` wrote.

    Raises
    ------
    WeightsError
        If the file is missing or takes something else.
    """
    net = open_net(path)
    if set(net.inputs) != _NAMES or set(net.outputs) != {"masks", "quality"} or not net.inputs["picture"][2]:
        raise WeightsError(
            f"'{path}' must take picture, points and labels and give masks and quality; export mobile_sam"
        )
    return ClickedMasks(net)


def _fitted(image: Image, side: int) -> tuple[Float32[np.ndarray, "1 3 S S"], tuple[int, int]]:
    """Return the normalised square, and the height and width of the picture in it."""
    rgb = np.repeat(image, 3, axis=2) if image.shape[2] == 1 else image
    scale = side / max(rgb.shape[:2])
    height, width = (max(int(n * scale + 0.5), 1) for n in rgb.shape[:2])
    resized = cv2.resize(rgb, (width, height), interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    square = np.zeros((side, side, 3), np.float32)
    square[:height, :width] = (255 * resized - np.array(_MEAN, np.float32)) / np.array(_SPREAD, np.float32)
    return np.ascontiguousarray(square.transpose(2, 0, 1))[None], (height, width)
