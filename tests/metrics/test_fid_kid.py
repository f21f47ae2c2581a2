"""FID and KID: fixed feature sets, closed forms, and the way from pictures to a score."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from retouch.errors import InputError, WeightsError
from retouch.io.weights.state_dicts import file_sha256
from retouch.metrics.sets.frechet import FrechetStatistics, frechet_distance
from retouch.metrics.sets.image_sets import fid, kid, start_set_measure
from retouch.metrics.sets.kernel_distance import kernel_distance, kernel_distance_of_subsets

FIXTURE = Path(__file__).parents[3] / "shared" / "data" / "parity" / "metrics-fid"
TOLERANCE = 1e-3  # tolerance_abs of its config.json


def statistics(features: np.ndarray, n_parts: int = 1) -> FrechetStatistics:
    kept = FrechetStatistics(features.shape[1])
    for part in np.array_split(features, n_parts):
        kept.add(part)
    return kept


@pytest.fixture(scope="module")
def fixture_sets() -> dict[str, np.ndarray]:
    if not FIXTURE.exists():
        pytest.skip(f"{FIXTURE} is not there")
    with np.load(FIXTURE / "inputs.npz") as inputs, np.load(FIXTURE / "outputs.npz") as outputs:
        return {name: archive[name] for archive in (inputs, outputs) for name in archive.files}


@pytest.mark.shared
def test_frechet_distances_are_those_of_the_fixture(fixture_sets: dict[str, np.ndarray]) -> None:
    x, y, z = (fixture_sets[name] for name in "xyz")
    pairs = {"fid_xy": (x, y), "fid_xx": (x, x), "fid_xz_rank_deficient": (x, z), "fid_halves": (x[:150], x[150:])}
    for name, (one, other) in pairs.items():
        assert abs(frechet_distance(statistics(one, 7), statistics(other)) - fixture_sets[name]) <= TOLERANCE, name


@pytest.mark.shared
def test_the_kernel_distance_is_that_of_the_fixture(fixture_sets: dict[str, np.ndarray]) -> None:
    distance = kernel_distance(fixture_sets["x"], fixture_sets["y"])
    assert abs(distance - fixture_sets["kid_xy"]) <= 1e-6  # it is a plain sum: no need for the fixture's 1e-3


def exact_sample(mean: np.ndarray, root: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return 500 vectors whose mean and covariance are exactly those asked for: whitened, then coloured."""
    raw = rng.standard_normal((500, len(mean)))
    raw -= raw.mean(axis=0)
    whitened = raw @ np.linalg.inv(np.linalg.cholesky(np.cov(raw, rowvar=False))).T
    return np.asarray(whitened @ root.T + mean)


def test_two_gaussians_have_the_distance_of_the_closed_form() -> None:
    # Covariances A = R diag(a) R' and B = R diag(b) R' commute: the distance is |m|^2 + sum (sqrt a - sqrt b)^2.
    rng = np.random.default_rng(0)
    turn, _ = np.linalg.qr(rng.standard_normal((6, 6)))
    a, b = np.array([1.0, 4.0, 9.0, 0.25, 2.0, 3.0]), np.array([4.0, 1.0, 1.0, 2.25, 0.5, 3.0])
    mean = np.array([1.0, -2.0, 0.0, 0.5, 0.0, 3.0])
    one = statistics(exact_sample(np.zeros(6), turn * np.sqrt(a), rng))
    other = statistics(exact_sample(mean, turn * np.sqrt(b), rng))
    expected = np.sum(mean**2) + np.sum((np.sqrt(a) - np.sqrt(b)) ** 2)
    assert frechet_distance(one, other) == pytest.approx(expected, rel=1e-9)


def test_gaussians_that_do_not_commute_have_the_distance_of_the_nuclear_norm() -> None:
    # With X and Y the centred rows over sqrt(n - 1), tr sqrt(X'X Y'Y) is the sum of the singular values of X Y'.
    rng = np.random.default_rng(1)
    x, y = rng.standard_normal((40, 12)) @ rng.standard_normal((12, 12)), rng.standard_normal((30, 12)) + 0.5
    rows = [(features - features.mean(axis=0)) / np.sqrt(len(features) - 1) for features in (x, y)]
    root = np.linalg.svd(rows[0] @ rows[1].T, compute_uv=False).sum()
    expected = np.sum((x.mean(axis=0) - y.mean(axis=0)) ** 2) + sum(np.sum(r**2) for r in rows) - 2 * root
    assert frechet_distance(statistics(x), statistics(y)) == pytest.approx(expected, rel=1e-9)


def test_fewer_vectors_than_features_still_give_the_distance() -> None:
    """Covariances of rank 7 and 9 in 64 dimensions; the expectation is that of the test before."""
    rng = np.random.default_rng(2)
    x, y = np.maximum(rng.standard_normal((8, 64)), 0), np.maximum(rng.standard_normal((10, 64)) + 0.3, 0)
    rows = [(features - features.mean(axis=0)) / np.sqrt(len(features) - 1) for features in (x, y)]
    root = np.linalg.svd(rows[0] @ rows[1].T, compute_uv=False).sum()
    expected = np.sum((x.mean(axis=0) - y.mean(axis=0)) ** 2) + sum(np.sum(r**2) for r in rows) - 2 * root
    assert frechet_distance(statistics(x), statistics(y)) == pytest.approx(expected, abs=1e-3)


def test_a_large_imaginary_part_adds_to_the_diagonals(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first root is made to come out imaginary; the second must be of matrices with 1e-6 more on the diagonal."""
    seen: list[np.ndarray] = []

    def root(matrix: np.ndarray) -> np.ndarray:
        seen.append(matrix)
        return np.eye(2) * (2 + 2e-3j if len(seen) == 1 else 2 + 5e-4j)

    monkeypatch.setattr("scipy.linalg.sqrtm", root)
    kept = statistics(np.array([[2.0, 0.0], [-2.0, 0.0], [0.0, 2.0], [0.0, -2.0]]))  # covariance 8/3 on the diagonal
    assert frechet_distance(kept, kept) == pytest.approx(4 * 8 / 3 - 2 * (2 + 2))
    assert len(seen) == 2
    np.testing.assert_allclose(np.diag(seen[1]) - np.diag(seen[0]), 2 * 8 / 3 * 1e-6, rtol=1e-3)


def test_statistics_do_not_depend_on_how_the_vectors_come() -> None:
    features = 1000 + np.random.default_rng(3).standard_normal((101, 5))
    for n_parts in (1, 2, 101):
        kept = statistics(features, n_parts)
        assert kept.n == 101
        np.testing.assert_allclose(kept.mean, features.mean(axis=0), rtol=1e-14)
        np.testing.assert_allclose(kept.covariance, np.cov(features, rowvar=False), rtol=1e-9)


def test_statistics_refuse_other_lengths_and_what_is_not_finite() -> None:
    kept = FrechetStatistics(3)
    with pytest.raises(InputError, match="must have 3 numbers, got 2"):
        kept.add(np.zeros((4, 2)))
    with pytest.raises(InputError, match="must hold finite numbers"):
        kept.add(np.array([[0.0, np.nan, 0.0]]))
    kept.add(np.zeros((1, 3)))
    with pytest.raises(InputError, match="at least 2 vectors, got 1"):
        frechet_distance(kept, kept)


def test_blocks_of_the_kernel_are_all_summed() -> None:
    """More than two blocks of 1024 vectors each way, against one product of all."""
    rng = np.random.default_rng(4)
    x, y = rng.standard_normal((2100, 3)), rng.standard_normal((1030, 3)) + 0.2
    kernels = [(a @ b.T / 3 + 1) ** 3 for a, b in ((x, x), (y, y), (x, y))]
    within = [(k.sum() - np.trace(k)) / (len(k) * (len(k) - 1)) for k in kernels[:2]]
    assert kernel_distance(x, y) == pytest.approx(within[0] + within[1] - 2 * kernels[2].mean(), rel=1e-9)


def test_the_kernel_distance_of_one_distribution_is_zero_on_average() -> None:
    """Unbiased: over 400 draws of 10 vectors the mean lies within 4 standard errors of 0; a biased one is 20 away."""
    rng = np.random.default_rng(5)
    draws = [kernel_distance(rng.standard_normal((10, 4)), rng.standard_normal((10, 4))) for _ in range(400)]
    assert abs(np.mean(draws)) < 4 * np.std(draws) / 20
    assert min(draws) < 0


def test_subsets_of_the_whole_size_give_the_whole_distance() -> None:
    rng = np.random.default_rng(6)
    x, y = rng.standard_normal((30, 4)), rng.standard_normal((30, 4)) + 1
    mean, spread = kernel_distance_of_subsets(x, y, n_subsets=3, subset_size=30, rng=rng)
    assert mean == pytest.approx(kernel_distance(x, y), rel=1e-12)
    assert spread == pytest.approx(0, abs=1e-12)


def test_subsets_follow_the_seed_and_centre_on_the_whole_distance() -> None:
    rng = np.random.default_rng(7)
    x, y = rng.standard_normal((60, 4)), rng.standard_normal((50, 4)) + 1
    first, second = (
        kernel_distance_of_subsets(x, y, n_subsets=200, subset_size=20, rng=np.random.default_rng(seed))
        for seed in (1, 1)
    )
    assert first == second
    assert abs(first[0] - kernel_distance(x, y)) < 4 * first[1] / np.sqrt(200)


def test_kernel_distances_refuse_sets_that_are_too_small() -> None:
    with pytest.raises(InputError, match="at least 2 vectors in each set, got 1 and 5"):
        kernel_distance(np.zeros((1, 3)), np.zeros((5, 3)))
    with pytest.raises(InputError, match="hold 2 to 5 vectors, got 100 of 6"):
        kernel_distance_of_subsets(np.zeros((9, 3)), np.zeros((5, 3)), subset_size=6, rng=np.random.default_rng(0))


@pytest.mark.parametrize("name", ["fid", "kid"])
@pytest.mark.parametrize("weights", [None, "no-such-file.pth"])
def test_without_weights_the_message_names_the_file_and_the_flag(name: str, weights: str | None) -> None:
    expected = rf"{name} needs pt_inception-2015-12-05-6726825d\.pth.*--weights {name}=FILE"
    with pytest.raises(WeightsError, match=expected):
        start_set_measure(name, weights)


def test_an_unknown_measure_is_answered_with_the_nearest() -> None:
    with pytest.raises(InputError, match="unknown set measure 'fidd'; did you mean 'fid'"):
        start_set_measure("fidd")


def test_kid_goes_from_pictures_to_a_score(inception_file: Path, photographs: dict[str, np.ndarray]) -> None:
    pictures = list(photographs.values())
    score = kid(pictures[:3], pictures[3:5], weights=inception_file)
    measure = start_set_measure("kid", inception_file)
    for picture in pictures[:3]:
        measure.add_reference(picture)
    for picture in pictures[3:5]:
        measure.add_result(picture)
    assert measure.value() == score
    assert (score.n, score.warning, score.weights_sha256) == (2, None, file_sha256(inception_file))


def test_fid_of_few_pictures_warns_and_of_one_is_refused(
    inception_file: Path, photographs: dict[str, np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scipy.linalg.sqrtm", lambda matrix: 0 * matrix)  # the true root takes half a minute
    pictures = list(photographs.values())
    score = fid(pictures[:2], pictures[:3], weights=inception_file)
    assert score.n == 2
    assert score.warning == "fid of 2 pictures is too high and depends on their number; it needs at least 2048"
    with pytest.raises(InputError, match="fid needs at least 2 pictures in each set, got 1"):
        fid(pictures[:1], pictures[:3], weights=inception_file)
