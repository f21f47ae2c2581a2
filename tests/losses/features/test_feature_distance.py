"""Distances of feature maps over layers."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from retouch.errors import InputError
from retouch.losses.features.distance import feature_distance
from retouch.losses.lama import feature_matching

torch.set_num_threads(1)


def draw(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_equal_features_cost_nothing() -> None:
    maps = [draw(1, 2, 4, 4), draw(1, 4, 2, 2)]
    assert feature_distance(maps, maps).item() == 0
    assert feature_distance(maps, maps, squared=False).item() == 0


def test_a_layer_counts_by_its_mean_whatever_its_size() -> None:
    # errors 3 in 2 values and 1 in 64: 9 + 1
    ours = [torch.full((1, 2, 1, 1), 3.0), torch.ones(1, 4, 4, 4)]
    theirs = [torch.zeros(1, 2, 1, 1), torch.zeros(1, 4, 4, 4)]
    assert feature_distance(ours, theirs).item() == 10
    assert feature_distance(ours, theirs, squared=False, weights=[2.0, 0.0]).item() == 6


def test_over_the_number_of_layers_it_is_lama_s_feature_matching() -> None:
    ours, theirs = ([draw(2, 3, 4, 4, seed=seed), draw(2, 6, 2, 2, seed=seed)] for seed in (0, 1))
    torch.testing.assert_close(feature_distance(ours, theirs) / 2, feature_matching(ours, theirs))


def test_layers_by_name_may_come_in_any_order() -> None:
    a, b = draw(1, 2, 2, 2), draw(1, 2, 2, 2, seed=1)
    assert feature_distance({"x": a, "y": b}, {"y": b, "x": a}).item() == 0


def test_other_layers_are_refused() -> None:
    a = draw(1, 2, 2, 2)
    with pytest.raises(InputError, match="got x and y"):
        feature_distance({"x": a}, {"y": a})
    with pytest.raises(InputError, match="got 1 and 2 layers"):
        feature_distance([a], [a, a])
    with pytest.raises(InputError, match="one of each"):
        feature_distance([a], {"x": a})
    with pytest.raises(InputError, match="1 layers and 2 weights"):
        feature_distance([a], [a], weights=[1.0, 2.0])


def test_the_gradient_agrees_with_finite_differences() -> None:
    theirs = [draw(1, 2, 3, 3, seed=1), draw(1, 2, 2, 2, seed=2)]
    maps = draw(1, 2, 3, 3).requires_grad_(), draw(1, 2, 2, 2).requires_grad_()
    for squared in (True, False):
        assert torch.autograd.gradcheck(
            lambda a, b, how=squared: feature_distance([a, b], theirs, squared=how, weights=[1.0, 0.5]), maps
        )
