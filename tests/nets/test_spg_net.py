"""SPG-Net: counts, sizes, what is read, what labels do."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from retouch.nets.semantic.spg_net import SPGNet, spg_net_full, spg_net_tiny

torch.set_num_threads(1)
N_CLASSES = 5


def draw(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


def draw_labels(n: int, height: int, width: int, seed: int = 0) -> Tensor:
    """Return one-hot maps."""
    classes = torch.randint(N_CLASSES, (n, height, width), generator=torch.Generator().manual_seed(seed))
    return functional.one_hot(classes, N_CLASSES).permute(0, 3, 1, 2).float()


def centre_hole(n: int, height: int, width: int) -> Tensor:
    mask = torch.zeros(n, 1, height, width)
    mask[:, :, height // 4 : height - height // 4, width // 4 : width - width // 4] = 1
    return mask


def n_parameters(net: nn.Module) -> int:
    return sum(parameter.numel() for parameter in net.parameters())


def seeded_tiny() -> SPGNet:
    return spg_net_tiny(N_CLASSES, torch.Generator().manual_seed(0)).eval()


def test_the_full_widths_have_the_stated_numbers_of_parameters() -> None:
    with torch.device("meta"):
        net = spg_net_full()
    # EdgeConnect's picture net, 4 -> 3 channels, has 10,774,595: 7 x 7 x 64 for each of 8 more in, and 5 more out.
    assert n_parameters(net.label_net) == 10_774_595 + 49 * 64 * 8 + (49 * 64 + 1) * 5 == 10_815_368
    assert n_parameters(net.picture_net) == 5_792_259
    assert n_parameters(net) == 16_607_627


def test_tiny_stays_below_a_million() -> None:
    assert n_parameters(spg_net_tiny()) < 1_000_000


@torch.no_grad()
@pytest.mark.parametrize(("height", "width"), [(64, 64), (37, 50), (1, 1)])
def test_every_size_comes_back_as_it_went_in(height: int, width: int) -> None:
    guided = seeded_tiny()(draw(1, 3, height, width), centre_hole(1, height, width), draw_labels(1, height, width))
    assert guided.logits.shape == guided.labels.shape == (1, N_CLASSES, height, width)
    assert guided.picture.shape == (1, 3, height, width)
    assert 0 <= guided.picture.min() <= guided.picture.max() <= 1


@torch.no_grad()
def test_the_completed_map_holds_known_labels_and_probabilities() -> None:
    mask, labels = centre_hole(2, 40, 48), draw_labels(2, 40, 48)
    completed = seeded_tiny()(draw(2, 3, 40, 48), mask, labels).labels
    assert torch.equal(completed * (1 - mask), labels * (1 - mask))
    torch.testing.assert_close(completed.sum(dim=1), torch.ones(2, 40, 48))
    assert completed.min() >= 0


@torch.no_grad()
def test_values_under_the_mask_are_never_read() -> None:
    net, mask = seeded_tiny(), centre_hole(1, 40, 48)
    image, labels = draw(1, 3, 40, 48), draw_labels(1, 40, 48)
    spoilt = [x.where(mask == 0, float("nan")) for x in (image, labels)]
    for clean, other in zip(net(image, mask, labels), net(spoilt[0], mask, spoilt[1]), strict=True):
        assert torch.equal(clean, other)


@torch.no_grad()
def test_the_hole_depends_on_picture_and_labels_around_it() -> None:
    net, mask = seeded_tiny(), centre_hole(1, 64, 64)
    image, labels = draw(1, 3, 64, 64), draw_labels(1, 64, 64)
    guided = net(image, mask, labels)
    for changed in (net(draw(1, 3, 64, 64, seed=1), mask, labels), net(image, mask, draw_labels(1, 64, 64, seed=1))):
        assert ((guided.labels - changed.labels).abs() * mask).max() > 1e-3
        assert ((guided.picture - changed.picture).abs() * mask).max() > 1e-3


@torch.no_grad()
def test_edited_labels_paint_another_picture() -> None:
    net, image, mask = seeded_tiny(), draw(1, 3, 64, 64), centre_hole(1, 64, 64)
    labels = draw_labels(1, 64, 64)
    edited = labels.where(mask == 0, labels.roll(1, dims=1))
    assert ((net.paint(image, mask, labels) - net.paint(image, mask, edited)).abs() * mask).max() > 1e-3


def test_every_parameter_gets_a_finite_gradient() -> None:
    net, mask = seeded_tiny().train(), centre_hole(2, 64, 64)
    labels = draw_labels(2, 64, 64)
    guided = net(draw(2, 3, 64, 64), mask, labels)
    torch.autograd.backward(functional.cross_entropy(guided.logits, labels) + guided.picture.square().mean())
    for name, parameter in net.named_parameters():
        assert parameter.grad is not None, name
        assert torch.isfinite(parameter.grad).all(), name
        if not name.endswith("bias"):  # instance normalisation takes away what a bias adds
            assert parameter.grad.abs().max() > 0, name


def test_the_picture_teaches_the_label_net_too() -> None:
    net, mask = seeded_tiny().train(), centre_hole(1, 32, 32)
    torch.autograd.backward(net(draw(1, 3, 32, 32), mask, draw_labels(1, 32, 32)).picture.square().mean())
    head = net.label_net.get_parameter("head.weight")
    assert head.grad is not None
    assert head.grad.abs().max() > 0


@torch.no_grad()
def test_evaluation_is_repeatable() -> None:
    net, mask = seeded_tiny(), centre_hole(1, 32, 32)
    image, labels = draw(1, 3, 32, 32), draw_labels(1, 32, 32)
    assert torch.equal(net(image, mask, labels).picture, net(image, mask, labels).picture)
