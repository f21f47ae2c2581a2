"""Dividing a number of samples among classes by weights.

Source: R. Gao, K. Grauman, "On-Demand Learning for Deep Image Restoration", ICCV 2017: the share of a task in a batch
is inverse to its PSNR. Rounding is by the largest remainder, and no class gets less than one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

_LEAST_PSNR = 0.1
_LEAST_MSE = 1e-10


def allocate(weights: Sequence[float], total: int) -> list[int]:
    """Return how many of `total` each class gets: proportional to its weight, at least 1, summing to `total`.

    Parameters
    ----------
    weights : sequence of float
        Positive and finite.
    total : int
        At least as many as there are classes.

    Notes
    -----
    Where a share lies below 1 its class gets 1, and the others divide what is left. A class of a larger weight never
    gets less; of equal remainders the class that stands first is rounded up.

    Examples
    --------
    >>> allocate([1.0, 1.0, 1.0, 1.0, 1.0], 100)
    [20, 20, 20, 20, 20]
    >>> allocate([5.0, 3.0, 0.001], 9)  # 8 divided 5 : 3 beside the one that the last class gets
    [5, 3, 1]
    """
    raised: set[int] = set()
    while True:
        free = [i for i in range(len(weights)) if i not in raised]
        rest = total - len(raised)
        scale = sum(weights[i] for i in free)
        shares = {i: weights[i] / scale * rest for i in free}
        too_small = {i for i in free if shares[i] < 1}
        if not too_small:
            return _rounded(shares, rest, len(weights))
        raised |= too_small


def inverse_psnr(psnr: float) -> float:
    """Return 1 / p, the weight of a class whose PSNR is p dB (at least 0.1)."""
    return 1 / max(psnr, _LEAST_PSNR)  # 1 / p_i


def mse_of(scores: dict[str, float]) -> float:
    """Return the mean squared error of a class, from its PSNR if it is not given (peak 1).

    >>> round(mse_of({"psnr": 20.0}), 6)
    0.01
    """
    mse = scores.get("mse", math.nan)
    if not math.isfinite(mse):
        mse = 10 ** (-scores.get("psnr", math.nan) / 10)
    return max(mse, _LEAST_MSE)


def _rounded(shares: dict[int, float], total: int, n_classes: int) -> list[int]:
    counts = {i: math.floor(share + 1e-9) for i, share in shares.items()}  # 19.9999 of rounding errors is 20
    by_remainder = sorted(shares, key=lambda i: (counts[i] - shares[i], i))
    for i in by_remainder[: total - sum(counts.values())]:
        counts[i] += 1
    return [counts.get(i, 1) for i in range(n_classes)]
