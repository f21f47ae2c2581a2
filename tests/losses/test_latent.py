"""Losses of searches in latent space: weights against brute force, zeros, gradients."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from retouch.losses.latent import context_loss, prior_loss, ratio_weights, refinement_loss, share_weights

torch.set_num_threads(1)


def draw(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def random_mask(n: int, height: int, width: int, share: float) -> Tensor:
    return (torch.rand(n, 1, height, width, generator=torch.Generator().manual_seed(1)) < share).double()


def counts(mask: Tensor, row: int, column: int, window: int) -> tuple[int, int]:
    """Return how many pixels of the window are missing and known, pixel by pixel."""
    reach, missing, known = window // 2, 0, 0
    for r in range(max(0, row - reach), min(mask.shape[0], row + reach + 1)):
        for c in range(max(0, column - reach), min(mask.shape[1], column + reach + 1)):
            missing += int(mask[r, c] == 1)
            known += int(mask[r, c] == 0)
    return missing, known


@pytest.mark.parametrize("share", [0.05, 0.5, 0.95])
@pytest.mark.parametrize("window", [3, 7])
def test_weights_are_those_of_counting_pixel_by_pixel(share: float, window: int) -> None:
    mask = random_mask(2, 11, 9, share)
    by_share, by_ratio = share_weights(mask, window), ratio_weights(mask, window)
    for n in range(2):
        for row in range(11):
            for column in range(9):
                missing, known = counts(mask[n, 0], row, column, window)
                is_known = mask[n, 0, row, column] == 0
                expected = missing / (missing + known) if is_known else 0.0
                assert by_share[n, 0, row, column].item() == pytest.approx(expected)
                assert by_ratio[n, 0, row, column].item() == pytest.approx(missing / known if is_known else 0.0)


def test_pixels_far_from_holes_have_no_weight() -> None:
    mask = torch.zeros(1, 1, 15, 15)
    mask[:, :, 7, 7] = 1
    weights = share_weights(mask, 7)
    assert (weights > 0).sum() == 7 * 7 - 1
    assert weights[0, 0, 4, 4] > 0 == weights[0, 0, 3, 4]


def test_the_context_loss_is_zero_at_the_picture_and_does_not_read_the_hole() -> None:
    image, mask = draw(2, 3, 6, 7), random_mask(2, 6, 7, 0.3)
    weights = share_weights(mask)
    assert context_loss(image, image.where(mask == 0, float("nan")), weights).tolist() == [0, 0]
    expected = ((image - 1).abs() * weights).sum(dim=(1, 2, 3))
    torch.testing.assert_close(context_loss(image, torch.ones_like(image), weights), expected)


def test_the_prior_loss_is_a_logarithm_of_the_sigmoid() -> None:
    p = 1 / (1 + math.exp(-2))
    assert prior_loss(torch.tensor([2.0])).item() == pytest.approx(math.log(1 - p))
    assert prior_loss(torch.tensor([2.0]), saturating=False).item() == pytest.approx(-math.log(p))


@pytest.mark.parametrize("saturating", [True, False])
def test_a_better_score_always_costs_less_also_far_out(saturating: bool) -> None:
    """A float32 sigmoid is 1 above 17, and its logarithm would be infinite or flat."""
    scores = torch.tensor([-200.0, -2.0, 0.0, 2.0, 15.0, 80.0])
    losses = prior_loss(scores, saturating=saturating)
    assert torch.isfinite(losses).all()
    steps = losses.diff()
    assert (steps <= 0).all()
    assert (steps[1:4] < 0).all()


def test_refinement_is_zero_at_the_blended_picture_and_trusts_the_hole_by_its_confidence() -> None:
    blended, mask = draw(2, 3, 5, 5), random_mask(2, 5, 5, 0.5)
    assert refinement_loss(blended, blended, mask, confidence=0.33).tolist() == [0, 0]
    in_hole = refinement_loss(blended + mask, blended, mask, confidence=0.33)
    torch.testing.assert_close(in_hole, 0.33 * 3 * mask.sum(dim=(1, 2, 3)))
    outside = refinement_loss(blended + 1 - mask, blended, mask, confidence=0.33)
    torch.testing.assert_close(outside, 3 * (1 - mask).sum(dim=(1, 2, 3)))


def test_gradients_are_those_of_finite_differences() -> None:
    picture, image, mask = draw(1, 3, 4, 4).requires_grad_(), draw(1, 3, 4, 4, seed=2), random_mask(1, 4, 4, 0.4)
    weights = share_weights(mask)
    assert torch.autograd.gradcheck(lambda x: context_loss(x, image, weights), picture)
    assert torch.autograd.gradcheck(lambda x: refinement_loss(x, image, mask, confidence=0.66), picture)
    assert torch.autograd.gradcheck(prior_loss, draw(5).requires_grad_())
