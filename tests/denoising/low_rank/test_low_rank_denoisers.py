"""Denoising by stacks of low rank: settings, independence of threads, and what one method says of another."""

from __future__ import annotations

import numpy as np
import pytest

from retouch.arrays.types import Image, ignore_progress
from retouch.denoising.low_rank.multichannel import (
    denoise_equal_channels,
    denoise_mc_wnnm,
    denoise_unequal_channels,
)
from retouch.denoising.low_rank.rounds import Rounds, denoise_in_rounds
from retouch.denoising.low_rank.schatten import denoise_weighted_schatten, power_for
from retouch.denoising.low_rank.shrinkage import shrink_closed_form
from retouch.denoising.low_rank.wnnm import denoise_stacks, denoise_wnnm, rounds_for
from retouch.errors import InputError

SIGMA = 25 / 255


def clean(n_channels: int = 1) -> Image:
    """Return slanted stripes, 32x40, each channel at its own strength."""
    rows, columns = np.mgrid[:32, :40]
    stripes = np.sin((rows + 2 * columns) / 4) > 0
    return np.asarray(0.3 + stripes[:, :, None] * (0.4 - 0.1 * np.arange(n_channels)), np.float32)


def noisy(n_channels: int = 1, sigmas: float | list[float] = SIGMA) -> Image:
    noise = np.random.default_rng(0).standard_normal((32, 40, n_channels))
    return np.asarray(clean(n_channels) + noise * sigmas, np.float32)


def psnr(result: Image, n_channels: int = 1) -> float:
    return float(-10 * np.log10(np.mean((result - clean(n_channels)) ** 2)))


def stacks(n_channels: int = 1) -> np.ndarray:
    """Return three noisy stacks of rank 2 and zero mean, 30 patches of 4x4."""
    rng = np.random.default_rng(3)
    low = rng.standard_normal((3, 30, 2)) @ rng.standard_normal((3, 2, 16 * n_channels))
    low += 0.3 * rng.standard_normal(low.shape)
    return np.asarray(low - low.mean(axis=1, keepdims=True), np.float32)


@pytest.mark.parametrize(
    ("level", "expected"),
    [
        (20, Rounds(6, 2, 30, 70, 8, 0.1, 0.54)),
        (21, Rounds(7, 2, 30, 90, 12, 0.1, 0.56)),
        (60, Rounds(8, 3, 30, 120, 14, 0.1, 0.58)),
        (75, Rounds(9, 3, 30, 140, 14, 0.1, 0.58)),
    ],
)
def test_settings_are_those_of_the_sheet(level: int, expected: Rounds) -> None:
    """Section 11; the step is the whole part of half a patch less 1."""
    assert rounds_for(level / 255, "high") == expected


@pytest.mark.parametrize("level", [10, 30, 50, 80])
def test_powers_are_those_of_the_sheet_or_between(level: int) -> None:
    """Section 11: 1 at 20, 0.85 at 30, 0.75 at 50; at 80 a fifth of the way from 0.1 at 75 to 0.05 at 100."""
    assert power_for(level / 255) == pytest.approx({10: 1.0, 30: 0.85, 50: 0.75, 80: 0.09}[level])


def test_results_do_not_depend_on_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    results = []
    for n in ("1", "3"):
        monkeypatch.setenv("RETOUCH_THREADS", n)
        results.append(denoise_wnnm(noisy(), SIGMA, profile="fast"))
    np.testing.assert_array_equal(results[0], results[1])


def test_like_patches_take_their_noise_away_together() -> None:
    """Stripes repeat all over: the noise, 20.2 dB, falls by 9 dB and more."""
    assert psnr(denoise_wnnm(noisy(), SIGMA, profile="fast")) > psnr(noisy()) + 9


def test_colour_is_better_in_opponent_channels_than_channel_by_channel() -> None:
    """Rings, of which no patch has a like: the channels' mean, with a third of the noise's energy, tells them."""
    rows, columns = np.mgrid[:32, :40]
    rings = np.sin(((rows - 16) ** 2 + (columns - 18) ** 2) / 40) > 0
    truth = 0.3 + 0.4 * rings[:, :, None] - 0.05 * np.arange(3)
    image = np.asarray(truth + SIGMA * np.random.default_rng(0).standard_normal(truth.shape), np.float32)
    apart = [denoise_wnnm(image[:, :, c : c + 1], SIGMA, profile="fast") for c in range(3)]
    together = denoise_wnnm(image, SIGMA, profile="fast")
    assert np.mean((together - truth) ** 2) < 0.6 * np.mean((np.concatenate(apart, axis=2) - truth) ** 2)


def test_a_power_of_one_is_wnnm() -> None:
    alike = denoise_weighted_schatten(noisy(), SIGMA, power=1.0, profile="fast")
    np.testing.assert_array_equal(alike, denoise_wnnm(noisy(), SIGMA, profile="fast"))


def test_smaller_powers_leave_large_singular_values_alone() -> None:
    """The penalty's slope at s is w p s^(p - 1): for p = 0.3 less than for 1 wherever s is above 1."""
    sigmas = np.full((3, 1), 0.3)
    largest = [np.linalg.norm(denoise_stacks(stacks(), sigmas, power), ord=2, axis=(1, 2)) for power in (1.0, 0.3)]
    assert (largest[1] > largest[0]).all()
    assert (largest[1] < np.linalg.norm(stacks(), ord=2, axis=(1, 2))).all()


@pytest.mark.parametrize("power", [0.0, -1.0, 1.01, float("nan")])
def test_a_power_out_of_range_is_refused(power: float) -> None:
    with pytest.raises(InputError, match="power must be above 0 and at most 1"):
        denoise_weighted_schatten(noisy(), SIGMA, power=power)


@pytest.mark.parametrize("level", [0.05, 0.3])
def test_equally_noisy_channels_may_be_done_on_singular_values(level: float) -> None:
    levels = np.full((3, 3), level)
    result = denoise_equal_channels(stacks(3), levels)
    np.testing.assert_allclose(result, denoise_unequal_channels(stacks(3), levels), atol=1e-4)


def test_multipliers_end_where_joint_wnnm_does() -> None:
    """Both are stationary at x = s - C sqrt(m) sigma^2 / x; ten steps leave large values within 1 % of it."""
    level, m = 0.05, 30
    leading = np.linalg.norm(stacks(3).astype(np.float64), ord=2, axis=(1, 2))
    expected = shrink_closed_form(leading, np.array(2 * np.sqrt(2) * np.sqrt(m) * level**2))
    result = denoise_equal_channels(stacks(3), np.full((3, 3), level))
    np.testing.assert_allclose(np.linalg.norm(result, ord=2, axis=(1, 2)), expected, rtol=0.01)


def test_channels_are_trusted_by_their_noise() -> None:
    """The sheet asks for 0.2 dB above WNNM of each channel by itself; the same grid and rounds for both."""
    levels = [40 / 255, 20 / 255, 30 / 255]
    image = noisy(3, levels)
    together = psnr(denoise_mc_wnnm(image, 0.12, channel_sigmas=np.array(levels)), 3)
    apart = [denoise_wnnm(image[:, :, c : c + 1], levels[c], profile="fast") for c in range(3)]
    assert together > psnr(np.concatenate(apart, axis=2), 3) + 0.2


def test_equal_levels_are_one_level() -> None:
    image = noisy(3)
    equal = denoise_mc_wnnm(image, 0.5, channel_sigmas=np.full(3, SIGMA))
    np.testing.assert_array_equal(equal, denoise_mc_wnnm(image, SIGMA))


def test_measured_levels_follow_the_channels() -> None:
    """Noise of 40, 20 and 30 of 255; the mean square is that of sigma, so that only their ratio is measured."""
    levels = [40 / 255, 20 / 255, 30 / 255]
    image = noisy(3, levels)
    sigma = float(np.sqrt(np.mean(np.square(levels))))
    measured = psnr(denoise_mc_wnnm(image, sigma, measured=True), 3)
    assert measured > psnr(denoise_mc_wnnm(image, sigma), 3)


@pytest.mark.parametrize("levels", [[0.1, 0.1], [0.1, 0.0, 0.1], [0.1, 2.0, 0.1], [0.1, float("nan"), 0.1]])
def test_channel_levels_that_do_not_fit_are_refused(levels: list[float]) -> None:
    with pytest.raises(InputError, match="channel_sigmas must be 3 numbers above 0 and at most 1"):
        denoise_mc_wnnm(noisy(3), SIGMA, channel_sigmas=np.array(levels))


def test_a_picture_too_small_to_measure_is_refused() -> None:
    with pytest.raises(InputError, match="at least 8x8"):
        denoise_mc_wnnm(noisy(3)[:7], SIGMA, measured=True)


def test_a_round_that_changes_nothing_gives_the_picture() -> None:
    image = noisy()
    rounds = Rounds(5, 3, 10, 30, 3, 0.1, 0.5)
    same = denoise_in_rounds(image, np.array([SIGMA]), rounds, lambda found, _: found.copy(), ignore_progress)
    np.testing.assert_allclose(same, image, atol=1e-6)


def test_means_of_channels_are_kept() -> None:
    image = noisy(3)
    result = denoise_mc_wnnm(image, SIGMA)
    np.testing.assert_allclose(result.mean(axis=(0, 1)), image.mean(axis=(0, 1)), atol=1e-6)


def test_noise_left_is_measured_at_each_reference_patch() -> None:
    """With an estimate that halves every stack the first round is told sigma, the next gamma times what is left."""
    seen: list[np.ndarray] = []

    def halve(found: np.ndarray, sigmas: np.ndarray) -> np.ndarray:
        seen.append(sigmas)
        return found / 2

    image = noisy()
    rounds = Rounds(32, 32, 8, 20, 2, 0.1, 0.5)  # one reference patch at either end of the rows
    denoise_in_rounds(image, np.array([SIGMA]), rounds, halve, ignore_progress)
    np.testing.assert_array_equal(seen[0], SIGMA)
    assert (seen[1] < 0.5 * SIGMA).all()
    assert np.ptp(seen[1]) > 0
