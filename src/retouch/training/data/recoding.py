"""A picture as another file would hold it: resampled, noisy, through a codec; the same for all of its pixels.

Source: this project. A detector of fills that saw fresh fills beside photographs from JPEG files would learn the traces
of the codec, which say nothing once a result is saved. After this, filled and known pixels have the same last history.
"""

from __future__ import annotations

import cv2
import numpy as np
from jaxtyping import UInt8

_CODECS = (".jpg", ".webp")
_QUALITY = {".jpg": cv2.IMWRITE_JPEG_QUALITY, ".webp": cv2.IMWRITE_WEBP_QUALITY}
_QUALITIES = (45, 98)
_LEAST_SCALE = 0.6
_MOST_SIGMA = 8.0  # of 255
_GRID_PX = 8
_STEP_SHARE = 0.5


def recode(picture: UInt8[np.ndarray, "H W C"], rng: np.random.Generator) -> UInt8[np.ndarray, "H W C"]:
    """Return the picture after some of three steps, each taken with a chance of one half.

    Parameters
    ----------
    picture : (H, W, C) uint8
        Grey or RGB.
    rng : numpy.random.Generator

    Returns
    -------
    (H, W, C) uint8
        Made smaller and as large again; with Gaussian noise of up to 8 levels; through JPEG or WebP of quality 45 to
        97, whose blocks begin anywhere.

    Examples
    --------
    >>> recode(np.full((9, 7, 3), 128, np.uint8), np.random.default_rng(0)).shape
    (9, 7, 3)
    """
    for step in (_resampled, _noisy, _compressed):
        if rng.random() < _STEP_SHARE:
            picture = step(picture, rng)
    return picture


def _resampled(picture: UInt8[np.ndarray, "H W C"], rng: np.random.Generator) -> UInt8[np.ndarray, "H W C"]:
    height, width = picture.shape[:2]
    scale = rng.uniform(_LEAST_SCALE, 1)
    small = (max(1, round(width * scale)), max(1, round(height * scale)))
    back = cv2.INTER_CUBIC if rng.random() < _STEP_SHARE else cv2.INTER_LINEAR
    shrunk = cv2.resize(picture, small, interpolation=cv2.INTER_AREA)
    return cv2.resize(shrunk, (width, height), interpolation=back).reshape(picture.shape)


def _noisy(picture: UInt8[np.ndarray, "H W C"], rng: np.random.Generator) -> UInt8[np.ndarray, "H W C"]:
    noise = rng.normal(0, rng.uniform(0, _MOST_SIGMA), picture.shape)
    return np.rint(picture + noise).clip(0, 255).astype(np.uint8)


def _compressed(picture: UInt8[np.ndarray, "H W C"], rng: np.random.Generator) -> UInt8[np.ndarray, "H W C"]:
    top, left = (int(n) for n in rng.integers(_GRID_PX, size=2))
    suffix = _CODECS[int(rng.integers(len(_CODECS)))]
    moved = np.pad(picture, ((top, 0), (left, 0), (0, 0)), mode="symmetric")
    flag = cv2.IMREAD_GRAYSCALE if picture.shape[2] == 1 else cv2.IMREAD_COLOR
    # Red and blue change places on both ways, so that only the codec's weighting of them differs.
    _, data = cv2.imencode(suffix, moved, [_QUALITY[suffix], int(rng.integers(*_QUALITIES))])
    decoded = np.asarray(cv2.imdecode(data, flag), np.uint8).reshape(moved.shape)
    return np.ascontiguousarray(decoded[top:, left:])
