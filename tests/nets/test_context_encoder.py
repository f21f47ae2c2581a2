"""Context Encoder: the net for the middle, the one for whole pictures, and the critic."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from retouch.errors import InputError
from retouch.nets.encoder_decoders.context_encoder import (
    BlockCritic,
    context_encoder_centre_full,
    context_encoder_centre_tiny,
    context_encoder_critic_full,
    context_encoder_critic_tiny,
    context_encoder_full,
    context_encoder_tiny,
)

torch.set_num_threads(1)


def draw(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


def seeded() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def middle_hole(n: int, side: int, rim: int = 0) -> Tensor:
    mask = torch.zeros(n, 1, side, side)
    inner = slice(side // 4 + rim, side - side // 4 - rim)
    mask[:, :, inner, inner] = 1
    return mask


def n_parameters(net: nn.Module) -> int:
    return sum(parameter.numel() for parameter in net.parameters())


def test_the_published_widths_have_the_published_numbers_of_parameters() -> None:
    with torch.device("meta"):
        assert n_parameters(context_encoder_centre_full()) == 71_130_531
        assert n_parameters(context_encoder_centre_full(100)) == 7_221_231
        # One more doubling, 64 -> 64: 4 * 4 * 64 * 64 + 64 of the convolution and 2 * 64 of the batch norm
        assert n_parameters(context_encoder_full()) == 71_130_531 + 65_600 + 128
        assert n_parameters(context_encoder_critic_full()) == 2_766_529


@pytest.mark.parametrize(
    "build", [context_encoder_centre_tiny, context_encoder_tiny, context_encoder_critic_tiny], ids=lambda f: f.__name__
)
def test_tiny_nets_have_at_most_a_million_parameters(build: Callable[[], nn.Module]) -> None:
    assert n_parameters(build()) <= 1_000_000


@torch.no_grad()
def test_the_published_net_predicts_the_middle_64_of_128_pixels() -> None:
    with torch.device("meta"):
        net = context_encoder_centre_full(100).eval()
        assert net.side == 128
        assert net.net(torch.zeros(2, 3, 128, 128)).shape == (2, 3, 64, 64)
        assert context_encoder_full(100).eval().net(torch.zeros(1, 3, 128, 160)).shape == (1, 3, 128, 160)


@torch.no_grad()
def test_known_pixels_outside_the_block_are_returned_bit_for_bit() -> None:
    net, image, mask = context_encoder_centre_tiny(seeded()).eval(), draw(2, 3, 64, 64), middle_hole(2, 64)
    result = net(image, mask)
    assert torch.equal(result.where(mask == 0, 0), image.where(mask == 0, 0))
    block = net.predict_block(image, mask)
    assert torch.equal(result[:, :, 16:48, 16:48], block)
    assert 0 <= block.min() <= block.max() <= 1


@torch.no_grad()
@pytest.mark.parametrize(("height", "width"), [(64, 64), (65, 90), (7, 13)])
def test_whole_pictures_of_every_size_come_back(height: int, width: int) -> None:
    image, mask = draw(1, 3, height, width), torch.zeros(1, 1, height, width)
    mask[:, :, 2:5, 2:5] = 1
    result = context_encoder_tiny(seeded()).eval()(image, mask)
    assert result.shape == image.shape
    assert 0 <= result.min() <= result.max() <= 1


@torch.no_grad()
@pytest.mark.parametrize("build", [context_encoder_centre_tiny, context_encoder_tiny])
def test_values_under_the_mask_are_not_read(build: Callable[[torch.Generator], nn.Module]) -> None:
    net, image, mask = build(seeded()).eval(), draw(1, 3, 64, 64), middle_hole(1, 64)
    assert torch.equal(net(image, mask), net(image.where(mask == 0, float("nan")), mask))


@torch.no_grad()
def test_the_block_depends_on_its_surroundings() -> None:
    net, mask = context_encoder_centre_tiny(seeded()).eval(), middle_hole(1, 64)
    difference = net.predict_block(draw(1, 3, 64, 64), mask) - net.predict_block(draw(1, 3, 64, 64, seed=1), mask)
    assert difference.abs().max() > 0


def test_pictures_of_another_size_are_refused() -> None:
    with pytest.raises(InputError, match="64 x 64 pixels, got 64 x 65"):
        context_encoder_centre_tiny()(draw(1, 3, 64, 65), torch.zeros(1, 1, 64, 65))


@pytest.mark.parametrize(("row", "column"), [(15, 30), (48, 30), (30, 15), (30, 48)])
def test_holes_outside_the_middle_are_refused(row: int, column: int) -> None:
    mask = middle_hole(1, 64)
    mask[:, :, row, column] = 1
    with pytest.raises(InputError, match="rows and columns 16 to 47 only"):
        context_encoder_centre_tiny()(draw(1, 3, 64, 64), mask)


@pytest.mark.parametrize("build", [context_encoder_centre_tiny, context_encoder_tiny])
def test_every_parameter_gets_a_finite_gradient(build: Callable[[torch.Generator], nn.Module]) -> None:
    net, image, mask = build(seeded()), draw(2, 3, 64, 64), middle_hole(2, 64)
    torch.autograd.backward((net(image, mask) - image).square().mean())
    for name, parameter in net.named_parameters():
        assert parameter.grad is not None, name
        assert torch.isfinite(parameter.grad).all(), name


def test_the_critic_gives_one_score_for_a_block_and_gradients_to_it() -> None:
    critic, block = BlockCritic((8, 16, 16), generator=seeded()), draw(3, 3, 32, 32).requires_grad_()
    scores = critic(block)
    assert scores.shape == (3,)
    torch.autograd.backward(scores.sum())
    assert block.grad is not None
    assert (block.grad.abs().sum(dim=(1, 2, 3)) > 0).all()
    assert all(parameter.grad is not None for parameter in critic.parameters())


def test_initial_weights_have_a_deviation_of_two_hundredths() -> None:
    first, second = (context_encoder_tiny(seeded()).state_dict()["net.squeeze.0.weight"] for _ in range(2))
    # 262,144 draws: the deviation is known to 1 / sqrt(2 n) = .14 %, so 1 % is seven of its own deviations
    assert first.std().item() == pytest.approx(0.02, rel=0.01)
    assert torch.equal(first, second)
