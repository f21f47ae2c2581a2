"""Suppression: of boxes that overlap much the surest stays.

Source: the greedy non-maximum suppression that detectors of boxes share, as in W. Liu et al., "SSD: Single Shot
MultiBox Detector", ECCV 2016, section 2.2. Overlap is intersection over union.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float32, Int


def keep_apart(corners: Float32[np.ndarray, "n 4"], most_overlap: float) -> Int[np.ndarray, " k"]:
    """Return which of the boxes, the surest first, stay when each drops those after it that overlap it more.

    Costs O(n^2) memory.

    >>> keep_apart(np.float32([[0, 0, 4, 4], [0, 0, 4, 3], [8, 8, 9, 9]]), 0.5).tolist()
    [0, 2]
    """
    sides = np.minimum(corners[:, None, 2:], corners[None, :, 2:]) - np.maximum(
        corners[:, None, :2], corners[None, :, :2]
    )
    shared = np.maximum(sides, 0).prod(axis=2)  # (n, n)
    areas = (corners[:, 2:] - corners[:, :2]).prod(axis=1)
    union = areas[:, None] + areas[None] - shared
    hits = shared > most_overlap * union
    alive = np.ones(len(corners), np.bool_)
    for rank in range(len(corners)):
        if alive[rank]:
            alive[rank + 1 :] &= ~hits[rank, rank + 1 :]
    return np.flatnonzero(alive)
