"""The singular values of many small matrices at once, by the eigenvectors of their Gram matrices.

A stack of m patches of d values is a matrix of m rows. Its right singular vectors are the eigenvectors of the (d, d)
matrix of products, its left ones those of the (m, m) matrix; whichever is smaller is taken, in half of the time of a
singular value decomposition. Values below 1e-3 of the largest are lost in rounding, but those are shrunk to 0.

    stacks    (B, m, d) float32
    values    (B, r) float64, r = min(m, d), in ascending order
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from jaxtyping import Float32

from retouch.denoising.low_rank.shrinkage import Values

Stacks: TypeAlias = Float32[np.ndarray, "B m d"]


def shrink_stacks(stacks: Stacks, shrink: Callable[[Values], Values]) -> Stacks:
    """Return the stacks with `shrink(values)` in the place of their singular values.

    Examples
    --------
    The only singular value of one row is its length:

    >>> shrink_stacks(np.float32([[[3, 4]]]), lambda values: values - 1).round(4)
    array([[[2.4, 3.2]]], dtype=float32)
    """
    turned = stacks.transpose(0, 2, 1)
    wide = stacks.shape[1] < stacks.shape[2]
    squares, vectors = np.linalg.eigh(stacks @ turned if wide else turned @ stacks)
    values = np.sqrt(np.maximum(squares.astype(np.float64), 0))
    shares = shrink(values) / np.where(values > 0, values, 1.0)
    projections = (vectors * shares[:, None, :].astype(np.float32)) @ vectors.transpose(0, 2, 1)
    result: Stacks = projections @ stacks if wide else stacks @ projections
    return result
