"""Variances of the coefficients of patches under noise that neighbours share."""

from __future__ import annotations

import numpy as np
import pytest

from retouch.arrays.types import AnyArray
from retouch.denoising.block_matching.bm3d import denoise_bm3d
from retouch.denoising.block_matching.coloured_noise import coefficient_variances
from retouch.denoising.block_matching.transforms import make_transform
from retouch.errors import InputError

KERNEL = np.outer([0.25, 0.5, 0.25], [0.4, 0.6, 0.0])


def autocovariance_of(kernel: AnyArray) -> AnyArray:
    """R of white noise of variance 1 under a 3x3 kernel, by its definition: sums of products of shifted kernels."""
    covariance = np.zeros((5, 5))
    for dy in range(-2, 3):
        for dx in range(-2, 3):
            for y in range(3):
                for x in range(3):
                    if 0 <= y + dy < 3 and 0 <= x + dx < 3:
                        covariance[2 + dy, 2 + dx] += kernel[y, x] * kernel[y + dy, x + dx]
    return covariance


@pytest.mark.parametrize("name", ["dct", "bior1.5"])
def test_variances_are_those_of_the_linear_map_from_white_noise_to_coefficients(name: str) -> None:
    """A coefficient is a sum of white values, and its variance the sum of their squared weights."""
    forward = make_transform(name, 8).forward.astype(np.float64)  # type: ignore[arg-type]
    expected = np.empty((8, 8))
    for a in range(8):
        for b in range(8):
            weights = np.zeros((10, 10))
            for y in range(8):
                for x in range(8):
                    weights[y : y + 3, x : x + 3] += forward[a, y] * forward[b, x] * KERNEL[::-1, ::-1]
            expected[b, a] = (weights**2).sum()
    found = coefficient_variances(autocovariance_of(KERNEL).astype(np.float32), forward.astype(np.float32))
    np.testing.assert_allclose(found, np.maximum(expected, expected.mean() / 1000), rtol=1e-3, atol=1e-4)


def coarse_noise(rng: np.random.Generator, shape: tuple[int, int, int]) -> AnyArray:
    """Noise of sigma 0.1 that each 2x2 neighbourhood shares."""
    white = rng.standard_normal((shape[0] + 1, shape[1] + 1, shape[2]))
    mixed = (white[1:, 1:] + white[:-1, 1:] + white[1:, :-1] + white[:-1, :-1]) / 2
    return (0.1 * mixed).astype(np.float32)


def box_covariance(n_channels: int) -> AnyArray:
    """Shares 1, 1/2 and 1/4 of the variance at no distance, beside, and across the corner."""
    along = np.array([0.5, 1, 0.5])
    return np.eye(n_channels)[:, :, None, None] * np.outer(along, along)


@pytest.mark.parametrize("n_channels", [1, 2, 3])
def test_the_covariance_of_coarse_noise_takes_more_of_it_away(n_channels: int) -> None:
    shape = (64, 64, n_channels)
    noisy = np.full(shape, 0.5, np.float32) + coarse_noise(np.random.default_rng(3), shape)
    white = denoise_bm3d(noisy, 0.1)
    coloured = denoise_bm3d(noisy, 0.1, covariance=box_covariance(n_channels))
    assert (coloured - 0.5).std() < 0.8 * (white - 0.5).std()


def test_the_covariance_of_white_noise_changes_nothing_and_only_its_shape_counts() -> None:
    noisy = np.random.default_rng(0).random((24, 24, 3), np.float32)
    white = np.zeros((3, 3, 5, 5))
    white[:, :, 2, 2] = 7 * np.eye(3)
    np.testing.assert_allclose(denoise_bm3d(noisy, 0.1, covariance=white), denoise_bm3d(noisy, 0.1), atol=1e-5)


@pytest.mark.parametrize("shape", [(1, 1, 3, 3), (3, 3, 4, 4), (3, 3, 3)])
def test_a_covariance_of_another_shape_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(InputError, match="covariance must be"):
        denoise_bm3d(np.zeros((16, 16, 3), np.float32), 0.1, covariance=np.ones(shape))


def test_a_covariance_without_noise_is_refused() -> None:
    with pytest.raises(InputError, match="variances above 0"):
        denoise_bm3d(np.zeros((16, 16, 1), np.float32), 0.1, covariance=np.zeros((1, 1, 3, 3)))
