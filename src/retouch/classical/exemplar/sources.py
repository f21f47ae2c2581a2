"""Where patches are borrowed: the picture, and below it turned and resized copies of it in one tall array.

Source: structural guidance is that of a doctoral thesis on structure-first inpainting and object removal, Sec. 5.4,
there for contextual attention: a map says which patches each missing place may copy.
Departures: any number of labels instead of foreground and background; labels that no patch carries restrict nothing.

A map of labels restricts every method that borrows patches in the same way. A missing pixel of label l > 0 takes its
value from patches whose pixels are all known and all of label l, one of label 0 from anywhere. `restrict` says once for
a picture who is restricted, `allowed_patches` which label each patch can serve.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, cast

import cv2
import numpy as np
from jaxtyping import Bool, Float32, Int32, Int64, Shaped

from retouch.arrays.types import AnyArray, Image, Mask
from retouch.classical.exemplar.levels import Level, whole_patches

_WHOLE = 0.999  # the weights of an interpolated pixel's parts must sum to 1, up to rounding


class Restriction(NamedTuple):
    """Which missing pixels are restricted by a map of labels.

    Attributes
    ----------
    labels : (H, W) int32 or None
        What each pixel may borrow or serves for, 0 for anything; None where no missing pixel is restricted.
    n_restricted : int
        Missing pixels that take from their own label only.
    n_free : int
        Missing pixels whose label no patch carries: they take from anywhere.
    unserved : tuple of int
        The labels of the latter.
    """

    labels: Int32[np.ndarray, "H W"] | None
    n_restricted: int
    n_free: int
    unserved: tuple[int, ...]


def restrict(labels: AnyArray | None, mask: Mask, source: Mask, half: int) -> Restriction:
    """Return who is restricted by a map of labels; labels that no patch carries restrict nobody.

    Parameters
    ----------
    labels : (H, W) int, or None for no map
        0 and below have no say.
    mask, source : (H, W) bool
        What is missing, and what may be borrowed.
    half : int
        Half the side of the method's patches, rounded down.

    Examples
    --------
    >>> labels = np.tile(np.repeat([1, 2, 3], [3, 4, 1]), (3, 1))
    >>> mask = labels == 2
    >>> mask[:, 6:] = True
    >>> restrict(labels, mask, ~mask, 1)[1:]
    (0, 15, (2, 3))
    >>> mask = np.zeros((3, 8), bool)
    >>> mask[:, 6:] = True
    >>> restrict(labels, mask, ~mask, 1)[1:]
    (3, 3, (3,))
    """
    if labels is None:
        return Restriction(None, 0, 0, ())
    tags = np.maximum(labels, 0).astype(np.int32)
    asked, n_asked = np.unique(tags[mask & (tags > 0)], return_counts=True)
    served = np.isin(asked, allowed_patches(source, tags, half))
    tags[mask & np.isin(tags, asked[~served])] = 0
    n_restricted, n_free = int(n_asked[served].sum()), int(n_asked[~served].sum())
    return Restriction(tags if n_restricted else None, n_restricted, n_free, tuple(asked[~served].tolist()))


def allowed_patches(
    source: Bool[np.ndarray, "H W"], labels: Int32[np.ndarray, "H W"] | None, half: int
) -> Int32[np.ndarray, "H W"]:
    """Return for each patch centre the label of all of its pixels, 0 where they differ, -1 where it is not whole.

    Parameters
    ----------
    source : (H, W) bool
        Pixels that may be borrowed.
    labels : (H, W) int32, 0 and up, or None
    half : int

    Examples
    --------
    >>> allowed_patches(np.ones((3, 6), bool), np.tile(np.repeat([1, 2], 3), (3, 1)).astype(np.int32), 1)[1].tolist()
    [-1, 1, 0, 0, 2, -1]
    """
    whole = whole_patches(source, half)
    if labels is None:
        return np.where(whole, 0, -1).astype(np.int32)
    box, tags = np.ones((2 * half + 1, 2 * half + 1), np.uint8), labels.astype(np.float32)
    least, most = cv2.erode(tags, box), cv2.dilate(tags, box)
    return np.where(whole, np.where(least == most, most, 0), -1).astype(np.int32)


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
        The label that each patch serves, -1 where none may be borrowed (see `allowed_patches`).
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
    allowed = np.concatenate([allowed_patches(copy.source, copy.labels, half) for copy in copies])
    compared = np.concatenate([copy.compared(copy.picture) for copy in copies])
    return Sources(picture, as_bytes(compared), allowed, level.mask.shape[0])


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
    usable = _warped_wholly(level.source, matrix)
    labels = None if level.labels is None else _warped_labels(level.labels, matrix)
    return Level(cast("Image", picture), level.mask, usable, labels, guide)


def _warped_labels(labels: Int32[np.ndarray, "H W"], matrix: AnyArray) -> Int32[np.ndarray, "H W"]:
    warped = np.zeros_like(labels)
    for label in np.unique(labels):
        warped[_warped_wholly(labels == label, matrix)] = label
    return warped


def _warped_wholly(pixels: Mask, matrix: AnyArray) -> Mask:
    """Return the pixels that are interpolated from the given ones alone."""
    height, width = pixels.shape
    wholly: Mask = cv2.warpAffine(pixels.astype(np.float32), matrix, (width, height)) > _WHOLE
    return wholly


def _warped(layers: Image | None, matrix: AnyArray) -> Image | None:
    if layers is None:
        return None
    size = (layers.shape[1], layers.shape[0])
    parts = [np.ascontiguousarray(layers[:, :, k]) for k in range(layers.shape[2])]
    return np.dstack([cv2.warpAffine(part, matrix, size) for part in parts])
