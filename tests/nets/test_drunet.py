"""DRUNet: sizes, weights, and what follows from having no biases."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from retouch.nets.denoising.drunet import DRUNet, drunet_full, drunet_tiny

torch.set_num_threads(1)
PARITY = Path(__file__).parents[3] / "shared" / "data" / "parity"


def n_parameters(net: nn.Module) -> int:
    return sum(parameter.numel() for parameter in net.parameters())


def noise_of(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed))


def level_of(sigma: float) -> Tensor:
    return torch.full((1, 1, 1, 1), sigma / 255)


@pytest.mark.parametrize(("channels", "expected"), [(1, 32_638_656), (3, 32_640_960)])
def test_weights_of_the_published_size(channels: int, expected: int) -> None:
    """Kernels only: 2 * 8 of 3x3 at each of three sizes and 8 at the smallest, 2x2 between, head and tail.

    9 * (16 * (64**2 + 128**2 + 256**2) + 8 * 512**2) = 31 260 672; 8 * (64 * 128 + 128 * 256 + 256 * 512) = 1 376 256;
    9 * 64 * (2 channels + 1) = 1 728 or 4 032.
    """
    with torch.device("meta"):
        assert n_parameters(drunet_full(channels)) == expected == 31_260_672 + 1_376_256 + 576 * (2 * channels + 1)


def test_tiny_stays_below_a_million_weights() -> None:
    assert n_parameters(drunet_tiny()) < 1_000_000


@pytest.mark.parametrize("size", [(64, 64), (37, 53), (1, 1), (3, 17)])
def test_any_size_is_kept(size: tuple[int, int]) -> None:
    assert drunet_tiny().eval()(noise_of(2, 3, *size), level_of(25)).shape == (2, 3, *size)


def test_scaling_picture_and_noise_scales_the_result() -> None:
    """Without biases the net is homogeneous of degree 1; a power of two scales without rounding."""
    net, noisy = drunet_tiny().eval(), noise_of(1, 3, 16, 16)
    torch.testing.assert_close(net(2 * noisy, level_of(50)), 2 * net(noisy, level_of(25)), rtol=0, atol=0)


def test_with_biases_it_does_not() -> None:
    net, noisy = DRUNet(3, (4, 4, 4, 4), 1, bias=True).eval(), noise_of(1, 3, 16, 16)
    assert not torch.allclose(net(2 * noisy, level_of(50)), 2 * net(noisy, level_of(25)))


def test_a_constant_map_is_the_same_as_one_level() -> None:
    net, noisy = drunet_tiny(1).eval(), noise_of(1, 1, 9, 11)
    assert torch.equal(net(noisy, level_of(25).expand(1, 1, 9, 11)), net(noisy, level_of(25)))


def test_every_parameter_gets_a_finite_gradient() -> None:
    net = drunet_tiny().train()
    net(noise_of(2, 3, 16, 16), level_of(25)).square().mean().backward()
    assert all(parameter.grad is not None and parameter.grad.isfinite().all() for parameter in net.parameters())


def test_evaluation_is_repeatable() -> None:
    net, noisy = drunet_tiny().eval(), noise_of(1, 3, 20, 20)
    assert torch.equal(net(noisy, level_of(25)), net(noisy, level_of(25)))


@pytest.mark.shared
@pytest.mark.skipif(not PARITY.exists(), reason=f"{PARITY} is not there")
@pytest.mark.parametrize(("name", "channels"), [("kair-drunet-gray", 1), ("kair-drunet-color", 3)])
def test_full_nets_take_exactly_the_authors_keys(name: str, channels: int) -> None:
    keys = json.loads((PARITY / name / "keys.json").read_text())
    with torch.device("meta"):
        net = drunet_full(channels)
        net.load_state_dict(net.convert_official({key: torch.empty(shape) for key, shape in keys}), strict=True)
