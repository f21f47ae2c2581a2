"""VIF: a plain twin, cases with known answers, and values of another implementation."""

from __future__ import annotations

import math

import numpy as np
import pytest
import skimage.data

from retouch.arrays.colour import to_grey
from retouch.errors import InputError
from retouch.metrics.structure.vif import vif


def posterised(photo: np.ndarray) -> np.ndarray:
    """Eight levels a channel, each at the middle of its step."""
    return photo // 32 * 32 + np.uint8(16)


def weights_of(size: int) -> np.ndarray:
    taps = np.exp(-((np.arange(size) - size // 2) ** 2) / (2 * (size / 5) ** 2))
    weights = np.outer(taps, taps)
    return np.asarray(weights / weights.sum())


def windows_of(plane: np.ndarray, size: int) -> np.ndarray:
    """Every window inside the plane, (n_rows, n_columns, size, size)."""
    return np.lib.stride_tricks.sliding_window_view(plane, (size, size))


def scales_of(plane: np.ndarray) -> list[tuple[int, np.ndarray]]:
    """Return the four scales of a plane, each with its window's size."""
    found: list[tuple[int, np.ndarray]] = []
    for size in (17, 9, 5, 3):
        if found:
            plane = (windows_of(plane, size) * weights_of(size)).sum(axis=(2, 3))[::2, ::2]
        found.append((size, plane))
    return found


def information(x: np.ndarray, y: np.ndarray, weights: np.ndarray) -> tuple[float, float]:
    """Return what one window gives to the two sums, with its variances taken about the mean."""
    mean_x, mean_y = (weights * x).sum(), (weights * y).sum()
    var_x, var_y = (weights * (x - mean_x) ** 2).sum(), (weights * (y - mean_y) ** 2).sum()
    cov = (weights * (x - mean_x) * (y - mean_y)).sum()
    g = cov / (var_x + 1e-10)
    noise = var_y - g * cov
    if var_x < 1e-10:
        g, noise, var_x = 0.0, var_y, 0.0
    if var_y < 1e-10:
        g, noise = 0.0, 0.0
    if g < 0:
        g, noise = 0.0, var_y
    noise = max(noise, 1e-10)
    return math.log10(1 + g**2 * var_x / (noise + 2)), math.log10(1 + var_x / 2)


def plain_vif(x: np.ndarray, y: np.ndarray) -> float:
    """VIF of two planes (H, W) in 0-255, window by window."""
    kept, available = 0.0, 0.0
    for (size, small_x), (_, small_y) in zip(scales_of(x), scales_of(y), strict=True):
        in_x, in_y = windows_of(small_x, size), windows_of(small_y, size)
        for at in np.ndindex(in_x.shape[:2]):
            terms = information(in_x[at], in_y[at], weights_of(size))
            kept += terms[0]
            available += terms[1]
    return kept / available


def odd_pair() -> tuple[np.ndarray, np.ndarray]:
    """Planes with a part where the reference is flat, one where the result is, and one that is inverted."""
    x = skimage.data.camera()[100:148, 150:201].astype(float)
    y = x + np.random.default_rng(0).normal(0, 6, x.shape)
    x[:, :20] = 90
    y[26:, 20:] = 60
    y[:26, 34:] = 255 - x[:26, 34:]
    return x, y


def test_it_is_the_plain_loop_over_windows() -> None:
    x = skimage.data.camera()[100:143, 150:196].astype(float)
    y = 0.8 * x + np.random.default_rng(0).normal(0, 6, x.shape)
    assert vif(x, y, data_range=255.0) == pytest.approx(plain_vif(x, y), abs=1e-9)


def test_the_guards_are_those_of_the_plain_loop() -> None:
    x, y = odd_pair()
    assert vif(x, y, data_range=255.0) == pytest.approx(plain_vif(x, y), abs=1e-9)
    assert vif(y, x, data_range=255.0) == pytest.approx(plain_vif(y, x), abs=1e-9)


@pytest.mark.parametrize("factor", [0.25, 0.5, 2.0])
def test_a_change_of_contrast_scales_the_gain_alone(factor: float) -> None:
    # y = c x + d: g = c and no noise, so the sums are those of log(1 + c^2 var / 2) and log(1 + var / 2)
    x = skimage.data.camera()[100:160, 150:200] * 0.4 + 5
    kept, available = 0.0, 0.0
    for size, plane in scales_of(x):
        inside, weights = windows_of(plane, size), weights_of(size)
        mean = (inside * weights).sum(axis=(2, 3), keepdims=True)
        variance = (weights * (inside - mean) ** 2).sum(axis=(2, 3))
        kept += np.log10(1 + factor**2 * variance / 2).sum()
        available += np.log10(1 + variance / 2).sum()
    found = vif(x, factor * x + 3, data_range=255.0)
    assert found == pytest.approx(kept / available, abs=1e-8)
    assert (found > 1) == (factor > 1)


@pytest.mark.parametrize(
    ("name", "height", "width", "expected"),
    [
        # sewar.vifp(x, y) of sewar 0.4.10 on the luma planes (BT.601, float64, 0-255)
        ("astronaut", 163, 201, 0.540167515),
        ("coffee", 171, 162, 0.518477072),
        ("astronaut", 200, 240, 0.558464003),
    ],
)
def test_values_are_those_of_sewar(name: str, height: int, width: int, expected: float) -> None:
    photo = getattr(skimage.data, name)()[:height, :width]
    assert vif(photo, posterised(photo)) == pytest.approx(expected, abs=1e-8)


def test_equal_pictures_give_one() -> None:
    photo = skimage.data.astronaut()[:70, :81]
    assert vif(photo, photo.copy()) == pytest.approx(1, abs=1e-9)


def test_brightness_alone_is_not_seen() -> None:
    photo = skimage.data.camera()[:60, :60] // 2
    assert vif(photo, photo + np.uint8(90)) == pytest.approx(1, abs=1e-9)


def test_an_inverted_picture_tells_nothing() -> None:
    photo = skimage.data.camera()[:60, :60]
    assert vif(photo, 255 - photo) == 0


def test_a_flat_result_tells_nothing() -> None:
    photo = skimage.data.camera()[:60, :60]
    assert vif(photo, np.full_like(photo, 130)) == 0


@pytest.mark.parametrize("level", [0, 77, 255])
def test_a_constant_reference_gives_one_for_itself_and_zero_for_others(level: int) -> None:
    flat = np.full((50, 60, 3), level, np.uint8)
    other = flat.copy()
    other[20, 20] ^= 128
    assert vif(flat, flat.copy()) == 1
    assert vif(flat, other) == 0
    assert vif(flat, np.full_like(flat, 100)) == 0


def test_a_variance_that_rounding_could_make_counts_as_none() -> None:
    # 255 * 5e-8 * the photo's deviation of about 0.3 is 4e-6; squared, that is under the limit of 1e-10
    photo = skimage.data.camera()[:60, :60] / 255
    nearly_flat = 0.5 + 5e-8 * photo
    assert vif(nearly_flat, photo) == 0
    assert vif(photo, nearly_flat) == 0


def test_the_order_of_the_pictures_matters() -> None:
    photo = skimage.data.camera()[100:200, 150:250] / 255
    softer = 0.5 * photo + 0.2  # half the contrast: less to see than in the photo; the other way round there is more
    assert vif(photo, softer) < 0.9
    assert vif(softer, photo) > 1.1


def test_more_noise_is_worse() -> None:
    photo = skimage.data.astronaut()[:100, 150:250]
    noise = np.random.default_rng(1).normal(0, 1, photo.shape)
    values = [vif(photo, np.clip(photo + sigma * noise, 0, 255).astype(np.uint8)) for sigma in (2, 5, 10, 20)]
    assert values == sorted(values, reverse=True)
    assert 0 < values[-1] < values[0] < 1


def test_colour_is_measured_as_luma_in_any_range() -> None:
    photo = skimage.data.astronaut()[:60, 150:230]
    other = posterised(photo)
    expected = vif(photo, other)
    luma = [to_grey(picture.astype(float)) for picture in (photo, other)]
    wide = [picture.astype(np.uint16) * np.uint16(257) for picture in (photo, other)]
    assert vif(*luma, data_range=255.0) == pytest.approx(expected, abs=1e-12)
    assert vif(*wide) == pytest.approx(expected, abs=1e-9)
    assert vif(photo / 255, other / 255) == pytest.approx(expected, abs=1e-9)


def test_a_side_must_leave_a_window_at_the_coarsest_scale() -> None:
    # 41 -> (41 - 8) / 2 = 17 -> (17 - 4) / 2 = 7 -> (7 - 2) / 2 = 3, rounded up: one window of 3
    photo = skimage.data.camera()[:41, :60]
    assert vif(photo, photo) == pytest.approx(1, abs=1e-9)
    with pytest.raises(InputError, match="at least 41 px a side"):
        vif(photo[:40], photo[:40])
