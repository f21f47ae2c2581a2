"""A Gaussian mixture over patches without their mean: what patches of pictures look like, and the best guess in noise.

Source: D. Zoran, Y. Weiss, "From learning models of natural image patches to whole image restoration", ICCV 2011 (the
prior, and section 4: the Wiener estimate of the likeliest component stands for the posterior mean).
Departures: a covariance is kept as its lower Cholesky factor in half precision, which stays positive and keeps small
variances beside large ones; a quadratic form z' P z is the product of the pairs z_i z_j with the entries of P, so that
one matrix product in single precision serves all components at once and costs half of one product for each.

K, d      components, pixels of a patch
z         (N, d)          patches, the mean of each taken away
pi, S_k   (K,), (d, d)    weights and covariances; all means are 0
v         variance of white noise on the patches
pairs     (N, d (d + 1) / 2)   z_i z_j, i <= j
"""

from __future__ import annotations

import io
import json
import os
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, no_type_check
from zipfile import BadZipFile

import numpy as np
from jaxtyping import Float, Float32, Int64
from numba import njit

from retouch.errors import WeightsError
from retouch.io.atomic import atomic_write
from retouch.io.wording import shown

SHIPPED = Path(__file__).with_name("mixture.npz")
"""The mixture in the package; mixture.md beside it is its card."""

_LOG_2_PI = float(np.log(2 * np.pi))
_LEAST_LOG_SHARE = -40.0  # below it products become subnormal numbers, which are ten times slower


@dataclass(frozen=True)
class Mixture:
    """Zero-mean Gaussians over patches.

    Attributes
    ----------
    weights : (K,) float64
        Above 0; they sum to 1.
    covariances : (K, d, d) float64
        Symmetric, of the squares of values in [0, 1].
    facts : dict
        How it was fitted, and on what.
    """

    weights: Float[np.ndarray, " K"]
    covariances: Float[np.ndarray, "K d d"]
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class NoisyMixture:
    """A mixture under white noise, ready to be asked.

    Attributes
    ----------
    constants : (K,)
        log pi_k - log |2 pi (S_k + v I)| / 2.
    forms : (d (d + 1) / 2, K)
        -(S_k + v I)^-1 / 2 laid out along the pairs, so that pairs @ forms + constants is the log joint density.
    filters : (K, d, d) float32
        (S_k + v I)^-1 S_k, to be multiplied from the right: the Wiener estimate of each component.
    """

    constants: Float[np.ndarray, " K"]
    forms: Float[np.ndarray, "p K"]
    filters: Float32[np.ndarray, "K d d"]


def save_mixture(path: str | os.PathLike[str], mixture: Mixture) -> None:
    """Write weights, Cholesky factors in half precision and the facts as .npz, in place of what was there."""
    factors = np.linalg.cholesky(mixture.covariances)
    rows, columns = np.tril_indices(factors.shape[1])
    stream = io.BytesIO()
    np.savez_compressed(
        stream,
        weights=mixture.weights.astype(np.float32),
        factors=factors[:, rows, columns].astype(np.float16),
        facts=np.frombuffer(json.dumps(mixture.facts, sort_keys=True).encode(), np.uint8),
    )
    atomic_write(path, stream.getvalue())


@cache
def load_mixture(path: Path = SHIPPED) -> Mixture:
    """Read what `save_mixture` wrote.

    Raises
    ------
    WeightsError
        If the file is missing or is no mixture.
    """
    try:
        with Path(path).open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            weights, packed = arrays["weights"].astype(np.float64), arrays["factors"].astype(np.float64)
            facts = json.loads(arrays["facts"].tobytes())
        n_pixels = round((np.sqrt(8 * packed.shape[1] + 1) - 1) / 2)
        rows, columns = np.tril_indices(n_pixels)
        factors = np.zeros((len(weights), n_pixels, n_pixels))
        factors[:, rows, columns] = packed
    except (OSError, EOFError, KeyError, ValueError, IndexError, BadZipFile) as error:
        raise WeightsError(
            f"{shown(path)} must hold a mixture as retouch.denoising.priors.fitting writes it"
        ) from error
    return Mixture(weights / weights.sum(), factors @ np.swapaxes(factors, 1, 2), facts)


def with_noise(mixture: Mixture, variance: float, dtype: type[np.floating[Any]] = np.float32) -> NoisyMixture:
    """Return the mixture of patches with white noise of that variance on them; S_k + v I must not be singular."""
    n_pixels = mixture.covariances.shape[1]
    total = mixture.covariances + variance * np.eye(n_pixels)
    inverse = np.linalg.inv(total)
    rows, columns = np.triu_indices(n_pixels)
    forms = np.where(rows == columns, -0.5, -1.0) * inverse[:, rows, columns]
    constants = np.log(mixture.weights) - (n_pixels * _LOG_2_PI + np.linalg.slogdet(total)[1]) / 2
    filters = np.eye(n_pixels) - variance * inverse  # = (S + v I)^-1 S
    return NoisyMixture(
        constants.astype(dtype), np.ascontiguousarray(forms.T.astype(dtype)), filters.astype(np.float32)
    )


def log_joint(pairs: Float[np.ndarray, "N p"], noisy: NoisyMixture) -> Float[np.ndarray, "N K"]:
    """Return log pi_k + log N(z; 0, S_k + v I) of every patch, given by its pairs, and component."""
    joint: Float[np.ndarray, "N K"] = pairs @ noisy.forms
    joint += noisy.constants
    return joint


def responsibilities(joint: Float[np.ndarray, "N K"]) -> tuple[Float[np.ndarray, "N K"], Float[np.ndarray, " N"]]:
    """Return how likely each component made each patch, rows summing to 1, and the log density of the patch.

    >>> shares, density = responsibilities(np.log(np.array([[0.1, 0.3]])))
    >>> shares.round(3).tolist(), density.round(3).tolist()
    ([[0.25, 0.75]], [-0.916])
    """
    most = joint.max(axis=1, keepdims=True)
    shares = np.exp(np.maximum(joint - most, _LEAST_LOG_SHARE))
    total = shares.sum(axis=1, keepdims=True)
    shares /= total
    return shares, (most + np.log(total))[:, 0]


def wiener_estimates(
    z: Float32[np.ndarray, "N d"], likeliest: Int64[np.ndarray, " N"], noisy: NoisyMixture
) -> Float32[np.ndarray, "N d"]:
    """Return the best linear estimate (S_k + v I)^-1 S_k z of each patch under the component given for it."""
    result = np.empty_like(z)
    order = np.argsort(likeliest, kind="stable")
    bounds = np.searchsorted(likeliest[order], np.arange(len(noisy.filters) + 1))
    for k in np.flatnonzero(np.diff(bounds)):
        members = order[bounds[k] : bounds[k + 1]]
        result[members] = z[members] @ noisy.filters[k]
    return result


@njit(cache=True, nogil=True)
@no_type_check
def write_pairs(z, pairs):
    """Write z_i z_j, i <= j, of each patch, row after row of the upper triangle."""
    for n in range(z.shape[0]):
        at = 0
        for i in range(z.shape[1]):
            for j in range(i, z.shape[1]):
                pairs[n, at] = z[n, i] * z[n, j]
                at += 1
