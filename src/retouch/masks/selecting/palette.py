"""A palette of a picture: every pixel named by the nearest of at most 64 colours.

Source: S. Lloyd, "Least squares quantization in PCM", IEEE Trans. Information Theory 28(2), 1982 (k-means).
Departures: the first groups are a grid of quantiles in CIE L*a*b* and not drawn, so that the same picture always gives
the same palette; groups are fitted to a regular sample of at most 20,000 pixels.
"""

from __future__ import annotations

import cv2
import numpy as np
from jaxtyping import Float32, Int64
from scipy.spatial import cKDTree

from retouch.arrays.types import Image

_LEVELS = 4
_MOST_SAMPLES = 20_000
_ITERATIONS = 4
_CHROMA_GAIN = 1.3  # hue tells things apart that light and shade do not


def to_lab(image: Image) -> Float32[np.ndarray, "H W 3"]:
    """Return L*, a*, b* of a picture; grey has a* = b* = 0.

    >>> to_lab(np.ones((1, 1, 1), np.float32)).round().tolist()
    [[[100.0, 0.0, 0.0]]]
    """
    rgb = np.repeat(image, 3, axis=2) if image.shape[2] == 1 else image
    lab: np.ndarray = cv2.cvtColor(np.ascontiguousarray(rgb), cv2.COLOR_RGB2LAB)
    if image.shape[2] == 1:
        lab[..., 1:] = 0
    return lab


def name_colours(lab: Float32[np.ndarray, "H W 3"]) -> Int64[np.ndarray, "H W"]:
    """Return for each pixel the number of its colour, from 0.

    Parameters
    ----------
    lab : (H, W, 3) float32
        Of `to_lab`.

    Returns
    -------
    (H, W) int64, range [0, 64)
    """
    colours = (lab * np.array([1, _CHROMA_GAIN, _CHROMA_GAIN], np.float32)).reshape(-1, 3)
    if len(colours) == 1:  # k-means would take the row for three samples
        return np.zeros(lab.shape[:2], np.int64)
    sample = np.ascontiguousarray(colours[:: -(-len(colours) // _MOST_SAMPLES)])
    _, first = np.unique(_quantile_cells(sample), return_inverse=True)
    labels = first.astype(np.int32).reshape(-1, 1)
    stop = (cv2.TERM_CRITERIA_MAX_ITER, _ITERATIONS, 0.0)
    _, _, centres = cv2.kmeans(sample, int(labels.max()) + 1, labels, stop, 1, cv2.KMEANS_USE_INITIAL_LABELS)
    names: np.ndarray = cKDTree(centres).query(colours)[1].astype(np.int64).reshape(lab.shape[:2])
    return names


def _quantile_cells(sample: Float32[np.ndarray, "N 3"]) -> Int64[np.ndarray, " N"]:
    """Return the cell of each colour in a grid whose lines are quantiles of each channel."""
    cells = np.zeros(len(sample), np.int64)
    for channel in sample.T:
        lines = np.quantile(channel, np.arange(1, _LEVELS) / _LEVELS)
        cells = cells * _LEVELS + np.searchsorted(lines, channel)
    return cells
