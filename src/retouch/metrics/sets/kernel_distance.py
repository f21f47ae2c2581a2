"""Kernel distance of two sets of feature vectors: the unbiased squared maximum mean discrepancy, polynomial kernel.

Source: M. Binkowski, D. Sutherland, M. Arbel, A. Gretton, "Demystifying MMD GANs", ICLR 2018: the kernel of section 4
and, for the estimate, equation 3 of A. Gretton, K. Borgwardt, M. Rasch, B. Schoelkopf, A. Smola, "A kernel two-sample
test", JMLR 13, 2012.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from retouch.errors import InputError

_BLOCK = 1024  # vectors; a block of the kernel takes 8 MB
_LEAST_SAMPLES = 2


class FeatureRows:
    """Feature vectors that come bit by bit and are kept, in float32."""

    def __init__(self, n_features: int) -> None:
        self._blocks: list[Float[np.ndarray, "_ d"]] = [np.zeros((0, n_features), np.float32)]

    def add(self, features: Float[np.ndarray, "_ d"]) -> None:
        """Take in vectors."""
        self._blocks.append(features.astype(np.float32))

    @property
    def n(self) -> int:
        """How many there are."""
        return sum(len(block) for block in self._blocks)

    @property
    def rows(self) -> Float[np.ndarray, "n d"]:
        """All of them."""
        return np.concatenate(self._blocks)


def kernel_distance(x: Float[np.ndarray, "m d"], y: Float[np.ndarray, "n d"], *, degree: int = 3) -> float:
    """Return the kernel distance of two sets; 0 is expected for sets of one distribution, and negatives happen.

    Parameters
    ----------
    x, y : (m, d) and (n, d) floats
        Feature vectors, two or more each.
    degree : int
        Of the polynomial kernel (x.y / d + 1)^degree.

    Raises
    ------
    InputError
        If the sets do not fit each other or are too small.

    Notes
    -----
    Unbiased whatever the number of vectors, so it suits small sets. Costs m^2 + n^2 + m n products of length d, and
    memory for blocks of 1024 vectors.

    Examples
    --------
    One feature: kernels are (1 * 1 + 1)^3 = 8 inside x, (0 + 1)^3 = 1 inside y, and 1 between: 8 + 1 - 2 * 1.

    >>> kernel_distance(np.ones((2, 1)), np.zeros((2, 1)))
    7.0
    """
    if x.shape[1] != y.shape[1]:
        raise InputError(f"both sets must have the same features, got {x.shape[1]} and {y.shape[1]} of them")
    if min(len(x), len(y)) < _LEAST_SAMPLES:
        raise InputError(f"a kernel distance needs at least 2 vectors in each set, got {len(x)} and {len(y)}")
    between = _kernel_sum(x, y, degree) / (len(x) * len(y))
    return _mean_within(x, degree) + _mean_within(y, degree) - 2 * between  # equation 3


def kernel_distance_of_subsets(
    x: Float[np.ndarray, "m d"],
    y: Float[np.ndarray, "n d"],
    *,
    n_subsets: int = 100,
    subset_size: int = 1000,
    degree: int = 3,
    rng: np.random.Generator,
) -> tuple[float, float]:
    """Return the mean and the standard deviation of the kernel distance over random subsets, as KID is often reported.

    Parameters
    ----------
    x, y, degree
        As for `kernel_distance`.
    n_subsets : int
        How many times a subset of each is drawn, without replacement; 1 or more.
    subset_size : int
        How many vectors each has, 2 up to the size of the smaller set.
    rng : numpy.random.Generator
        What draws them.

    Raises
    ------
    InputError
        If the sets do not fit each other or are smaller than a subset.

    Examples
    --------
    Subsets of the whole size are the whole sets of the example of `kernel_distance`.

    >>> rng = np.random.default_rng(0)
    >>> kernel_distance_of_subsets(np.ones((2, 1)), np.zeros((2, 1)), n_subsets=3, subset_size=2, rng=rng)
    (7.0, 0.0)
    """
    if not _LEAST_SAMPLES <= subset_size <= min(len(x), len(y)) or n_subsets < 1:
        raise InputError(
            f"subsets must be 1 or more and hold 2 to {min(len(x), len(y))} vectors, got {n_subsets} of {subset_size}"
        )
    distances = [
        kernel_distance(
            x[rng.choice(len(x), subset_size, replace=False)],
            y[rng.choice(len(y), subset_size, replace=False)],
            degree=degree,
        )
        for _ in range(n_subsets)
    ]
    return float(np.mean(distances)), float(np.std(distances))


def _mean_within(x: Float[np.ndarray, "m d"], degree: int) -> float:
    """Return the mean of the kernel over all pairs of different vectors."""
    n = len(x)
    lengths = np.sum(x.astype(np.float64) ** 2, axis=1) / x.shape[1]
    return (_kernel_sum(x, x, degree) - float(np.sum((lengths + 1) ** degree))) / (n * (n - 1))


def _kernel_sum(x: Float[np.ndarray, "m d"], y: Float[np.ndarray, "n d"], degree: int) -> float:
    """Return the sum of the kernel over all pairs, block by block."""
    total = 0.0
    for i in range(0, len(x), _BLOCK):
        rows = x[i : i + _BLOCK].astype(np.float64)
        for j in range(0, len(y), _BLOCK):
            products = rows @ y[j : j + _BLOCK].astype(np.float64).T
            total += float(np.sum((products / x.shape[1] + 1) ** degree))
    return total
