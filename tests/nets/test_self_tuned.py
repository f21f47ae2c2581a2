"""Self-tuned encoder-decoder, the net of On-Demand Learning and L2-GAN."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from retouch.errors import InputError
from retouch.nets.encoder_decoders.l2gan import (
    L2GAN,
    Corner,
    l2gan_critic_full,
    l2gan_critic_tiny,
    l2gan_full,
    l2gan_tiny,
)
from retouch.nets.encoder_decoders.self_tuned import (
    ChannelWiseLinear,
    SelfTunedEncoderDecoder,
    on_demand_full,
    on_demand_tiny,
    self_tuned_full,
    self_tuned_tiny,
)

torch.set_num_threads(1)
CORNERS: list[tuple[Corner, slice, slice]] = [
    ("top-left", slice(0, 32), slice(0, 32)),
    ("top-right", slice(0, 32), slice(58, 90)),
    ("bottom-left", slice(38, 70), slice(0, 32)),
    ("bottom-right", slice(38, 70), slice(58, 90)),
]


def draw(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


def seeded() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def square_hole(n: int, side: int) -> Tensor:
    mask = torch.zeros(n, 1, side, side)
    mask[:, :, 5:17, 20:32] = 1
    return mask


def n_parameters(net: nn.Module) -> int:
    return sum(parameter.numel() for parameter in net.parameters())


def conv(a: int, b: int, size: int = 4) -> int:
    return size**2 * a * b + b


def test_the_channel_wise_layer_has_a_weight_for_each_pair_of_places_in_each_channel() -> None:
    """M n^4 weights and m n^2 biases, as 512 layers of 16 to 16."""
    assert n_parameters(ChannelWiseLinear(512, 4)) == 512 * (4**4 + 4**2)


def test_the_channel_wise_layer_mixes_all_places_and_no_channels() -> None:
    layer = ChannelWiseLinear(3, 2, generator=seeded())
    jacobian = torch.func.jacrev(layer)(draw(1, 3, 2, 2))[0, :, :, :, 0]  # (C, H, W, C', H', W')
    for channel in range(3):
        for other in range(3):
            part = jacobian[channel, :, :, other]
            assert (part != 0).all() if channel == other else (part == 0).all()


def test_the_channel_wise_layer_is_a_linear_layer_in_each_channel() -> None:
    layer, x = ChannelWiseLinear(3, 4, generator=seeded()), draw(2, 3, 4, 4)
    for channel in range(3):
        linear = nn.Linear(16, 16)
        linear.load_state_dict({"weight": layer.weight[channel], "bias": layer.bias[channel]})
        torch.testing.assert_close(layer(x)[:, channel].flatten(1), linear(x[:, channel].flatten(1)))


def test_the_full_nets_have_the_parameters_of_their_tables() -> None:
    encoder = [(3, 64), (64, 64), (64, 128), (128, 256), (256, 512), (512, 512)]
    decoder = [(512, 512), (512, 256), (256, 128), (128, 64), (64, 64), (64, 3)]
    norms = 2 * (64 + 128 + 256 + 512 + 512) + 2 * 512 + 2 * (512 + 256 + 128 + 64 + 64)
    middle = 512 * (2**4 + 2**2) + conv(512, 512, 1)
    odl = [(3, 64), (64, 128), (128, 256), (256, 512), (512, 256), (256, 128), (128, 64), (64, 3)]
    odl_norms = 2 * (64 + 128 + 256 + 512 + 256 + 128 + 64)
    with torch.device("meta"):
        assert n_parameters(self_tuned_full()) == sum(conv(a, b) for a, b in encoder + decoder) + norms + middle
        assert n_parameters(on_demand_full()) == sum(conv(a, b) for a, b in odl) + odl_norms + 512 * (4**4 + 4**2)
        # DCGAN's critic, 2,766,529, with one more 64 to 64 and its batch norm
        assert n_parameters(l2gan_critic_full()) == 2_766_529 + conv(64, 64) + 128


@pytest.mark.parametrize("build", [self_tuned_tiny, on_demand_tiny, l2gan_tiny, l2gan_critic_tiny])
def test_tiny_nets_have_at_most_a_million_parameters(build: Callable[[], nn.Module]) -> None:
    assert n_parameters(build()) <= 1_000_000


@torch.no_grad()
def test_the_full_nets_take_their_published_sizes() -> None:
    with torch.device("meta"):
        assert self_tuned_full().eval().side == 128
        assert self_tuned_full().eval().paint(torch.zeros(1, 3, 128, 128), torch.zeros(1, 1, 128, 128)).shape[2] == 128
        block = l2gan_full().eval().predict_block(torch.zeros(1, 3, 350, 350), torch.zeros(1, 1, 350, 350))
        assert block.shape == (1, 3, 128, 128)
        assert l2gan_critic_full().eval()(block).shape == (1,)


@torch.no_grad()
@pytest.mark.parametrize("build", [self_tuned_tiny, on_demand_tiny])
def test_only_the_hole_changes_and_it_is_not_read(
    build: Callable[[torch.Generator], SelfTunedEncoderDecoder],
) -> None:
    net, image, mask = build(seeded()).eval(), draw(2, 3, 64, 64), square_hole(2, 64)
    result = net(image.where(mask == 0, float("nan")), mask)
    assert torch.equal(result.where(mask == 0, 0), image.where(mask == 0, 0))
    assert torch.equal(result.where(mask == 1, 0), net.paint(image, mask).where(mask == 1, 0))
    assert 0 <= result.min() <= result.max() <= 1


def test_the_filling_depends_on_every_known_pixel() -> None:
    net, image, mask = self_tuned_tiny(seeded()).eval(), draw(1, 3, 64, 64).requires_grad_(), square_hole(1, 64)
    (gradient,) = torch.autograd.grad(net(image, mask)[:, :, 10, 25].sum(), image)
    influence = gradient.abs().sum(dim=1, keepdim=True)
    assert torch.equal(influence > 0, mask == 0)


def test_another_size_is_refused() -> None:
    with pytest.raises(InputError, match="64 x 64 pixels, got 64 x 70"):
        self_tuned_tiny()(draw(1, 3, 64, 70), torch.zeros(1, 1, 64, 70))


@pytest.mark.parametrize("build", [self_tuned_tiny, on_demand_tiny])
def test_every_parameter_gets_a_finite_gradient(
    build: Callable[[torch.Generator], SelfTunedEncoderDecoder],
) -> None:
    net, image, mask = build(seeded()), draw(2, 3, 64, 64), square_hole(2, 64)
    torch.autograd.backward((net(image, mask) - image).square().mean())
    for name, parameter in net.named_parameters():
        assert parameter.grad is not None, name
        assert torch.isfinite(parameter.grad).all(), name


@torch.no_grad()
@pytest.mark.parametrize(("corner", "rows", "columns"), CORNERS, ids=[corner for corner, _, _ in CORNERS])
def test_l2gan_fills_its_own_corner_and_nothing_else(corner: Corner, rows: slice, columns: slice) -> None:
    net, image, mask = l2gan_tiny(corner, seeded()).eval(), draw(2, 3, 70, 90), torch.zeros(2, 1, 70, 90)
    mask[:, :, rows, columns] = 1
    result = net(image.where(mask == 0, float("nan")), mask)
    assert torch.equal(result.where(mask == 0, 0), image.where(mask == 0, 0))
    assert torch.equal(result[:, :, rows, columns], net.predict_block(image, mask))


@pytest.mark.parametrize("other", [1, 2, 3])
def test_l2gan_refuses_a_hole_in_another_corner(other: int) -> None:
    mask = torch.zeros(1, 1, 70, 90)
    mask[:, :, CORNERS[other][1], CORNERS[other][2]] = 1
    with pytest.raises(InputError, match="the top-left block of 32 x 32 pixels only"):
        l2gan_tiny("top-left")(draw(1, 3, 70, 90), mask)


def test_l2gan_refuses_small_pictures_and_unknown_corners() -> None:
    with pytest.raises(InputError, match="at least 64 x 64 pixels, got 63 x 90"):
        l2gan_tiny()(draw(1, 3, 63, 90), torch.zeros(1, 1, 63, 90))
    with pytest.raises(InputError, match="did you mean 'top-left'"):
        L2GAN(nn.Identity(), nn.Identity(), nn.Identity(), 32, "top-lift")


def test_every_parameter_of_l2gan_and_its_critic_gets_a_finite_gradient() -> None:
    net, critic = l2gan_tiny("bottom-right", seeded()), l2gan_critic_tiny(seeded())
    image, mask = draw(2, 3, 64, 64), torch.zeros(2, 1, 64, 64)
    mask[net.block_of(mask)] = 1
    torch.autograd.backward(critic(2 * net.predict_block(image, mask) - 1).square().sum())
    for name, parameter in [*net.named_parameters(), *critic.named_parameters()]:
        assert parameter.grad is not None, name
        assert torch.isfinite(parameter.grad).all(), name
