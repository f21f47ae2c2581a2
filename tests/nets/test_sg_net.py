"""SG-Net and SGE-Net: three scales, guidance by labels, confidence in them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from retouch.nets.semantic.sg_net import (
    SemanticGuidance,
    SGNet,
    confidence,
    sg_net_full,
    sg_net_tiny,
    sge_net_full,
    sge_net_tiny,
)

torch.set_num_threads(1)
N_CLASSES = 5
Build = Callable[[int, torch.Generator], SGNet]
TINY = pytest.mark.parametrize("build", [sg_net_tiny, sge_net_tiny])


def draw(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


def centre_hole(n: int, height: int, width: int) -> Tensor:
    mask = torch.zeros(n, 1, height, width)
    mask[:, :, height // 4 : height - height // 4, width // 4 : width - width // 4] = 1
    return mask


def n_parameters(net: nn.Module) -> int:
    return sum(parameter.numel() for parameter in net.parameters())


def seeded(build: Build) -> SGNet:
    return build(N_CLASSES, torch.Generator().manual_seed(0)).eval()


def test_the_full_widths_have_the_stated_number_of_parameters() -> None:
    with torch.device("meta"):
        assert n_parameters(sg_net_full()) == n_parameters(sge_net_full()) == 25_616_801


def test_tiny_stays_below_a_million() -> None:
    assert n_parameters(sge_net_tiny()) < 1_000_000


@torch.no_grad()
@TINY
@pytest.mark.parametrize(("height", "width"), [(64, 64), (37, 50), (1, 1)])
def test_every_size_comes_back_with_two_smaller_ones(build: Build, height: int, width: int) -> None:
    pictures, logits = seeded(build)(draw(1, 3, height, width), centre_hole(1, height, width))
    padded = [max(32, -(-side // 8) * 8) for side in (height, width)]
    sizes = [(padded[0] // 4, padded[1] // 4), (padded[0] // 2, padded[1] // 2), (height, width)]
    assert [tuple(picture.shape) for picture in pictures] == [(1, 3, *size) for size in sizes]
    assert [tuple(scores.shape) for scores in logits] == [(1, N_CLASSES, *size) for size in sizes]
    for picture in pictures:
        assert 0 <= picture.min() <= picture.max() <= 1


@torch.no_grad()
@TINY
def test_values_under_the_mask_are_never_read(build: Build) -> None:
    net, image, mask = seeded(build), draw(1, 3, 40, 48), centre_hole(1, 40, 48)
    clean, other = net(image, mask), net(image.where(mask == 0, float("nan")), mask)
    for a, b in zip(clean.pictures + clean.logits, other.pictures + other.logits, strict=True):
        assert torch.equal(a, b)


@torch.no_grad()
@TINY
def test_the_hole_depends_on_what_is_around_it(build: Build) -> None:
    net, mask = seeded(build), centre_hole(1, 64, 64)
    first, second = (net(draw(1, 3, 64, 64, seed=seed), mask) for seed in (0, 1))
    assert ((first.pictures[-1] - second.pictures[-1]).abs() * mask).max() > 1e-3
    assert ((first.logits[-1] - second.logits[-1]).abs() * mask).max() > 1e-3


@TINY
def test_every_parameter_gets_a_finite_gradient(build: Build) -> None:
    net, mask = seeded(build).train(), centre_hole(2, 64, 64)
    pictures, logits = net(draw(2, 3, 64, 64), mask)
    terms = [picture.square().mean() for picture in pictures]
    terms += [functional.cross_entropy(scores, torch.zeros_like(scores[:, 0]).long()) for scores in logits]
    torch.autograd.backward(torch.stack(terms).sum())
    for name, parameter in net.named_parameters():
        assert parameter.grad is not None, name
        assert torch.isfinite(parameter.grad).all(), name
        if not name.endswith("bias"):  # instance normalisation takes away what a bias adds
            assert parameter.grad.abs().max() > 0, name


@torch.no_grad()
@TINY
def test_evaluation_is_repeatable(build: Build) -> None:
    net, image, mask = seeded(build), draw(1, 3, 32, 32), centre_hole(1, 32, 32)
    assert torch.equal(net(image, mask).pictures[-1], net(image, mask).pictures[-1])


@torch.no_grad()
@TINY
def test_labels_of_a_coarse_scale_guide_the_next_ones_only(build: Build) -> None:
    net, image, mask = seeded(build), draw(1, 3, 64, 64), centre_hole(1, 64, 64)
    before = net(image, mask)
    bias = net.to_labels[0].get_parameter("bias")
    bias.copy_(torch.tensor([3.0, 0, 0, 0, 0]))  # the first class gains at the coarsest scale
    after = net(image, mask)
    assert torch.equal(before.pictures[0], after.pictures[0])
    assert not torch.equal(before.pictures[1], after.pictures[1])
    assert not torch.equal(before.logits[2], after.logits[2])


def test_confidence_is_none_for_equal_classes_and_full_for_one() -> None:
    equal, one = torch.full((1, 4, 2, 2), 0.25), torch.zeros(1, 4, 2, 2)
    one[:, 2] = 1
    assert confidence(equal).abs().max() == 0
    assert (confidence(one) == 1).all()


def test_confidence_is_linear_in_the_largest_probability() -> None:
    # C = 4: (4 x 0.55 - 1) / 3 = 0.4
    labels = torch.tensor([0.55, 0.15, 0.15, 0.15]).reshape(1, 4, 1, 1)
    assert confidence(labels).item() == pytest.approx(0.4, abs=1e-6)


@torch.no_grad()
def test_labels_that_are_not_trusted_leave_features_merely_normalised() -> None:
    torch.manual_seed(0)
    guide, features = SemanticGuidance(6, 4, 8, evaluate=True), draw(1, 6, 8, 8)
    equal = torch.full((1, 4, 8, 8), 0.25)
    expected = guide.refine(functional.instance_norm(features).relu())
    torch.testing.assert_close(guide(features, equal), expected)


@torch.no_grad()
def test_labels_without_a_doubt_guide_as_if_they_were_not_evaluated() -> None:
    torch.manual_seed(0)
    guide, features = SemanticGuidance(6, 4, 8, evaluate=True), draw(1, 6, 8, 8)
    sure = functional.one_hot(draw(1, 8, 8, seed=1).mul(4).long(), 4).permute(0, 3, 1, 2).float()
    guided = guide(features, sure)
    guide.evaluate = False
    assert torch.equal(guided, guide(features, sure))
