"""Gram matrices and the style loss."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from retouch.losses.style import gram_matrix, style_loss

torch.set_num_threads(1)


def draw(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_the_gram_matrix_holds_the_products_of_channels_over_chw() -> None:
    features = draw(2, 3, 4, 5)
    gram = gram_matrix(features)
    for n in range(2):
        for a in range(3):
            for b in range(3):
                product = (features[n, a] * features[n, b]).sum() / (3 * 4 * 5)
                torch.testing.assert_close(gram[n, a, b], product)


def test_style_ignores_where_things_are() -> None:
    features = draw(1, 3, 4, 4)
    shuffled = features.flatten(2)[..., torch.randperm(16, generator=torch.Generator().manual_seed(1))].view(1, 3, 4, 4)
    assert style_loss([shuffled], [features]).item() == pytest.approx(0, abs=1e-15)
    assert style_loss([features + 0.1], [features]).item() > 0.01


def test_layers_are_summed_and_one_too_few_is_an_error() -> None:
    a, b = draw(1, 2, 3, 3), draw(1, 4, 2, 2, seed=1)
    both = style_loss([a, b], [0 * a, 0 * b])
    torch.testing.assert_close(both, style_loss([a], [0 * a]) + style_loss([b], [0 * b]))
    with pytest.raises(ValueError, match="longer"):
        style_loss([a], [a, b])


def test_the_gradient_agrees_with_finite_differences() -> None:
    target = draw(1, 2, 3, 3, seed=1)
    assert torch.autograd.gradcheck(lambda x: style_loss([x], [target]), (draw(1, 2, 3, 3).requires_grad_(),))
