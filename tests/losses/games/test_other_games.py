"""Zero-centred penalties and the relativistic game."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from retouch.losses.games.relativistic import relativistic_critic_loss, relativistic_generator_loss
from retouch.losses.games.zero_centred import r1_penalty
from retouch.losses.lama import gradient_penalty

torch.set_num_threads(1)


def draw(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_a_flat_critic_pays_nothing() -> None:
    pictures = draw(2, 3, 4, 4).requires_grad_()
    assert r1_penalty((0 * pictures).sum(dim=(1, 2, 3)), pictures).item() == 0


def test_the_penalty_is_half_of_gamma_times_the_squared_slope() -> None:
    # logits 2 x summed over 12 values: a gradient of 12 times 2^2 = 48, times 10 / 2
    pictures = draw(5, 3, 2, 2).requires_grad_()
    assert r1_penalty((2 * pictures).sum(dim=(1, 2, 3)), pictures).item() == pytest.approx(240)
    plain = gradient_penalty((2 * pictures).sum(dim=(1, 2, 3)), pictures)
    torch.testing.assert_close(r1_penalty((2 * pictures).sum(dim=(1, 2, 3)), pictures, gamma=2.0), plain)


def test_the_penalty_can_be_differentiated_by_the_critic() -> None:
    def penalty(weight: Tensor) -> Tensor:
        pictures = draw(2, 1, 3, 3).requires_grad_()
        return r1_penalty((weight * pictures**2).sum(dim=(1, 2, 3)), pictures)

    assert torch.autograd.gradcheck(penalty, (draw(1, 3, 3, seed=1).requires_grad_(),))


def test_only_the_distance_of_both_sides_matters() -> None:
    real, fake = draw(5), draw(3, seed=1)
    torch.testing.assert_close(relativistic_critic_loss(real + 7, fake + 7), relativistic_critic_loss(real, fake))


def test_a_lead_of_2_costs_the_critic_log_1_plus_e_to_minus_2_and_the_generator_the_other_side() -> None:
    real, fake = torch.full((4,), 2.0), torch.zeros(4)
    assert relativistic_critic_loss(real, fake).item() == pytest.approx(math.log(1 + math.exp(-2)))
    assert relativistic_generator_loss(real, fake).item() == pytest.approx(math.log(1 + math.exp(2)))


def test_the_game_s_gradients_agree_with_finite_differences() -> None:
    scores = draw(4).requires_grad_(), draw(3, seed=1).requires_grad_()
    assert torch.autograd.gradcheck(relativistic_critic_loss, scores)
    assert torch.autograd.gradcheck(relativistic_generator_loss, scores)
