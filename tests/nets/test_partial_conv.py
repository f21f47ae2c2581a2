"""Partial convolution and its U-Net."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from retouch.errors import WeightsError
from retouch.nets.inpainting.partial_conv_unet import (
    PartialConvUNet,
    partial_conv_unet_512,
    partial_conv_unet_full,
    partial_conv_unet_tiny,
)
from retouch.nets.layers.partial import PartialConv2d
from retouch.nets.official import load_official

torch.set_num_threads(1)
PARITY = Path(__file__).parents[3] / "shared" / "data" / "parity"


def draw(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


def centre_hole(n: int, height: int, width: int) -> Tensor:
    mask = torch.zeros(n, 1, height, width)
    mask[:, :, height // 4 : height - height // 4, width // 4 : width - width // 4] = 1
    return mask


def n_parameters(net: nn.Module) -> int:
    return sum(parameter.numel() for parameter in net.parameters())


def seeded_tiny() -> PartialConvUNet:
    return partial_conv_unet_tiny(torch.Generator().manual_seed(0)).eval()


@torch.no_grad()
def test_where_all_is_known_it_is_an_ordinary_convolution() -> None:
    layer = PartialConv2d(3, 4, 3)  # no padding: every window lies inside
    x = draw(2, 3, 8, 9)
    expected = functional.conv2d(x, layer.weight, layer.bias)
    torch.testing.assert_close(layer(x), expected)
    torch.testing.assert_close(layer(x, torch.ones(2, 1, 8, 9)), expected)


@torch.no_grad()
@pytest.mark.parametrize("multi_channel", [False, True])
@pytest.mark.parametrize("bias", [False, True])
def test_every_value_follows_the_definition(multi_channel: bool, bias: bool) -> None:
    layer = PartialConv2d(2, 3, 3, stride=2, padding=1, bias=bias, multi_channel=multi_channel, return_mask=True)
    x, known = draw(1, 2, 7, 6), (draw(1, 2 if multi_channel else 1, 7, 6, seed=3) < 0.3).float()
    features, now_known = layer(x, known)
    padded, mask = functional.pad(x, (1, 1, 1, 1)), functional.pad(known.expand(1, 2, 7, 6), (1, 1, 1, 1))
    for row in range(features.shape[2]):
        for column in range(features.shape[3]):
            window = (0, slice(None), slice(2 * row, 2 * row + 3), slice(2 * column, 2 * column + 3))
            share = mask[window].mean()  # sum(M) / sum(1): the same for one mask or one per channel
            offset = layer.bias if layer.bias is not None else torch.zeros(3)
            dot = (layer.weight * padded[window] * mask[window]).sum(dim=(1, 2, 3))
            expected = dot / share + offset if share > 0 else torch.zeros(3)
            torch.testing.assert_close(features[0, :, row, column], expected)
            assert (now_known[0, :, row, column] == float(share > 0)).all()


@torch.no_grad()
def test_what_is_missing_cannot_be_seen_even_if_it_is_not_a_number() -> None:
    layer = PartialConv2d(3, 4, 5, padding=2)
    x, known = draw(1, 3, 12, 12), 1 - centre_hole(1, 12, 12)
    assert torch.equal(layer(x, known), layer(x.where(known > 0, float("nan")), known))


def test_the_hole_shrinks_by_the_reach_of_the_kernel_in_each_layer() -> None:
    layer = PartialConv2d(1, 1, 3, padding=1, return_mask=True)
    known = torch.ones(1, 1, 20, 20)
    known[..., 5:15, 5:15] = 0
    for side in (8, 6, 4, 2, 0):  # a 3 x 3 kernel eats one pixel from each side
        _, known = layer(known, known)
        assert (known == 0).sum().item() == side**2


def test_the_published_widths_have_the_published_numbers_of_parameters() -> None:
    with torch.device("meta"):
        assert n_parameters(partial_conv_unet_full()) == 25_779_796
        assert n_parameters(partial_conv_unet_512()) == 32_859_732
        assert n_parameters(partial_conv_unet_tiny()) < 1_000_000


@torch.no_grad()
@pytest.mark.parametrize(("height", "width"), [(64, 64), (37, 50), (1, 1)])
def test_every_size_comes_back_as_it_went_in(height: int, width: int) -> None:
    image, mask = draw(1, 3, height, width), centre_hole(1, height, width)
    painted = seeded_tiny()(image, mask)
    assert painted.shape == image.shape
    assert torch.isfinite(painted).all()


@torch.no_grad()
def test_the_net_does_not_read_the_hole_and_reads_its_surroundings() -> None:
    net, image, mask = seeded_tiny(), draw(1, 3, 32, 32), centre_hole(1, 32, 32)
    painted = net(image, mask)
    assert torch.equal(painted, net(image.where(mask == 0, float("nan")), mask))
    assert ((painted - net(draw(1, 3, 32, 32, seed=1), mask)).abs() * mask).max() > 1e-3


@torch.no_grad()
def test_the_whole_picture_is_known_after_the_net_if_the_hole_is_not_too_large() -> None:
    known = (1 - centre_hole(1, 64, 64)).expand(1, 3, 64, 64)
    _, now_known = seeded_tiny().paint(draw(1, 3, 64, 64), known)
    assert (now_known == 1).all()


def test_every_parameter_gets_a_finite_gradient() -> None:
    net = partial_conv_unet_tiny(torch.Generator().manual_seed(0))
    image, mask = draw(2, 3, 64, 64), centre_hole(2, 64, 64)
    torch.autograd.backward((net(image, mask) - image).abs().mean())
    for name, parameter in net.named_parameters():
        assert parameter.grad is not None, name
        assert torch.isfinite(parameter.grad).all(), name


def test_frozen_norms_of_the_encoder_keep_their_statistics_in_training() -> None:
    net = partial_conv_unet_tiny(torch.Generator().manual_seed(0))
    net.freeze_encoder_norms()
    net.train()
    before = {name: value.clone() for name, value in net.named_buffers() if name.endswith("running_mean")}
    with torch.no_grad():
        net(draw(2, 3, 64, 64), centre_hole(2, 64, 64))
    for name, value in net.named_buffers():
        if name in before:
            assert torch.equal(value, before[name]) == name.startswith("encoder"), name
    net.freeze_encoder_norms(frozen=False)
    assert all(module.training for module in net.modules())


@pytest.mark.shared
def test_the_ports_key_list_fits_seven_levels() -> None:
    if not PARITY.exists():
        pytest.skip("../shared/data/parity is not here")
    keys = json.loads((PARITY / "pconv-unet-port" / "keys.json").read_text())
    with torch.device("meta"):
        net = partial_conv_unet_full()
        state = PartialConvUNet.convert_official({key: torch.empty(shape) for key, shape in keys})
    net.load_state_dict(state, strict=True, assign=True)


@pytest.mark.parametrize("build", [partial_conv_unet_tiny])
def test_the_weights_of_another_net_are_refused(build: Callable[[], nn.Module]) -> None:
    with pytest.raises(WeightsError, match="these weights are not those of"):
        load_official(build(), {"some.other.weight": torch.zeros(3, 3)})
