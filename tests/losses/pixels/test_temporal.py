"""Losses of successive frames."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from retouch.losses.pixels.temporal import flow_l1, temporal_l1, visibility

torch.set_num_threads(1)


def draw(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_what_is_carried_right_costs_nothing() -> None:
    frame, flow = draw(2, 3, 4, 4), draw(2, 2, 4, 4)
    assert temporal_l1(frame, frame).item() == 0
    assert flow_l1(flow, flow).item() == 0
    assert torch.equal(visibility(frame, frame), torch.ones_like(frame[:, :1]))


def test_what_the_other_frame_does_not_show_hardly_counts() -> None:
    # white instead of black in three channels: exp(-50 * 3)
    assert visibility(torch.ones(1, 3, 1, 1), torch.zeros(1, 3, 1, 1)).item() == pytest.approx(math.exp(-150))


def test_only_places_with_a_weight_count() -> None:
    # errors 1 and 3 with weights 3 and 1 over two channels each: (3 + 3) / 4
    error = torch.tensor([[[[1.0, 3.0]]]]).expand(1, 2, 1, 2)
    weights = torch.tensor([[[[3.0, 1.0]]]])
    assert temporal_l1(error, 0 * error, weights).item() == 1.5
    assert flow_l1(error, 0 * error, weights).item() == 1.5
    assert flow_l1(error, 0 * error, 0 * weights).item() == 0


def test_gradients_agree_with_finite_differences() -> None:
    target, weights = draw(1, 2, 3, 3, seed=1), draw(1, 1, 3, 3, seed=2)
    for loss in (temporal_l1, flow_l1):
        assert torch.autograd.gradcheck(lambda x, f=loss: f(x, target, weights), (draw(1, 2, 3, 3).requires_grad_(),))
    assert torch.autograd.gradcheck(
        lambda x: visibility(x, target, sharpness=2.0), (draw(1, 2, 3, 3).requires_grad_(),)
    )
