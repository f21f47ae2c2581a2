"""DnCNN, FDnCNN and IRCNN, with their published weights."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from retouch.nets.denoising.dncnn import (
    DnCNN,
    FDnCNN,
    conv_chain,
    dncnn_blind_full,
    dncnn_full,
    dncnn_tiny,
    fdncnn_full,
    fdncnn_tiny,
    ircnn_full,
    ircnn_tiny,
    merge_batch_norm,
)
from retouch.nets.export.loading import load_checkpoint

torch.set_num_threads(1)
SHARED = Path(__file__).parents[3] / "shared" / "data"
shared = pytest.mark.skipif(not SHARED.exists(), reason=f"{SHARED} is not there")


def n_parameters(net: nn.Module) -> int:
    return sum(parameter.numel() for parameter in net.parameters())


def noise_of(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed))


def with_used_statistics(net: DnCNN) -> DnCNN:
    """Give batch norm running statistics and weights that are not 0 and 1."""
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for layer in net.modules():
            if isinstance(layer, nn.BatchNorm2d):
                for values in (layer.weight, layer.bias, layer.running_mean, layer.running_var):
                    assert values is not None
                    values.uniform_(0.5, 1.5, generator=generator)
    return net


def test_merged_grey_17_layers_have_555_137_weights() -> None:
    """9 * 64 + 64, 15 times 9 * 64 * 64 + 64, 9 * 64 + 1 (and as measured on the published file)."""
    with torch.device("meta"):
        assert n_parameters(DnCNN(batch_norm=False)) == 555_137


def test_merged_blind_grey_20_layers_have_665_921_weights() -> None:
    with torch.device("meta"):
        assert n_parameters(DnCNN(depth=20, batch_norm=False)) == 665_921


def test_batch_norm_stands_on_all_but_the_first_and_the_last_convolution() -> None:
    """15 layers with 64 scales and 64 offsets each; 18 for the blind net."""
    with torch.device("meta"):
        assert n_parameters(dncnn_full()) == 555_137 + 15 * 128
        assert n_parameters(dncnn_blind_full()) == 665_921 + 18 * 128


@pytest.mark.parametrize("build", [dncnn_tiny, ircnn_tiny, fdncnn_tiny])
def test_tiny_nets_stay_below_a_million_weights(build: Callable[[], nn.Module]) -> None:
    assert n_parameters(build()) < 1_000_000


@pytest.mark.parametrize("build", [dncnn_tiny, ircnn_tiny])
@pytest.mark.parametrize("size", [(64, 64), (37, 53), (1, 1), (1, 9)])
def test_any_size_is_kept(build: Callable[[], nn.Module], size: tuple[int, int]) -> None:
    assert build().eval()(noise_of(2, 3, *size)).shape == (2, 3, *size)


def test_fdncnn_takes_one_level_per_picture_or_a_map() -> None:
    net = fdncnn_tiny(channels=1).eval()
    noisy, level = noise_of(2, 1, 9, 11), torch.tensor([0.1, 0.2])[:, None, None, None]
    torch.testing.assert_close(net(noisy, level), net(noisy, level.expand(2, 1, 9, 11)), rtol=0, atol=0)


def test_the_noise_level_reaches_fdncnn() -> None:
    net = fdncnn_tiny(channels=1).eval()
    noisy = noise_of(1, 1, 9, 11)
    low, high = (net(noisy, torch.full((1, 1, 1, 1), level)) for level in (0.0, 0.5))
    assert not torch.allclose(low, high)


def test_a_net_of_zeros_returns_the_noisy_picture() -> None:
    """The chain estimates noise; without any it must give the input back."""
    net = dncnn_tiny().eval()
    for parameter in net.parameters():
        nn.init.zeros_(parameter)
    noisy = noise_of(1, 3, 8, 8)
    torch.testing.assert_close(net(noisy), noisy, rtol=0, atol=0)


def test_merging_batch_norm_keeps_the_function_and_the_net() -> None:
    """Folding is exact; float32 leaves rounding of about 1e-6."""
    net = with_used_statistics(DnCNN(1, width=8, depth=5)).train()
    noisy = noise_of(1, 1, 16, 16)
    merged = merge_batch_norm(net)
    assert all(layer.training for layer in net.modules())
    assert not any(isinstance(layer, nn.BatchNorm2d) for layer in merged.modules())
    torch.testing.assert_close(merged(noisy), net.eval()(noisy), rtol=1e-5, atol=1e-5)


def test_dncnn_17_sees_17_pixels_to_each_side() -> None:
    """The receptive field is 2 * 17 + 1 = 35 pixels: pixel 17 away still counts, pixel 18 away does not."""
    net = DnCNN(1, width=4, depth=17, batch_norm=False, generator=torch.Generator().manual_seed(0)).double()
    noisy = noise_of(1, 1, 1, 51).double().requires_grad_()
    (gradient,) = torch.autograd.grad(net(noisy)[0, 0, 0, 25], noisy)
    touched = gradient[0, 0, 0].nonzero().flatten()
    assert touched.min() >= 25 - 17
    assert touched.max() <= 25 + 17
    assert touched.numel() > 20


def test_dilations_widen_the_field() -> None:
    """1 + 2 + 3 + 4 + 3 + 2 + 1 = 16 pixels to each side."""
    net = ircnn_tiny(channels=1)
    reach = sum(layer.dilation[0] for layer in net.model if isinstance(layer, nn.Conv2d))
    assert reach == 16


def test_weights_start_at_the_papers_spread() -> None:
    """N(0, sqrt(2 / (9 * 64))): the sample deviation of 36 864 weights is within 2 % of it."""
    chain = conv_chain((64, 64), 64, [1, 1], generator=torch.Generator().manual_seed(0))
    convolution = chain[0]
    assert isinstance(convolution, nn.Conv2d)
    assert convolution.weight.std().item() == pytest.approx(math.sqrt(2 / (9 * 64)), rel=0.02)


def test_the_same_generator_gives_the_same_weights() -> None:
    one, other = (DnCNN(1, 8, 4, generator=torch.Generator().manual_seed(7)).state_dict() for _ in range(2))
    for name, values in one.items():
        torch.testing.assert_close(values, other[name], rtol=0, atol=0)


@pytest.mark.parametrize("build", [dncnn_tiny, ircnn_tiny])
def test_every_parameter_gets_a_finite_gradient(build: Callable[[], nn.Module]) -> None:
    net = build().train()
    net(noise_of(2, 3, 16, 16)).square().mean().backward()
    for name, parameter in net.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.isfinite().all(), name


def test_evaluation_is_repeatable() -> None:
    net, noisy = dncnn_tiny().eval(), noise_of(1, 3, 20, 20)
    torch.testing.assert_close(net(noisy), net(noisy), rtol=0, atol=0)


@pytest.mark.shared
@shared
@pytest.mark.parametrize(
    ("name", "build"),
    [
        ("kair-dncnn", lambda: DnCNN(batch_norm=False)),
        ("kair-dncnn-merged", lambda: DnCNN(3, depth=20, batch_norm=False)),
        ("kair-fdncnn", fdncnn_full),
        ("kair-ircnn", ircnn_full),
    ],
)
def test_full_nets_take_exactly_the_authors_keys(name: str, build: Callable[[], DnCNN | FDnCNN]) -> None:
    keys = json.loads((SHARED / "parity" / name / "keys.json").read_text())
    with torch.device("meta"):
        net = build()
        net.load_state_dict(net.convert_official({key: torch.empty(shape) for key, shape in keys}), strict=True)


@pytest.mark.shared
@shared
@pytest.mark.parametrize(
    ("name", "channels", "depth"), [("DnCNN_sigma25", 1, 17), ("GD_Gray_Blind", 1, 20), ("GD_Color_Blind", 3, 20)]
)
def test_published_files_fill_the_nets_and_remove_noise(name: str, channels: int, depth: int) -> None:
    """A grey ramp with sigma 25 of noise, 20.2 dB, is smooth: at least 10 dB must be gained."""
    net = DnCNN(channels, depth=depth, batch_norm=False).eval()
    load_checkpoint(net, SHARED / "models" / "dncnn" / f"{name}.mat")
    clean = torch.linspace(0.2, 0.8, 48).expand(1, channels, 48, 48)
    noisy = clean + torch.randn(clean.shape, generator=torch.Generator().manual_seed(0)) * 25 / 255
    with torch.no_grad():
        error = (net(noisy) - clean).square().mean().item()
    assert -10 * math.log10(error) >= 30.2
