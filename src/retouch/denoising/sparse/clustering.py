"""Clusters of patches and the principal components of each: compact dictionaries for patches of one kind.

Source: W. Dong, L. Zhang, G. Shi, X. Wu, "Image deblurring and super-resolution by adaptive sparse domain selection and
adaptive regularization", IEEE Trans. Image Processing 20(7), 2011, section III (k-means on patches, then principal
components of each cluster).
Departures: patches are clustered without their mean, on some thousands of them drawn at random, where the source takes
high-pass filtered ones; components are those of the patches without their mean too.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Float32, Int64

_MOST_EXAMPLES = 20_000
_ROUNDS = 8
_LEAST_MEMBERS = 4  # patches for each pixel of one; smaller clusters take the components of all patches


class Clusters(NamedTuple):
    """Centres of the clusters and the orthonormal components of each, as rows."""

    centres: Float32[np.ndarray, "K d"]
    components: Float32[np.ndarray, "K d d"]

    def nearest(self, patches: Float32[np.ndarray, "N d"]) -> Int64[np.ndarray, " N"]:
        """Return the cluster of each patch without its mean."""
        offsets = np.einsum("kd,kd->k", self.centres, self.centres) / 2
        found: Int64[np.ndarray, " N"] = (offsets - patches @ self.centres.T).argmin(axis=1)
        return found


def cluster_patches(patches: Float32[np.ndarray, "N d"], n_clusters: int, rng: np.random.Generator) -> Clusters:
    """Cluster patches by k-means and find the principal components of each cluster.

    Parameters
    ----------
    patches : (N, d) float32
        Without their mean.
    n_clusters : int
        At most; no more than there are patches.
    rng : numpy.random.Generator
        Of the patches drawn, and of the first centres among them.

    Returns
    -------
    Clusters
    """
    chosen = np.sort(rng.choice(len(patches), min(len(patches), _MOST_EXAMPLES), replace=False))
    examples = patches[chosen]
    centres = examples[rng.choice(len(examples), min(n_clusters, len(examples)), replace=False)]
    clusters = Clusters(centres, np.empty((0, centres.shape[1], centres.shape[1]), np.float32))
    for _ in range(_ROUNDS):
        labels = clusters.nearest(examples)
        sums, counts = _sums(examples, labels, len(centres))
        clusters = clusters._replace(
            centres=np.where(counts[:, None] > 0, sums / np.maximum(counts, 1)[:, None], clusters.centres)
        )
    return clusters._replace(components=_components(examples, clusters.nearest(examples), len(centres)))


def _sums(
    examples: Float32[np.ndarray, "N d"], labels: Int64[np.ndarray, " N"], n_clusters: int
) -> tuple[Float32[np.ndarray, "K d"], Float32[np.ndarray, " K"]]:
    members = (labels[:, None] == np.arange(n_clusters)).astype(np.float32)
    return members.T @ examples, members.sum(axis=0)


def _components(
    examples: Float32[np.ndarray, "N d"], labels: Int64[np.ndarray, " N"], n_clusters: int
) -> Float32[np.ndarray, "K d d"]:
    n_pixels = examples.shape[1]
    moments = np.empty((n_clusters, n_pixels, n_pixels), np.float32)
    moments[:] = examples.T @ examples
    for k in range(n_clusters):
        members = examples[labels == k]
        if len(members) >= _LEAST_MEMBERS * n_pixels:
            moments[k] = members.T @ members
    _, vectors = np.linalg.eigh(moments)
    return np.ascontiguousarray(np.swapaxes(vectors, 1, 2))
