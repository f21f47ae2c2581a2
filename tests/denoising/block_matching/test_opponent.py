"""Opponent colours: there and back, and the noise in each."""

from __future__ import annotations

import numpy as np

from retouch.denoising.block_matching.opponent import opponent_covariance, to_opponent, to_rgb


def test_colours_come_back() -> None:
    planes = np.random.default_rng(0).random((3, 4, 5), np.float32)
    np.testing.assert_allclose(to_rgb(to_opponent(planes)), planes, atol=1e-6)


def test_grey_has_no_difference_of_colour() -> None:
    luminance, *differences = to_opponent(np.full((3, 2, 2), 0.7, np.float32))
    np.testing.assert_allclose(luminance, 0.7, atol=1e-6)
    np.testing.assert_allclose(differences, 0, atol=1e-6)


def test_noise_gains_are_those_of_the_sheet() -> None:
    white = np.eye(3, dtype=np.float32)[:, :, None, None]
    np.testing.assert_allclose(np.sqrt(opponent_covariance(white)).ravel(), [0.57735, 0.70711, 0.61237], atol=1e-5)
