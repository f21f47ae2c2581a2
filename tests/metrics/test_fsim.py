"""FSIM and phase congruency: laws, plain twins, and values of another implementation."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
import skimage.data

from retouch.arrays.colour import to_grey
from retouch.errors import InputError
from retouch.metrics.structure.fsim import fsim, fsimc
from retouch.metrics.structure.phase_congruency import phase_congruency

Metric = Callable[..., float]


def posterised(photo: np.ndarray) -> np.ndarray:
    """Eight levels a channel, each at the middle of its step."""
    return photo // 32 * 32 + np.uint8(16)


def small_pair(height: int = 24, width: int = 21) -> tuple[np.ndarray, np.ndarray]:
    photo = skimage.data.astronaut()[100 : 100 + height, 180 : 180 + width]
    return photo, posterised(photo)


def step_edge(contrast: float = 200.0, size: int = 64) -> np.ndarray:
    """Dark left half, light right half; the transform sees a second edge where the sides meet."""
    plane = np.full((size, size), 20.0)
    plane[:, size // 2 :] += contrast
    return plane


def plain_phase_congruency(plane: np.ndarray, *, is_weighted: bool) -> np.ndarray:
    """Compute the formulas one after the other: each filter on its own, the noise from filters in space."""
    height, width = plane.shape
    stretch = [n / (n - 1) if n % 2 else 1 for n in (height, width)]  # odd sides reach from -1/2 to 1/2
    v, u = np.meshgrid(np.fft.fftfreq(height) * stretch[0], np.fft.fftfreq(width) * stretch[1], indexing="ij")
    radius = np.sqrt(u**2 + v**2)
    low_pass = 1 / (1 + (radius / 0.45) ** 30)
    radius[0, 0] = 1
    direction = np.arctan2(-v, u)
    transform = np.fft.fft2(plane)
    energies, amplitudes = np.zeros(plane.shape), np.zeros(plane.shape)
    for o in range(4):
        angle = o * math.pi / 4
        sine = np.sin(direction) * math.cos(angle) - np.cos(direction) * math.sin(angle)
        cosine = np.cos(direction) * math.cos(angle) + np.sin(direction) * math.sin(angle)
        towards = np.exp(-(np.arctan2(sine, cosine) ** 2) / (2 * (math.pi / 4 / 1.2) ** 2))
        even, odd, in_space, first_power = [], [], [], 0.0
        for s in range(4):
            log_gabor = np.exp(-(np.log(radius * 6 * 2**s) ** 2) / (2 * math.log(0.55) ** 2)) * low_pass
            log_gabor[0, 0] = 0
            response = np.fft.ifft2(transform * log_gabor * towards)
            even.append(response.real)
            odd.append(response.imag)
            in_space.append(np.fft.ifft2(log_gabor * towards).real * math.sqrt(plane.size))
            first_power = first_power or float(((log_gabor * towards) ** 2).sum())
        length = np.sqrt(sum(even) ** 2 + sum(odd) ** 2) + 1e-4
        mean_even, mean_odd = sum(even) / length, sum(odd) / length
        energy = sum(
            e * mean_even + f * mean_odd - np.abs(e * mean_odd - f * mean_even) for e, f in zip(even, odd, strict=True)
        )
        sizes = [np.sqrt(e**2 + f**2) for e, f in zip(even, odd, strict=True)]
        noise = float(np.median(sizes[0])) ** 2 / math.log(2) / first_power
        squares = sum(float((f**2).sum()) for f in in_space)
        products = sum(float((in_space[i] * in_space[j]).sum()) for i in range(4) for j in range(i + 1, 4))
        tau = math.sqrt((2 * noise * squares + 4 * noise * products) / 2)
        threshold = (tau * math.sqrt(math.pi / 2) + 2 * math.sqrt((2 - math.pi / 2) * tau**2)) / 1.7
        energy = np.maximum(energy - threshold, 0)
        if is_weighted:
            spread = (sum(sizes) / (np.maximum.reduce(sizes) + 1e-4) - 1) / 3
            energy = energy / (1 + np.exp(10 * (0.5 - spread)))
        energies += energy
        amplitudes += sum(sizes)
    return np.asarray(energies / (amplitudes + 1e-4))


def plain_slope(plane: np.ndarray) -> np.ndarray:
    """Scharr's gradient by loops, with zeros around the plane."""
    padded = np.pad(plane, 1)
    slopes = np.empty(plane.shape)
    for i, j in np.ndindex(plane.shape):
        near = padded[i : i + 3, j : j + 3]
        across = (3 * (near[0, 0] - near[0, 2]) + 10 * (near[1, 0] - near[1, 2]) + 3 * (near[2, 0] - near[2, 2])) / 16
        down = (3 * (near[0, 0] - near[2, 0]) + 10 * (near[0, 1] - near[2, 1]) + 3 * (near[0, 2] - near[2, 2])) / 16
        slopes[i, j] = math.hypot(across, down)
    return slopes


def plain_fsim(first: np.ndarray, second: np.ndarray, *, is_weighted: bool, with_colour: bool) -> float:
    """FSIM or FSIMc of two small RGB pictures (0-255) given their phase congruency, pixel by pixel."""
    lumas = [to_grey(picture.astype(float))[:, :, 0] for picture in (first, second)]
    p = [phase_congruency(luma, spread_weight=is_weighted) for luma in lumas]
    g = [plain_slope(luma) for luma in lumas]
    top, bottom = 0.0, 0.0
    for at in np.ndindex(lumas[0].shape):
        likeness = (2 * p[0][at] * p[1][at] + 0.85) / (p[0][at] ** 2 + p[1][at] ** 2 + 0.85)
        likeness *= (2 * g[0][at] * g[1][at] + 160) / (g[0][at] ** 2 + g[1][at] ** 2 + 160)
        if with_colour:
            colour = 1.0
            for r, gr, b in ((0.596, -0.274, -0.322), (0.211, -0.523, 0.312)):
                x, y = (float(r * q[at][0] + gr * q[at][1] + b * q[at][2]) for q in (first, second))
                colour *= (2 * x * y + 200) / (x * x + y * y + 200)
            likeness *= complex(complex(colour) ** 0.03).real
        weight = max(p[0][at], p[1][at])
        top += float(likeness * weight)
        bottom += float(weight)
    return top / bottom


@pytest.mark.parametrize("is_weighted", [True, False])
@pytest.mark.parametrize("size", [(24, 20), (23, 21), (16, 33)], ids=str)
def test_phase_congruency_is_that_of_the_formulas(size: tuple[int, int], *, is_weighted: bool) -> None:
    plane = to_grey(small_pair(*size)[0].astype(float))[:, :, 0]
    expected = plain_phase_congruency(plane, is_weighted=is_weighted)
    np.testing.assert_allclose(phase_congruency(plane, spread_weight=is_weighted), expected, atol=1e-10)


def test_phase_congruency_lies_between_zero_and_one() -> None:
    plane = skimage.data.camera()[:90, :101].astype(float)
    for spread_weight in (True, False):
        found = phase_congruency(plane, spread_weight=spread_weight)
        assert found.min() >= 0
        assert found.max() <= 1
        assert found.max() > 0.5


@pytest.mark.parametrize("level", [0.0, 1.0, 77.0, 255.0])
def test_a_constant_picture_has_no_phase_congruency(level: float) -> None:
    assert phase_congruency(np.full((33, 40), level)).max() < 1e-9


def test_a_step_has_its_phase_congruency_at_the_edge() -> None:
    found = phase_congruency(step_edge())
    assert found[:, 31:33].min() > 0.5
    assert found[:, 12:20].max() < 0.01  # half way to the edge that the transform sees at the sides


@pytest.mark.parametrize("factor", [0.25, 4.0])
def test_contrast_does_not_change_phase_congruency(factor: float) -> None:
    """The threshold is measured in the picture, so it scales with it; only the small constant 1e-4 does not."""
    photo = skimage.data.camera()[200:264, 200:264].astype(float)
    np.testing.assert_allclose(phase_congruency(photo * factor), phase_congruency(photo), atol=2e-3)
    np.testing.assert_allclose(phase_congruency(step_edge(200 * factor)), phase_congruency(step_edge()), atol=2e-3)


def test_brightness_does_not_change_phase_congruency() -> None:
    photo = skimage.data.camera()[200:264, 200:264].astype(float)
    np.testing.assert_allclose(phase_congruency(photo + 40), phase_congruency(photo), atol=1e-9)


def test_noise_alone_has_little_phase_congruency() -> None:
    # the threshold stands two deviations above the mean of what noise makes
    noise = np.random.default_rng(0).normal(128, 20, (96, 96))
    assert phase_congruency(noise, spread_weight=False).mean() < 0.15
    assert phase_congruency(step_edge(size=96) + 0.02 * noise, spread_weight=False)[:, 47:49].mean() > 0.5


def test_the_weight_only_lowers_phase_congruency() -> None:
    plane = skimage.data.camera()[:64, :80].astype(float)
    assert (phase_congruency(plane) <= phase_congruency(plane, spread_weight=False)).all()


def test_a_wave_of_one_frequency_is_weighted_down() -> None:
    # A sine has all its phases in line trivially: that is what the weight is for.
    wave = 128 + 100 * np.sin(np.arange(96) * 2 * np.pi / 12)[None, :].repeat(96, axis=0)
    plain, weighted = (phase_congruency(wave, spread_weight=on).mean() for on in (False, True))
    assert weighted < 0.5 * plain


@pytest.mark.parametrize("is_weighted", [True, False])
def test_fsim_is_the_weighted_mean_of_the_formula(*, is_weighted: bool) -> None:
    first, second = small_pair()
    expected = plain_fsim(first, second, is_weighted=is_weighted, with_colour=False)
    assert fsim(first, second, spread_weight=is_weighted) == pytest.approx(expected, abs=1e-10)


def test_fsimc_takes_the_real_part_where_colours_are_opposed() -> None:
    # swapping red and blue turns I and Q of many pixels to the other sign
    first, _ = small_pair()
    second = np.ascontiguousarray(first[:, :, ::-1])
    expected = plain_fsim(first, second, is_weighted=True, with_colour=True)
    assert fsimc(first, second) == pytest.approx(expected, abs=1e-10)


@pytest.mark.parametrize(
    ("name", "height", "width", "grey", "colour"),
    [
        # piq.fsim(a, b, data_range=255.0, chromatic=False), then chromatic=True, of piq 0.8.0, both pictures as
        # float64 (1, 3, H, W). It writes the coefficients of YIQ with one more digit.
        ("astronaut", 163, 201, 0.925800, 0.919405),
        ("coffee", 171, 162, 0.946025, 0.940936),
        ("astronaut", 200, 240, 0.926220, 0.920431),
    ],
)
def test_without_the_weight_values_are_those_of_piq(
    name: str, height: int, width: int, grey: float, colour: float
) -> None:
    photo = getattr(skimage.data, name)()[:height, :width]
    assert fsim(photo, posterised(photo), spread_weight=False) == pytest.approx(grey, abs=1e-5)
    assert fsimc(photo, posterised(photo), spread_weight=False) == pytest.approx(colour, abs=1e-3)


@pytest.mark.parametrize("metric", [fsim, fsimc])
def test_equal_pictures_give_exactly_one(metric: Metric) -> None:
    photo, _ = small_pair(50, 61)
    assert metric(photo, photo.copy()) == 1


@pytest.mark.parametrize("metric", [fsim, fsimc])
def test_the_measure_is_symmetric_and_below_one_for_other_pictures(metric: Metric) -> None:
    first, second = small_pair(50, 61)
    assert 0 < metric(first, second) == metric(second, first) < 1


@pytest.mark.parametrize("spread_weight", [True, False])
@pytest.mark.parametrize("metric", [fsim, fsimc])
def test_more_noise_is_worse(metric: Metric, *, spread_weight: bool) -> None:
    photo = skimage.data.astronaut()[:100, 150:250]
    noise = np.random.default_rng(1).normal(0, 1, photo.shape)
    noisy = [np.clip(photo + sigma * noise, 0, 255).astype(np.uint8) for sigma in (2, 5, 10, 20)]
    values = [metric(photo, other, spread_weight=spread_weight) for other in noisy]
    assert values == sorted(values, reverse=True)


@pytest.mark.parametrize("metric", [fsim, fsimc])
def test_the_range_of_values_does_not_matter(metric: Metric) -> None:
    first, second = small_pair(40, 50)
    wide = [picture.astype(np.uint16) * np.uint16(257) for picture in (first, second)]
    assert metric(*wide) == pytest.approx(metric(first, second), abs=1e-9)
    assert metric(first / 255, second / 255) == pytest.approx(metric(first, second), abs=1e-9)


@pytest.mark.parametrize(("side", "factor"), [(383, 1), (384, 2), (640, 3)])
def test_large_pictures_are_made_smaller_by_whole_blocks(side: int, factor: int) -> None:
    # 383 / 256 = 1.496, 384 / 256 = 1.5, 640 / 256 = 2.5: halves are rounded up
    photo = np.tile(skimage.data.camera(), (2, 2))[:side, : side + 7]
    second = posterised(photo)
    n_rows, n_columns = side // factor, (side + 7) // factor
    small = [
        picture[: n_rows * factor, : n_columns * factor].reshape(n_rows, factor, n_columns, factor).mean(axis=(1, 3))
        for picture in (photo, second)
    ]
    if factor == 3:
        assert min(small[0].shape) == 213  # not made smaller a second time
    assert fsim(photo, second) == pytest.approx(fsim(*small, data_range=255.0), abs=1e-12)


def test_colour_alone_is_seen_by_fsimc_only() -> None:
    # green exchanged for red at the same luma: 0.587 / 0.299 units of red for each unit of green
    grey = np.repeat(skimage.data.camera()[100:150, 100:150, None] / 255, 3, axis=2) * 0.4 + 0.2
    tinted = grey + 0.15 * np.array([0.587 / 0.299, -1, 0])
    assert fsim(grey, tinted) == pytest.approx(1, abs=1e-9)
    assert fsimc(grey, tinted) < 0.995


def test_grey_pictures_have_the_same_fsim_with_and_without_colour() -> None:
    first, second = (picture[:, :, 1] for picture in small_pair())
    three = [np.repeat(picture[:, :, None], 3, axis=2) for picture in (first, second)]
    assert fsimc(first, second) == fsim(first, second)
    assert fsimc(*three) == pytest.approx(fsim(first, second), abs=1e-9)  # I and Q sum to 0 for grey


@pytest.mark.parametrize("metric", [fsim, fsimc])
def test_two_pictures_without_any_structure_are_alike(metric: Metric) -> None:
    black = np.zeros((20, 20, 3), np.uint8)
    assert metric(black, black) == 1
    assert 0 < metric(black, black + np.uint8(100)) <= 1


def test_a_flat_result_is_unlike_a_picture_with_structure() -> None:
    photo = skimage.data.camera()[100:200, 150:250]
    assert fsim(photo, np.full_like(photo, 128)) < 0.6


def test_a_picture_smaller_than_the_shortest_wave_is_refused() -> None:
    with pytest.raises(InputError, match="at least 6 px a side"):
        fsim(np.zeros((5, 30)), np.zeros((5, 30)))
    assert fsim(np.eye(6), np.eye(6)) == 1
