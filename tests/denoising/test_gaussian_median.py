"""The two plain filters, against slow definitions and against the sheet's table."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from retouch.arrays.types import Image
from retouch.degrade.noise.protocols import add_noise, noise_rng
from retouch.denoising.filters.gaussian import denoise_gaussian
from retouch.denoising.filters.median import denoise_median
from retouch.errors import InputError
from retouch.io.pictures.reading import open_image

BSD68 = Path(__file__).parents[3] / "shared" / "data" / "denoise-bsd68"
needs_bsd68 = [pytest.mark.shared, pytest.mark.skipif(not BSD68.exists(), reason=f"{BSD68} is not there")]


def picture(n_channels: int = 2) -> Image:
    return np.random.default_rng(0).random((11, 14, n_channels), dtype=np.float32)


def gains_by(path: Path, index: int, sigma: float) -> tuple[float, float]:
    """Return the PSNR of the median and of the Gaussian on one noisy picture, clipped for scoring."""
    truth = open_image(path).to_float()
    noisy = add_noise(truth, "awgn", sigma, rng=noise_rng(0, index))
    results = denoise_median(noisy, sigma), denoise_gaussian(noisy, sigma)
    median, gaussian = (float(-10 * np.log10(np.mean((result.clip(0, 1) - truth) ** 2))) for result in results)
    return median, gaussian


@pytest.mark.parametrize("size_px", [3, 5, 7, 21])
def test_the_median_is_that_of_the_square_with_the_border_repeated(size_px: int) -> None:
    image, reach = picture(), size_px // 2
    padded = np.pad(image, ((reach, reach), (reach, reach), (0, 0)), mode="edge")
    squares = np.lib.stride_tricks.sliding_window_view(padded, (size_px, size_px), axis=(0, 1))
    np.testing.assert_array_equal(denoise_median(image, 0.1, size_px=size_px), np.median(squares, axis=(3, 4)))


def test_the_median_keeps_a_straight_edge_and_drops_a_speck() -> None:
    edge = np.zeros((9, 10, 1), np.float32)
    edge[:, 5:] = 1
    specked = edge.copy()
    specked[4, 2] = 1
    np.testing.assert_array_equal(denoise_median(specked, 0.1), edge)


@pytest.mark.parametrize("size_px", [-3, 0, 1, 2, 4, 8])
def test_a_square_without_a_middle_is_refused(size_px: int) -> None:
    with pytest.raises(InputError, match="size_px must be an odd number of at least 3"):
        denoise_median(picture(), 0.1, size_px=size_px)


@pytest.mark.parametrize("radius_px", [0.4, 1.0, 6.0])
def test_the_gaussian_is_the_weighted_mean_with_the_border_mirrored(radius_px: float) -> None:
    """One matrix per axis: mirrored means that pixels -1, -2 are pixels 0, 1."""
    image = picture()

    def matrix(n: int) -> np.ndarray:
        reach = int(np.ceil(4 * radius_px))
        weights = np.zeros((n, n))
        for row in range(n):
            for offset in range(-reach, reach + 1):
                place = (row + offset) % (2 * n)
                weights[row, min(place, 2 * n - 1 - place)] += np.exp(-(offset**2) / (2 * radius_px**2))
        return np.asarray(weights / weights.sum(axis=1, keepdims=True))

    expected = np.einsum("rs,sdc,ed->rec", matrix(11), image, matrix(14))
    np.testing.assert_allclose(denoise_gaussian(image, 0.1, radius_px=radius_px), expected, atol=1e-6)


def test_the_gaussian_keeps_the_mean_of_each_channel() -> None:
    image = picture()
    blurred = denoise_gaussian(image, 0.2)
    np.testing.assert_allclose(blurred.mean(axis=(0, 1)), image.mean(axis=(0, 1)), atol=1e-6)


def test_the_bell_grows_by_6_4_pixels_per_unit_of_sigma() -> None:
    """0.3 + 6.4 x 0.25 = 1.9."""
    expected = denoise_gaussian(picture(), 0.1, radius_px=1.9)
    np.testing.assert_array_equal(denoise_gaussian(picture(), 0.25), expected)


@pytest.mark.parametrize("radius_px", [-1.0, 0.0, 257.0, float("nan")])
def test_an_impossible_radius_is_refused(radius_px: float) -> None:
    with pytest.raises(InputError, match="radius_px must be above 0 and at most 256"):
        denoise_gaussian(picture(), 0.1, radius_px=radius_px)


@pytest.mark.parametrize(
    ("level", "median", "gaussian"),
    [
        pytest.param(15, 26.88, 28.48, marks=needs_bsd68),
        pytest.param(25, 24.90, 26.32, marks=needs_bsd68),
        pytest.param(50, 20.94, 24.02, marks=needs_bsd68),
    ],
)
def test_the_defaults_reach_the_sheet_on_every_fourth_picture_of_bsd68(
    level: int, median: float, gaussian: float
) -> None:
    """Section 0, measured floor table; 0.02 dB for another draw of noise."""
    paths = sorted(BSD68.glob("*.png"))[::4]
    measured = np.mean([gains_by(path, index, level / 255) for index, path in enumerate(paths)], axis=0)
    assert measured[0] == pytest.approx(median, abs=0.02)
    assert measured[1] >= gaussian - 0.02
