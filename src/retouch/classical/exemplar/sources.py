"""Where patches are borrowed: the picture, and below it turned and resized copies of it in one tall array."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import cv2
import numpy as np
from jaxtyping import Bool, Float32, Int32, Int64, Shaped

from retouch.arrays.types import AnyArray, Image
from retouch.classical.exemplar.levels import Level, source_patches

_WHOLE = 0.999  # share of an interpolated pixel that must come from source pixels, up to rounding


@dataclass(frozen=True)
class Sources:
    """One level's sources.

    Attributes
    ----------
    picture : (n * H, W, C) float32
        The level's picture and its transformed copies, one below the other.
    bytes : (n * H, W * K) uint8
        What patches are compared by (`Level.compared`), in 8 bits.
    allowed : (n * H, W) int32
        Label of each patch centre, -1 where no patch may be borrowed.
    height : int
        H, the height of one copy.
    """

    picture: Float32[np.ndarray, "S W C"]
    bytes: Shaped[np.ndarray, "S V"]
    allowed: Int32[np.ndarray, "S W"]
    height: int

    def places(self, label: int) -> Int32[np.ndarray, "n 2"]:
        """Return the centres that a patch of this label may be borrowed from; all if the label has none."""
        found = np.argwhere(self.allowed == label) if label > 0 else np.empty((0, 2), np.int64)
        return (found if len(found) else np.argwhere(self.allowed >= 0)).astype(np.int32)

    def from_coarser(self, places: Int32[np.ndarray, "n 2"], coarse_height: int) -> Int64[np.ndarray, "n 2"]:
        """Return the places of this level that lie at double the coordinates, copy by copy."""
        copy, row = np.divmod(places[:, 0].astype(np.int64), coarse_height)
        return np.stack([copy * self.height + 2 * row, 2 * places[:, 1].astype(np.int64)], axis=1)

    def permits(self, places: Int64[np.ndarray, "n 2"], labels: Int32[np.ndarray, " n"]) -> Bool[np.ndarray, " n"]:
        """Whether a patch may be borrowed at each place by a target of the given label."""
        rows, columns = self.allowed.shape
        inside = (places >= 0).all(axis=1) & (places[:, 0] < rows) & (places[:, 1] < columns)
        found = self.allowed[np.clip(places[:, 0], 0, rows - 1), np.clip(places[:, 1], 0, columns - 1)]
        fits: Bool[np.ndarray, " n"] = inside & (found >= 0) & ((labels <= 0) | (found == labels))
        return fits


def build_sources(level: Level, half: int, angles: tuple[float, ...], factors: tuple[float, ...]) -> Sources:
    """Lay the level and its copies turned by `angles` (degrees) and resized by `factors` below each other."""
    transforms = [(0.0, 1.0)] + [(angle, 1.0) for angle in angles] + [(0.0, factor) for factor in factors]
    copies = [level if transform == (0.0, 1.0) else _transformed(level, *transform) for transform in transforms]
    picture = np.concatenate([copy.picture for copy in copies]) if len(copies) > 1 else level.picture
    allowed = np.concatenate([np.where(source_patches(c, half), np.maximum(c.labels, 0), -1) for c in copies])
    compared = np.concatenate([copy.compared(copy.picture) for copy in copies])
    return Sources(picture, as_bytes(compared), allowed.astype(np.int32), level.mask.shape[0])


def as_bytes(picture: Float32[np.ndarray, "H W C"]) -> Shaped[np.ndarray, "H V"]:
    """Return a picture in 8 bits a value, as rows of V = W * C."""
    scaled = picture * np.float32(255)
    np.rint(scaled, out=scaled)
    np.clip(scaled, 0, 255, out=scaled)
    rows: Shaped[np.ndarray, "H V"] = scaled.astype(np.uint8)
    return rows.reshape(picture.shape[0], -1)


def _transformed(level: Level, angle: float, factor: float) -> Level:
    """Turn and resize a level around its centre; what comes from outside or from unknown pixels is no source."""
    height, width = level.mask.shape
    matrix = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), angle, factor)
    picture, guide = (_warped(layers, matrix) for layers in (level.picture, level.guide))
    # A pixel is a source only if everything it is interpolated from is: the weights must sum to 1.
    usable = cv2.warpAffine(level.source.astype(np.float32), matrix, (width, height)) > _WHOLE
    labels = cv2.warpAffine(level.labels.astype(np.float32), matrix, (width, height), flags=cv2.INTER_NEAREST)
    return Level(cast("Image", picture), level.mask, usable, np.rint(labels).astype(np.int32), guide)


def _warped(layers: Image | None, matrix: AnyArray) -> Image | None:
    if layers is None:
        return None
    size = (layers.shape[1], layers.shape[0])
    parts = [np.ascontiguousarray(layers[:, :, k]) for k in range(layers.shape[2])]
    return np.dstack([cv2.warpAffine(part, matrix, size) for part in parts])
