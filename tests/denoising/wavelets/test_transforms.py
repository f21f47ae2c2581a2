"""Wavelet filters and transforms: orthonormality, exact reconstruction, and the noise that each band has."""

from __future__ import annotations

import numpy as np
import pytest

from retouch.denoising.wavelets.filter_banks import WAVELETS, WaveletName, high_pass, low_pass
from retouch.denoising.wavelets.transforms import (
    Plane,
    Taps,
    join,
    join_fully,
    noise_gains,
    reach,
    split,
    split_fully,
)


def turned(plane: Plane, low: Taps, levels: int) -> Plane:
    """Go down so many decimated levels and come back."""
    if levels == 0:
        return plane
    smooth, details = split(plane, low)
    return join(turned(smooth, low, levels - 1), details, low, (plane.shape[0], plane.shape[1]))


@pytest.mark.parametrize("name", WAVELETS)
def test_filters_are_orthonormal_to_their_even_shifts(name: WaveletName) -> None:
    low = low_pass(name)
    high = high_pass(low)
    for shift in range(0, len(low), 2):
        kept = len(low) - shift
        assert low[shift:] @ low[:kept] == pytest.approx(float(shift == 0), abs=1e-10)
        assert low[shift:] @ high[:kept] == pytest.approx(0, abs=1e-10)
        assert high[shift:] @ low[:kept] == pytest.approx(0, abs=1e-10)


@pytest.mark.parametrize("name", WAVELETS)
def test_the_wavelet_does_not_see_polynomials_below_its_moments(name: WaveletName) -> None:
    high = high_pass(low_pass(name))
    for power in range(int(name[-1])):
        places = np.linspace(-1, 1, len(high))
        assert high @ places**power == pytest.approx(0, abs=1e-8)
    assert abs(high @ np.linspace(-1, 1, len(high)) ** int(name[-1])) > 1e-6


def test_sym4_is_the_published_filter() -> None:
    """Ten Lectures, table 6.3, N = 4, divided by sqrt 2 to unit energy; either direction will do."""
    published = np.array([-0.0757657, -0.0296355, 0.4976187, 0.8037388, 0.2978578, -0.0992195, -0.0126040, 0.0322231])
    taps = low_pass("sym4")
    assert min(np.abs(taps - published).max(), np.abs(taps[::-1] - published).max()) < 1e-6


@pytest.mark.parametrize("name", WAVELETS)
@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (7, 2), (31, 50), (64, 48)])
def test_four_decimated_levels_come_back(name: WaveletName, shape: tuple[int, int]) -> None:
    plane = np.random.default_rng(0).random(shape)
    np.testing.assert_allclose(turned(plane, low_pass(name), 4), plane, atol=1e-8)


def test_a_decimated_level_has_the_sizes_that_the_filter_asks_for() -> None:
    """(n + L - 1) // 2 for n = 10 and 7 and L = 8."""
    smooth, details = split(np.ones((10, 7)), low_pass("sym4"))
    assert smooth.shape == (8, 7)
    assert {detail.shape for detail in details} == {(8, 7)}


@pytest.mark.parametrize("name", WAVELETS)
@pytest.mark.parametrize("spread", [1, 4])
def test_an_undecimated_level_comes_back_without_its_margin(name: WaveletName, spread: int) -> None:
    low = low_pass(name)
    lost = (len(low) - 1) * spread
    plane = np.random.default_rng(0).random((2 * lost + 5, 2 * lost + 8))
    smooth, details = split_fully(plane, low, spread)
    joined = join_fully(smooth, details, low, spread)
    np.testing.assert_allclose(joined, plane[lost:-lost, lost:-lost], atol=1e-8)


def test_the_reach_is_the_sum_of_the_steps_of_all_levels() -> None:
    """db2 has 4 taps: 3 x (1 + 2 + 4 + 8)."""
    assert reach(4, 4) == 45


def test_bands_hold_as_much_noise_as_their_gains_say() -> None:
    low = low_pass("db2")
    smooth = np.random.default_rng(0).standard_normal((700, 700))
    for level, gains in enumerate(noise_gains(low, 3)):
        smooth, details = split_fully(smooth, low, 2**level)
        for detail, gain in zip(details, gains, strict=True):
            assert detail.std() == pytest.approx(gain, rel=0.05)


def test_the_median_of_the_finest_details_tells_the_noise() -> None:
    """Section 4 of the sheet: the median size of a normal variable is 0.6745 of its deviation; within 5 per cent."""
    noise = 0.1 * np.random.default_rng(0).standard_normal((256, 256))
    _, (_, _, finest) = split(noise, low_pass("db4"))
    assert np.median(np.abs(finest)) / 0.6745 == pytest.approx(0.1, rel=0.05)
