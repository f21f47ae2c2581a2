"""Fingerprint baseline and hcilab's eight stages."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from retouch.nets.restoration.fingerprint_baseline import (
    FingerprintAutoencoder,
    fingerprint_baseline_full,
    fingerprint_baseline_tiny,
    fingerprint_stage,
    iterative_fingerprints_full,
    iterative_fingerprints_tiny,
)

torch.set_num_threads(1)
TINY: list[Callable[[], nn.Module]] = [fingerprint_baseline_tiny, iterative_fingerprints_tiny]


def draw(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


def n_parameters(net: nn.Module) -> int:
    return sum(parameter.numel() for parameter in net.parameters())


def seeded(make: Callable[[], nn.Module]) -> nn.Module:
    torch.manual_seed(0)
    return make().eval()


def test_the_published_baseline_has_the_published_number_of_parameters() -> None:
    with torch.device("meta"):
        assert n_parameters(fingerprint_baseline_full()) == 1_673_729


@pytest.mark.parametrize(("n_blocks", "millions"), [(2, 0.19), (5, 0.41), (20, 1.52), (32, 2.41)])
def test_later_stages_have_the_published_numbers_of_parameters(n_blocks: int, millions: float) -> None:
    with torch.device("meta"):
        assert round(n_parameters(fingerprint_stage(n_blocks)) / 1e6, 2) == millions


def test_the_published_iteration_has_eight_stages() -> None:
    with torch.device("meta"):
        net = iterative_fingerprints_full()
        assert len(net.stages) == 8
        assert n_parameters(net) == 9_677_512


@pytest.mark.parametrize("make", TINY)
def test_tiny_nets_are_small(make: Callable[[], nn.Module]) -> None:
    assert n_parameters(make()) < 1_000_000


@torch.no_grad()
@pytest.mark.parametrize("make", TINY)
@pytest.mark.parametrize(("height", "width"), [(64, 64), (50, 35), (37, 54), (1, 1)])
def test_every_size_comes_back_as_it_went_in(make: Callable[[], nn.Module], height: int, width: int) -> None:
    clean = seeded(make)(draw(2, 3, height, width))
    assert clean.shape == (2, 1, height, width)
    assert 0 <= clean.min() <= clean.max() <= 1


def test_the_maps_of_the_published_size_are_those_of_the_table() -> None:
    sizes: list[tuple[int, ...]] = []
    with torch.device("meta"):
        net = FingerprintAutoencoder(widths=(2, 4, 8), n_blocks=1)
        for module in (net.enter, *net.down, net.blocks, *net.settle, net.leave):
            module.register_forward_hook(lambda _module, _inputs, output: sizes.append(tuple(output.shape[2:])))
        net(torch.empty(1, 3, 200, 138))
    assert sizes == [(200, 138), (100, 69), (50, 35), (50, 35), (100, 69), (200, 138), (200, 138)]


@torch.no_grad()
def test_a_head_of_zero_gives_middle_grey() -> None:
    # 127.5 tanh(0) + 127.5 in 0-255.
    torch.manual_seed(0)
    net = fingerprint_baseline_tiny().eval()
    nn.init.zeros_(net.leave.weight)
    assert net.leave.bias is not None
    nn.init.zeros_(net.leave.bias)
    assert torch.equal(net(draw(1, 3, 16, 16)), torch.full((1, 1, 16, 16), 0.5))


@torch.no_grad()
@pytest.mark.parametrize("make", TINY)
def test_the_same_print_gives_the_same_answer_in_evaluation(make: Callable[[], nn.Module]) -> None:
    net, picture = seeded(make), draw(1, 3, 40, 40)
    assert torch.equal(net(picture), net(picture))


@pytest.mark.parametrize("make", TINY)
def test_every_parameter_gets_a_finite_gradient(make: Callable[[], nn.Module]) -> None:
    net = seeded(make).train()
    (net(draw(2, 3, 48, 48)) - draw(2, 1, 48, 48, seed=1)).square().mean().backward()
    for name, weight in net.named_parameters():
        assert weight.grad is not None, name
        assert weight.grad.isfinite().all(), name
        assert weight.dim() == 1 or weight.grad.any(), name  # a bias before a batch norm has no effect
