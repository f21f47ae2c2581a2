"""Anscombe's transform: variance 1, no bias on the way back, and its ends."""

from __future__ import annotations

import numpy as np
import pytest

from retouch.arrays.noise_level.anscombe import anscombe, inverse_anscombe
from retouch.errors import InputError

MEANS = [2.0, 5.0, 10.0, 20.0, 50.0]


@pytest.mark.parametrize("mean", MEANS)
def test_the_mean_of_counts_comes_back_without_bias(mean: float) -> None:
    """A perfect denoiser gives the mean of the transformed counts; 512^2 of them tell it to 0.1 %."""
    counts = np.random.default_rng(0).poisson(mean, (512, 512)).astype(np.float64)
    back = inverse_anscombe(np.full(1, anscombe(counts).mean()))
    assert back[0] == pytest.approx(mean, rel=0.02)


@pytest.mark.parametrize("mean", MEANS[1:])
def test_noise_has_a_variance_of_one(mean: float) -> None:
    counts = np.random.default_rng(1).poisson(mean, (512, 512)).astype(np.float64)
    assert anscombe(counts).var() == pytest.approx(1, rel=0.05)


def test_the_plain_inverse_would_be_biased() -> None:
    """The transform of a count undone by algebra is lower by about a quarter."""
    values = anscombe(np.array([20.0]))
    assert inverse_anscombe(values)[0] == pytest.approx(20.25, abs=0.02)


def test_what_lies_below_the_transform_of_0_is_0() -> None:
    np.testing.assert_allclose(inverse_anscombe(np.array([-3.0, 0.0, 2 * np.sqrt(3 / 8)])), 0, atol=0.002)


def test_both_keep_shape_and_dtype() -> None:
    counts = np.ones((2, 3, 1), np.float32)
    for result in (anscombe(counts), inverse_anscombe(counts)):
        assert (result.shape, result.dtype) == (counts.shape, counts.dtype)


@pytest.mark.parametrize("bad", [-1.0, np.nan])
def test_counts_below_0_are_refused(bad: float) -> None:
    with pytest.raises(InputError, match="counts must be 0 or more"):
        anscombe(np.array([1.0, bad]))
