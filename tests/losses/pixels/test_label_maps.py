"""Cross-entropy of label maps: weights, labels that do not count, gradients."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from retouch.losses.discounted import discount_weights
from retouch.losses.pixels.label_maps import label_cross_entropy

torch.set_num_threads(1)


def draw(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def draw_labels(n_classes: int, *shape: int) -> Tensor:
    return torch.randint(n_classes, shape, generator=torch.Generator().manual_seed(3))


def test_it_is_torch_s_with_weights_of_classes_and_a_label_to_ignore() -> None:
    logits, labels = draw(2, 4, 5, 6), draw_labels(5, 2, 5, 6) - 1  # -1 to 3
    weights = torch.tensor([1.0, 0.0, 2.0, 0.5], dtype=torch.float64)
    expected = functional.cross_entropy(logits, labels, weights, ignore_index=-1)
    torch.testing.assert_close(label_cross_entropy(logits, labels, class_weights=weights), expected)


@pytest.mark.parametrize("label", [-1, 2, 255])
def test_labels_of_no_class_do_not_count(label: int) -> None:
    logits = torch.tensor([[[[0.0, 9.0]], [[0.0, 0.0]]]])
    assert label_cross_entropy(logits, torch.tensor([[[0, label]]])).item() == pytest.approx(math.log(2))


def test_where_nothing_counts_it_is_zero_with_a_gradient_of_zero() -> None:
    logits = draw(1, 3, 2, 2).requires_grad_()
    loss = label_cross_entropy(logits, torch.full((1, 2, 2), -1))
    (slope,) = torch.autograd.grad(loss, logits)
    assert loss.item() == 0
    assert slope.abs().max().item() == 0


def test_places_weigh_by_their_distance_from_what_is_known() -> None:
    # weights 1, 1/2; entropies log 2 and log(1 + e^-2): the weighted mean
    mask = torch.tensor([[[[0.0, 1.0, 1.0]]]])
    logits = torch.zeros(1, 2, 1, 3)
    logits[0, 0, 0, 2] = 2.0
    weights = discount_weights(mask, discount=0.5)
    expected = (math.log(2) + 0.5 * math.log(1 + math.exp(-2))) / 1.5
    found = label_cross_entropy(logits, torch.zeros(1, 1, 3, dtype=torch.long), place_weights=weights)
    assert found.item() == pytest.approx(expected)


def test_a_sure_and_right_answer_costs_nothing() -> None:
    labels = draw_labels(3, 1, 4, 4)
    logits = 1000 * functional.one_hot(labels, 3).permute(0, 3, 1, 2).double()
    assert label_cross_entropy(logits, labels).item() == 0


def test_the_gradient_agrees_with_finite_differences() -> None:
    labels, weights = draw_labels(4, 2, 3, 3) - 1, draw(2, 1, 3, 3, seed=2).abs()
    assert torch.autograd.gradcheck(
        lambda x: label_cross_entropy(x, labels, place_weights=weights), (draw(2, 3, 3, 3).requires_grad_(),)
    )
