"""Estimators of the noise level: pure noise, photographs, clipping, correlation, and what each is made of."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from retouch.arrays.noise_level.clipping import unclipped, unclipped_patches
from retouch.arrays.noise_level.estimate import CORRELATED, METHODS, NONE, WHITE, estimate_noise_level, find_noise
from retouch.arrays.noise_level.flat_windows import deviations_from_planes, flat_level
from retouch.arrays.noise_level.patch_covariance import patch_covariance
from retouch.arrays.noise_level.patch_pca import noise_variance
from retouch.arrays.types import AnyArray, Image
from retouch.errors import InputError, UsageError
from retouch.io.pictures.reading import open_image

PHOTOS = Path(__file__).parents[4] / "shared" / "data" / "train-photos" / "bsds500-train-test"
BUNDLED = ["astronaut", "chelsea", "coffee"]

every_method = pytest.mark.parametrize("method", METHODS)


def noise(*shape: int, sigma: float, seed: int = 0) -> AnyArray:
    return sigma / 255 * np.random.default_rng(seed).standard_normal(shape)


def photo(name: str) -> Image:
    data = pytest.importorskip("skimage.data", reason="scikit-image's pictures are not there")
    return np.asarray(getattr(data, name)()[:256, :256], np.float32) / np.float32(255)


def estimated(image: AnyArray, method: str) -> float:
    return 255 * estimate_noise_level(np.asarray(image, np.float32), method=method).sigma


@every_method
@pytest.mark.parametrize("sigma", [2.0, 5.0, 25.0, 75.0])
def test_pure_noise_is_told_to_5_per_cent(method: str, sigma: float) -> None:
    """MAD of 64 x 64 coefficients of a 128 x 128 picture: known to 1.17 / 64 = 1.8 %."""
    assert estimated(0.5 + noise(160, 160, 1, sigma=sigma), method) == pytest.approx(sigma, rel=0.05)


@pytest.mark.parametrize("name", BUNDLED)
@pytest.mark.parametrize("sigma", [10.0, 25.0, 50.0])
def test_noise_on_photographs_is_told_to_10_per_cent(name: str, sigma: float) -> None:
    """The noise that the photographs have themselves, 0.3 to 1.5, adds 1 % at most."""
    image = photo(name) + noise(256, 256, 3, sigma=sigma)
    assert estimated(image, "weak_texture") == pytest.approx(sigma, rel=0.1)


@pytest.mark.shared
@pytest.mark.skipif(not PHOTOS.exists(), reason=f"{PHOTOS} is not there")
@pytest.mark.parametrize(("method", "least_sigma"), [("weak_texture", 5.0), ("patch_pca", 25.0), ("wavelet_mad", 25.0)])
@pytest.mark.parametrize("sigma", [5.0, 10.0, 25.0, 50.0])
def test_noise_on_natural_crops_is_told_to_10_per_cent(method: str, least_sigma: float, sigma: float) -> None:
    """Below 25 the other two take fine texture for noise: by up to two thirds at 5, and a fifth at 10."""
    for index, path in enumerate(sorted(PHOTOS.glob("*.webp"))[::150]):
        image = open_image(path).to_float()[:224, :224]
        found = estimated(image + noise(*image.shape, sigma=sigma, seed=index), method)
        assert found > 0.9 * sigma
        if sigma >= least_sigma:
            assert found < 1.1 * sigma


@pytest.mark.parametrize("sigma", [10.0, 25.0])
@every_method
def test_clipped_values_are_left_out(method: str, sigma: float) -> None:
    """Half of the picture is white and half of its noise is cut off there; the other half tells it."""
    level = np.where(np.arange(200) < 100, 1.0, 0.5)[:, None, None]
    clipped = np.rint(255 * (level + noise(200, 200, 1, sigma=sigma)).clip(0, 1)) / 255
    assert estimated(clipped, method) == pytest.approx(sigma, rel=0.08)


def test_channels_have_their_own_levels() -> None:
    """Variances of 25, 100 and 400 have the mean 175, of root 13.2."""
    levels = np.array([5, 10, 20])
    found = estimate_noise_level((0.5 + noise(200, 200, 3, sigma=1) * levels).astype(np.float32))
    assert [255 * sigma for sigma in found.by_channel] == pytest.approx([5, 10, 20], rel=0.05)
    assert 255 * found.sigma == pytest.approx(13.2, rel=0.05)


def test_a_large_picture_is_told_from_some_of_it() -> None:
    image = (0.5 + noise(800, 900, 1, sigma=15)).astype(np.float32)
    assert 255 * find_noise(image).sigma == pytest.approx(15, rel=0.03)


def test_a_long_thin_large_picture_is_told_too() -> None:
    image = (0.5 + noise(40, 30000, 1, sigma=15)).astype(np.float32)
    assert 255 * find_noise(image).sigma == pytest.approx(15, rel=0.05)


@every_method
def test_without_noise_there_is_none(method: str) -> None:
    ramp = np.linspace(0, 1, 64 * 48, dtype=np.float32).reshape(48, 64, 1)
    for image in (np.full((48, 64, 1), 0.3, np.float32), ramp):
        assert estimated(image, method) < 0.01


def test_smoothed_noise_is_found_where_white_noise_is_not() -> None:
    """A mean of 3 x 3 leaves a third of the deviation, most of it at frequencies that are not the weakest."""
    whole = noise(204, 204, 1, sigma=9)
    rows = whole[:-2] + whole[1:-1] + whole[2:]
    image = np.float32(0.5) + ((rows[:, :-2] + rows[:, 1:-1] + rows[:, 2:]) / 9).astype(np.float32)
    found = find_noise(image)
    assert found.kind == CORRELATED
    assert 255 * found.sigma == pytest.approx(3, rel=0.2)
    assert estimated(image, "weak_texture") < 1


@pytest.mark.parametrize("name", ["chelsea", "coffee"])
def test_noise_of_photographs_is_found_white(name: str) -> None:
    found = find_noise((photo(name) + noise(256, 256, 3, sigma=20)).astype(np.float32))
    assert found.kind == WHITE
    assert 255 * found.sigma == pytest.approx(20, rel=0.05)


def test_nothing_is_found_in_a_drawing() -> None:
    drawing = np.full((64, 64, 3), 0.9, np.float32)
    drawing[10:30, 20:50] = [0.8, 0.1, 0.2]
    found = find_noise(drawing)
    assert (found.sigma, found.kind, found.by_channel) == (0.0, NONE, (0.0, 0.0, 0.0))


def test_equal_channels_are_found_alike() -> None:
    grey = (0.5 + noise(64, 64, 1, sigma=10)).astype(np.float32)
    alone, three = find_noise(grey), find_noise(np.repeat(grey, 3, axis=2))
    assert three.sigma == alone.sigma
    assert three.by_channel == alone.by_channel * 3


@pytest.mark.parametrize("shape", [(31, 40, 1), (40, 31, 3), (1, 1, 1)])
def test_a_picture_that_is_too_small_is_refused(shape: tuple[int, ...]) -> None:
    for estimate in (estimate_noise_level, find_noise):
        with pytest.raises(InputError, match="at least 32x32 pixels to tell its noise"):
            estimate(np.zeros(shape, np.float32))


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_value_that_is_no_number_is_refused(bad: float) -> None:
    image = np.zeros((40, 40, 1), np.float32)
    image[3, 4] = bad
    with pytest.raises(InputError, match="finite"):
        find_noise(image)


def test_an_unknown_method_is_answered_with_the_nearest_one() -> None:
    with pytest.raises(UsageError, match="'patch_pc'; did you mean 'patch_pca'"):
        estimate_noise_level(np.zeros((40, 40, 1), np.float32), method="patch_pc")


def test_the_covariance_of_patches_is_that_of_numpy() -> None:
    plane = np.random.default_rng(0).random((23, 31)) + 5
    patches = np.array([plane[r : r + 4, c : c + 4].ravel() for r in range(0, 20, 3) for c in range(0, 28, 3)])
    covariance, n_patches = patch_covariance(plane, 4, 3)
    assert n_patches == len(patches)
    np.testing.assert_allclose(covariance, np.cov(patches.T, bias=True), atol=1e-12)


def test_only_chosen_patches_count() -> None:
    plane = np.random.default_rng(0).random((12, 12))
    chosen = np.zeros((9, 9), np.bool_)
    chosen[0, :5] = True
    patches = np.array([plane[:4, c : c + 4].ravel() for c in range(5)])
    np.testing.assert_allclose(patch_covariance(plane, 4, 1, chosen)[0], np.cov(patches.T, bias=True), atol=1e-12)


def test_large_eigenvalues_are_dropped_until_the_mean_is_the_median() -> None:
    assert noise_variance(np.array([2.0, 2, 2, 2, 10, 50])) == 2.0
    assert noise_variance(np.array([1.0, 2, 3])) == 2.0


def test_deviations_are_those_of_a_least_squares_plane() -> None:
    plane = np.random.default_rng(0).random((9, 11))
    rows, columns = np.indices((5, 5))
    terms = np.stack([np.ones(25), rows.ravel(), columns.ravel()], axis=1)
    found = deviations_from_planes(plane, 5)
    assert found.shape == (5, 7)
    for r, c in ((0, 0), (2, 3), (4, 6)):
        residual = np.linalg.lstsq(terms, plane[r : r + 5, c : c + 5].ravel(), rcond=None)[1]
        assert found[r, c] == pytest.approx(float(np.sqrt(residual[0] / 22)), abs=1e-9)


def test_flat_windows_of_noise_are_alike_and_those_of_texture_are_not() -> None:
    rows, columns = np.indices((200, 200))
    texture = 0.2 * np.sin(rows) * np.sin(columns) * (columns / 200) ** 2
    assert flat_level(noise(200, 200, sigma=10)).spread < 1.1
    assert flat_level(texture).spread > 1.5


def test_patches_that_touch_the_ends_of_the_range_are_left_out() -> None:
    plane = np.full((8, 9), 0.5)
    plane[0, 0], plane[7, 8] = 0, 1
    assert np.argwhere(~unclipped(plane)).tolist() == [[0, 0], [7, 8]]
    chosen = unclipped_patches(plane, 4, 1)
    assert chosen is not None
    assert np.argwhere(~chosen).tolist() == [[0, 0], [4, 5]]
