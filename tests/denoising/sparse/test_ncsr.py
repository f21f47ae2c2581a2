"""NCSR: the estimate of a group against a plain one, centring, and the clusters."""

from __future__ import annotations

import numpy as np
import pytest

from retouch.arrays.types import Image
from retouch.denoising.sparse import ncsr
from retouch.denoising.sparse.clustering import cluster_patches
from retouch.denoising.sparse.ncsr import denoise_ncsr, estimate_band
from retouch.errors import InputError

SIGMA = 25 / 255


def self_similar() -> Image:
    """Return a random motif of 11x11 pixels that repeats over 77x88."""
    motif = 0.8 * np.random.default_rng(1).random((11, 11))
    return np.asarray(np.tile(motif, (7, 8))[:, :, None], np.float32)


def noisy(clean: Image) -> Image:
    return np.asarray(clean + SIGMA * np.random.default_rng(0).standard_normal(clean.shape), np.float32)


def group(n: int = 6, side: int = 4) -> tuple[np.ndarray, tuple[np.ndarray, ...], np.ndarray]:
    """Return a picture, one group of patches in it with its distances, and orthonormal components."""
    rng = np.random.default_rng(1)
    x = rng.random((20, 20)).astype(np.float32)
    tops, lefts = rng.integers(0, 16, (2, 1, n)).astype(np.int32)
    distances = np.sort(rng.random((1, n)).astype(np.float32) * 0.05)
    distances[0, 0] = 0
    components = np.linalg.qr(rng.standard_normal((side**2, side**2)))[0].astype(np.float32)[None]
    return x, (tops, lefts, distances, np.array([n], np.int32)), components


def estimate(centred: bool, variance: float = 0.004, strength: float = 0.3) -> np.ndarray:
    x, groups, components = group()
    result = np.empty((1, 16), np.float32)
    variances = np.array([variance], np.float32)
    estimate_band(x, *groups, np.zeros(1, np.int64), components, variances, (strength, centred), result)
    return np.asarray(result[0])


def plain(centred: bool, variance: float = 0.004, strength: float = 0.3) -> np.ndarray:
    """Compute the same in float64: codes, their weighted mean, spread, and shrinkage."""
    x, (tops, lefts, distances, _), components = group()
    patches = np.array([x[t : t + 4, c : c + 4].ravel() for t, c in zip(tops[0], lefts[0], strict=True)], np.float64)
    weights = np.exp(-np.maximum(distances[0] - 2 * variance, 0) / variance)
    weights /= weights.sum()
    about = np.zeros(16) if centred else np.full(16, patches[0].mean())
    codes = (patches - about) @ components[0].T
    beta = weights @ codes if centred else np.zeros(16)
    spread = np.sqrt(np.maximum(weights @ (codes - beta) ** 2 - variance, 0))
    threshold = strength * 2 * np.sqrt(2) * variance / (spread + 1e-6)
    own = codes[0] - beta
    shrunk = beta + np.sign(own) * np.maximum(np.abs(own) - threshold, 0)
    return np.asarray(shrunk @ components[0] + about)


@pytest.mark.parametrize("strength", [0.05, 0.3])
def test_the_estimate_of_a_group_is_that_of_the_plain_formulas(strength: float) -> None:
    np.testing.assert_allclose(estimate(True, strength=strength), plain(True, strength=strength), atol=1e-3)


@pytest.mark.parametrize("strength", [0.05, 0.3])
def test_with_beta_zero_it_is_plain_shrinkage_of_principal_components(strength: float) -> None:
    np.testing.assert_allclose(estimate(False, strength=strength), plain(False, strength=strength), atol=1e-3)


def test_centring_gains_a_tenth_of_a_decibel_and_more_where_patches_repeat() -> None:
    clean = self_similar()
    image = noisy(clean)
    errors = [np.mean((denoise_ncsr(image, SIGMA, centred=centred) - clean) ** 2) for centred in (True, False)]
    assert errors[0] < errors[1] / 10**0.01


def test_the_result_is_the_same_for_any_number_of_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    image = noisy(self_similar())
    monkeypatch.setattr(ncsr, "_REFERENCES_AT_ONCE", 500)
    results = []
    for n in (1, 3):
        monkeypatch.setattr(ncsr, "n_threads", lambda n=n: n)
        results.append(denoise_ncsr(image, SIGMA, rounds=2))
    np.testing.assert_array_equal(results[0], results[1])


def test_patches_of_two_kinds_are_told_apart_and_each_kind_has_its_own_components() -> None:
    """Rows differ along the first pixel in one kind, along the last in the other."""
    rng = np.random.default_rng(2)
    patches = np.zeros((400, 4), np.float32)
    patches[:200, 0], patches[:200, 1] = rng.standard_normal(200), 5
    patches[200:, 3], patches[200:, 1] = rng.standard_normal(200), -5
    clusters = cluster_patches(patches, 2, np.random.default_rng(3))
    labels = clusters.nearest(patches)
    assert len(set(labels[:200])) == len(set(labels[200:])) == 1
    assert labels[0] != labels[-1]
    for n, pixel in ((0, 0), (-1, 3)):
        weakest_but_two = np.abs(
            clusters.components[labels[n]][2]
        )  # ascending: two are empty, then this, then the mean
        assert weakest_but_two.argmax() == pixel


def test_components_are_orthonormal_however_few_patches_there_are() -> None:
    patches = np.random.default_rng(4).standard_normal((3, 9)).astype(np.float32)
    for basis in cluster_patches(patches, 70, np.random.default_rng(5)).components:
        np.testing.assert_allclose(basis @ basis.T, np.eye(9), atol=1e-5)


@pytest.mark.parametrize(
    ("level", "side"),
    [(5, 6), (15, 6), (16, 7), (30, 7), (31, 8), (50, 8), (51, 9)],
)
def test_patches_grow_with_the_noise(level: int, side: int) -> None:
    assert ncsr.patch_px_for(level / 255) == side


@pytest.mark.parametrize("options", [{"rounds": 0}, {"step_px": 0}, {"step_px": 7}])
def test_senseless_options_are_refused(options: dict[str, int]) -> None:
    with pytest.raises(InputError, match="rounds must be at least 1 and step_px 1 to 6"):
        denoise_ncsr(noisy(self_similar()), SIGMA, **options)  # type: ignore[arg-type]
