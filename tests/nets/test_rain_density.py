"""The rain-density classifier of DID-MDN."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional

from retouch.errors import InputError, WeightsError
from retouch.nets.official import load_official
from retouch.nets.restoration.didmdn_residual import RainEstimator
from retouch.nets.restoration.rain_density import (
    estimate_density,
    rain_density_full,
    rain_density_tiny,
)

torch.set_num_threads(1)
OFFICIAL = {
    "feature.0": (64, 3, 3, 3),
    "feature.1": (64,),
    "conv16": (24, 64, 3, 3),
    "dense_classifier": (512, 127_896),
    "dense_classifier1": (4, 512),
}
"""The released layers, as the public code builds them, and the shapes of their weights."""


def test_the_published_net_has_the_parameters_of_its_layers() -> None:
    with torch.device("meta"):
        net = rain_density_full()
    # 3x3x3x64 + 64, twice 64, 3x3x64x24 + 24, 24x73x73x512 + 512, 512x4 + 4
    assert sum(parameter.numel() for parameter in net.parameters()) == 65_501_084


def test_the_published_net_takes_the_released_keys() -> None:
    with torch.device("meta"):
        net = rain_density_full()
        state = {f"{layer}.weight": torch.empty(shape) for layer, shape in OFFICIAL.items()}
        state |= {f"{layer}.bias": torch.empty(shape[0]) for layer, shape in OFFICIAL.items()}
        state |= {f"feature.1.running_{what}": torch.empty(64) for what in ("mean", "var")}
        state["feature.1.num_batches_tracked"] = torch.empty(())
        load_official(net, state)
        with pytest.raises(WeightsError, match="not those of RainDensityClassifier"):
            load_official(net, {"other.weight": torch.empty(3)})


@torch.no_grad()
def test_cells_are_those_of_the_authors_pooling() -> None:
    # 115 px hold 16 cells of 7 px and 3 px that belong to none, as 512 px hold 73 cells and 1 px
    net, x = rain_density_tiny().eval(), torch.rand(2, 3, 115, 115)
    pooled = functional.avg_pool2d(functional.relu(net.narrow(net.features(x))), 7)
    expected = net.judge(functional.relu(net.hidden(pooled.flatten(1))))
    torch.testing.assert_close(net(x), expected)


@torch.no_grad()
@pytest.mark.parametrize("size", [(16, 16), (17, 40), (64, 33)])
def test_pictures_of_any_size_get_one_of_three_densities(size: tuple[int, int]) -> None:
    net = rain_density_tiny().eval()
    densities = estimate_density(RainEstimator().eval(), net, torch.rand(2, 3, *size))
    assert set(densities.tolist()) <= {1.0, 2.0, 3.0}


def test_pictures_smaller_than_the_cells_are_refused() -> None:
    with pytest.raises(InputError, match="from 16 pixels a side, got 15 x 20"):
        rain_density_tiny()(torch.rand(1, 3, 15, 20))


def test_every_parameter_gets_a_finite_gradient() -> None:
    net = rain_density_tiny()
    torch.autograd.backward(functional.cross_entropy(net(torch.rand(3, 3, 20, 20)), torch.tensor([0, 1, 2])))
    for name, parameter in net.named_parameters():
        assert parameter.grad is not None, name
        assert torch.isfinite(parameter.grad).all(), name


def test_strokes_of_three_numbers_are_told_apart_after_a_few_steps() -> None:
    labels = torch.arange(3).repeat(8)
    chance = torch.tensor([0.3, 0.1, 0.02])[labels]  # heavy, medium, light
    pictures = (torch.rand(24, 1, 32, 32) < chance[:, None, None, None]).float().expand(-1, 3, -1, -1)
    net: nn.Module = rain_density_tiny()
    optimiser = torch.optim.Adam(net.parameters(), lr=1e-3)
    for _ in range(20):
        optimiser.zero_grad()
        torch.autograd.backward(functional.cross_entropy(net(pictures), labels))
        optimiser.step()
    assert (net(pictures).argmax(dim=1) == labels).float().mean() >= 0.85
