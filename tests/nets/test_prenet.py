"""PReNet: sizes, weights, stages, and its published weights on made rain."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter
from torch import Tensor, nn
from torch.nn import functional

from retouch.io.pictures.reading import open_image
from retouch.io.weights.state_dicts import read_state_dict
from retouch.nets.restoration.prenet import PReNet, prenet_full, prenet_tiny

torch.set_num_threads(1)
SHARED = Path(__file__).parents[3] / "shared" / "data"


def picture_of(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed))


def test_the_published_net_has_168_963_weights() -> None:
    """15 convolutions, most of 9 * 32 * 32 + 32, four of 9 * 64 * 32 + 32, 6 channels in and 3 out."""
    expected = 9 * 6 * 32 + 32 + 10 * (9 * 32 * 32 + 32) + 4 * (9 * 64 * 32 + 32) + 9 * 32 * 3 + 3
    assert sum(parameter.numel() for parameter in prenet_full().parameters()) == expected == 168_963


@pytest.mark.parametrize("size", [(64, 64), (37, 53), (1, 1), (1, 9)])
def test_any_size_is_kept(size: tuple[int, int]) -> None:
    assert prenet_tiny().eval()(picture_of(2, 3, *size)).shape == (2, 3, *size)


def test_the_result_is_the_last_of_the_stages() -> None:
    net, rainy = prenet_tiny().eval(), picture_of(1, 3, 16, 16)
    stages = net.stages(rainy)
    assert len(stages) == 3
    assert torch.equal(net(rainy), stages[-1])
    assert not torch.equal(stages[0], stages[1])


def test_fewer_stages_give_the_earlier_estimates() -> None:
    net, rainy = prenet_tiny().eval(), picture_of(1, 3, 16, 16)
    three = net.stages(rainy)
    net.n_stages = 2
    assert torch.equal(net(rainy), three[1])


def test_an_estimate_of_nothing_returns_the_rainy_picture() -> None:
    net, rainy = prenet_tiny().eval(), picture_of(1, 3, 8, 8)
    for parameter in net.exit.parameters():
        nn.init.zeros_(parameter)
    assert torch.equal(net(rainy), rainy)


def test_every_parameter_gets_a_finite_gradient() -> None:
    net = prenet_tiny().train()
    loss = torch.stack(net.stages(picture_of(2, 3, 16, 16))).square().mean()
    torch.autograd.backward(loss)
    assert all(parameter.grad is not None and parameter.grad.isfinite().all() for parameter in net.parameters())


def test_evaluation_is_repeatable() -> None:
    net, rainy = prenet_tiny().eval(), picture_of(1, 3, 20, 20)
    assert torch.equal(net(rainy), net(rainy))


def made_rain(height: int, width: int) -> Tensor:
    """Sparse drops smeared along 25 pixels of a slanted line and slightly out of focus, 0.16 bright in the middle."""
    drops = np.random.default_rng(0).random((height, width)) > 0.997
    smear = np.zeros((27, 13), np.float32)
    rows = np.arange(1, 26)
    smear[rows, np.round(np.linspace(2, 10, 25)).astype(int)] = 6 / 25
    kernel = torch.from_numpy(gaussian_filter(smear, 0.6))[None, None]
    return functional.conv2d(torch.from_numpy(drops.astype(np.float32))[None, None], kernel, padding=(13, 6))


@pytest.mark.shared
@pytest.mark.skipif(not SHARED.exists(), reason=f"{SHARED} is not there")
def test_published_weights_take_off_made_rain() -> None:
    """The rain of Rain100L is other than this, so only 3 dB are asked for; the last stage beats the first."""
    path = SHARED / "models" / "prenet-derain" / "Rain100L_PReNet6_net_latest.pth"
    net = prenet_full().eval()
    state = {name: torch.from_numpy(array.copy()) for name, array in read_state_dict(path).items()}
    net.load_state_dict(PReNet.convert_official(state), strict=True)
    photo = open_image(SHARED / "denoise-cbsd68" / "101085.png").to_float()[50:178, 50:178]
    clean = torch.from_numpy(photo).movedim(-1, 0)[None]
    rainy = (clean + made_rain(128, 128)).clamp(0, 1)
    with torch.no_grad():
        errors = [(stage - clean).square().mean().item() for stage in net.stages(rainy)]
    assert errors[-1] < errors[0]
    assert 10 * math.log10((rainy - clean).square().mean().item() / errors[-1]) >= 3
