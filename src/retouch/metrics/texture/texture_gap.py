"""Texture gap: the chi-square distance between the gradient histograms of two pictures.

Source: own measure (the project's metric sheet, section 9); the distance is the chi-square of J. Puzicha, T. Hofmann,
J. Buhmann, "Non-parametric Similarity Measures for Unsupervised Texture Segmentation and Image Retrieval", CVPR 1997,
halved so that it ends at 1.

The luma in [0, 1] has on each axis the central difference, half of one neighbour minus the other (the outermost pixels
are repeated outwards); g is the length of both. p and q are the shares of pixels in each of 32 bins of g over its
whole range, 0 to sqrt(1/2): gap = 1/2 sum (p - q)^2 / (p + q). Bin k ends at (k/32)^2 of the range, at 8 bits 0.2, 0.7,
1.6, 2.8, 4.4 ... 180: bins of one width would hold most pixels of a photograph in the first two, and a fill could lose
half of its texture unseen.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Float64

from retouch.arrays.colour import to_grey
from retouch.arrays.types import AnyArray, Mask
from retouch.metrics.pairs import check_pair

N_BINS = 32
_STEEPEST = np.sqrt(0.5)  # half a step from black to white on both axes


def texture_gap(
    reference: AnyArray, result: AnyArray, *, mask: Mask | None = None, data_range: float | None = None
) -> float:
    """Return how differently the gradients of two pictures are distributed.

    Parameters
    ----------
    reference, result : (H, W) or (H, W, C), C = 1 or 3
        uint8, uint16 or float; of one shape and dtype.
    mask : (H, W) bool or None
        The pixels whose gradients count (True); those at its rim are taken across it.
    data_range : float or None
        What white is; None takes it from the dtype.

    Returns
    -------
    float, 0 to 1
        Lower is better. 0 where the histograms are equal, 1 where they have no bin in common.

    Raises
    ------
    InputError
        If the pictures cannot be compared (see `retouch.metrics.pairs.check_pair`).

    Notes
    -----
    It asks whether there is as much texture, not whether it is the same: a mirrored picture has a gap of 0, a blurred
    one has not. That is its use beside PSNR, which rewards blur. Two samples of n pixels of one texture differ by
    10/n to 30/n, so small holes say little. A pattern that alternates from pixel to pixel is not seen.

    Examples
    --------
    A ramp has no flat pixel, so it shares no bin with a flat picture:

    >>> ramp = np.tile(np.arange(0, 200, 10, dtype=np.uint8), (4, 1))
    >>> texture_gap(ramp, ramp[:, ::-1]), texture_gap(ramp, np.zeros_like(ramp))
    (0.0, 1.0)
    """
    pair = check_pair(reference, result, data_range=data_range, mask=mask)
    return share_distance(*(gradient_shares(p, pair.data_range, pair.mask) for p in (pair.reference, pair.result)))


def share_distance(p: Float64[np.ndarray, " n"], q: Float64[np.ndarray, " n"]) -> float:
    """Return the chi-square distance of two histograms of shares, 0 to 1.

    >>> share_distance(np.array([1.0, 0.0]), np.array([0.5, 0.5]))  # (0.25 / 1.5 + 0.25 / 0.5) / 2
    0.3333333333333333
    """
    filled = p + q > 0
    return 0.5 * float(np.sum((p - q)[filled] ** 2 / (p + q)[filled]))


def gradient_shares(
    planes: Float[np.ndarray, "H W C"], data_range: float, mask: Mask | None
) -> Float64[np.ndarray, " n"]:
    """Return the share of pixels in each bin of gradient magnitude; of those of a mask where there is one."""
    around = np.pad(to_grey(planes)[:, :, 0] / data_range, 1, mode="edge")
    down = (around[2:, 1:-1] - around[:-2, 1:-1]) / 2
    right = (around[1:-1, 2:] - around[1:-1, :-2]) / 2
    magnitude = np.hypot(down, right)
    share = np.sqrt((magnitude if mask is None else magnitude[mask]) / _STEEPEST)
    bins = np.minimum((N_BINS * share).astype(np.intp), N_BINS - 1)
    shares: Float64[np.ndarray, " n"] = np.bincount(bins.ravel(), minlength=N_BINS) / bins.size
    return shares
