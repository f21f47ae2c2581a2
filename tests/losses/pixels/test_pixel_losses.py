"""Losses of pixels: zero at the truth, values by hand, gradients."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from retouch.errors import InputError
from retouch.losses.pixels.charbonnier import charbonnier
from retouch.losses.pixels.focal_frequency import focal_frequency
from retouch.losses.pixels.gradients import gradient_difference, gradient_l1
from retouch.losses.pixels.regions import region_l1, region_l2
from retouch.losses.pixels.scales import multiscale, reduced
from retouch.losses.pixels.structure import structure_l1

torch.set_num_threads(1)


def draw(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def structure_in_hole(painted: Tensor, image: Tensor) -> Tensor:
    return structure_l1(painted, image, torch.ones_like(painted[:, :1]))


def multiscale_l1(painted: Tensor, image: Tensor) -> Tensor:
    return multiscale([painted, torch.nn.functional.avg_pool2d(painted, 2)], image)


LOSSES: tuple[Callable[[Tensor, Tensor], Tensor], ...] = (
    lambda a, b: region_l1(a, b, torch.ones_like(a[:, :1])),
    lambda a, b: region_l2(a, b, torch.ones_like(a[:, :1])),
    gradient_l1,
    gradient_difference,
    structure_l1,
    structure_in_hole,
    multiscale_l1,
    focal_frequency,
)


@pytest.mark.parametrize("loss", LOSSES)
def test_the_truth_costs_nothing_and_another_picture_something(loss: Callable[[Tensor, Tensor], Tensor]) -> None:
    image = draw(2, 3, 6, 8)
    assert loss(image, image).item() == 0
    assert loss(draw(2, 3, 6, 8, seed=1), image).item() > 0


@pytest.mark.parametrize("loss", [*LOSSES[:-1], charbonnier, lambda a, b: focal_frequency(a, b, alpha=0.0)])
def test_gradients_agree_with_finite_differences(loss: Callable[[Tensor, Tensor], Tensor]) -> None:
    image = draw(2, 2, 4, 4)
    assert torch.autograd.gradcheck(lambda x: loss(x, image), (draw(2, 2, 4, 4, seed=1).requires_grad_(),))


def test_a_region_counts_by_its_own_size() -> None:
    # 2 of 4 pixels, errors 1 and 3 in each of two channels: means 2 and (1 + 9) / 2
    error = torch.tensor([[[[1.0, 3.0, 7.0, 7.0]]]]).expand(1, 2, 1, 4)
    region = torch.tensor([[[[1.0, 1.0, 0.0, 0.0]]]])
    assert region_l1(error, 0 * error, region).item() == 2
    assert region_l2(error, 0 * error, region).item() == 5


def test_an_empty_region_costs_nothing_and_has_a_gradient_of_zero() -> None:
    painted = draw(1, 3, 4, 4).requires_grad_()
    loss = region_l1(painted, draw(1, 3, 4, 4, seed=1), torch.zeros(1, 1, 4, 4, dtype=torch.float64))
    (slope,) = torch.autograd.grad(loss, painted)
    assert loss.item() == 0
    assert slope.abs().max().item() == 0


def test_charbonnier_is_epsilon_at_the_truth_and_nearly_the_absolute_error_far_from_it() -> None:
    assert charbonnier(torch.zeros(3), torch.zeros(3), epsilon=0.25).item() == 0.25
    # sqrt(1 + 1e-6) = 1 + 5e-7
    assert charbonnier(torch.ones(3).double(), torch.zeros(3).double()).item() == pytest.approx(1 + 5e-7, abs=1e-12)


def test_a_constant_offset_has_no_gradient_error() -> None:
    image = draw(1, 3, 5, 5)
    assert gradient_l1(image + 0.25, image).item() == pytest.approx(0, abs=1e-15)


def test_signs_of_steps_matter_in_one_loss_of_gradients_only() -> None:
    # columns 0, 1 against 1, 0: a step of 1 instead of -1; two of two horizontal pairs, no vertical error
    step = torch.tensor([[[[0.0, 1.0], [0.0, 1.0]]]])
    assert gradient_l1(step, 1 - step).item() == 2
    assert gradient_difference(step, 1 - step).item() == 0


def test_a_structure_is_reduced_to_the_prediction() -> None:
    # quarters of 2 x 2: means 1/4 and 3/4 against 0
    smooth = torch.tensor([[[[0.0, 0.0, 1.0, 1.0], [0.0, 1.0, 1.0, 0.0]]]])
    small = torch.zeros(1, 1, 1, 2)
    assert structure_l1(small, smooth).item() == 0.5
    assert structure_l1(small, smooth, torch.tensor([[[[0.0, 1.0]]]])).item() == 0.75


def test_scales_are_added_by_their_weights() -> None:
    image = torch.ones(1, 1, 4, 4)
    predictions = [torch.zeros(1, 1, 4, 4), torch.zeros(1, 1, 2, 2), torch.zeros(1, 1, 1, 1)]
    assert multiscale(predictions, image).item() == 3
    assert multiscale(predictions, image, weights=[1.0, 0.5, 0.25]).item() == 1.75
    assert multiscale(predictions, 2 * image, torch.nn.functional.mse_loss).item() == 12


def test_scales_without_predictions_or_weights_are_refused() -> None:
    with pytest.raises(InputError, match="0 predictions"):
        multiscale([], torch.ones(1, 1, 2, 2))
    with pytest.raises(InputError, match="1 predictions, 2 weights"):
        multiscale([torch.ones(1, 1, 2, 2)], torch.ones(1, 1, 2, 2), weights=[1.0, 2.0])


def test_a_picture_of_the_size_asked_for_stays_as_it_is() -> None:
    picture = draw(1, 3, 5, 7)
    assert reduced(picture, draw(1, 1, 5, 7)) is picture


def test_with_equal_weights_the_spectrum_has_the_squared_error_of_the_pixels() -> None:
    painted, image = draw(2, 3, 6, 9), draw(2, 3, 6, 9, seed=1)
    expected = (painted - image).square().mean()  # Parseval
    torch.testing.assert_close(focal_frequency(painted, image, alpha=0.0), expected)


def test_frequencies_weigh_by_how_wrong_they_are() -> None:
    # error = 3 cos at one frequency and 1 cos at another over 8 places: squared sizes 9 s and s, s = 8 / 4 = 2, twice
    # each (with the conjugate); weights 1 and 1/3: (2 * 18 + 2 * 2 / 3) / 8
    place = 2 * torch.pi * torch.arange(8, dtype=torch.float64) / 8
    error = (3 * place.cos() + (3 * place).cos())[None, None, None]
    assert focal_frequency(error, 0 * error).item() == pytest.approx((36 + 4 / 3) / 8, rel=1e-12)


def test_no_gradient_runs_through_the_weights_of_frequencies() -> None:
    # one frequency alone, so its weight is 1: d mean(e^2) / d e_i = 2 e_i / 4
    painted = torch.full((1, 1, 2, 2), 0.5, dtype=torch.float64, requires_grad=True)
    (slope,) = torch.autograd.grad(focal_frequency(painted, torch.zeros_like(painted)), painted)
    torch.testing.assert_close(slope, torch.full_like(slope, 0.25))
