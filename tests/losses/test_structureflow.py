"""The sampling correctness loss: its optimum, its value by hand, its gradient."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from retouch.losses.structureflow import sampling_correctness

torch.set_num_threads(1)


def draw(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def best_of(source: Tensor, target: Tensor) -> Tensor:
    """Return for each place of the target the features of the source with the largest cosine, place by place."""
    chosen = target.clone()
    for n in range(len(target)):
        places = source[n].flatten(1).T
        for row in range(target.shape[2]):
            for column in range(target.shape[3]):
                wanted = target[n, :, row, column]
                cosines = [torch.dot(wanted, place) / wanted.norm() / place.norm() for place in places]
                chosen[n, :, row, column] = places[int(torch.stack(cosines).argmax())]
    return chosen


def test_the_best_match_of_every_place_costs_nothing() -> None:
    source, target = draw(2, 5, 4, 6), draw(2, 5, 3, 4, seed=1)
    torch.testing.assert_close(
        sampling_correctness(best_of(source, target), source, target), torch.zeros((), dtype=source.dtype)
    )


def test_the_truth_carried_from_itself_costs_nothing() -> None:
    source = draw(1, 5, 4, 4)
    assert sampling_correctness(source, source, source).abs() < 1e-12


def test_any_other_match_costs_more() -> None:
    source, target = draw(1, 5, 4, 4), draw(1, 5, 4, 4, seed=1)
    assert sampling_correctness(source.roll(1, dims=3), source, target) > 0.01


def test_the_length_of_features_does_not_matter() -> None:
    warped, source, target = draw(1, 5, 4, 4), draw(1, 5, 4, 4, seed=1), draw(1, 5, 4, 4, seed=2)
    torch.testing.assert_close(
        sampling_correctness(7 * warped, 3 * source, 0.5 * target), sampling_correctness(warped, source, target)
    )


def test_the_value_is_that_of_the_formula() -> None:
    # One place. cos(G, W) = 0.6; the best of S is at 45 degrees, so the loss is exp(-0.6 sqrt 2) - exp(-1).
    target = torch.tensor([1.0, 0.0]).reshape(1, 2, 1, 1)
    warped = torch.tensor([0.6, 0.8]).reshape(1, 2, 1, 1)
    source = torch.tensor([[1.0, 0.0], [1.0, 1.0]]).reshape(1, 2, 1, 2)  # places (1, 1) and (0, 1)
    loss = sampling_correctness(warped, source, target)
    torch.testing.assert_close(loss, torch.tensor(math.exp(-0.6 * math.sqrt(2)) - math.exp(-1)))


def test_places_outside_the_mask_do_not_count() -> None:
    warped, source, target = draw(1, 5, 4, 4), draw(1, 5, 4, 4, seed=1), draw(1, 5, 4, 4, seed=2)
    mask = torch.zeros(1, 1, 4, 4, dtype=torch.float64)
    mask[..., :2] = 1
    torch.testing.assert_close(
        sampling_correctness(warped, source, target, mask),
        sampling_correctness(warped[..., :2], source, target[..., :2]),
    )
    assert sampling_correctness(warped, source, target, 0 * mask) == 0


def test_the_gradient_agrees_with_finite_differences() -> None:
    inputs = [draw(2, 3, 2, 3, seed=seed).requires_grad_() for seed in range(3)]
    mask = draw(2, 1, 2, 3, seed=3).round()
    assert 0 < mask.sum() < mask.numel()
    assert torch.autograd.gradcheck(sampling_correctness, (*inputs, mask))


def test_features_of_nothing_give_a_finite_loss_and_gradient() -> None:
    warped = torch.zeros(1, 3, 2, 2, requires_grad=True)
    loss = sampling_correctness(warped, torch.zeros(1, 3, 2, 2), torch.zeros(1, 3, 2, 2))
    torch.autograd.backward(loss)
    assert loss.isfinite()
    assert warped.grad is not None
    assert warped.grad.isfinite().all()
