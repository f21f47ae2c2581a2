"""SSIM, its map, its variants and DSSIM: closed forms, a plain twin, scikit-image and the published fixture."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import skimage.data
from skimage.metrics import structural_similarity

from retouch.arrays.colour import to_grey
from retouch.errors import InputError
from retouch.metrics.structure.dssim import dssim, dssim_unhalved
from retouch.metrics.structure.ssim import mssim, ssim, ssim_map, ssim_y
from retouch.metrics.structure.windows import Window, local_moments, mean_pool

FIXTURE = Path(__file__).parents[3] / "shared" / "data" / "parity" / "metrics-ssim-psnr"
GAUSSIAN: dict[str, Any] = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False}
VARIANTS: list[dict[str, Any]] = [
    {},
    {"sample_covariance": True},
    {"padding": "zero"},
    {"window": "uniform", "window_size": 7},
    {"window": "uniform", "window_size": 5, "sample_covariance": True, "padding": "zero"},
    {"window_size": 5, "sigma": 0.8},
]


def pair(height: int = 40, width: int = 52) -> tuple[np.ndarray, np.ndarray]:
    photo = skimage.data.astronaut()[90 : 90 + height, 190 : 190 + width]
    noise = np.random.default_rng(0).normal(0, 15, photo.shape)
    return photo, np.clip(photo + noise, 0, 255).round().astype(np.uint8)


def plain_map(x: np.ndarray, y: np.ndarray, options: dict[str, Any]) -> np.ndarray:
    """SSIM of two planes (H, W) in [0, 1], window by window, variances about the mean."""
    size, sigma = options.get("window_size", 11), options.get("sigma", 1.5)
    taps = np.exp(-((np.arange(size) - size // 2) ** 2) / (2 * sigma**2))
    weights = np.ones((size, size)) if options.get("window") == "uniform" else np.outer(taps, taps)
    weights /= weights.sum()
    if options.get("padding") == "zero":
        x, y = (np.pad(plane, size // 2) for plane in (x, y))
    factor = size**2 / (size**2 - 1) if options.get("sample_covariance") else 1.0
    values = np.empty((x.shape[0] - size + 1, x.shape[1] - size + 1))
    for i, j in np.ndindex(values.shape):
        a, b = x[i : i + size, j : j + size], y[i : i + size, j : j + size]
        mean_a, mean_b = (weights * a).sum(), (weights * b).sum()
        variance_a = factor * (weights * (a - mean_a) ** 2).sum()
        variance_b = factor * (weights * (b - mean_b) ** 2).sum()
        covariance = factor * (weights * (a - mean_a) * (b - mean_b)).sum()
        top = (2 * mean_a * mean_b + 1e-4) * (2 * covariance + 9e-4)
        values[i, j] = top / ((mean_a**2 + mean_b**2 + 1e-4) * (variance_a + variance_b + 9e-4))
    return values


@pytest.mark.parametrize("options", VARIANTS, ids=str)
def test_the_map_is_that_of_a_plain_loop_over_windows(options: dict[str, Any]) -> None:
    first, second = (picture / 255 for picture in pair(19, 16))
    expected = np.stack([plain_map(first[:, :, c], second[:, :, c], options) for c in range(3)], axis=2)
    values, offset = ssim_map(first, second, **options)
    np.testing.assert_allclose(values, expected, atol=1e-10)
    assert offset == (0 if options.get("padding") == "zero" else options.get("window_size", 11) // 2)


@pytest.mark.parametrize("options", [*VARIANTS, {"grey": True}], ids=str)
def test_the_value_is_the_mean_of_the_map(options: dict[str, Any]) -> None:
    first, second = pair()
    assert ssim(first, second, **options) == ssim_map(first, second, **options).values.mean()


@pytest.mark.parametrize("options", [{}, {"window": "uniform", "window_size": 7}, {"grey": True}], ids=str)
def test_two_constants_differ_in_luminance_only(options: dict[str, Any]) -> None:
    # (2ab + c1) / (a^2 + b^2 + c1), with c1 = (0.01 * 255)^2 = 6.5025; the other factor is c2 / c2
    first, second = np.full((20, 30, 3), 60, np.uint8), np.full((20, 30, 3), 200, np.uint8)
    expected = (2 * 60 * 200 + 6.5025) / (60**2 + 200**2 + 6.5025)
    assert ssim(first, second, **options) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("options", VARIANTS, ids=str)
def test_equal_pictures_give_exactly_one(options: dict[str, Any]) -> None:
    photo, _ = pair()
    assert ssim(photo, photo.copy(), **options) == 1


@pytest.mark.parametrize("options", VARIANTS, ids=str)
def test_ssim_is_symmetric_and_below_one_for_other_pictures(options: dict[str, Any]) -> None:
    first, second = pair()
    assert ssim(first, second, **options) == ssim(second, first, **options) < 1


def test_one_pixel_off_by_one_is_less_than_one() -> None:
    photo, _ = pair()
    other = photo.copy()
    other[20, 20, 0] ^= 1
    assert ssim(photo, other) < 1


def test_a_negative_of_high_contrast_is_below_zero_and_not_below_minus_one() -> None:
    board = np.indices((32, 32)).sum(axis=0) % 2 * 1.0
    assert -1 <= ssim(board, 1 - board) < -0.9


def test_more_noise_is_worse() -> None:
    photo, _ = pair(64, 64)
    noise = np.random.default_rng(1).normal(0, 1, photo.shape)
    values = [ssim(photo, np.clip(photo + sigma * noise, 0, 255).astype(np.uint8)) for sigma in (2, 5, 10, 20)]
    assert values == sorted(values, reverse=True)


@pytest.mark.parametrize("options", VARIANTS, ids=str)
def test_the_range_of_values_does_not_matter(options: dict[str, Any]) -> None:
    first, second = pair()
    wide = [picture.astype(np.uint16) * np.uint16(257) for picture in (first, second)]
    expected = ssim(first, second, **options)
    assert ssim(*wide, **options) == pytest.approx(expected, abs=1e-10)
    assert ssim(first / 255, second / 255, **options) == pytest.approx(expected, abs=1e-10)
    assert ssim(first * 1.0, second * 1.0, data_range=255.0, **options) == pytest.approx(expected, abs=1e-10)


@pytest.mark.parametrize("size", [(60, 80), (11, 11), (61, 33)], ids=str)
def test_the_standard_is_that_of_scikit_image(size: tuple[int, int]) -> None:
    first, second = pair(*size)
    expected = structural_similarity(first, second, channel_axis=2, data_range=255, **GAUSSIAN)
    assert ssim(first, second) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("window_size", [7, 51])
@pytest.mark.parametrize("is_colour", [True, False])
def test_uniform_windows_are_those_of_scikit_image(window_size: int, *, is_colour: bool) -> None:
    first, second = pair(64, 90)
    if not is_colour:
        first, second = first[:, :, 1], second[:, :, 1]
    expected = structural_similarity(
        first, second, win_size=window_size, channel_axis=2 if is_colour else None, data_range=255
    )
    found = ssim(first, second, window="uniform", window_size=window_size, sample_covariance=True)
    assert found == pytest.approx(expected, abs=1e-9)


def test_a_mask_takes_the_windows_with_their_middle_in_it() -> None:
    first, second = pair()
    mask = np.zeros(first.shape[:2], bool)
    mask[2:20, 30:50] = True  # rows 2 to 4 and columns 47 to 49 have no window of 11 px inside 40x52
    values, offset = ssim_map(first, second)
    assert offset == 5
    assert ssim(first, second, mask=mask) == pytest.approx(values[0:15, 25:42].mean(), rel=1e-14)


def test_a_mask_with_zeros_around_the_picture_takes_all_its_pixels() -> None:
    first, second = pair()
    mask = np.zeros(first.shape[:2], bool)
    mask[:4, :3] = True
    values = ssim_map(first, second, padding="zero").values
    assert ssim(first, second, mask=mask, padding="zero") == pytest.approx(values[:4, :3].mean(), rel=1e-14)


def test_a_change_further_away_than_the_window_reaches_is_not_seen() -> None:
    photo, _ = pair()
    other = photo.copy()
    other[20, 20] = 255 - other[20, 20]
    mask = np.zeros(photo.shape[:2], bool)
    mask[20, 26] = True  # six columns away: the window reaches five
    assert ssim(photo, other, mask=mask) == 1
    mask[20, 25] = True
    assert ssim(photo, other, mask=mask) < 1


def test_a_mask_at_the_edge_alone_is_refused() -> None:
    first, second = pair()
    mask = np.zeros(first.shape[:2], bool)
    mask[:5] = True
    with pytest.raises(InputError, match="no window of 11 px has its middle in the mask"):
        ssim(first, second, mask=mask)


@pytest.mark.parametrize("options", [{}, {"padding": "zero"}, {"window": "uniform", "window_size": 7}], ids=str)
def test_a_picture_smaller_than_the_window_is_refused(options: dict[str, Any]) -> None:
    size = options.get("window_size", 11)
    first, second = pair(size - 1, 30)
    with pytest.raises(InputError, match=f"at least {size} px a side"):
        ssim(first, second, **options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"window": "uniform", "window_size": 8}, "window_size must be odd"),
        ({"window_size": 10}, "window_size must be odd"),
        ({"window_size": -1}, "window_size must be odd"),
        ({"sigma": 0.0}, "sigma must be above 0"),
        ({"window": "gausian"}, "did you mean 'gaussian'"),
        ({"padding": "zeros"}, "did you mean 'zero'"),
    ],
    ids=str,
)
def test_impossible_options_are_refused(options: dict[str, Any], message: str) -> None:
    first, second = pair()
    with pytest.raises(InputError, match=message):
        ssim(first, second, **options)


def test_more_than_four_channels_are_measured_one_by_one() -> None:
    # OpenCV, which does the filtering, treats pictures of up to four channels in its own way
    first, second = (np.concatenate([picture, picture[::-1]], axis=2) for picture in pair())
    single = [ssim(first[:, :, c], second[:, :, c], padding="zero") for c in range(6)]
    assert ssim(first, second, padding="zero") == pytest.approx(np.mean(single), abs=1e-12)


def test_mssim_is_ssim() -> None:
    first, second = pair()
    assert mssim(first, second, window="uniform", window_size=9) == ssim(first, second, window="uniform", window_size=9)


def test_the_grey_variants_measure_the_luma_of_bt601() -> None:
    first, second = pair()
    luma = [to_grey(picture.astype(float)) for picture in (first, second)]
    expected = ssim(*luma, data_range=255.0)
    assert ssim_y(first, second) == ssim(first, second, grey=True) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("options", VARIANTS, ids=str)
def test_dssim_is_half_of_what_ssim_lacks(options: dict[str, Any]) -> None:
    first, second = pair()
    lacking = 1 - ssim(first, second, **options)
    assert dssim(first, second, **options) == lacking / 2
    assert dssim_unhalved(first, second, **options) == lacking


def test_dssim_takes_a_mask() -> None:
    first, second = pair()
    mask = np.zeros(first.shape[:2], bool)
    mask[10:20, 10:20] = True
    assert dssim(first, second, mask=mask) == (1 - ssim(first, second, mask=mask)) / 2


def test_a_window_of_weights_sums_to_one() -> None:
    ones = np.ones((15, 20, 2))
    for kind in ("gaussian", "uniform"):
        np.testing.assert_allclose(Window(kind, 7).smooth(ones), np.ones((9, 14, 2)), atol=1e-14)


def test_zeros_around_a_picture_enter_the_means_at_its_edge() -> None:
    # the corner sees 4 of 9 pixels, an edge 6
    means = Window("uniform", 3, padding="zero").smooth(np.ones((4, 5, 1)))[:, :, 0]
    assert means[0, 0] == pytest.approx(4 / 9)
    assert means[0, 2] == pytest.approx(6 / 9)
    assert means[1, 1] == pytest.approx(1)


@pytest.mark.parametrize(("kind", "size"), [("gaussian", 11), ("uniform", 51)])
def test_variances_are_exact_to_rounding_on_a_large_picture(kind: str, size: int) -> None:
    # running sums collect rounding errors: against sums over each window about its mean, at the far corner
    plane = np.random.default_rng(2).uniform(0, 255, (400, 500, 1)) * 0.01 + 250
    found = local_moments(plane, -plane, Window(kind, size, 1.5))
    last = plane[-size:, -size:, 0]
    taps = np.exp(-((np.arange(size) - size // 2) ** 2) / 4.5) if kind == "gaussian" else np.ones(size)
    weights = np.outer(taps, taps) / taps.sum() ** 2
    variance = (weights * (last - (weights * last).sum()) ** 2).sum()
    assert found.variance_x[-1, -1, 0] == pytest.approx(variance, abs=1e-8)
    assert found.covariance[-1, -1, 0] == pytest.approx(-variance, abs=1e-8)


def test_pooling_averages_whole_blocks() -> None:
    plane = np.arange(7 * 5 * 2.0).reshape(7, 5, 2)
    pooled = mean_pool(plane, 3)
    assert pooled.shape == (2, 1, 2)
    np.testing.assert_allclose(pooled[1, 0], plane[3:6, :3].mean(axis=(0, 1)))


@pytest.mark.shared
@pytest.mark.skipif(not FIXTURE.exists(), reason=f"{FIXTURE} is not there")
def test_the_published_values_are_met() -> None:
    given, expected = np.load(FIXTURE / "inputs.npz"), np.load(FIXTURE / "outputs.npz")
    default: dict[str, Any] = {"window": "uniform", "window_size": 7, "sample_covariance": True}
    for index, (first, second) in enumerate(zip(given["a"], given["b"], strict=True)):
        grey = [np.rint(to_grey(picture.astype(float))).astype(np.uint8) for picture in (first, second)]
        assert ssim(first, second, **default) == pytest.approx(expected["ssim_skimage_default_color"][index], abs=1e-4)
        assert ssim(*grey, **default) == pytest.approx(expected["ssim_skimage_default_gray"][index], abs=1e-4)
        assert ssim(first, second) == pytest.approx(expected["ssim_skimage_gauss_color"][index], abs=1e-4)
        assert ssim(*grey) == pytest.approx(expected["ssim_skimage_gauss_gray"][index], abs=1e-4)
        assert ssim(first, second) == pytest.approx(expected["ssim_pytorch_msssim_color"][index], abs=1e-4)
        assert ssim(*grey) == pytest.approx(expected["ssim_pytorch_msssim_gray"][index], abs=1e-4)
