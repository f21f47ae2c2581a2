"""The loss of CBDNet: which side costs more, what counts, where it is zero."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from retouch.losses.cbdnet import asymmetric_error, cbdnet_loss, total_variation

torch.set_num_threads(1)
KNOWN = torch.tensor([True, False])


def maps(*, seed: int = 0) -> Tensor:
    return torch.rand(2, 3, 4, 5, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_an_estimate_too_low_costs_seven_thirds_of_one_too_high() -> None:
    """Errors of 0.1 both ways: 0.7 * 0.01 against 0.3 * 0.01."""
    truth = torch.full((1, 1, 2, 2), 0.5)
    assert asymmetric_error(truth - 0.1, truth).item() == pytest.approx(0.007, rel=1e-5)
    assert asymmetric_error(truth + 0.1, truth).item() == pytest.approx(0.003, rel=1e-5)


def test_weights_of_one_half_are_half_the_mean_squared_error() -> None:
    expected = 0.5 * (maps(seed=1) - maps(seed=2)).square().mean(dim=(1, 2, 3))
    torch.testing.assert_close(asymmetric_error(maps(seed=1), maps(seed=2), under_weight=0.5), expected)


def test_the_variation_of_a_ramp_is_the_square_of_its_step() -> None:
    """0.25 from pixel to pixel across, 0 down: 0.0625."""
    ramp = torch.arange(5.0).mul(0.25).expand(2, 3, 4, 5)
    assert total_variation(ramp).item() == pytest.approx(0.0625)


def test_the_loss_is_zero_at_a_perfect_picture_and_a_flat_true_map() -> None:
    flat = torch.full((2, 3, 4, 5), 0.1)
    assert cbdnet_loss(maps().float(), maps().float(), flat, flat, KNOWN).item() == 0


def test_the_parts_add_up_with_their_published_weights() -> None:
    """0.5 * (asymmetric error of the known sample) / 2 samples, 0.05 * variation."""
    result, clean, estimated, true = (maps(seed=seed) for seed in range(4))
    expected = (result - clean).square().mean() + 0.05 * total_variation(estimated)
    expected = expected + 0.5 * asymmetric_error(estimated, true)[0] / 2
    torch.testing.assert_close(cbdnet_loss(result, clean, estimated, true, KNOWN), expected)


def test_an_unknown_map_does_not_count_even_if_it_is_not_a_number() -> None:
    result, clean, estimated, true = (maps(seed=seed) for seed in range(4))
    expected = cbdnet_loss(result, clean, estimated, true, KNOWN)
    true[1] = torch.nan
    torch.testing.assert_close(cbdnet_loss(result, clean, estimated, true, KNOWN), expected)


def test_gradients_are_those_of_finite_differences() -> None:
    """Away from estimated = true, where the weight jumps (and the error is zero)."""
    result, clean, true = maps(seed=0).requires_grad_(), maps(seed=1), maps(seed=3)
    estimated = (true + torch.where(maps(seed=2) > 0.5, 0.2, -0.2)).requires_grad_()
    torch.autograd.gradcheck(lambda x, e: cbdnet_loss(x, clean, e, true, KNOWN), (result, estimated))
