"""Shrinking singular values: each threshold against a search of its minimum, and stacks against numpy's own SVD."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import pytest

from retouch.denoising.low_rank.shrinkage import (
    generalised_soft_threshold,
    shrink_closed_form,
    shrink_reweighted,
)
from retouch.denoising.low_rank.stacks import shrink_stacks

VALUES = np.linspace(0, 6, 31)


def search(value: float, weight: float, power: float) -> float:
    """Return the x of a fine grid with the least (value - x)^2 / 2 + weight x^power."""
    grid = np.linspace(0, 6, 120_001)
    return float(grid[np.argmin((grid - value) ** 2 / 2 + weight * grid**power)])


@pytest.mark.parametrize("power", [0.05, 0.1, 0.7, 0.75, 0.85, 1.0])
@pytest.mark.parametrize("weight", [0.3, 1.0])
def test_the_threshold_for_powers_finds_the_minimum(power: float, weight: float) -> None:
    """Section 11 of the sheet asks for 1e-4; the grid's step is 5e-5."""
    found = generalised_soft_threshold(VALUES, np.array(weight), power)
    np.testing.assert_allclose(found, [search(value, weight, power) for value in VALUES], atol=1e-4)


def test_no_weight_shrinks_nothing() -> None:
    for power in (0.5, 1.0):
        np.testing.assert_array_equal(generalised_soft_threshold(VALUES, np.array(0.0), power), VALUES)


def test_the_closed_form_is_where_reweighting_ends() -> None:
    """Iterate x = s - w / x 2,000 times from s: that ends at the larger root, or below 0 where there is none."""
    weight, found = 2.0, VALUES.copy()
    for _ in range(2000):
        found = np.where(found > 0, VALUES - weight / np.where(found > 0, found, 1), 0)
    np.testing.assert_allclose(shrink_closed_form(VALUES[None], np.array([[weight]]))[0], found.clip(0), atol=1e-3)


def test_reweighting_comes_near_its_closed_form_for_large_values() -> None:
    """Three rounds from sqrt(s^2 - 1): the error falls by w / x^2, at least eightfold each time for s = 5 and w = 2."""
    values, one = np.array([[5.0, 8.0, 20.0]]), np.array([[1.0]])
    near = shrink_reweighted(values, 2 * one, one)
    np.testing.assert_allclose(near, shrink_closed_form(values, 2 * one), rtol=1e-3)


def test_values_below_the_noise_are_gone() -> None:
    found = shrink_reweighted(np.array([[0.9, 0.0, 3.0]]), np.array([[0.1]]), np.array([[1.0]]))
    np.testing.assert_array_equal(found[0, :2], 0)
    assert found[0, 2] > 2.9


def test_larger_values_are_shrunk_less() -> None:
    values = np.linspace(4, 20, 30)[None]
    loss = values - shrink_reweighted(values, np.array([[2.0]]), np.array([[1.0]]))
    assert (np.diff(loss[0]) < 0).all()


@pytest.mark.parametrize("shape", [(3, 30, 12), (3, 12, 30), (2, 9, 9)])
def test_stacks_are_shrunk_as_by_a_singular_value_decomposition(shape: tuple[int, int, int]) -> None:
    stacks = np.random.default_rng(0).standard_normal(shape).astype(np.float32)
    left, values, right = np.linalg.svd(stacks.astype(np.float64), full_matrices=False)
    expected = (left * np.maximum(values - 2, 0)[:, None, :]) @ right
    np.testing.assert_allclose(shrink_stacks(stacks, lambda s: np.maximum(s - 2, 0)), expected, atol=2e-5)


def test_a_stack_of_zeros_stays_zero() -> None:
    zeros = np.zeros((2, 7, 5), np.float32)
    np.testing.assert_array_equal(shrink_stacks(zeros, lambda s: np.maximum(s - 2, 0)), zeros)


@pytest.mark.parametrize("rank", [1, 3, 6])
def test_a_matrix_of_low_rank_is_found_better_than_by_the_nuclear_norm(rank: int) -> None:
    """Either is given its best strength of a grid for this very matrix."""
    rng = np.random.default_rng(rank)
    truth = rng.standard_normal((80, rank)) @ rng.standard_normal((rank, 49))
    noisy = (truth + 0.5 * rng.standard_normal(truth.shape)).astype(np.float32)[None]
    noise = np.array([[80 * 0.25]])

    def least_error(shrink: Callable[[float, np.ndarray], np.ndarray]) -> float:
        results = (shrink_stacks(noisy, partial(shrink, t)) for t in np.linspace(0.2, 9, 45))  # bulk: 0.5 (9 + 7) = 8
        return min(float(((result[0] - truth) ** 2).sum()) for result in results)

    soft = least_error(lambda t, s: np.maximum(s - t, 0))
    assert least_error(lambda t, s: shrink_closed_form(s, np.array([[t**2 / 4]]))) < 0.9 * soft
    assert least_error(lambda t, s: shrink_reweighted(s, np.array([[t**2 / 4]]), noise)) < 0.9 * soft
