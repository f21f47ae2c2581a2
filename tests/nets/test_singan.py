"""SinGAN's generator and critic of one scale."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from retouch.nets.inpainting.singan import (
    ScaleLayers,
    SinGANCritic,
    SinGANGenerator,
    singan_critic_full,
    singan_critic_tiny,
    singan_generator_full,
    singan_generator_tiny,
)

torch.set_num_threads(1)
PARITY = Path(__file__).parents[3] / "shared" / "data" / "parity"


def n_parameters(net: nn.Module) -> int:
    return sum(parameter.numel() for parameter in net.parameters())


def picture_of(*shape: int, seed: int = 0) -> Tensor:
    return 2 * torch.rand(shape, generator=torch.Generator().manual_seed(seed)) - 1


def test_published_widths_have_these_numbers_of_weights() -> None:
    """9 * 3 * 32 + 32, three times 9 * 32 * 32 + 32, four batch norms of 64, and 9 * 32 * 3 + 3 or 9 * 32 + 1."""
    shared_part = 9 * 3 * 32 + 32 + 3 * (9 * 32 * 32 + 32) + 4 * 64
    assert n_parameters(singan_generator_full()) == shared_part + 9 * 32 * 3 + 3 == 29_763
    assert n_parameters(singan_critic_full()) == shared_part + 9 * 32 + 1 == 29_185


@pytest.mark.parametrize("size", [(64, 64), (37, 53), (11, 11)])
def test_without_padding_five_pixels_are_lost_on_each_side(size: tuple[int, int]) -> None:
    net = singan_generator_full().eval()
    expected = (2, 3, size[0] - 10, size[1] - 10)
    assert net(picture_of(2, 3, *size), picture_of(2, 3, *size)).shape == expected
    assert singan_critic_full().eval()(picture_of(2, 3, *size)).shape == (2, 1, *expected[2:])


@pytest.mark.parametrize("size", [(64, 64), (37, 53), (1, 1)])
def test_with_padding_sizes_are_kept(size: tuple[int, int]) -> None:
    net = singan_generator_tiny().eval()
    assert net(picture_of(2, 3, *size), picture_of(2, 3, *size)).shape == (2, 3, *size)


def test_without_detail_the_coarse_picture_is_returned() -> None:
    """tanh(0) = 0."""
    net, coarse = singan_generator_full().eval(), picture_of(1, 3, 21, 24)
    for parameter in net.tail.parameters():
        nn.init.zeros_(parameter)
    assert torch.equal(net(coarse, coarse), coarse[..., 5:-5, 5:-5])


def test_scores_see_eleven_pixels() -> None:
    """The receptive field of five 3x3 convolutions is 11 x 11."""
    torch.manual_seed(0)
    net, picture = singan_critic_full().eval(), picture_of(1, 3, 31, 31).requires_grad_()
    (gradient,) = torch.autograd.grad(net(picture)[0, 0, 10, 10], picture)
    rows, columns = gradient[0].abs().sum(0).nonzero().T
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (10, 20, 10, 20)


def test_widths_halve_down_to_the_least() -> None:
    assert ScaleLayers(width=64, least_width=16, depth=6).widths() == [64, 32, 16, 16, 16]


@pytest.mark.parametrize("build", [singan_generator_tiny, singan_critic_tiny])
def test_every_parameter_gets_a_finite_gradient(build: Callable[[], nn.Module]) -> None:
    net, picture = build().train(), picture_of(2, 3, 16, 16)
    inputs = [picture, picture] if isinstance(net, SinGANGenerator) else [picture]
    net(*inputs).square().mean().backward()
    assert all(parameter.grad is not None and parameter.grad.isfinite().all() for parameter in net.parameters())


def test_evaluation_is_repeatable() -> None:
    net, picture = singan_generator_tiny().eval(), picture_of(1, 3, 20, 20)
    assert torch.equal(net(picture, picture), net(picture, picture))


@pytest.mark.shared
@pytest.mark.skipif(not PARITY.exists(), reason=f"{PARITY} is not there")
@pytest.mark.parametrize(
    ("name", "build"), [("singan-generator-pad", singan_generator_full), ("singan-disc", singan_critic_full)]
)
def test_full_nets_take_exactly_the_authors_keys(
    name: str, build: Callable[[], SinGANGenerator | SinGANCritic]
) -> None:
    keys = json.loads((PARITY / name / "keys.json").read_text())
    with torch.device("meta"):
        net = build()
        net.load_state_dict(net.convert_official({key: torch.empty(shape) for key, shape in keys}), strict=True)
