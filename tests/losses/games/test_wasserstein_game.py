"""The Wasserstein game and its penalty: critics whose gradient is known."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from retouch.losses.games.wasserstein import (
    draw_between,
    wasserstein_critic_loss,
    wasserstein_generator_loss,
    wasserstein_penalty,
)

torch.set_num_threads(1)


def draw(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def linear_critic(weight: Tensor) -> Callable[[Tensor], Tensor]:
    """Return a critic whose gradient is `weight` everywhere."""
    return lambda x: (weight * x).sum(dim=(1, 2, 3))


def test_the_game_is_the_difference_of_means_and_the_generator_lowers_it() -> None:
    real, fake = draw(4), draw(6, seed=1)
    torch.testing.assert_close(wasserstein_critic_loss(real, fake), fake.mean() - real.mean())
    torch.testing.assert_close(wasserstein_generator_loss(fake), -fake.mean())


def test_a_linear_critic_of_slope_1_pays_no_penalty_and_one_of_slope_3_pays_4() -> None:
    weight, pictures = torch.full((3, 4, 4), 1 / 48**0.5).double(), draw(5, 3, 4, 4, seed=1).requires_grad_()
    for slope, expected in ((1.0, 0.0), (3.0, 4.0)):
        found = wasserstein_penalty(linear_critic(slope * weight), pictures)
        assert found.item() == pytest.approx(expected, abs=1e-6)


def test_with_a_mask_only_the_gradient_in_the_hole_counts() -> None:
    # slopes 3 in one pixel of the hole and 100 outside of it: (3 - 1)^2
    weight = torch.full((1, 2, 2), 100.0, dtype=torch.float64)
    weight[0, 0, 0] = 3.0
    mask = torch.zeros(1, 1, 2, 2, dtype=torch.float64)
    mask[..., 0, 0] = 1
    pictures = draw(1, 1, 2, 2).requires_grad_()
    assert wasserstein_penalty(linear_critic(weight), pictures, mask).item() == pytest.approx(4)


def test_every_picture_has_its_own_penalty() -> None:
    # squared slopes x^2 with gradients 2 x: at x = 1 and x = 2 lengths 2 and 4, penalties 1 and 9
    pictures = torch.tensor([1.0, 2.0]).reshape(2, 1, 1, 1).requires_grad_()
    assert wasserstein_penalty(lambda x: x.square().sum(dim=(1, 2, 3)), pictures).item() == 5


def test_a_map_of_scores_counts_by_its_mean() -> None:
    pictures = draw(2, 1, 3, 3).requires_grad_()
    by_map = wasserstein_penalty(lambda x: x.square(), pictures)
    by_mean = wasserstein_penalty(lambda x: x.square().mean(dim=(1, 2, 3)), pictures)
    torch.testing.assert_close(by_map, by_mean)


def test_a_critic_that_sees_nothing_pays_1_and_its_gradient_is_finite() -> None:
    gain = torch.zeros((), requires_grad=True)
    penalty = wasserstein_penalty(lambda x: (gain * x).sum(dim=(1, 2, 3)), torch.zeros(1, 1, 2, 2, requires_grad=True))
    (slope,) = torch.autograd.grad(penalty, gain)
    assert penalty.item() == pytest.approx(1, abs=1e-5)
    assert slope.isfinite().item()


def test_pictures_between_lie_on_the_line_and_are_the_same_for_the_same_seed() -> None:
    real, fake = draw(8, 3, 2, 2), draw(8, 3, 2, 2, seed=1)
    first, again, other = (draw_between(real, fake, torch.Generator().manual_seed(seed)) for seed in (1, 1, 2))
    share = ((first - real) / (fake - real)).detach()
    torch.testing.assert_close(share, share[:, :1, :1, :1].expand_as(share))
    assert 0 <= share.min().item() <= share.max().item() <= 1
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_no_gradient_runs_back_into_the_pictures() -> None:
    fake = draw(2, 1, 2, 2).requires_grad_()
    between = draw_between(draw(2, 1, 2, 2), fake, torch.Generator())
    assert between.is_leaf
    assert between.requires_grad


def test_the_penalty_can_be_differentiated_by_the_critic() -> None:
    pictures = draw(2, 1, 3, 3)

    def penalty(weight: Tensor, bend: Tensor) -> Tensor:
        return wasserstein_penalty(
            lambda x: (weight * x + bend * x**3).sum(dim=(1, 2, 3)), pictures.detach().requires_grad_()
        )

    assert torch.autograd.gradcheck(penalty, (draw(1, 3, 3).requires_grad_(), draw(1, 3, 3, seed=1).requires_grad_()))


def test_the_game_s_gradients_agree_with_finite_differences() -> None:
    scores = draw(4).requires_grad_(), draw(4, seed=1).requires_grad_()
    assert torch.autograd.gradcheck(wasserstein_critic_loss, scores)
    assert torch.autograd.gradcheck(wasserstein_generator_loss, scores[:1])
