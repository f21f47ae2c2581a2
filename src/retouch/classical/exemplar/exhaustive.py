"""Matching at scales so small that every source patch can be tried, even one with unknown pixels of its own.

At a few dozen pixels a side hardly any source patch is free of the hole. Here patches may be compared in part: what
neither knows does not count, and each unknown pixel of a source patch costs a fixed penalty. As matrix products that is
quick at this size.

    T, W_t   (n, D) target patches and the weights of their values, D = patch_size^2 * C
    S, W_s   (m, D) source patches, and 1 where known, else 0
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float32, Int32

_PENALTY = np.float32(0.1)  # squared difference that an unknown value stands for, range [0, 1]
_CHUNK_CELLS = 4_000_000  # of the (n, m) tables: 16 MB each


def match_patches(
    picture: Float32[np.ndarray, "H W C"],
    trust: Float32[np.ndarray, "H W"],
    targets: Int32[np.ndarray, "n 2"],
    source: Float32[np.ndarray, "H W C"],
    known: Bool[np.ndarray, "H W"],
    places: Int32[np.ndarray, "m 2"],
    half: int,
) -> tuple[Int32[np.ndarray, "n 2"], Float32[np.ndarray, " n"]]:
    """Return for each target patch the centre of the most similar source patch, and their mean squared difference.

    Parameters
    ----------
    picture : (H, W, C) float32
        The picture as estimated so far.
    trust : (H, W) float32
        How much each of its pixels counts.
    targets : (n, 2) int32
        Row and column of the target patches' centres.
    source : (H, W, C) float32
        Where patches are borrowed.
    known : (H, W) bool
        Which of its pixels are known.
    places : (m, 2) int32
        Row and column of the source patches' centres.
    half : int
        Half the patch's side, rounded down.
    """
    n_channels = picture.shape[2]
    w_s = np.repeat(_gather(known[:, :, None].astype(np.float32), places, half), n_channels, axis=1)
    s = _gather(source, places, half) * w_s
    s_squared = s * s
    best = np.empty(len(targets), np.int64)
    cost = np.empty(len(targets), np.float32)
    chunk = max(_CHUNK_CELLS // len(places), 1)
    for first in range(0, len(targets), chunk):
        part = slice(first, first + chunk)
        t = _gather(picture, targets[part], half)
        w_t = np.repeat(_gather(trust[:, :, None], targets[part], half), n_channels, axis=1)
        # sum W_t W_s (T - S)^2 + penalty * sum W_t (1 - W_s), term by term; S is 0 where W_s is.
        table = w_t @ s_squared.T - 2 * ((w_t * t) @ s.T) + (w_t * (t * t - _PENALTY)) @ w_s.T
        chosen = table.argmin(axis=1)
        best[part] = chosen
        total = np.maximum(w_t.sum(axis=1), np.float32(1e-6))
        cost[part] = np.maximum(table[np.arange(len(chosen)), chosen] / total + _PENALTY, 0)
    return places[best], cost


def _gather(
    array: Float32[np.ndarray, "H W K"], centres: Int32[np.ndarray, "n 2"], half: int
) -> Float32[np.ndarray, "n D"]:
    """Return the patches around the centres as rows of values."""
    reach = np.arange(-half, half + 1)
    rows = centres[:, 0, None, None] + reach[:, None]
    columns = centres[:, 1, None, None] + reach[None, :]
    return array[rows, columns].reshape(len(centres), -1)
