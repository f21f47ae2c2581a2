"""Losses of LaMa: values by hand, optima, gradients."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from retouch.losses.lama import (
    discriminator_loss,
    feature_matching,
    generator_loss,
    gradient_penalty,
    masked_l1,
    masked_l2,
)

HALF = torch.tensor([[[[0.0, 1.0]]]])  # known, missing


def doubles(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed)).requires_grad_()


def test_pixel_errors_weigh_known_and_missing_pixels() -> None:
    """Errors 3 and 2: l1 (10 * 3 + 4 * 2) / 2 = 19, l2 (10 * 9 + 4 * 4) / 2 = 53."""
    prediction, target = torch.tensor([[[[3.0, -2.0]]]]), torch.zeros(1, 1, 1, 2)
    assert masked_l1(prediction, target, HALF, 10.0, 4.0).item() == 19
    assert masked_l2(prediction, target, HALF, 10.0, 4.0).item() == 53


@pytest.mark.parametrize("loss", [masked_l1, masked_l2])
def test_pixel_errors_of_equal_pictures_are_zero(loss: Callable[..., Tensor]) -> None:
    image = torch.rand(2, 3, 4, 4)
    assert loss(image, image, torch.ones(2, 1, 4, 4), 1.0, 1.0).item() == 0


def test_feature_matching_is_the_mean_of_the_stages_whatever_their_sizes() -> None:
    """Stage errors 1 and 9: mean 5."""
    real = [torch.zeros(1, 2, 4, 4), torch.zeros(1, 8, 2, 2)]
    fake = [torch.ones(1, 2, 4, 4), torch.full((1, 8, 2, 2), 3.0)]
    assert feature_matching(fake, real).item() == 5
    assert feature_matching(real, real).item() == 0


def test_feature_matching_leaves_the_hole_out() -> None:
    real, fake = [torch.zeros(1, 1, 1, 2)], [torch.tensor([[[[2.0, 100.0]]]])]
    assert feature_matching(fake, real, HALF).item() == 2  # (2^2 + 0) / 2


def test_the_mask_is_scaled_to_the_features() -> None:
    """A mask whose 2x2 block holds one missing pixel is 1/4 missing after halving: 1 - 1/4 of the error counts."""
    mask = torch.zeros(1, 1, 2, 2)
    mask[0, 0, 0, 0] = 1
    assert feature_matching([torch.ones(1, 1, 1, 1)], [torch.zeros(1, 1, 1, 1)], mask).item() == 0.75


def test_the_game_at_undecided_logits_costs_log_2_a_side() -> None:
    zeros = torch.zeros(1, 1, 1, 2)
    assert generator_loss(zeros).item() == pytest.approx(math.log(2))
    assert discriminator_loss(zeros, zeros, HALF).item() == pytest.approx(2 * math.log(2))


def test_known_patches_of_a_fake_are_to_be_called_real() -> None:
    """A critic that is right everywhere: large on real ones and on the known patch, small in the hole."""
    right, wrong = torch.tensor([[[[50.0, -50.0]]]]), torch.tensor([[[[-50.0, 50.0]]]])
    real = torch.full((1, 1, 1, 2), 50.0)
    assert discriminator_loss(real, right, HALF).item() < 1e-12
    assert discriminator_loss(real, wrong, HALF).item() == pytest.approx(50)
    assert discriminator_loss(real, right).item() == pytest.approx(25)  # without a mask the first patch is wrong


def test_the_penalty_is_the_squared_slope() -> None:
    """Logits 3 x summed over 2 pixels have the gradient (3, 3): 18 for each picture."""
    real = torch.rand(4, 1, 1, 2, requires_grad=True)
    assert gradient_penalty(3 * real, real).item() == pytest.approx(18)


def test_gradients_are_those_of_the_formulas() -> None:
    mask = (doubles(2, 1, 4, 4, seed=5) > 0).double()
    a, b, logits, others = doubles(2, 3, 4, 4), doubles(2, 3, 4, 4, seed=1), doubles(2, 1, 2, 2), doubles(2, 1, 2, 2)
    assert torch.autograd.gradcheck(lambda x: masked_l1(x, b, mask, 2.0, 3.0), a)
    assert torch.autograd.gradcheck(lambda x: masked_l2(x, b, mask, 2.0, 3.0), a)
    assert torch.autograd.gradcheck(lambda x: feature_matching([x], [b], mask), a)
    assert torch.autograd.gradcheck(generator_loss, logits)
    assert torch.autograd.gradcheck(lambda x, y: discriminator_loss(x, y, mask), (logits, others))
    assert torch.autograd.gradcheck(lambda x: gradient_penalty(x.pow(3), x), a)
