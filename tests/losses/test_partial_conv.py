"""Losses of partial convolutions."""

from __future__ import annotations

import torch
from torch import Tensor

from retouch.losses.partial_conv import (
    PUBLISHED_WEIGHTS,
    hole_l1,
    perceptual_loss,
    total_variation,
    two_style_loss,
    valid_l1,
)

torch.set_num_threads(1)


def draw(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def draw_mask(*shape: int) -> Tensor:
    return (draw(*shape, seed=7) < 0.4).double()


def test_the_truth_costs_nothing() -> None:
    image, mask = draw(2, 3, 5, 5), draw_mask(2, 1, 5, 5)
    assert hole_l1(image, image, mask).item() == 0
    assert valid_l1(image, image, mask).item() == 0
    assert perceptual_loss([image], [image], [image]).item() == 0
    assert two_style_loss([image], [image], [image]).item() == 0
    assert total_variation(torch.full((1, 3, 4, 4), 0.3)).item() == 0


def test_hole_and_valid_parts_add_up_to_the_whole_error() -> None:
    painted, image, mask = draw(2, 3, 5, 5), draw(2, 3, 5, 5, seed=1), draw_mask(2, 1, 5, 5)
    whole = (painted - image).abs().mean()
    torch.testing.assert_close(hole_l1(painted, image, mask) + valid_l1(painted, image, mask), whole)


def test_the_error_in_the_hole_is_not_seen_outside() -> None:
    image, mask = draw(1, 3, 5, 5), draw_mask(1, 1, 5, 5)
    assert valid_l1(image + mask, image, mask).item() == 0
    torch.testing.assert_close(hole_l1(image + mask, image, mask), mask.mean())


def test_with_a_mask_only_steps_inside_the_grown_hole_count() -> None:
    # One missing pixel at (2, 2) of 7 x 7 grows to rows and columns 1..3: 3 rows x 2 sideways steps and the same
    # downwards. The ramp steps by 1 sideways and by 10 downwards; there are 7 x 6 = 42 steps of each kind.
    ramp = torch.arange(7.0)[None, :] + 10 * torch.arange(7.0)[:, None]
    mask = torch.zeros(1, 1, 7, 7)
    mask[..., 2, 2] = 1
    torch.testing.assert_close(total_variation(ramp[None, None], mask), torch.tensor(6 * 1 / 42 + 6 * 10 / 42))
    torch.testing.assert_close(total_variation(ramp[None, None]), torch.tensor(11.0))


def test_both_pictures_enter_the_perceptual_and_the_style_loss() -> None:
    zero, one = torch.zeros(1, 2, 3, 3), torch.ones(1, 2, 3, 3)
    assert perceptual_loss([one], [zero], [zero]).item() == perceptual_loss([zero], [one], [zero]).item() == 1
    assert two_style_loss([one], [zero], [zero]).item() == two_style_loss([zero], [one], [zero]).item() == 0.5


def test_the_weights_are_those_of_equation_seven() -> None:
    assert list(PUBLISHED_WEIGHTS.values()) == [1, 6, 0.05, 120, 0.1]


def test_the_gradients_agree_with_finite_differences() -> None:
    x = draw(1, 2, 4, 4).requires_grad_()
    image, mask = draw(1, 2, 4, 4, seed=1), draw_mask(1, 1, 4, 4)
    assert torch.autograd.gradcheck(lambda x: hole_l1(x, image, mask) + 2 * valid_l1(x, image, mask), (x,))
    assert torch.autograd.gradcheck(lambda x: perceptual_loss([x], [x / 2], [image]), (x,))
    assert torch.autograd.gradcheck(lambda x: two_style_loss([x], [x / 2], [image]), (x,))
    assert torch.autograd.gradcheck(lambda x: total_variation(x, mask), (x,))
