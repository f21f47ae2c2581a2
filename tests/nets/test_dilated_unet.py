"""U-Net with dilated convolutions, and the switch between its parts and the frame's."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from retouch.nets.captions.dilated_unet import DilatedUNet, PartSwitch, dilated_unet_full, dilated_unet_tiny
from retouch.nets.captions.patch_autoencoder import PatchAutoencoder

torch.set_num_threads(1)


class Negative(nn.Module):
    """A net whose answer is known: every value from the other end of its range."""

    def forward(self, picture: Tensor) -> Tensor:
        """Return the negative."""
        return 1 - picture


def draw(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


def n_parameters(net: nn.Module) -> int:
    return sum(parameter.numel() for parameter in net.parameters())


def seeded_tiny() -> DilatedUNet:
    torch.manual_seed(0)
    return dilated_unet_tiny().eval()


def part_switch(score: float) -> PartSwitch:
    """Return a switch whose classifier gives every part the same score."""
    classifier = PatchAutoencoder(width=4).eval()
    nn.init.zeros_(classifier.classifier.weight)
    nn.init.constant_(classifier.classifier.bias, score)
    return PartSwitch(Negative(), classifier)


def test_the_full_net_has_the_parameters_of_its_table() -> None:
    # 3x3 convolutions a -> b: 9ab + b; all but the last have a batch norm: 2b.
    wide = [32, 64, 128, 256, 512]
    convs = [pair for a, b in zip([3, *wide], wide, strict=False) for pair in ((a, b), (b, b))]
    convs += [(512, 512)] * 2
    convs += [(512 + 512, 512), (512 + 256, 256), (256 + 128, 128), (128 + 64, 64), (64 + 32, 32)]
    expected = sum(9 * a * b + 3 * b for a, b in convs) + 9 * 32 * 3 + 3
    with torch.device("meta"):
        assert n_parameters(dilated_unet_full()) == expected == 16_510_371
        assert n_parameters(dilated_unet_tiny()) < 1_000_000


def test_dilation_costs_no_parameters() -> None:
    with torch.device("meta"):
        assert n_parameters(DilatedUNet(8, dilation=1)) == n_parameters(DilatedUNet(8))


@torch.no_grad()
@pytest.mark.parametrize(("height", "width"), [(64, 64), (37, 101), (1, 1)])
def test_every_size_comes_back_as_it_went_in(height: int, width: int) -> None:
    restored = seeded_tiny()(draw(2, 3, height, width))
    assert restored.shape == (2, 3, height, width)
    assert 0 <= restored.min() <= restored.max() <= 1


@torch.no_grad()
def test_the_same_frame_gives_the_same_answer_in_evaluation() -> None:
    net, picture = seeded_tiny(), draw(1, 3, 64, 64)
    assert torch.equal(net(picture), net(picture))


def test_the_first_block_sees_four_pixels_away_and_without_dilation_two() -> None:
    # Two convolutions of 3x3: each reaches as far as its dilation.
    for dilation in (1, 2):
        torch.manual_seed(0)
        block = DilatedUNet(4, dilation=dilation).eval().down[0]
        picture = draw(1, 3, 21, 21).requires_grad_()
        block(picture)[0, :, 10, 10].sum().backward()
        assert picture.grad is not None
        rows = picture.grad.abs().sum(dim=(0, 1, 3)).nonzero().flatten().tolist()
        assert (rows[0], rows[-1]) == (10 - 2 * dilation, 10 + 2 * dilation)


def test_every_parameter_gets_a_finite_gradient() -> None:
    net, picture = seeded_tiny().train(), draw(1, 3, 64, 64)
    (net(picture) - picture.flip(3)).square().mean().backward()
    for name, weight in net.named_parameters():
        assert weight.grad is not None, name
        assert weight.grad.isfinite().all(), name
        assert weight.dim() == 1 or weight.grad.any(), name  # a bias before a batch norm has no effect


@torch.no_grad()
def test_the_bottleneck_adds_to_what_it_gets() -> None:
    # With gains and offsets of its last norm at zero nothing is added: any change of its convolutions has no effect.
    net, picture = seeded_tiny(), draw(1, 3, 64, 64)
    first, norm = net.bottom[0], net.bottom[-2]
    assert isinstance(first, nn.Conv2d)
    assert isinstance(norm, nn.BatchNorm2d)
    nn.init.zeros_(norm.weight)
    before = net(picture)
    nn.init.ones_(first.weight)
    assert torch.equal(net(picture), before)
    assert not torch.equal(seeded_tiny()(picture), before)


@torch.no_grad()
@pytest.mark.parametrize(("height", "width"), [(128, 128), (30, 50)])
def test_parts_without_text_are_the_frame_bit_for_bit(height: int, width: int) -> None:
    picture = draw(2, 3, height, width)
    assert torch.equal(part_switch(-1.0)(picture), picture)


@torch.no_grad()
def test_parts_with_text_are_the_nets() -> None:
    picture = draw(2, 3, 30, 50)
    assert torch.equal(part_switch(1.0)(picture), 1 - picture)


@torch.no_grad()
def test_a_frame_of_128_px_has_sixteen_parts_of_32_px() -> None:
    # White parts are told from black ones; one of the sixteen is white.
    torch.manual_seed(0)
    switch = part_switch(0.0)
    nn.init.normal_(switch.classifier.classifier.weight)
    black_and_white = torch.tensor([0.0, 1.0])[:, None, None, None].expand(2, 3, 32, 32)
    black, white = switch.classifier.classify(black_and_white).tolist()
    sign = 1.0 if white > black else -1.0
    switch.classifier.classifier.weight.mul_(sign)
    nn.init.constant_(switch.classifier.classifier.bias, -sign * (black + white) / 2)
    picture = torch.zeros(1, 3, 128, 128)
    picture[..., 32:64, 96:] = 1.0
    assert not switch(picture).any()  # the white part became black, all others are as they were
