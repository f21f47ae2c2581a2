"""The two wavelet denoisers: their thresholds, their order, and what they are where nothing is cut."""

from __future__ import annotations

import numpy as np
import pytest
from skimage import data

from retouch.arrays.types import Image
from retouch.denoising.wavelets.bayes_shrink import bayes_threshold, denoise_bayes_shrink, shrink_softly
from retouch.denoising.wavelets.undecimated import denoise_undecimated_wavelet
from retouch.errors import InputError

SIGMA = 25 / 255


def photograph() -> Image:
    return np.asarray(data.camera()[100:356, 150:406, None] / 255, np.float32)


def noisy(truth: Image, sigma: float = SIGMA) -> Image:
    return np.asarray(truth + sigma * np.random.default_rng(0).standard_normal(truth.shape), np.float32)


def psnr(result: Image, truth: Image) -> float:
    return float(-10 * np.log10(np.mean((result.clip(0, 1) - truth) ** 2)))


@pytest.mark.parametrize("level", [15, 25, 50])
def test_universal_is_behind_bayes_and_bayes_behind_undecimated(level: int) -> None:
    """Section 4 of the sheet."""
    truth, sigma = photograph(), level / 255
    image = noisy(truth, sigma)
    universal = psnr(denoise_bayes_shrink(image, sigma, threshold="universal"), truth)
    bayes = psnr(denoise_bayes_shrink(image, sigma), truth)
    undecimated = psnr(denoise_undecimated_wavelet(image, sigma), truth)
    assert universal + 1 < bayes
    assert bayes + 0.3 < undecimated


def test_pure_noise_vanishes_under_the_universal_threshold() -> None:
    """But for the smooth band: of 16384 values 64 are left, with an eighth of the deviation at 4 levels and more."""
    noise = noisy(np.full((128, 128, 1), 0.5, np.float32))
    result = denoise_bayes_shrink(noise, SIGMA, threshold="universal")
    assert result.std() < SIGMA / 8
    assert denoise_bayes_shrink(noise, SIGMA).std() < SIGMA / 4


def test_the_bayes_threshold_is_the_variance_over_the_deviation_of_the_picture() -> None:
    """Mean squares of 25 and of 9 against noise of variance 9: the picture has 16, and none."""
    assert bayes_threshold(np.full((3, 4), 5.0), 3.0) == pytest.approx(9 / 4)
    assert bayes_threshold(np.full((3, 4), -3.0), 3.0) == np.inf


def test_an_infinite_threshold_leaves_nothing() -> None:
    np.testing.assert_array_equal(shrink_softly(np.array([[7.0, -2.0]]), np.inf), [[0, 0]])


@pytest.mark.parametrize("wavelet", ["db2", "sym8"])
def test_undecimated_without_a_threshold_is_the_identity(wavelet: str) -> None:
    image = noisy(photograph()[:31, :50])
    result = denoise_undecimated_wavelet(image, SIGMA, sigmas=0.0, wavelet=wavelet)  # type: ignore[arg-type]
    np.testing.assert_allclose(result, image, atol=1e-5)


def test_undecimated_does_not_care_where_the_picture_begins() -> None:
    """Pixels whose whole reach of 45 lies inside the crop come out as in the whole."""
    image = noisy(photograph()[:130, :130])
    whole = denoise_undecimated_wavelet(image, SIGMA)
    part = denoise_undecimated_wavelet(image[7:, 5:], SIGMA)
    # Off by at most the rounding of another mean; where a coefficient is at its threshold that could tip it.
    np.testing.assert_allclose(part[45:-45, 45:-45], whole[52:-45, 50:-45], atol=1e-4)


@pytest.mark.parametrize("denoise", [denoise_bayes_shrink, denoise_undecimated_wavelet])
@pytest.mark.parametrize("levels", [0, 9])
def test_levels_out_of_range_are_refused(denoise: object, levels: int) -> None:
    with pytest.raises(InputError, match="levels must be 1 to 8"):
        denoise(photograph(), SIGMA, levels=levels)  # type: ignore[operator]


@pytest.mark.parametrize("sigmas", [-1.0, float("inf"), float("nan")])
def test_a_threshold_out_of_range_is_refused(sigmas: float) -> None:
    with pytest.raises(InputError, match="sigmas must be a number of 0 or more"):
        denoise_undecimated_wavelet(photograph(), SIGMA, sigmas=sigmas)
