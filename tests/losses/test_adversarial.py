"""Adversarial losses: values by hand, limits, gradients."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from retouch.losses.adversarial import (
    glsgan_critic_loss,
    glsgan_generator_loss,
    l1_distance,
    least_squares_loss,
    nonsaturating_loss,
    saturating_loss,
)
from retouch.losses.games.wasserstein import wasserstein_critic_loss

torch.set_num_threads(1)


def draw(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_the_nonsaturating_loss_is_the_cross_entropy_of_the_sigmoid() -> None:
    score = torch.tensor([2.0])
    p = 1 / (1 + math.exp(-2))
    assert nonsaturating_loss(score, as_real=True).item() == pytest.approx(-math.log(p))
    assert nonsaturating_loss(score, as_real=False).item() == pytest.approx(-math.log(1 - p))


def test_a_sure_critic_pays_nothing_when_right_and_a_finite_sum_when_wrong() -> None:
    # log(1 + e^200) = 200 to rounding, where the logarithm of a float32 sigmoid would be infinite
    assert nonsaturating_loss(torch.tensor([200.0]), as_real=True).item() == 0
    assert nonsaturating_loss(torch.tensor([200.0]), as_real=False).item() == 200


def test_least_squares_is_zero_at_its_labels() -> None:
    assert least_squares_loss(torch.ones(2, 1, 3, 3), as_real=True).item() == 0
    assert least_squares_loss(torch.zeros(2, 1, 3, 3), as_real=False).item() == 0
    assert least_squares_loss(torch.tensor([3.0, 0.0]), as_real=True).item() == (4 + 1) / 2


def test_a_fake_that_loses_by_its_margin_costs_an_ls_gan_nothing() -> None:
    real, fake, distance = torch.zeros(3), torch.full((3,), 2.0), torch.full((3,), 4.0)
    assert glsgan_critic_loss(real, fake, distance, margin_weight=0.5, slope=0.0).item() == 0
    assert glsgan_critic_loss(real, fake, distance, margin_weight=0.75, slope=0.0).item() == 1


@pytest.mark.parametrize(("slope", "expected"), [(0.0, 0.5), (1.0, -0.5), (-1.0, 1.5), (0.01, 0.49)])
def test_the_slope_leads_from_ls_gan_to_wgan(slope: float, expected: float) -> None:
    # shortfalls -2 and 1: (slope * -2 + 1) / 2
    real, fake, distance = torch.tensor([0.0, 0.0]), torch.tensor([3.0, 0.0]), torch.ones(2)
    value = glsgan_critic_loss(real, fake, distance, margin_weight=1.0, slope=slope)
    assert value.item() == pytest.approx(expected)


def test_with_slope_one_and_no_margin_it_is_the_difference_of_means() -> None:
    real, fake = draw(5), draw(5, seed=1)
    value = glsgan_critic_loss(real, fake, draw(5, seed=2).abs(), margin_weight=0.0, slope=1.0)
    torch.testing.assert_close(value, real.mean() - fake.mean())


def test_the_distance_is_summed_over_everything_but_the_pair() -> None:
    torch.testing.assert_close(
        l1_distance(torch.full((2, 3, 4, 5), 0.5), torch.zeros(2, 3, 4, 5)), torch.full((2,), 30.0)
    )


def test_the_gradients_agree_with_finite_differences() -> None:
    scores, other = draw(4).requires_grad_(), draw(4, seed=1).requires_grad_()
    distance = draw(4, seed=2).abs()
    for as_real in (True, False):
        assert torch.autograd.gradcheck(lambda x, real=as_real: nonsaturating_loss(x, as_real=real), (scores,))
        assert torch.autograd.gradcheck(lambda x, real=as_real: least_squares_loss(x, as_real=real), (scores,))
    assert torch.autograd.gradcheck(
        lambda a, b: glsgan_critic_loss(a, b, distance, margin_weight=0.5, slope=0.2), (scores, other)
    )
    assert torch.autograd.gradcheck(glsgan_generator_loss, (scores,))


def test_the_saturating_loss_is_the_logarithm_of_being_found_out() -> None:
    score = torch.tensor([2.0])
    p = 1 / (1 + math.exp(-2))
    assert saturating_loss(score).item() == pytest.approx(math.log(1 - p))


def test_the_saturating_loss_has_no_slope_where_the_critic_is_sure_and_the_other_has() -> None:
    scores = torch.tensor([-20.0], dtype=torch.float64, requires_grad=True)
    (flat,) = torch.autograd.grad(saturating_loss(scores), scores)
    (steep,) = torch.autograd.grad(nonsaturating_loss(scores, as_real=True), scores)
    assert abs(flat.item()) < 1e-8  # minus a sigmoid of -20
    assert steep.item() == pytest.approx(-1)


def test_the_saturating_loss_s_gradient_agrees_with_finite_differences() -> None:
    assert torch.autograd.gradcheck(saturating_loss, (draw(4).requires_grad_(),))


def test_with_slope_one_its_gradients_are_those_of_the_wasserstein_critic_whatever_the_margin() -> None:
    scores = draw(5).requires_grad_(), draw(5, seed=1).requires_grad_()
    distance = draw(5, seed=2).abs()
    ours = torch.autograd.grad(glsgan_critic_loss(*scores, distance, margin_weight=0.7, slope=1.0), scores)
    # there a critic's score is high for real pictures, here its loss is low
    theirs = torch.autograd.grad(wasserstein_critic_loss(-scores[0], -scores[1]), scores)
    torch.testing.assert_close(ours, theirs)
