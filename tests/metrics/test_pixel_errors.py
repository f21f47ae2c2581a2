"""Errors of single pixels: closed forms, the published fixture, masks and ranges."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import skimage.data
import skimage.metrics

from retouch.errors import InputError
from retouch.metrics.pixels.mae import l1_percent, mae, mae_ratio
from retouch.metrics.pixels.mse import mse, mse_255
from retouch.metrics.pixels.psnr import psnr
from retouch.metrics.pixels.rmse import l2_percent, rmse

FIXTURE = Path(__file__).parents[3] / "shared" / "data" / "parity" / "metrics-ssim-psnr"
ALL = [mse, mse_255, mae, l1_percent, mae_ratio, rmse, l2_percent, psnr]

Metric = Callable[..., float]


def photo_pair() -> tuple[np.ndarray, np.ndarray]:
    photo = skimage.data.astronaut()[:60, :80]
    noise = np.random.default_rng(0).normal(0, 20, photo.shape)
    return photo, np.clip(photo + noise, 0, 255).round().astype(np.uint8)


@pytest.mark.parametrize("offset", [1, 3, 51, 255])
def test_a_constant_offset_has_the_error_of_one_pixel(offset: int) -> None:
    black = np.zeros((5, 7, 3), np.uint8)
    other = black + np.uint8(offset)
    assert mse_255(black, other) == pytest.approx(offset**2, rel=1e-12)
    assert mse(black, other) == pytest.approx((offset / 255) ** 2, rel=1e-12)
    assert rmse(black, other) == pytest.approx(offset / 255, rel=1e-12)
    assert mae(black, other) == pytest.approx(offset / 255, rel=1e-12)
    assert psnr(black, other) == pytest.approx(20 * math.log10(255 / offset), abs=1e-9)


def test_an_unsigned_difference_does_not_wrap_around() -> None:
    dark, light = np.full((2, 2), 10, np.uint8), np.full((2, 2), 200, np.uint8)
    assert mae(dark, light) == mae(light, dark) == pytest.approx(190 / 255)


def test_percentages_are_a_hundred_times_the_errors_of_values_up_to_one() -> None:
    first, second = np.full((4, 4), 0.5), np.full((4, 4), 0.25)
    assert l1_percent(first, second) == 25  # 100 * 0.25
    assert l2_percent(first, second) == 6.25  # 100 * 0.25^2


def test_l2_percent_of_values_from_minus_one_to_one_is_four_times_as_large() -> None:
    first, second = np.full((4, 4), 0.5), np.full((4, 4), 0.25)
    assert l2_percent(2 * first - 1, 2 * second - 1) == 4 * l2_percent(first, second)


@pytest.mark.parametrize(
    ("first", "second", "ratio", "error"),
    [(1.0, 0.0, 1.0, 1.0), (0.5, 0.25, 1 / 3, 0.25), (0.0, 0.0, 0.0, 0.0), (0.75, 0.75, 0.0, 0.0)],
)
def test_the_ratio_of_edgeconnect_is_not_the_mean_error(
    first: float, second: float, ratio: float, error: float
) -> None:
    # |a - b| / (a + b) for a and b the same everywhere
    pair = np.full((3, 3), first), np.full((3, 3), second)
    assert mae_ratio(*pair) == pytest.approx(ratio, abs=1e-15)
    assert mae(*pair) == error


def test_the_ratio_sums_before_it_divides() -> None:
    # |1 - 0| + |3 - 2| = 2 over 1 + 0 + 3 + 2 = 6; the mean of the single ratios would be (1 + 0.2) / 2
    assert mae_ratio(np.array([[1.0, 3.0]]), np.array([[0.0, 2.0]])) == pytest.approx(2 / 6, rel=1e-15)


def test_the_ratio_refuses_values_below_zero() -> None:
    with pytest.raises(InputError, match=r"values of at least 0, got -0\.5"):
        mae_ratio(np.full((2, 2), -0.5), np.full((2, 2), 0.5))


def test_equal_pictures_have_infinite_psnr() -> None:
    photo, _ = photo_pair()
    assert psnr(photo, photo.copy()) == math.inf


@pytest.mark.parametrize("metric", ALL)
def test_errors_are_symmetric(metric: Metric) -> None:
    first, second = photo_pair()
    assert metric(first, second) == metric(second, first)


@pytest.mark.parametrize("metric", ALL)
def test_more_noise_is_worse(metric: Metric) -> None:
    photo = skimage.data.astronaut()[:64, 100:200]
    noise = np.random.default_rng(1).normal(0, 1, photo.shape)
    noisy = [np.clip(photo + sigma * noise, 0, 255).round().astype(np.uint8) for sigma in (2, 5, 10, 20)]
    values = [metric(photo, other) for other in noisy]
    assert values == sorted(values, reverse=metric is psnr)
    assert len(set(values)) == 4


@pytest.mark.parametrize("metric", ALL)
def test_a_mask_measures_its_pixels_only(metric: Metric) -> None:
    first, second = photo_pair()
    mask = np.zeros(first.shape[:2], bool)
    mask[10:30, 20:70] = True
    assert metric(first, second, mask=mask) == pytest.approx(metric(first[10:30, 20:70], second[10:30, 20:70]))


@pytest.mark.parametrize("metric", ALL)
def test_grey_pictures_may_come_with_or_without_a_channel(metric: Metric) -> None:
    first, second = photo_pair()
    assert metric(first[:, :, 0], second[:, :, 0]) == metric(first[:, :, :1], second[:, :, :1])


@pytest.mark.parametrize("metric", ALL)
def test_the_bit_depth_does_not_matter(metric: Metric) -> None:
    first, second = photo_pair()
    wide = [picture.astype(np.uint16) * np.uint16(257) for picture in (first, second)]  # 255 becomes 65535
    unit = [picture / 255 for picture in (first, second)]
    assert metric(*wide) == pytest.approx(metric(first, second), rel=1e-12)
    assert metric(*unit) == pytest.approx(metric(first, second), rel=1e-12)


def test_a_stated_range_replaces_that_of_the_dtype() -> None:
    first, second = photo_pair()
    floats = first.astype(float), second.astype(float)
    assert psnr(*floats, data_range=255.0) == pytest.approx(psnr(first, second), rel=1e-12)


def test_psnr_of_the_whole_follows_from_psnr_of_the_hole() -> None:
    reference, noisy = photo_pair()
    mask = np.zeros(reference.shape[:2], bool)
    mask[5:22, 9:50] = True
    composite = np.where(mask[:, :, None], noisy, reference)
    ratio = mask.mean()
    expected = psnr(reference, composite, mask=mask) - 10 * math.log10(ratio)
    assert psnr(reference, composite) == pytest.approx(expected, abs=1e-6)


def test_psnr_and_mse_are_those_of_scikit_image() -> None:
    first, second = photo_pair()
    assert psnr(first, second) == pytest.approx(skimage.metrics.peak_signal_noise_ratio(first, second), abs=1e-9)
    assert mse_255(first, second) == pytest.approx(skimage.metrics.mean_squared_error(first, second), rel=1e-12)


def test_an_empty_mask_is_refused() -> None:
    first, second = photo_pair()
    with pytest.raises(InputError, match="mask is empty"):
        mae(first, second, mask=np.zeros(first.shape[:2], bool))


@pytest.mark.shared
@pytest.mark.skipif(not FIXTURE.exists(), reason=f"{FIXTURE} is not there")
def test_the_published_values_are_met() -> None:
    given, expected = np.load(FIXTURE / "inputs.npz"), np.load(FIXTURE / "outputs.npz")
    for index, (first, second) in enumerate(zip(given["a"], given["b"], strict=True)):
        assert psnr(first, second) == pytest.approx(expected["psnr"][index], abs=1e-4)
        assert mse_255(first, second) == pytest.approx(expected["mse"][index], abs=1e-4)
        assert 255 * mae(first, second) == pytest.approx(expected["mae"][index], abs=1e-4)
        root_of_signal = math.sqrt(np.mean(first.astype(float) ** 2))  # what scikit-image divides by
        assert 255 * rmse(first, second) / root_of_signal == pytest.approx(expected["nrmse"][index], abs=1e-4)
