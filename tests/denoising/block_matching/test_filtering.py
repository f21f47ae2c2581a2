"""The kernels on groups, each against its definition in numpy."""

from __future__ import annotations

import numpy as np
import pytest

from retouch.arrays.types import AnyArray
from retouch.denoising.block_matching.filtering import (
    attenuate,
    lay_out,
    restore_stack,
    threshold,
    transform_rows,
    transform_stack,
)


def values(shape: tuple[int, ...]) -> AnyArray:
    return np.random.default_rng(5).standard_normal(shape).astype(np.float32)


@pytest.mark.parametrize(("size", "n_patches"), [(8, 16), (8, 1), (11, 4)])
def test_rows_are_transformed_by_a_product_of_matrices(size: int, n_patches: int) -> None:
    matrix, group = values((size, size)), values((size, n_patches * size))
    result = np.empty(group.size, np.float32)
    transform_rows(group.ravel(), result, matrix, n_patches * size)
    np.testing.assert_allclose(result.reshape(group.shape), matrix @ group, atol=1e-5)


def test_four_patches_give_their_mean_and_the_differences_of_pairs() -> None:
    """Haar of a, b, c, d that stand as a, c, b, d: half their sum, half of a + b - c - d, then a - b and c - d."""
    a, b, c, d = 1.0, 2.0, 5.0, 9.0
    group = np.array([a, c, b, d], np.float32)
    transform_stack(group, 4, 1)
    root = np.sqrt(2)
    np.testing.assert_allclose(group, [(a + b + c + d) / 2, (a + b - c - d) / 2, (a - b) / root, (c - d) / root], 1e-6)


@pytest.mark.parametrize("n_patches", [1, 2, 32])
def test_a_stack_keeps_its_energy_and_comes_back(n_patches: int) -> None:
    before = values((8 * n_patches * 8,))
    group = before.copy()
    transform_stack(group, n_patches, 8)
    np.testing.assert_allclose((group**2).sum(), (before**2).sum(), rtol=1e-5)
    restore_stack(group, n_patches, 8)
    np.testing.assert_allclose(group, before, atol=1e-5)


def test_what_does_not_pass_the_limit_is_set_to_0_but_not_the_mean() -> None:
    group = np.array([0.1, -3, 2, 0.5, -1], np.float32)
    assert threshold(group, np.ones(5, np.float32), 5, np.float32(1)) == 3
    np.testing.assert_array_equal(group, np.array([0.1, -3, 2, 0, 0], np.float32))


def test_a_mean_of_0_counts_once() -> None:
    group = np.array([0, 0, 4], np.float32)
    assert threshold(group, np.ones(3, np.float32), 3, np.float32(1)) == 2


def test_each_value_is_held_against_its_own_variance() -> None:
    """Squares of 9 against 4 times 2 and 4 times 3: the one is kept, and the first, which leaves variances of 1 + 2."""
    group, variances = np.array([9, 3, 3], np.float32), np.array([1, 2, 3], np.float32)
    assert threshold(group, variances, 3, np.float32(4)) == 3
    np.testing.assert_array_equal(group, np.array([9, 3, 0], np.float32))


def test_variances_are_laid_out_row_by_row_for_all_patches_of_a_group() -> None:
    laid = lay_out(np.array([[1, 2], [3, 4]], np.float32), 2)
    np.testing.assert_array_equal(laid, np.array([1, 2, 1, 2, 3, 4, 3, 4], np.float32))


def test_factors_weigh_the_pilot_against_the_noise_but_not_for_the_mean() -> None:
    """Powers 9, 4, 0 and 1 against a variance of 1: factors 0.9, 0.8, 0 and 0.5; the first becomes 1."""
    group, pilot = np.ones(4, np.float32), np.array([3, -2, 0, 1], np.float32)
    energy = attenuate(group, pilot, np.ones(4, np.float32), 4, np.float32(1))
    np.testing.assert_allclose(group, [1, 0.8, 0, 0.5], atol=1e-6)
    assert energy == pytest.approx(1 + 0.64 + 0.25)
