"""The first guess at the coarsest level: the hole is closed from its border inwards by exhaustive patch matching.

Source: A. Newson et al., "Video inpainting of complex scenes", SIAM J. Imaging Sciences 7(4), 2014, section 3.4 (onion
peel). Only what is known, or was filled before, is compared, so that no smooth guess attracts smooth patches; what was
filled counts less the deeper it lies. Every source patch is tried: as two matrix products that is quick at this size.

    T     (n, D) target patches, D = patch_size^2 * K values
    W     (n, D) their weights
    S     (m, D) source patches
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float32, Int32

from retouch.arrays.regions import hole_depth

_TRUST_DECAY = 1.3
_CHUNK_CELLS = 4_000_000  # of the (n, m) table of costs: 16 MB


def match_patches(
    picture: Float32[np.ndarray, "H W K"],
    trust: Float32[np.ndarray, "H W"],
    targets: Int32[np.ndarray, "n 2"],
    source: Float32[np.ndarray, "S W K"],
    places: Int32[np.ndarray, "m 2"],
    half: int,
) -> tuple[Int32[np.ndarray, "n 2"], Float32[np.ndarray, " n"]]:
    """Return for each target patch the most similar source patch's centre and the mean weighted square difference."""
    candidates = _gather(source, places, half)
    squares = candidates**2
    best = np.empty(len(targets), np.int64)
    cost = np.empty(len(targets), np.float32)
    chunk = max(_CHUNK_CELLS // len(places), 1)
    for first in range(0, len(targets), chunk):
        part = targets[first : first + chunk]
        values = _gather(picture, part, half)
        weights = np.repeat(_gather(trust[:, :, None], part, half), picture.shape[2], axis=1)
        total = np.maximum(weights.sum(axis=1), 1e-6)
        # sum W (T - S)^2 = sum W T^2 - 2 sum (W T) S + sum W S^2; the first term is the same for every source.
        table = weights @ squares.T - 2 * ((weights * values) @ candidates.T)
        chosen = table.argmin(axis=1)
        best[first : first + chunk] = chosen
        lowest = table[np.arange(len(part)), chosen] + (weights * values**2).sum(axis=1)
        cost[first : first + chunk] = np.maximum(lowest, 0) / total
    return places[best], cost


def close_inwards(
    picture: Float32[np.ndarray, "H W K"],
    mask: Bool[np.ndarray, "H W"],
    source: Float32[np.ndarray, "S W K"],
    places: Int32[np.ndarray, "m 2"],
    half: int,
) -> Float32[np.ndarray, "H W K"]:
    """Return the picture with its hole closed layer by layer."""
    filled = np.where(mask[:, :, None], 0, picture).astype(np.float32)
    depth = np.ceil(hole_depth(mask)).astype(np.int32)
    trust = np.where(mask, 0, 1).astype(np.float32)
    for layer in range(1, int(depth.max()) + 1):
        pixels = np.argwhere(depth == layer)
        if len(pixels) == 0:
            continue
        inside = np.array(mask.shape) - 1 - half
        targets = np.clip(pixels, half, inside).astype(np.int32)
        found, _ = match_patches(filled, trust, targets, source, places, half)
        at = found + (pixels - targets)
        filled[pixels[:, 0], pixels[:, 1]] = source[at[:, 0], at[:, 1]]
        trust[pixels[:, 0], pixels[:, 1]] = _TRUST_DECAY ** -float(layer)
    return filled


def _gather(
    array: Float32[np.ndarray, "H W K"], centres: Int32[np.ndarray, "n 2"], half: int
) -> Float32[np.ndarray, "n D"]:
    """Return the patches around the centres as rows of values."""
    reach = np.arange(-half, half + 1)
    rows = centres[:, 0, None, None] + reach[:, None]
    columns = centres[:, 1, None, None] + reach[None, :]
    return array[rows, columns].reshape(len(centres), -1)
