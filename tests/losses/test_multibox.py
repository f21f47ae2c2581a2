"""The MultiBox loss: values one can work out, its optimum, its gradients."""

from __future__ import annotations

import math

import pytest
import torch

from retouch.errors import InputError
from retouch.losses.multibox import class_loss, location_loss

CLASSES = torch.tensor([[2, 0, 0, 0, 0], [0, 0, 1, 1, 0]])


def _sure_logits() -> torch.Tensor:
    """Return logits that are certain of the right class."""
    return torch.nn.functional.one_hot(CLASSES, 3).float() * 200.0


def test_exact_offsets_cost_nothing() -> None:
    offsets = torch.randn(2, 5, 4, generator=torch.Generator().manual_seed(0))
    assert location_loss(offsets, offsets.clone(), CLASSES).item() == 0.0


def test_offsets_of_the_background_do_not_count() -> None:
    wrong = torch.zeros(2, 5, 4)
    wrong[CLASSES == 0] = 100.0
    assert location_loss(wrong, torch.zeros(2, 5, 4), CLASSES).item() == 0.0


def test_a_small_error_is_squared_and_a_large_one_is_not() -> None:
    # Smooth L1: 0.5 * 0.5^2 = 0.125 below 1, |2| - 0.5 = 1.5 above; four coordinates, one matched prior.
    one = torch.tensor([[1]])
    assert location_loss(torch.full((1, 1, 4), 0.5), torch.zeros(1, 1, 4), one).item() == 0.5
    assert location_loss(torch.full((1, 1, 4), 2.0), torch.zeros(1, 1, 4), one).item() == 6.0


def test_certain_and_right_classes_cost_nothing() -> None:
    assert class_loss(_sure_logits(), CLASSES).item() == 0.0


def test_only_the_hardest_backgrounds_count() -> None:
    # One match, hence one negative here: the prior that is sure of class 1 (loss 10 + ln(1 + 2e^-10)), not the others.
    logits = torch.zeros(1, 4, 3)
    logits[0, 0, 1] = logits[0, 1, 0] = logits[0, 2, 1] = logits[0, 3, 0] = 10.0
    classes = torch.tensor([[1, 0, 0, 0]])
    match = math.log(1 + 2 * math.exp(-10))
    expected = match + 10 + match
    assert class_loss(logits, classes, negatives_per_match=1).item() == pytest.approx(expected, abs=1e-5)


def test_negatives_are_counted_per_picture() -> None:
    # Uniform logits: every counted prior costs ln 3. 1 match + 3 negatives, and 2 matches + 3 (all there are): 9 of 3.
    assert class_loss(torch.zeros(2, 5, 3), CLASSES).item() == pytest.approx(9 * math.log(3) / 3, rel=1e-6)


def test_a_batch_without_objects_costs_nothing_and_stays_finite() -> None:
    nothing = torch.zeros(1, 5, dtype=torch.long)
    assert class_loss(torch.randn(1, 5, 3), nothing).item() == 0.0
    assert location_loss(torch.randn(1, 5, 4), torch.zeros(1, 5, 4), nothing).item() == 0.0


def test_gradients_agree_with_differences() -> None:
    generator = torch.Generator().manual_seed(1)
    offsets = torch.randn(2, 5, 4, generator=generator, dtype=torch.float64, requires_grad=True)
    logits = torch.randn(2, 5, 3, generator=generator, dtype=torch.float64, requires_grad=True)
    target = torch.zeros(2, 5, 4, dtype=torch.float64)
    assert torch.autograd.gradcheck(lambda x: location_loss(x, target, CLASSES), offsets)
    assert torch.autograd.gradcheck(lambda x: class_loss(x, CLASSES), logits)


def test_fewer_than_no_negatives_are_refused() -> None:
    with pytest.raises(InputError, match="0 or more"):
        class_loss(torch.zeros(1, 2, 3), torch.tensor([[1, 0]]), negatives_per_match=-1)
