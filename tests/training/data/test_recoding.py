"""A picture as another file would hold it: what changes, and what must not."""

from __future__ import annotations

import numpy as np
import pytest

from retouch.training.data.recoding import recode


def slope(channels: int = 3) -> np.ndarray:
    """Return soft waves, other ones in each channel, which no step changes much."""
    rows, columns = np.mgrid[:40, :48]
    waves = [128 + 60 * np.sin(rows / 9 + k) * np.cos(columns / (11 + k)) for k in range(channels)]
    return np.stack(waves, axis=2).astype(np.uint8)


@pytest.mark.parametrize("channels", [1, 3])
def test_the_picture_stays_what_it_shows(channels: int) -> None:
    """No step moves it or swaps channels: noise of 8 levels is the most that any step adds."""
    picture = slope(channels)
    for seed in range(40):
        result = recode(picture, np.random.default_rng(seed))
        assert result.shape == picture.shape
        assert result.dtype == np.uint8
        assert np.abs(result.astype(int) - picture).mean() < 9


def test_an_eighth_of_pictures_pass_all_three_coins_untouched() -> None:
    """Each of three steps is left out with a chance of one half: 1/8 of 400 is 50, with a deviation of 6.6."""
    picture = slope()
    n_same = sum(bool((recode(picture, np.random.default_rng(seed)) == picture).all()) for seed in range(400))
    assert 25 <= n_same <= 75


def test_the_same_numbers_give_the_same_picture() -> None:
    one, two = (recode(slope(), np.random.default_rng(7)) for _ in range(2))
    np.testing.assert_array_equal(one, two)


def test_the_smallest_pictures_pass() -> None:
    for seed in range(20):
        assert recode(np.full((1, 1, 3), 90, np.uint8), np.random.default_rng(seed)).shape == (1, 1, 3)
