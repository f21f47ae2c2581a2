"""CBDNet: sizes, weights, the strength of its result."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from retouch.nets.denoising.cbdnet import cbdnet_full, cbdnet_tiny

torch.set_num_threads(1)
PARITY = Path(__file__).parents[3] / "shared" / "data" / "parity"


def n_parameters(net: nn.Module) -> int:
    return sum(parameter.numel() for parameter in net.parameters())


def noise_of(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed))


def test_published_widths_have_the_sheets_numbers_of_weights() -> None:
    """29 507 in the estimator and 4 335 875 in the denoiser, 4.37 M together."""
    with torch.device("meta"):
        net = cbdnet_full()
    assert n_parameters(net.estimator) == 29_507
    assert n_parameters(net.denoiser) == 4_335_875
    assert n_parameters(net) == 4_365_382


def test_tiny_stays_below_a_million_weights() -> None:
    assert n_parameters(cbdnet_tiny()) < 1_000_000


@pytest.mark.parametrize("size", [(64, 64), (37, 53), (4, 4), (5, 30)])
def test_any_size_from_4_pixels_is_kept(size: tuple[int, int]) -> None:
    noise_map, clean = cbdnet_tiny().eval()(noise_of(2, 3, *size))
    assert noise_map.shape == clean.shape == (2, 3, *size)


def test_noise_maps_are_never_negative() -> None:
    noise_map, _ = cbdnet_tiny().eval()(noise_of(2, 3, 16, 16) - 0.5)
    assert noise_map.min() >= 0


def test_a_last_layer_of_zeros_returns_the_noisy_picture() -> None:
    net, noisy = cbdnet_tiny().eval(), noise_of(1, 3, 16, 16)
    nn.init.zeros_(net.denoiser.tail.weight)
    nn.init.zeros_(net.denoiser.tail.get_parameter("bias"))
    assert torch.equal(net(noisy)[1], noisy)


def test_strength_multiplies_the_map_that_the_denoiser_sees() -> None:
    net, noisy = cbdnet_tiny().eval(), noise_of(1, 3, 16, 16)
    noise_map, clean = net(noisy, strength=1.5)
    assert torch.equal(noise_map, net(noisy)[0])
    assert torch.equal(clean, noisy + net.denoiser(torch.cat([noisy, 1.5 * noise_map], 1)))


def test_every_parameter_gets_a_finite_gradient() -> None:
    torch.manual_seed(0)
    net = cbdnet_tiny().train()
    noise_map, clean = net(noise_of(2, 3, 16, 16))
    (noise_map.mean() + clean.square().mean()).backward()
    assert all(parameter.grad is not None and parameter.grad.isfinite().all() for parameter in net.parameters())


def test_evaluation_is_repeatable() -> None:
    net, noisy = cbdnet_tiny().eval(), noise_of(1, 3, 20, 20)
    assert torch.equal(net(noisy)[1], net(noisy)[1])


@pytest.mark.shared
@pytest.mark.skipif(not PARITY.exists(), reason=f"{PARITY} is not there")
def test_the_full_net_takes_exactly_the_ports_keys() -> None:
    keys = json.loads((PARITY / "cbdnet" / "keys.json").read_text())
    with torch.device("meta"):
        net = cbdnet_full()
        net.load_state_dict(net.convert_official({key: torch.empty(shape) for key, shape in keys}), strict=True)
