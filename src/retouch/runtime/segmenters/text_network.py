"""Text by an exported network with a differentiable-binarization head: a box and a mask of each piece of text.

Source: M. Liao, Z. Wan, C. Yao, K. Chen, X. Bai, "Real-time scene text detection with differentiable binarization",
AAAI 2020: the head gives, for each pixel, the probability of a text whose outline is shrunk by D = A (1 - r^2) / L; a
box is formed by a threshold, connected parts, and growing back by D' = A' r' / L'.

Departures
----------
- A part is grown back by dilating it with a disc of radius D' in place of moving the sides of its polygon, which needs
  no polygon clipping. The two differ at corners only, which come out round; the box is the smallest one around.
- A mask for filling wants letters, not lines: within the parts the letters are drawn by what the weight-free search
  (`masks.finding.text`) finds there at its highest sensitivity; a part in which it finds nothing is masked whole.

A', L'  area and length of the outline of a part of the thresholded map, in pixels of the network's picture
r'      `unclip`
"""

from __future__ import annotations

import importlib.util
import os
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from jaxtyping import Float32, Float64

from retouch.arrays.checks import check_noisy
from retouch.arrays.types import Image, Mask
from retouch.errors import MissingExtraError, WeightsError
from retouch.masks.finding.text import letters_within
from retouch.runtime.session import Net, open_net

INSTALL = "pip install 'retouch[text]'"
INSTALLED = "rapidocr"
"""The name by which the detector that the extra `text` brings is asked for, in place of a file."""

_PACKAGES = (
    ("rapidocr", "models/PP-OCRv6_det_small.onnx"),
    ("rapidocr_onnxruntime", "models/ch_PP-OCRv4_det_infer.onnx"),
)
"""Packages that carry a detector under the Apache licence, with the place of its file; only the file is read."""

_STRIDE = 32
_SHORTEST_SIDE = 736  # px, as the published detectors are run
_LONGEST_SIDE = 1536
_MEAN, _SPREAD = 0.5, 0.5
_SMALLEST_PX = 3  # shorter side of a part in the network's picture


class FoundLine(NamedTuple):
    """One piece of text.

    Attributes
    ----------
    corners : (4, 2) float64
        (row, col) of the smallest rectangle around it, turned as the text is, clockwise.
    score : float, range [0, 1]
        Mean probability inside the part.
    """

    corners: Float64[np.ndarray, "4 2"]
    score: float


class FoundLines(NamedTuple):
    """A mask (H, W) bool of all text, and each piece of it."""

    mask: Mask
    lines: tuple[FoundLine, ...]


@dataclass(frozen=True)
class TextNetwork:
    """A detector of text.

    Attributes
    ----------
    net : Net
        Takes 1 x 3 x H x W and gives 1 x 1 x H x W, the probability map.
    threshold : float, range [0, 1]
        A pixel with more is text.
    least_score : float, range [0, 1]
        A part whose mean probability is less is dropped.
    unclip : float, 0 and up
        How far a part is grown: this times its area divided by the length of its outline.
    most_height : float, range (0, 1]
        A part whose shorter side is more of the picture's shorter side is dropped: on pictures without text the
        published detectors take large textured things for it.
    """

    net: Net
    threshold: float = 0.3
    least_score: float = 0.5
    unclip: float = 1.6
    most_height: float = 0.25

    def find(self, image: Image, *, whole_lines: bool = False) -> FoundLines:
        """Return the mask of all text in a picture, and its pieces from top to bottom.

        Parameters
        ----------
        image : (H, W, 1 or 3) float32, range [0, 1]
        whole_lines : bool
            Mask lines with all that is between their letters, instead of letters with outline and shadow.

        Raises
        ------
        InputError
            If the picture fails `check_noisy`.
        WeightsError
            If the network gives no map of the size of its picture.

        Notes
        -----
        The picture is resized so that its shorter side is 736 px, which costs about a second on one thread.
        """
        check_noisy(image, 0.0)
        batch = network_picture(image)
        chances = next(iter(self.net.run(**{next(iter(self.net.inputs)): batch}).values()))
        if chances.shape != (1, 1, *batch.shape[2:]):
            raise WeightsError(
                f"'{self.net.path}' must give a map of 1x1x{batch.shape[2]}x{batch.shape[3]}, got shape "
                f"{chances.shape}; it is no text detector with a differentiable-binarization head"
            )
        found = self._formed(chances[0, 0], (image.shape[0], image.shape[1]))
        return found if whole_lines else FoundLines(letters_within(image, found.mask), found.lines)

    def _formed(self, chances: Float32[np.ndarray, "h w"], shape: tuple[int, int]) -> FoundLines:
        """Return the pieces of text that a map of probabilities holds, in pixels of a picture of `shape`."""
        stretch = np.array(shape) / chances.shape
        mask = np.zeros(shape, bool)
        lines = []
        for part, score in parts_of(chances, self.threshold):
            if score < self.least_score:
                continue
            grown = grown_back(part, self.unclip)
            corners = (corners_of(grown) + 0.5) * stretch - 0.5
            if np.linalg.norm(corners[1:3] - corners[:2], axis=1).min() > self.most_height * min(shape):
                continue
            size = (shape[1], shape[0])
            mask |= cv2.resize(grown.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST_EXACT) > 0
            lines.append(FoundLine(corners, score))
        return FoundLines(mask, tuple(sorted(lines, key=lambda line: tuple(line.corners.min(axis=0)))))


def open_text_network(path: str | os.PathLike[str] | None = None) -> TextNetwork:
    """Open a network file, or the one that the extra `text` brings where no file is named.

    Raises
    ------
    MissingExtraError
        If no file is named and the extra is not installed.
    WeightsError
        If the file is missing, or takes or gives something else than one picture and one map.
    """
    net = open_net(path or installed_detector())
    if not is_text_network(net):
        raise WeightsError(f"'{net.path}' must take one picture 1x3xHxW and give one map 1x1xHxW; it is another net")
    return TextNetwork(net)


def is_text_network(net: Net) -> bool:
    """Tell by its shapes whether a network takes one picture and gives one map."""
    shapes = [*net.inputs.values(), *net.outputs.values()]
    return len(net.inputs) == len(net.outputs) == 1 and all(len(shape) == 4 for shape in shapes)  # noqa: PLR2004


def installed_detector() -> Path:
    """Return the file of the detector that the extra `text` brings; its package is not imported.

    Raises
    ------
    MissingExtraError
        If no package that carries one is installed.
    """
    for package, inside in _PACKAGES:
        spec = importlib.util.find_spec(package)
        for folder in (spec.submodule_search_locations or ()) if spec else ():
            if (Path(folder) / inside).is_file():
                return Path(folder) / inside
    raise MissingExtraError(f"text by a network needs the package {_PACKAGES[0][0]} with its detector; run: {INSTALL}")


def network_picture(image: Image) -> Float32[np.ndarray, "1 3 H W"]:
    """Return a picture as the network wants it: BGR about 0, sides that are multiples of 32.

    Examples
    --------
    >>> network_picture(np.ones((100, 200, 1), np.float32)).shape
    (1, 3, 736, 1472)
    """
    rgb = np.repeat(image, 3, axis=2) if image.shape[2] == 1 else image
    height, width = image.shape[:2]
    scale = min(_SHORTEST_SIDE / min(height, width), _LONGEST_SIDE / max(height, width))
    high, wide = (max(_STRIDE, round(side * scale / _STRIDE) * _STRIDE) for side in (height, width))
    filtering = cv2.INTER_LINEAR if scale > 1 else cv2.INTER_AREA
    resized = cv2.resize(np.ascontiguousarray(rgb), (wide, high), interpolation=filtering)
    return np.ascontiguousarray(((resized[..., ::-1] - _MEAN) / _SPREAD).transpose(2, 0, 1)[None], np.float32)


def parts_of(chances: Float32[np.ndarray, "h w"], threshold: float) -> list[tuple[Mask, float]]:
    """Return the connected parts of a map above a threshold, each with its mean.

    Examples
    --------
    >>> chances = np.zeros((8, 16), np.float32)
    >>> chances[2:6, 1:7], chances[2:6, 9:15] = 0.5, 0.75
    >>> [(int(part.sum()), score) for part, score in parts_of(chances, 0.3)]
    [(24, 0.5), (24, 0.75)]
    """
    n_parts, labels, stats, _ = cv2.connectedComponentsWithStats((chances > threshold).astype(np.uint8), connectivity=8)
    wide = [i for i in range(1, n_parts) if min(stats[i, 2:4]) >= _SMALLEST_PX]
    return [(labels == i, float(chances[labels == i].mean())) for i in wide]


def grown_back(part: Mask, unclip: float) -> Mask:
    """Return a part grown by what training has shrunk it, D' = A' r' / L'.

    Examples
    --------
    >>> part = np.zeros((40, 60), bool)
    >>> part[10:21, 10:31] = True  # its outline joins the middles of its border pixels: 20 x 10, A' / L' = 200 / 60
    >>> grown = grown_back(part, 1.5)  # by 5 px
    >>> int(grown[15].sum()), int(grown[:, 20].sum())
    (31, 21)
    """
    outlines, _ = cv2.findContours(part.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    length = max(sum(cv2.arcLength(outline, closed=True) for outline in outlines), 1.0)
    area = sum(cv2.contourArea(outline) for outline in outlines)
    distance = cv2.distanceTransform((~part).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    grown: Mask = distance <= unclip * area / length
    return grown


def corners_of(part: Mask) -> Float64[np.ndarray, "4 2"]:
    """Return the corners (row, col), clockwise, of the smallest turned rectangle around the pixels of a part."""
    points = np.argwhere(part)[:, ::-1].astype(np.float32)
    corners: Float64[np.ndarray, "4 2"] = cv2.boxPoints(cv2.minAreaRect(points))[:, ::-1].astype(np.float64)
    return corners
