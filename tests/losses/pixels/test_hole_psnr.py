"""The logarithm of the squared error in the hole."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from retouch.losses.pixels.hole_psnr import LEAST_ERROR, log_squared_error

torch.set_num_threads(1)


def draw(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_it_is_half_the_logarithm_of_the_mean_over_samples_and_missing_values() -> None:
    # squared errors 1/4 in one sample and 1/16 in the other, known pixels far off
    mask = torch.tensor([1.0, 1.0, 0.0, 0.0]).reshape(1, 1, 1, 4).expand(2, 1, 1, 4)
    error = torch.tensor([0.5, 0.5, 9.0, 9.0]).reshape(1, 1, 1, 4).repeat(2, 3, 1, 1)
    error[1] /= 2
    expected = (math.log(1 / 4 + LEAST_ERROR) + math.log(1 / 16 + LEAST_ERROR)) / 4
    assert log_squared_error(error, 0 * error, mask).item() == pytest.approx(expected, rel=1e-6)


def test_the_truth_and_a_picture_without_a_hole_stand_at_the_bound() -> None:
    image, painted, mask = draw(1, 3, 4, 4), draw(1, 3, 4, 4, seed=1), torch.ones(1, 1, 4, 4).double()
    bound = pytest.approx(math.log(LEAST_ERROR) / 2)
    assert log_squared_error(image, image, mask).item() == bound
    assert log_squared_error(painted, image, 0 * mask).item() == bound


def test_one_decibel_is_0_115() -> None:
    mask = torch.ones(1, 1, 2, 2).double()
    worse, better = (torch.full((1, 3, 2, 2), 0.5 * 10 ** (-db / 20)).double() for db in (0, 1))
    step = log_squared_error(worse, 0 * worse, mask) - log_squared_error(better, 0 * better, mask)
    assert step.item() == pytest.approx(math.log(10) / 20, rel=1e-3)  # the bound of 1e-5 takes a little off


def test_the_gradient_agrees_with_finite_differences() -> None:
    image, mask = draw(2, 2, 3, 3, seed=1), (draw(2, 1, 3, 3, seed=2) < 0.5).double()
    assert torch.autograd.gradcheck(lambda x: log_squared_error(x, image, mask), (draw(2, 2, 3, 3).requires_grad_(),))
