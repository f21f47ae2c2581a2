"""Pictures inside the page: small, encoded as data, and what is shown beside them: the marked damage, the error map.

What is shown is close to what was scored, not equal to it: WebP at quality 90 is off by about two levels of 255 in the
mean, for a fifth of the bytes of PNG. Tiny pictures, masks and error maps stay exact. Large pictures are reduced by
area averaging, so that nothing appears that was not there.
"""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Float32, Shaped, UInt8
from PIL import Image, features

from retouch.arrays.types import AnyArray, Mask

ERROR_GAIN = 4
"""An error map is so many times brighter than the error."""

WIDEST_PX, HIGHEST_PX = 220, 330
_TINY_PX = 96  # narrower ones are stored exactly and enlarged without smoothing
_QUALITY = 90
_FAR_ENOUGH = 120.0  # distance in RGB at which a hue stands out
_ENOUGH_PIXELS = 100_000  # to tell which hues a picture has

HUES = {"magenta": (255, 0, 255), "green": (0, 255, 0), "cyan": (0, 255, 255), "orange": (255, 128, 0)}
"""Colours for missing pixels, the usual one first."""


@dataclass(frozen=True)
class Stored:
    """A picture as the page holds it: a data URI with its size in pixels."""

    uri: str
    width: int
    height: int

    @property
    def tiny(self) -> bool:
        """Whether its pixels should be seen as squares."""
        return self.width < _TINY_PX


def store(picture: AnyArray) -> Stored:
    """Return a (H, W, C) uint8 picture, grey or RGB, as a thumbnail."""
    small = _reduced(_as_rgb(picture))
    return _encoded(Image.fromarray(small), exact=small.shape[1] < _TINY_PX)


def store_mask(mask: Mask) -> Stored:
    """Return a mask as a thumbnail, white where pixels are missing."""
    return _encoded(Image.fromarray(_reduced(np.where(mask, np.uint8(255), np.uint8(0)))), exact=True)


def store_error(truth: AnyArray, result: AnyArray) -> Stored:
    """Return how far a result lies from the truth: the mean over channels of the absolute difference, amplified.

    Black is equal; the brightest yellow is 255 / `ERROR_GAIN` levels of 255 or more.
    """
    error = np.abs(_as_rgb(truth).astype(np.int16) - _as_rgb(result)).mean(axis=2)
    levels = _reduced(np.minimum(ERROR_GAIN * error, 255).round().astype(np.uint8))
    picture = Image.fromarray(levels)
    picture.putpalette(error_palette().tobytes())
    return _encoded(picture, exact=True)


def store_marked(damaged: AnyArray, mask: Mask, hue: str) -> Stored:
    """Return a damaged picture whose missing pixels have a colour of `HUES`."""
    marked = _as_rgb(damaged).copy()
    marked[mask] = HUES[hue]
    return store(marked)


def choose_hue(damaged: AnyArray, mask: Mask) -> str:
    """Return the first colour of `HUES` that is far from nearly all known pixels, or else the one that is farthest.

    Examples
    --------
    >>> choose_hue(np.full((4, 4, 3), (255, 0, 255), np.uint8), np.zeros((4, 4), bool))
    'green'
    """
    known = _as_rgb(damaged)[~mask]
    known = known[:: 1 + len(known) // _ENOUGH_PIXELS].astype(np.float32)
    if not len(known):
        return next(iter(HUES))
    room = {name: float(np.percentile(_distances(known, hue), 1)) for name, hue in HUES.items()}
    return next((name for name in HUES if room[name] >= _FAR_ENOUGH), max(HUES, key=room.__getitem__))


def error_palette() -> UInt8[np.ndarray, "256 3"]:
    """Return the colours of an error map from black to pale yellow, each lighter than the one before to the eye."""
    levels = np.arange(256, dtype=np.uint8)[:, None]
    return np.ascontiguousarray(np.asarray(cv2.applyColorMap(levels, cv2.COLORMAP_INFERNO))[:, 0, ::-1])


def _distances(colours: Float32[np.ndarray, "n 3"], hue: tuple[int, int, int]) -> Float32[np.ndarray, " n"]:
    distances: Float32[np.ndarray, " n"] = np.linalg.norm(colours - np.array(hue, np.float32), axis=1)
    return distances


def _as_rgb(picture: Shaped[np.ndarray, "H W C"]) -> UInt8[np.ndarray, "H W 3"]:
    """Repeat a single channel, drop an alpha channel."""
    colours = np.broadcast_to(picture, (*picture.shape[:2], 3)) if picture.shape[2] == 1 else picture[:, :, :3]
    return np.ascontiguousarray(colours)


def _reduced(picture: UInt8[np.ndarray, "H W ..."]) -> UInt8[np.ndarray, "h w ..."]:
    """Shrink a picture into the box of a thumbnail; one that fits stays as it is."""
    height, width = picture.shape[:2]
    factor = min(WIDEST_PX / width, HIGHEST_PX / height, 1.0)
    if factor == 1:
        return picture
    size = max(1, round(width * factor)), max(1, round(height * factor))
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)


def _encoded(picture: Image.Image, *, exact: bool) -> Stored:
    """Return a picture as a data URI: PNG where it must be exact, else WebP, or JPEG where Pillow has no WebP."""
    kind = "PNG" if exact else "WEBP" if features.check("webp") else "JPEG"
    stream = io.BytesIO()
    picture.save(stream, kind, quality=_QUALITY, optimize=True)  # PNG knows no quality, WebP no optimize
    data = base64.b64encode(stream.getvalue()).decode("ascii")
    return Stored(f"data:image/{kind.lower()};base64,{data}", picture.width, picture.height)
