"""Losses of AOT-GAN: values by hand, optima, gradients."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy import ndimage
from torch import Tensor

from retouch.losses.aotgan import (
    blur_mask,
    discriminator_loss,
    generator_loss,
    released_generator_loss,
    soft_mask_discriminator_loss,
    soft_mask_generator_loss,
)


def holes(height: int = 24, width: int = 30) -> Tensor:
    mask = torch.zeros(1, 1, height, width, dtype=torch.float64)
    mask[..., 5:14, 8:21] = 1
    return mask


def doubles(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed)).requires_grad_()


def test_the_blur_is_that_of_scipy_with_nothing_beyond_the_border() -> None:
    expected = ndimage.gaussian_filter(holes().numpy()[0, 0], 3.0, mode="constant", radius=7)
    np.testing.assert_allclose(blur_mask(holes(), 15, 3.0).numpy()[0, 0], expected, atol=1e-12)


def test_a_critic_that_paints_the_blurred_mask_loses_nothing() -> None:
    mask = holes()
    loss = soft_mask_discriminator_loss(torch.zeros_like(mask), blur_mask(mask), mask)
    assert loss.item() == 0


def test_both_kinds_of_pictures_count_alike() -> None:
    """Without a hole the target is 0 for both: 2^2 + 3^2."""
    logits, mask = torch.ones(1, 1, 3, 3), torch.zeros(1, 1, 12, 12)
    assert soft_mask_discriminator_loss(2 * logits, 3 * logits, mask).item() == pytest.approx(13)


def test_logits_are_enlarged_with_their_corners_in_place() -> None:
    """Two logits 0 and 3 on four pixels are 0, 1, 2, 3; the hole is the last pixel: 9 / 4."""
    logits, mask = torch.tensor([[[[0.0, 3.0]]]]), torch.tensor([[[[0.0, 0.0, 0.0, 1.0]]]])
    assert soft_mask_generator_loss(logits, mask).item() == pytest.approx(9 / 4)


def test_a_generator_whose_holes_look_real_loses_nothing() -> None:
    mask = holes()
    assert soft_mask_generator_loss(1 - mask, mask).item() == 0
    assert soft_mask_generator_loss(mask, mask).item() == pytest.approx(mask.mean().item())


def test_the_released_game_is_blind_to_where_the_hole_is() -> None:
    """Logits 0 and 3 have squared distances 1 and 4 from 1: the mean is 2.5 whatever the mask."""
    logits = torch.tensor([[[[0.0, 3.0]]]])
    for mask in (torch.tensor([[[[0.0, 1.0]]]]), torch.tensor([[[[1.0, 0.0]]]])):
        assert released_generator_loss(logits, mask).item() == 2.5


def test_the_plain_game_is_cross_entropy() -> None:
    """Logit log(3) says real with 3/4, so that calling it fake costs log(4)."""
    logits = torch.full((5,), math.log(3))
    assert generator_loss(logits).item() == pytest.approx(math.log(4 / 3))
    assert discriminator_loss(logits, logits).item() == pytest.approx(math.log(4 / 3) + math.log(4))


def test_gradients_are_those_of_the_formulas() -> None:
    mask, real, fake = holes(), doubles(1, 1, 3, 4), doubles(1, 1, 3, 4, seed=1)
    assert torch.autograd.gradcheck(lambda x, y: soft_mask_discriminator_loss(x, y, mask, 7, 2.0), (real, fake))
    assert torch.autograd.gradcheck(lambda x: soft_mask_generator_loss(x, mask), fake)
    assert torch.autograd.gradcheck(lambda x: released_generator_loss(x, mask), fake)
    assert torch.autograd.gradcheck(discriminator_loss, (real, fake))
    assert torch.autograd.gradcheck(generator_loss, fake)
