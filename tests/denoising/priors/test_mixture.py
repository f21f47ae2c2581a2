"""The mixture: densities and estimates against plain formulas, fitting, and the file."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from jaxtyping import Float
from scipy.special import logsumexp
from scipy.stats import multivariate_normal

from retouch.denoising.priors.fitting import (
    FittingSettings,
    PatchSource,
    expect,
    first_guess,
    fit_mixture,
    main,
    maximise,
)
from retouch.denoising.priors.mixture import (
    SHIPPED,
    Mixture,
    load_mixture,
    log_joint,
    responsibilities,
    save_mixture,
    wiener_estimates,
    with_noise,
    write_pairs,
)
from retouch.errors import InputError, WeightsError
from retouch.io.pictures.picture import Picture
from retouch.io.pictures.writing import save_image

N_COMPONENTS, N_PIXELS = 3, 4


def small_mixture() -> Mixture:
    rng = np.random.default_rng(0)
    factors = rng.standard_normal((N_COMPONENTS, N_PIXELS, N_PIXELS)) * np.array([0.1, 1, 3])[:, None, None]
    return Mixture(np.array([0.2, 0.3, 0.5]), factors @ np.swapaxes(factors, 1, 2))


def drawn(n: int, mixture: Mixture, seed: int = 1) -> Float[np.ndarray, "N d"]:
    """Draw patches from a mixture."""
    rng = np.random.default_rng(seed)
    factors = np.linalg.cholesky(mixture.covariances)
    labels = rng.choice(len(mixture.weights), n, p=mixture.weights)
    noise = rng.standard_normal((n, mixture.covariances.shape[1]))
    return np.asarray(np.einsum("nij,nj->ni", factors[labels], noise))


def pairs_of(z: Float[np.ndarray, "N d"]) -> Float[np.ndarray, "N p"]:
    pairs = np.empty((len(z), z.shape[1] * (z.shape[1] + 1) // 2), z.dtype)
    write_pairs(z, pairs)
    return pairs


def test_pairs_are_the_upper_triangle_of_the_outer_product() -> None:
    """(2, 3, 5): 2 x 2, 2 x 3, 2 x 5, 3 x 3, 3 x 5, 5 x 5."""
    assert pairs_of(np.array([[2.0, 3.0, 5.0]])).tolist() == [[4, 6, 10, 9, 15, 25]]


@pytest.mark.parametrize("variance", [0.0, 0.7])
def test_the_log_joint_is_that_of_scipy(variance: float) -> None:
    mixture = small_mixture()
    z = drawn(10, mixture)
    joint = log_joint(pairs_of(z), with_noise(mixture, variance, np.float64))
    for k in range(N_COMPONENTS):
        gaussian = multivariate_normal(np.zeros(N_PIXELS), mixture.covariances[k] + variance * np.eye(N_PIXELS))
        np.testing.assert_allclose(joint[:, k], np.log(mixture.weights[k]) + gaussian.logpdf(z), rtol=1e-9)


def test_responsibilities_are_joint_over_marginal_however_small_both_are() -> None:
    joint = np.array([[-2000.0, -2001.0, -2003.0], [0.0, 1.0, 2.0]])
    shares, density = responsibilities(joint)
    np.testing.assert_allclose(density, logsumexp(joint, axis=1))
    np.testing.assert_allclose(shares, np.exp(joint - density[:, None]), atol=1e-12)


def test_the_wiener_estimate_is_the_plain_formula() -> None:
    """Solve (S_k + v I) a = z for each of 10 patches and multiply by S_k."""
    mixture, variance = small_mixture(), 0.5
    z = drawn(10, mixture).astype(np.float32)
    labels = np.arange(10) % N_COMPONENTS
    estimates = wiener_estimates(z, labels, with_noise(mixture, variance))
    for estimate, patch, k in zip(estimates, z, labels, strict=True):
        total = mixture.covariances[k] + variance * np.eye(N_PIXELS)
        expected = mixture.covariances[k] @ np.linalg.solve(total, patch.astype(np.float64))
        np.testing.assert_allclose(estimate, expected, rtol=1e-4, atol=1e-5)


def test_the_density_rises_with_every_step_of_expectation_and_maximisation() -> None:
    z = drawn(2000, small_mixture())
    statistics = first_guess(z, N_COMPONENTS, np.random.default_rng(2))
    densities = []
    for _ in range(25):
        statistics, density = expect(z, maximise(statistics, floor=1e-6))
        densities.append(density)
    assert all(after >= before - 1e-10 for before, after in pairwise(densities))
    assert densities[-1] > densities[0] + 0.1


def test_fitting_in_batches_comes_near_the_density_of_the_mixture_itself() -> None:
    """Three kinds of patch, each along a direction of its own."""
    directions = np.array([[1, 0, 0, 0], [0, 1, 1, 0], [1, 0, 1, -1]], np.float64)
    covariances = np.einsum("ki,kj->kij", directions, directions) + 0.01 * np.eye(N_PIXELS)
    mixture = Mixture(np.array([0.2, 0.3, 0.5]), covariances)
    seeds = iter(range(100))
    settings = FittingSettings(n_components=N_COMPONENTS, batch=2000, steps=40, floor=1e-6)
    fitted = fit_mixture(lambda n: drawn(n, mixture, next(seeds)), settings, np.random.default_rng(3))
    fresh = drawn(5000, mixture, 999)
    assert expect(fresh, fitted)[1] > expect(fresh, mixture)[1] - 0.02


def test_no_variance_is_below_the_floor_and_those_above_are_left() -> None:
    """Second moments diag(4, 0): the second is lifted to 0.1. Pairs are (0, 0), (0, 1), (1, 1)."""
    z = np.array([[2.0, 0.0], [-2.0, 0.0]])
    statistics = first_guess(z, 1, np.random.default_rng(0))
    np.testing.assert_allclose(maximise(statistics, 0.1).covariances[0], np.diag([4, 0.1]), atol=1e-12)


def test_a_mixture_comes_back_from_its_file(tmp_path: Path) -> None:
    """Half precision has 11 bits: each entry of a factor is right to 1 part in 2048."""
    mixture = small_mixture()
    save_mixture(tmp_path / "m.npz", Mixture(mixture.weights, mixture.covariances, {"seed": 7}))
    back = load_mixture(tmp_path / "m.npz")
    assert back.facts == {"seed": 7}
    np.testing.assert_allclose(back.weights, mixture.weights, rtol=1e-6)
    scale = np.abs(mixture.covariances).max(axis=(1, 2), keepdims=True)
    np.testing.assert_allclose(back.covariances / scale, mixture.covariances / scale, atol=2e-3)


@pytest.mark.parametrize("content", [b"", b"no mixture", b"PK\x03\x04 cut off", None])
def test_what_is_no_mixture_is_refused(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "bad.npz"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(WeightsError, match="must hold a mixture"):
        load_mixture(path)


def test_the_shipped_mixture_is_small_and_says_what_it_was_fitted_to() -> None:
    mixture = load_mixture()
    assert SHIPPED.stat().st_size <= 1_500_000
    assert len(mixture.weights) >= 100
    assert mixture.covariances.shape[1:] == (64, 64)
    assert np.linalg.eigvalsh(mixture.covariances).min() > 0
    assert mixture.facts["licence"].startswith("open")


def photographs(folder: Path) -> Path:
    """Write two pictures of 24x30, and one that is smaller than a patch."""
    rng = np.random.default_rng(4)
    for name, shape in (("a.png", (24, 30, 3)), ("b.png", (24, 30)), ("tiny.png", (5, 5, 3))):
        save_image(Picture.from_array(rng.integers(0, 256, shape, dtype=np.uint8)), folder / name)
    return folder


def test_patches_have_no_mean_and_are_the_same_for_the_same_seed(tmp_path: Path) -> None:
    paths = sorted(photographs(tmp_path).glob("*.png"))
    settings = FittingSettings(scales=(1.0, 0.5))
    patches = PatchSource(paths, settings, np.random.default_rng(5)).draw(50)
    np.testing.assert_allclose(patches.mean(axis=1), 0, atol=1e-6)
    np.testing.assert_array_equal(PatchSource(paths, settings, np.random.default_rng(5)).draw(50), patches)


def test_photographs_smaller_than_a_patch_alone_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="photographs of 8 px or more, got 1 files"):
        PatchSource([photographs(tmp_path) / "tiny.png"], FittingSettings(), np.random.default_rng(0))


def test_the_command_writes_a_mixture_with_its_facts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FittingSettings, "batch", 200)
    output = tmp_path / "m.npz"
    photos = photographs(tmp_path)
    main(["--data", str(photos), "-o", str(output), "--components", "2", "--steps", "2", "--licence", "open: ours"])
    facts = load_mixture(output).facts
    assert facts["n_pictures"] == 3
    assert facts["licence"] == "open: ours"
