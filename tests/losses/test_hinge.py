"""Hinge losses: values at and off the optimum, gradients."""

from __future__ import annotations

import torch
from torch.autograd import gradcheck

from retouch.losses.hinge import hinge_critic_loss, hinge_generator_loss


def test_a_critic_that_separates_by_the_margin_has_no_loss() -> None:
    assert hinge_critic_loss(torch.tensor([1.0, 3.0]), torch.tensor([-1.0, -9.0])).item() == 0


def test_a_critic_that_knows_nothing_has_loss_one() -> None:
    # (max(0, 1 - 0) + max(0, 1 + 0)) / 2 = 1
    assert hinge_critic_loss(torch.zeros(2, 3, 4, 4), torch.zeros(2, 3, 4, 4)).item() == 1


def test_scores_on_the_wrong_side_cost_their_distance_from_the_margin() -> None:
    # real -2 misses +1 by 3, fake 4 misses -1 by 5: (3 + 5) / 2 = 4
    assert hinge_critic_loss(torch.tensor([-2.0]), torch.tensor([4.0])).item() == 4


def test_real_and_fake_count_alike_whatever_their_numbers() -> None:
    # One real score that misses by 1, four fake ones that miss by 0: (1 + 0) / 2
    assert hinge_critic_loss(torch.zeros(1), -torch.ones(4)).item() == 0.5


def test_the_generator_gains_what_the_critic_gives() -> None:
    scores = torch.tensor([[0.5, -1.5], [2.0, 1.0]])  # mean 0.5
    assert hinge_generator_loss(scores).item() == -0.5
    assert hinge_generator_loss(scores + 1).item() == -1.5


def test_gradients_are_those_of_finite_differences() -> None:
    # away from the kinks at 1 and -1
    real = torch.tensor([0.2, 1.7, -3.0], dtype=torch.float64, requires_grad=True)
    fake = torch.tensor([0.4, -1.6, -0.3], dtype=torch.float64, requires_grad=True)
    assert gradcheck(hinge_critic_loss, (real, fake))
    assert gradcheck(hinge_generator_loss, (fake,))
