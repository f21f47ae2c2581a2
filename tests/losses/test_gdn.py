"""GDN's losses: their algebra, their limits and where their gradients run."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from retouch.losses.gdn import (
    balanced_cross_entropy,
    cross_entropy,
    exponential_weight,
    focal_loss,
    hole_ratio,
    linear_weight,
    weighted_l1,
)

torch.set_num_threads(1)


def draw(*shape: int, seed: int = 0, dtype: torch.dtype = torch.float32) -> Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def draw_mask(*shape: int, dtype: torch.dtype = torch.float32) -> Tensor:
    return (draw(*shape, seed=7) < 0.3).to(dtype)


def test_focal_with_gamma_zero_is_the_balanced_cross_entropy() -> None:
    artifacts, mask = draw(2, 1, 5, 6), draw_mask(2, 1, 5, 6)
    alpha = mask.mean(dim=(1, 2, 3), keepdim=True)
    # Eq. 5 written out on its own
    expected = -((1 - alpha) * mask * artifacts.log() + alpha * (1 - mask) * (1 - artifacts).log()).mean()
    torch.testing.assert_close(balanced_cross_entropy(artifacts, mask), expected)
    torch.testing.assert_close(focal_loss(artifacts, mask, gamma=0.0), expected)


def test_the_balanced_cross_entropy_of_a_half_missing_picture_is_half_the_plain_one() -> None:
    artifacts, mask = draw(1, 1, 4, 4), torch.zeros(1, 1, 4, 4)
    mask[..., :2] = 1  # alpha = 1 - alpha = 1/2
    torch.testing.assert_close(balanced_cross_entropy(artifacts, mask), cross_entropy(artifacts, mask) / 2)


@pytest.mark.parametrize("loss", [cross_entropy, balanced_cross_entropy, focal_loss])
def test_a_detector_that_is_right_costs_nothing_and_one_that_is_wrong_a_finite_sum(
    loss: Callable[[Tensor, Tensor], Tensor],
) -> None:
    mask = draw_mask(2, 1, 6, 6)
    assert loss(mask, mask).item() == 0
    worst = loss(1 - mask, mask).item()
    assert 0 < worst < 18.43  # -log(1e-8) = 18.4207


def test_each_picture_is_balanced_by_its_own_share() -> None:
    artifacts = draw(3, 1, 5, 5)
    mask = torch.zeros(3, 1, 5, 5)
    mask[0, :, :1], mask[1, :, :3], mask[2, :, 2, 2] = 1, 1, 1
    torch.testing.assert_close(hole_ratio(mask), torch.tensor([5 / 25, 15 / 25, 1 / 25]))
    one_by_one = torch.stack([focal_loss(artifacts[i : i + 1], mask[i : i + 1]) for i in range(3)])
    torch.testing.assert_close(focal_loss(artifacts, mask), one_by_one.mean())


def test_the_weights_stay_within_their_ranges() -> None:
    ends = torch.tensor([[[[0.0, 1.0]]]])
    assert linear_weight(ends).flatten().tolist() == [1, 2]
    assert exponential_weight(ends).flatten().tolist() == [1, 10]
    assert exponential_weight(ends, base=math.e).flatten().tolist() == pytest.approx([1, math.e])


def test_the_pixel_error_is_zero_at_the_truth_and_ten_times_larger_where_v_is_one() -> None:
    image = draw(1, 3, 4, 4)
    sure = exponential_weight(torch.ones(1, 1, 4, 4))
    assert weighted_l1(image, image, sure).item() == 0
    plain = (image - 0.25).abs().mean().item()
    assert weighted_l1(image, torch.full_like(image, 0.25), sure).item() == pytest.approx(10 * plain)


def test_the_gradient_runs_through_the_weight_unless_it_is_detached() -> None:
    # L = 10^V |x - 0| with V = x / 2 at x = 0.4: dL/dx = 10^0.2 (1 + 0.4 ln(10) / 2); detached: 10^0.2
    expected = {False: 10**0.2 * (1 + 0.2 * math.log(10)), True: 10**0.2}
    for detach, slope in expected.items():
        x = torch.full((1, 1, 1, 1), 0.4, requires_grad=True)
        torch.autograd.backward(weighted_l1(x, torch.zeros_like(x), exponential_weight(x / 2), detach_weight=detach))
        assert x.grad is not None
        assert x.grad.item() == pytest.approx(slope, rel=1e-5)


def test_the_gradients_agree_with_finite_differences() -> None:
    artifacts = (0.1 + 0.8 * draw(2, 1, 3, 3, dtype=torch.float64)).requires_grad_()
    painted = draw(2, 3, 3, 3, seed=1, dtype=torch.float64).requires_grad_()
    mask, image = draw_mask(2, 1, 3, 3, dtype=torch.float64), draw(2, 3, 3, 3, seed=2, dtype=torch.float64)
    assert torch.autograd.gradcheck(lambda v: focal_loss(v, mask), (artifacts,))
    assert torch.autograd.gradcheck(lambda v: cross_entropy(v, mask), (artifacts,))
    assert torch.autograd.gradcheck(lambda v, x: weighted_l1(x, image, exponential_weight(v)), (artifacts, painted))
