"""MS-SSIM: closed forms, a plain twin, values of pytorch-msssim and the published fixture."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import skimage.data
from scipy.ndimage import gaussian_filter

from retouch.arrays.colour import to_grey
from retouch.errors import InputError
from retouch.metrics.structure.ms_ssim import WEIGHTS, ms_ssim
from retouch.metrics.structure.ssim import ssim

FIXTURE = Path(__file__).parents[3] / "shared" / "data" / "parity" / "metrics-ssim-psnr"


def posterised(photo: np.ndarray) -> np.ndarray:
    """Eight levels a channel, each at the middle of its step."""
    return photo // 32 * 32 + np.uint8(16)


def noisy_pair(height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    photo = skimage.data.astronaut()[:height, :width]
    noise = np.random.default_rng(0).normal(0, 15, photo.shape)
    return photo, np.clip(photo + noise, 0, 255).round().astype(np.uint8)


def plain_halving(plane: np.ndarray) -> np.ndarray:
    """Means of 2x2 pixels; an odd side starts with the half of its first row or column (the other half is 0)."""
    rows = range(-(plane.shape[0] % 2), plane.shape[0] - 1, 2)
    columns = range(-(plane.shape[1] % 2), plane.shape[1] - 1, 2)

    def value(i: int, j: int) -> float:
        return float(plane[i, j]) if i >= 0 and j >= 0 else 0.0

    return np.array(
        [[(value(i, j) + value(i, j + 1) + value(i + 1, j) + value(i + 1, j + 1)) / 4 for j in columns] for i in rows]
    )


def plain_ms_ssim(x: np.ndarray, y: np.ndarray, weights: tuple[float, ...]) -> float:
    """Return the product over scales for two planes (H, W) in [0, 1], smoothed by scipy."""

    def mean(plane: np.ndarray) -> np.ndarray:
        return np.asarray(gaussian_filter(plane, 1.5, radius=5))[5:-5, 5:-5]

    product = 1.0
    for scale, weight in enumerate(weights):
        if scale:
            x, y = plain_halving(x), plain_halving(y)
        spread = mean(x**2) - mean(x) ** 2 + mean(y**2) - mean(y) ** 2
        structure = (2 * (mean(x * y) - mean(x) * mean(y)) + 9e-4) / (spread + 9e-4)
        if scale == len(weights) - 1:
            structure = structure * (2 * mean(x) * mean(y) + 1e-4) / (mean(x) ** 2 + mean(y) ** 2 + 1e-4)
        product *= max(structure.mean(), 0) ** weight
    return product


@pytest.mark.parametrize("size", [(176, 176), (161, 170), (183, 163)], ids=str)
def test_five_scales_are_those_of_a_plain_twin(size: tuple[int, int]) -> None:
    first, second = (picture / 255 for picture in noisy_pair(*size))
    expected = np.mean([plain_ms_ssim(first[:, :, c], second[:, :, c], WEIGHTS) for c in range(3)])
    assert ms_ssim(first, second) == pytest.approx(expected, abs=1e-10)


@pytest.mark.parametrize(
    ("name", "height", "width", "five", "three"),
    [
        # pytorch_msssim.ms_ssim(a, b, data_range=255.0) of pytorch-msssim 1.0.0, both as float64 (1, 3, H, W); for
        # three scales weights=[0.0448 / s, 0.2856 / s, 0.3001 / s] with s = 0.6305. Sides are odd at several scales.
        ("astronaut", 163, 201, 0.919856, 0.896391),
        ("coffee", 171, 162, 0.953176, 0.931579),
        ("astronaut", 200, 240, 0.934950, 0.913785),
    ],
)
def test_values_are_those_of_pytorch_msssim(name: str, height: int, width: int, five: float, three: float) -> None:
    photo = getattr(skimage.data, name)()[:height, :width]
    assert ms_ssim(photo, posterised(photo)) == pytest.approx(five, abs=2e-5)
    assert ms_ssim(photo, posterised(photo), n_scales=3) == pytest.approx(three, abs=2e-5)


def test_equal_pictures_give_exactly_one() -> None:
    photo = skimage.data.astronaut()[:171, :190]
    assert ms_ssim(photo, photo.copy()) == 1


def test_it_is_symmetric() -> None:
    first, second = noisy_pair(161, 165)
    assert ms_ssim(first, second) == ms_ssim(second, first) < 1


def test_two_constants_differ_in_the_luminance_of_the_coarsest_scale() -> None:
    # 176 = 11 * 16 has no odd side: structure is 1 at every scale, luminance counts once, with weight 0.1333
    first, second = np.full((176, 176), 60, np.uint8), np.full((176, 176), 200, np.uint8)
    luminance = (2 * 60 * 200 + 6.5025) / (60**2 + 200**2 + 6.5025)
    assert ms_ssim(first, second) == pytest.approx(luminance**0.1333, abs=1e-9)


def test_one_scale_of_weight_one_is_ssim() -> None:
    first, second = noisy_pair(60, 70)
    assert ms_ssim(first, second, weights=[1.0]) == pytest.approx(ssim(first, second), abs=1e-14)


def test_a_negative_likeness_counts_as_zero() -> None:
    photo = skimage.data.camera()[:200, :200]
    assert ms_ssim(photo, 255 - photo) == 0


def test_more_noise_is_worse() -> None:
    photo = skimage.data.astronaut()[:180, :180]
    noise = np.random.default_rng(1).normal(0, 1, photo.shape)
    values = [ms_ssim(photo, np.clip(photo + sigma * noise, 0, 255).astype(np.uint8)) for sigma in (2, 5, 10, 20)]
    assert values == sorted(values, reverse=True)


def test_three_of_five_weights_are_divided_by_their_sum() -> None:
    first, second = noisy_pair(80, 90)
    total = 0.0448 + 0.2856 + 0.3001
    weights = [0.0448 / total, 0.2856 / total, 0.3001 / total]
    assert ms_ssim(first, second, n_scales=3) == pytest.approx(ms_ssim(first, second, weights=weights), abs=1e-14)


@pytest.mark.parametrize(("n_scales", "least"), [(5, 161), (3, 41), (1, 11)])
def test_a_side_must_leave_a_window_at_the_coarsest_scale(n_scales: int, least: int) -> None:
    first, second = noisy_pair(least, least + 30)
    assert 0 < ms_ssim(first, second, n_scales=n_scales) < 1
    with pytest.raises(InputError, match=f"at least {least} px a side"):
        ms_ssim(first[:-1], second[:-1], n_scales=n_scales)


@pytest.mark.parametrize("n_scales", [0, 6])
def test_a_number_of_scales_without_weights_is_refused(n_scales: int) -> None:
    with pytest.raises(InputError, match="n_scales must be 1 to 5"):
        ms_ssim(*noisy_pair(200, 200), n_scales=n_scales)


@pytest.mark.parametrize("weights", [(0.5, -0.1), (0.0, 0.0)], ids=str)
def test_impossible_weights_are_refused(weights: tuple[float, ...]) -> None:
    with pytest.raises(InputError, match="at least 0 and not all 0"):
        ms_ssim(*noisy_pair(60, 60), weights=weights)


@pytest.mark.shared
@pytest.mark.skipif(not FIXTURE.exists(), reason=f"{FIXTURE} is not there")
def test_the_published_values_are_met() -> None:
    given, expected = np.load(FIXTURE / "inputs.npz"), np.load(FIXTURE / "outputs.npz")
    for index, (first, second) in enumerate(zip(given["a"], given["b"], strict=True)):
        grey = [np.rint(to_grey(picture.astype(float))).astype(np.uint8) for picture in (first, second)]
        assert ms_ssim(first, second) == pytest.approx(expected["msssim_pytorch_msssim_color"][index], abs=1e-4)
        assert ms_ssim(*grey) == pytest.approx(expected["msssim_pytorch_msssim_gray"][index], abs=1e-4)
