"""The grain step: what is missing is added, no more, and not where nobody would see it."""

from __future__ import annotations

import numpy as np
import pytest

from retouch.arrays.types import Image, Mask
from retouch.methods.finishing.grain import grain_sigma, match_grain

SHAPE = (80, 90)


def hole(depth: int = 20) -> Mask:
    mask = np.zeros(SHAPE, bool)
    mask[depth:-depth, depth:-depth] = True
    return mask


def slope() -> Image:
    rows, columns = np.mgrid[: SHAPE[0], : SHAPE[1]]
    return np.stack([0.2 + 0.003 * rows + 0.002 * columns] * 3, axis=2).astype(np.float32)


def grain(sigma: float, seed: int = 0) -> Image:
    return (sigma * np.random.default_rng(seed).standard_normal((*SHAPE, 3))).astype(np.float32)


def test_the_grain_of_white_noise_is_its_standard_deviation() -> None:
    """The kernel's squares add up to 36, so that its response to noise of sigma 1 has standard deviation 6."""
    response = 6 * grain(0.02).reshape(-1, 3)
    np.testing.assert_allclose(grain_sigma(response), 0.02, rtol=0.05)


def test_a_smooth_fill_gets_the_grain_around_it() -> None:
    mask = hole()
    filled = slope() + grain(0.03) * ~mask[:, :, None]
    added = (match_grain(filled, mask, np.random.default_rng(1)) - filled)[30:-30, 30:-30]
    assert added.std() == pytest.approx(0.03, rel=0.1)


def test_a_fill_that_has_grain_gets_no_more() -> None:
    mask, filled = hole(), slope() + grain(0.03)
    added = (match_grain(filled, mask, np.random.default_rng(1)) - filled)[mask]
    assert added.std() < 0.01


def test_thin_damage_gets_no_grain() -> None:
    mask = np.zeros(SHAPE, bool)
    mask[40:45] = True  # depths 1 2 3 2 1
    filled = slope() + grain(0.03) * ~mask[:, :, None]
    np.testing.assert_array_equal(match_grain(filled, mask, np.random.default_rng(1)), filled)


def test_grain_keeps_the_correlation_of_the_channels() -> None:
    """Grey grain, the same in all channels, must not come back as coloured specks."""
    mask = hole()
    grey = np.repeat(grain(0.03)[:, :, :1], 3, axis=2)
    filled = slope() + grey * ~mask[:, :, None]
    added = (match_grain(filled, mask, np.random.default_rng(1)) - filled)[30:-30, 30:-30].reshape(-1, 3)
    assert np.corrcoef(added.T).min() > 0.95


def test_known_pixels_stay_bit_equal() -> None:
    mask = hole()
    filled = slope() + grain(0.03) * ~mask[:, :, None]
    np.testing.assert_array_equal(match_grain(filled, mask, np.random.default_rng(1))[~mask], filled[~mask])
