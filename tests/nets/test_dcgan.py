"""DCGAN: generator, critic, and their alignment."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from retouch.nets.latent.dcgan import (
    Doubling,
    Halving,
    dcgan_critic_full,
    dcgan_critic_tiny,
    dcgan_full,
    dcgan_tiny,
    draw_codes,
)

torch.set_num_threads(1)


def seeded() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def n_parameters(net: nn.Module) -> int:
    return sum(parameter.numel() for parameter in net.parameters())


def test_the_published_widths_have_the_published_numbers_of_parameters() -> None:
    with torch.device("meta"):
        assert n_parameters(dcgan_full()) == 5_135_363
        # 5 x 5 convolutions 3 64 128 256 512 with three batch norms, and 8192 weights and a bias: 4.32 million
        shared = sum(25 * a * b + b for a, b in [(3, 64), (64, 128), (128, 256), (256, 512)])
        assert n_parameters(dcgan_critic_full()) == shared + 2 * (128 + 256 + 512) + 8193 == 4_316_545


@pytest.mark.parametrize("build", [dcgan_tiny, dcgan_critic_tiny], ids=lambda f: f.__name__)
def test_tiny_nets_have_at_most_a_million_parameters(build: Callable[[], nn.Module]) -> None:
    assert n_parameters(build()) <= 1_000_000


@torch.no_grad()
def test_codes_become_pictures_of_64_pixels_and_pictures_scores() -> None:
    generator, critic = dcgan_tiny(seeded()).eval(), dcgan_critic_tiny(seeded()).eval()
    pictures = generator(draw_codes((3, generator.n_latent), seeded()))
    assert pictures.shape == (3, 3, 64, 64) == (3, 3, generator.side, generator.side)
    assert -1 <= pictures.min() <= pictures.max() <= 1
    assert critic(pictures).shape == (3,)


def test_codes_are_uniform_between_minus_one_and_one() -> None:
    """Mean 0 and variance 1/3; 20,000 draws know them to .004 and .002."""
    codes = draw_codes((200, 100), seeded())
    assert -1 <= codes.min() <= codes.max() <= 1
    assert codes.mean().item() == pytest.approx(0, abs=0.02)
    assert codes.var().item() == pytest.approx(1 / 3, abs=0.01)


@torch.no_grad()
def test_doubling_is_the_adjoint_of_halving() -> None:
    """TensorFlow defines its transposed convolution so: <Ax, y> = <x, A'y>, with the same weights and no biases."""
    torch.manual_seed(0)
    down, up = Halving(2, 3), Doubling(3, 2)
    up.deconv.weight.copy_(down.conv.weight)
    nn.init.zeros_(up.deconv.bias)  # type: ignore[arg-type]  # it has one
    nn.init.zeros_(down.conv.bias)  # type: ignore[arg-type]  # it has one
    x, y = torch.rand(1, 2, 12, 8), torch.rand(1, 3, 6, 4)
    assert (down(x) * y).sum().item() == pytest.approx((x * up(y)).sum().item(), rel=1e-5)


@torch.no_grad()
def test_halving_pads_one_pixel_before_and_two_after() -> None:
    down, x = Halving(1, 1), torch.zeros(1, 1, 6, 6)
    nn.init.zeros_(down.conv.bias)  # type: ignore[arg-type]  # it has one
    x[0, 0, 0, 0] = 1
    padded = functional.conv2d(functional.pad(x, (1, 2, 1, 2)), down.conv.weight, stride=2)
    assert torch.equal(down(x), padded)
    assert down(x)[0, 0, 0, 0] == down.conv.weight[0, 0, 1, 1]


def test_every_parameter_gets_a_finite_gradient() -> None:
    generator, critic = dcgan_tiny(seeded()), dcgan_critic_tiny(seeded())
    torch.autograd.backward(critic(generator(draw_codes((4, 100), seeded()))).square().sum())
    for name, parameter in [*generator.named_parameters(), *critic.named_parameters()]:
        assert parameter.grad is not None, name
        assert torch.isfinite(parameter.grad).all(), name


@torch.no_grad()
def test_the_same_seed_gives_the_same_weights_and_pictures() -> None:
    codes = draw_codes((2, 100), seeded())
    first, second = dcgan_tiny(seeded()).eval()(codes), dcgan_tiny(seeded()).eval()(codes)
    assert torch.equal(first, second)
    assert not torch.equal(first[0], first[1])


def pictures_of_one_alone_and_in_company() -> tuple[Tensor, Tensor]:
    generator, codes = dcgan_tiny(seeded()).eval(), draw_codes((3, 100), seeded())
    return generator(codes[:1])[0], generator(codes)[0]


@torch.no_grad()
def test_in_evaluation_a_picture_does_not_depend_on_its_batch() -> None:
    alone, company = pictures_of_one_alone_and_in_company()
    torch.testing.assert_close(alone, company)
