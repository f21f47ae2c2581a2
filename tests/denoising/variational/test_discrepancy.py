"""Total variation by the discrepancy rule: what is taken away is what the noise has brought."""

from __future__ import annotations

import numpy as np
import pytest

from retouch.arrays.types import Image
from retouch.denoising.variational.total_variation import denoise_total_variation


def noisy(sigma: float, n_channels: int) -> Image:
    rng = np.random.default_rng(0)
    blocks = rng.random((5, 6, n_channels)).repeat(8, axis=0).repeat(8, axis=1)
    return np.asarray(blocks + sigma * rng.standard_normal(blocks.shape), np.float32)


@pytest.mark.parametrize("sigma", [0.02, 0.1, 0.2])
@pytest.mark.parametrize("n_channels", [1, 3])
def test_the_variance_taken_away_is_that_of_the_noise(sigma: float, n_channels: int) -> None:
    image = noisy(sigma, n_channels)
    result = denoise_total_variation(image, sigma, discrepancy=True)
    assert np.sqrt(np.mean((result - image) ** 2)) == pytest.approx(sigma, rel=0.01)


def test_the_strength_given_is_where_the_search_starts() -> None:
    image = noisy(0.1, 1)
    results = [denoise_total_variation(image, 0.1, discrepancy=True, strength=theta) for theta in (0.01, 1.0)]
    np.testing.assert_allclose(results[0], results[1], atol=0.02)


def test_a_flat_picture_has_nothing_to_take_away() -> None:
    flat = np.full((6, 7, 1), 0.4, np.float32)
    np.testing.assert_allclose(denoise_total_variation(flat, 0.1, discrepancy=True), flat, atol=1e-6)


def test_progress_ends_at_its_total() -> None:
    seen: list[tuple[int, int]] = []
    denoise_total_variation(
        noisy(0.1, 1), 0.1, discrepancy=True, progress=lambda done, total: seen.append((done, total))
    )
    assert seen == sorted(seen)
    assert seen[-1][0] == seen[-1][1]
