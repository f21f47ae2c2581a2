"""The covariance of noise, told from pictures of which it is known."""

from __future__ import annotations

import numpy as np

from retouch.arrays.noise_level.grain import find_grain
from retouch.arrays.types import AnyArray

SIGMA = 0.05


def photograph(noise: AnyArray) -> AnyArray:
    """Draw slopes with an edge, and noise on them."""
    rows, columns = np.mgrid[: noise.shape[0], : noise.shape[1]] / 200
    scene = 0.3 + 0.2 * rows + 0.1 * columns + 0.2 * (np.hypot(rows - 0.6, columns - 0.5) < 0.3)
    return np.asarray(scene[:, :, None] + noise, np.float32)


def test_white_noise_has_no_grain_and_its_level() -> None:
    noise = SIGMA * np.random.default_rng(1).standard_normal((200, 200, 3))
    grain = find_grain(photograph(noise))
    assert grain is not None
    assert abs(grain.sigma / SIGMA - 1) < 0.1
    shares = grain.covariance / grain.sigma**2
    np.testing.assert_allclose(shares[:, :, 7, 7], np.eye(3), atol=0.15)
    assert abs(shares[0, 0, 7, 8]) < 0.1
    assert np.allclose(grain.by_channel, SIGMA, rtol=0.15)


def test_what_channels_share_is_told() -> None:
    """Channels that hold the same noise with opposite signs share all of it, negative."""
    one = SIGMA * np.random.default_rng(2).standard_normal((200, 200, 1))
    grain = find_grain(photograph(np.concatenate([one, -one], axis=2)))
    assert grain is not None
    np.testing.assert_allclose(grain.covariance[0, 1], -grain.covariance[0, 0], rtol=1e-3, atol=1e-6)


def test_a_value_to_the_right_is_told_from_one_to_the_left() -> None:
    """Channel 1 holds the noise of channel 0 one pixel farther right, so that [0, 1] peaks at dx = 1."""
    noise = SIGMA * np.random.default_rng(3).standard_normal((200, 201, 1))
    grain = find_grain(photograph(np.concatenate([noise[:, 1:], noise[:, :-1]], axis=2)))
    assert grain is not None
    assert np.unravel_index(grain.covariance[0, 1].argmax(), (15, 15)) == (7, 8)


def test_texture_everywhere_and_pictures_without_room_say_nothing() -> None:
    rng = np.random.default_rng(4)
    waves = np.sin(np.arange(200) * rng.uniform(0.2, 1.5, (200, 1)))[:, :, None] * np.linspace(0.01, 1, 200)[:, None]
    assert find_grain(waves.astype(np.float32)) is None
    assert find_grain(np.full((12, 300, 1), 0.5, np.float32)) is None
    assert find_grain(np.full((300, 300, 1), 0.5, np.float32)) is None
