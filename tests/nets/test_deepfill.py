"""Layers, generators and critic of DeepFill: numbers of weights, sizes, what gates do, whose keys are taken."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from retouch.errors import UsageError, WeightsError
from retouch.nets.checkpoints.two_stage.deepfill import FIXTURES as OFFICIALS
from retouch.nets.checkpoints.two_stage.mmagic import FIXTURES as PORTS
from retouch.nets.critics.sn_patchgan import SNPatchGAN, sn_patchgan_full, sn_patchgan_tiny
from retouch.nets.inpainting.two_stage.deepfill_v1 import deepfill_v1_full, deepfill_v1_tiny
from retouch.nets.inpainting.two_stage.deepfill_v2 import deepfill_v2, deepfill_v2_full, deepfill_v2_tiny
from retouch.nets.inpainting.two_stage.generator import TwoStageInpainter
from retouch.nets.layers.gated import GatedConv, LightGatedConv, PaddedConv

torch.set_num_threads(1)
PARITY = Path(__file__).parents[3] / "shared" / "data" / "parity"
TINY = pytest.mark.parametrize("build", [deepfill_v1_tiny, deepfill_v2_tiny])
Builder = Callable[[], TwoStageInpainter]


def n_parameters(net: nn.Module) -> int:
    return sum(parameter.numel() for parameter in net.parameters())


def noise_of(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed))


def centre_hole(n: int, height: int, width: int) -> Tensor:
    mask = torch.zeros(n, 1, height, width)
    mask[..., height // 4 : 3 * height // 4, width // 4 : 3 * width // 4] = 1
    return mask


def test_published_widths_have_the_sheets_numbers_of_weights() -> None:
    with torch.device("meta"):
        assert n_parameters(deepfill_v1_full()) == 3_601_542
        gated = deepfill_v2_full()
        assert n_parameters(gated) == 4_052_478
        assert n_parameters(gated.generator.coarse) == 1_631_151  # type: ignore[arg-type]
        assert n_parameters(sn_patchgan_full()) == 5_946_816


@pytest.mark.parametrize("build", [deepfill_v1_tiny, deepfill_v2_tiny, sn_patchgan_tiny])
def test_tiny_stays_below_a_million_weights(build: Callable[[], nn.Module]) -> None:
    assert n_parameters(build()) < 1_000_000


@TINY
@pytest.mark.parametrize("size", [(64, 64), (37, 53), (1, 9)])
def test_any_size_is_kept_and_both_pictures_lie_in_range(build: Builder, size: tuple[int, int]) -> None:
    stages = build().eval()(noise_of(2, 3, *size), centre_hole(2, *size))
    for picture in stages:
        assert picture.shape == (2, 3, *size)
        assert picture.min() >= 0
        assert picture.max() <= 1


@TINY
def test_values_under_the_mask_are_never_read(build: Builder) -> None:
    net, image, mask = build().eval(), noise_of(1, 3, 40, 48), centre_hole(1, 40, 48)
    spoilt = image.masked_fill(mask > 0, float("nan"))
    for clean, other in zip(net(image, mask), net(spoilt, mask), strict=True):
        assert torch.equal(clean, other)


@TINY
def test_the_hole_depends_on_what_is_around_it(build: Builder) -> None:
    torch.manual_seed(0)
    net, mask = build().eval(), centre_hole(1, 64, 64)
    first, second = (net(noise_of(1, 3, 64, 64, seed=seed), mask).refined for seed in (1, 2))
    assert not torch.equal(first * mask, second * mask)


@TINY
def test_every_parameter_gets_a_finite_gradient(build: Builder) -> None:
    torch.manual_seed(0)
    net, mask = build().train(), centre_hole(2, 64, 64)
    coarse, refined = net(noise_of(2, 3, 64, 64), mask)
    (coarse.square().mean() + refined.square().mean()).backward()
    for parameter in net.parameters():
        assert parameter.grad is not None
        assert parameter.grad.isfinite().all()
        assert parameter.grad.abs().max() > 0


@TINY
def test_evaluation_is_repeatable(build: Builder) -> None:
    net, image, mask = build().eval(), noise_of(1, 3, 32, 32), centre_hole(1, 32, 32)
    assert torch.equal(net(image, mask).refined, net(image, mask).refined)


def test_one_label_for_everything_guides_nothing() -> None:
    net, image, mask = deepfill_v2_tiny().eval(), noise_of(1, 3, 64, 64), centre_hole(1, 64, 64)
    assert torch.equal(net(image, mask, torch.ones_like(mask)).refined, net(image, mask).refined)


def test_labels_change_what_the_second_stage_copies_and_nothing_else() -> None:
    torch.manual_seed(0)
    net, image, mask = deepfill_v1_tiny().eval(), noise_of(1, 3, 64, 64), centre_hole(1, 64, 64)
    labels = (torch.arange(64) < 20).float().expand(1, 1, 64, 64)
    free, guided = net(image, mask), net(image, mask, labels)
    assert torch.equal(free.coarse, guided.coarse)
    assert not torch.equal(free.refined, guided.refined)


def test_the_generator_takes_one_mask_for_a_whole_batch() -> None:
    net, masked, mask = deepfill_v2(4).eval(), noise_of(2, 3, 32, 32), centre_hole(1, 32, 32)
    assert torch.equal(net(masked, mask).refined, net(masked, mask.expand(2, -1, -1, -1)).refined)


@pytest.mark.parametrize("padding", ["same", "zeros", "reflect"])
@pytest.mark.parametrize(("kernel", "stride", "dilation"), [(3, 1, 1), (3, 2, 1), (5, 2, 1), (3, 1, 4)])
def test_layers_give_the_sides_size_over_stride(padding: str, kernel: int, stride: int, dilation: int) -> None:
    for layer in (PaddedConv, GatedConv, LightGatedConv):
        net = layer(3, 4, kernel, stride=stride, dilation=dilation, padding=padding)  # type: ignore[arg-type]
        assert net(noise_of(1, 3, 13, 16)).shape == (1, 4, -(-13 // stride), 16 // stride)


def test_open_gates_leave_a_plain_convolution() -> None:
    gated, plain = GatedConv(3, 4), PaddedConv(3, 4)
    with torch.no_grad():
        gated.conv.weight[4:].zero_()
        gated.conv.get_parameter("bias")[4:].fill_(40)  # sigmoid(40) = 1 in float32
        plain.conv.weight.copy_(gated.conv.weight[:4])
        plain.conv.get_parameter("bias").copy_(gated.conv.get_parameter("bias")[:4])
    x = noise_of(1, 3, 9, 9)
    torch.testing.assert_close(gated(x), plain(x))


def test_shut_gates_leave_nothing() -> None:
    gated = GatedConv(3, 4)
    with torch.no_grad():
        gated.conv.weight[4:].zero_()
        gated.conv.get_parameter("bias")[4:].fill_(-200)
    assert gated(noise_of(1, 3, 9, 9)).abs().max() == 0


@pytest.mark.parametrize(
    ("gate", "expected"),
    # features 3*3*6*8 + 8 = 440; gates: 3*3*6 + 6 and 6*8 + 8 = 116; 6*8 + 8 = 56; 3*3*6 + 1 = 55
    [("separable", 556), ("pixelwise", 496), ("single", 495)],
)
def test_light_gates_have_few_weights(gate: str, expected: int) -> None:
    assert n_parameters(LightGatedConv(6, 8, gate=gate)) == expected  # type: ignore[arg-type]
    assert n_parameters(GatedConv(6, 8)) == 880


@pytest.mark.parametrize("gate", ["separable", "pixelwise", "single"])
def test_light_gates_scale_the_features_between_nothing_and_all(gate: str) -> None:
    net = LightGatedConv(6, 8, gate=gate, activation=torch.relu)  # type: ignore[arg-type]
    x = noise_of(1, 6, 9, 9)
    full = net.conv(nn.functional.pad(x, (1, 1, 1, 1))).relu()
    assert ((net(x) >= 0) & (net(x) <= full)).all()


def test_the_critic_scores_every_feature_of_every_patch() -> None:
    with torch.device("meta"):
        assert sn_patchgan_full()(torch.zeros(1, 4, 256, 256)).shape == (1, 256, 4, 4)
    assert sn_patchgan_tiny().eval()(noise_of(2, 4, 65, 64)).shape == (2, 32, 2, 1)


def test_spectral_norms_of_the_critic_come_down_to_one() -> None:
    torch.manual_seed(0)
    net = sn_patchgan_tiny().train()
    for _ in range(50):
        net(noise_of(1, 4, 64, 64))
    weights = [layer.weight for layer in net.eval().modules() if isinstance(layer, nn.Conv2d)]
    assert len(weights) == 6
    for weight in weights:
        assert 0.95 < torch.linalg.matrix_norm(weight.flatten(1), ord=2) < 1.05


def test_the_critic_gives_every_parameter_a_finite_gradient() -> None:
    torch.manual_seed(0)
    net = sn_patchgan_tiny().train()
    net(noise_of(2, 4, 64, 64)).square().mean().backward()
    assert all(parameter.grad is not None and parameter.grad.isfinite().all() for parameter in net.parameters())


def test_foreign_keys_are_refused_by_name() -> None:
    with pytest.raises(WeightsError, match="features"):
        deepfill_v2(4).convert_official({"features.0.weight": torch.zeros(1)})
    with pytest.raises(WeightsError, match=r"features\.0\.weight"):
        SNPatchGAN.convert_official({"features.0.weight": torch.zeros(1)})


def full_keys(name: str) -> dict[str, Tensor]:
    listed = json.loads((PARITY / name / "keys.json").read_text())
    return {key: torch.zeros(shape) for key, shape in listed}


@pytest.mark.shared
@pytest.mark.skipif(not PARITY.exists(), reason=f"{PARITY} is not there")
@pytest.mark.parametrize(
    "name",
    [
        "deepfillv2-official-generator",
        "deepfillv2-official-sn-patchgan",
        "mmagic-deepfillv1",
        "mmagic-deepfillv2",
        "mmagic-deepfillv2-disc",
    ],
)
def test_full_width_takes_exactly_the_authors_keys(name: str) -> None:
    config = json.loads((PARITY / name / "config.json").read_text())
    del config["width"]  # what the fixture has been made narrower by
    with torch.device("meta"):
        net = (OFFICIALS | PORTS)[name].build(config)
        state = net.convert_official(full_keys(name))  # type: ignore[operator]
    net.load_state_dict(state, strict=True, assign=True)


@pytest.mark.shared
@pytest.mark.skipif(not PARITY.exists(), reason=f"{PARITY} is not there")
def test_the_ports_first_network_has_the_official_number_of_weights() -> None:
    config = json.loads((PARITY / "mmagic-deepfillv1" / "config.json").read_text())
    del config["width"]
    with torch.device("meta"):
        assert n_parameters(PORTS["mmagic-deepfillv1"].build(config)) == 3_601_542


def test_a_padding_we_do_not_have_is_refused() -> None:
    with pytest.raises(UsageError, match="SYMMETRIC"):
        OFFICIALS["deepfillv2-official-generator"].build({"ctor": {"padding": "SYMMETRIC"}})
