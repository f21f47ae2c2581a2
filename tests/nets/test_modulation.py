"""Spatial modulation: normalised features under a condition map."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from retouch.nets.layers.norms.modulation import SpatialModulation

torch.set_num_threads(1)


def draw(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


def seeded() -> SpatialModulation:
    torch.manual_seed(0)
    return SpatialModulation(5, 3, n_hidden=8)


def normalised(x: Tensor) -> Tensor:
    """Return each channel of each picture with mean 0 and variance 1, written out."""
    mean = x.mean(dim=(2, 3), keepdim=True)
    return (x - mean) / ((x - mean).square().mean(dim=(2, 3), keepdim=True) + 1e-5).sqrt()


@torch.no_grad()
def test_constant_labels_are_an_affine_normalisation() -> None:
    layer, x = seeded(), draw(2, 5, 9, 7)
    labels = torch.tensor([0.0, 1.0, 0.0])[None, :, None, None].expand(2, 3, 9, 7)
    # With a constant map the 3 x 3 convolutions are products with the sums of their kernels.
    conv = layer.hidden.get_submodule("0")
    hidden = (conv.get_parameter("weight").sum(dim=(2, 3))[:, 1] + conv.get_parameter("bias")).relu()
    scale, offset = (
        part.weight.sum(dim=(2, 3)) @ hidden + part.get_parameter("bias") for part in (layer.gamma, layer.beta)
    )
    expected = normalised(x) * (1 + scale)[:, None, None] + offset[:, None, None]
    torch.testing.assert_close(layer(x, labels), expected, atol=1e-5, rtol=1e-5)


@torch.no_grad()
def test_no_strength_leaves_the_features_normalised() -> None:
    layer, x = seeded(), draw(2, 5, 9, 7)
    plain = layer(x, draw(2, 3, 9, 7), torch.zeros(2, 1, 9, 7))
    torch.testing.assert_close(plain, normalised(x), atol=1e-5, rtol=1e-5)


@torch.no_grad()
def test_full_strength_is_the_same_as_none_given() -> None:
    layer, x, condition = seeded(), draw(2, 5, 9, 7), draw(2, 3, 9, 7)
    assert torch.equal(layer(x, condition, torch.ones(2, 1, 9, 7)), layer(x, condition))


@torch.no_grad()
def test_a_label_acts_where_it_stands() -> None:
    layer, x = seeded(), draw(1, 5, 12, 12)
    labels = torch.zeros(1, 3, 12, 12)
    labels[:, 0] = 1
    edited = labels.clone()
    edited[:, :, :, 10:] = edited[:, [1, 0, 2], :, 10:]
    difference = (layer(x, edited) - layer(x, labels)).abs().amax(dim=(0, 1, 2))
    assert difference[:8].max() == 0  # two 3 x 3 convolutions reach two columns
    assert difference[10:].min() > 0


@torch.no_grad()
@pytest.mark.parametrize("size", [(3, 5), (18, 14), (30, 2)])
def test_the_condition_is_resized_to_the_features(size: tuple[int, int]) -> None:
    layer, x, condition = seeded(), draw(1, 5, 9, 7), draw(1, 3, *size)
    resized = torch.nn.functional.interpolate(condition, size=(9, 7), mode="nearest")
    assert torch.equal(layer(x, condition), layer(x, resized))


def test_gradients_agree_with_finite_differences() -> None:
    layer = seeded().double()
    inputs = [draw(2, 5, 3, 4).double(), draw(2, 3, 3, 4, seed=1).double(), draw(2, 1, 3, 4, seed=2).double()]
    assert torch.autograd.gradcheck(layer, [tensor.requires_grad_() for tensor in inputs])


def test_every_parameter_gets_a_finite_gradient() -> None:
    layer = seeded()
    torch.autograd.backward(layer(draw(2, 5, 6, 6), draw(2, 3, 6, 6)).square().mean())
    for name, parameter in layer.named_parameters():
        assert parameter.grad is not None, name
        assert torch.isfinite(parameter.grad).all(), name
        assert parameter.grad.abs().max() > 0, name
