"""Joint caption net and the generator with skip connections that it is made of."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from retouch.nets.captions.joint_caption import (
    JointCaptionNet,
    caption_truth,
    joint_caption_full,
    joint_caption_tiny,
)
from retouch.nets.encoder_decoders.glcic import glcic_full
from retouch.nets.encoder_decoders.skip_generator import SkipGenerator, skip_generator_full, skip_generator_tiny

torch.set_num_threads(1)


def draw(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


def centre_hole(height: int, width: int) -> Tensor:
    mask = torch.zeros(1, 1, height, width)
    mask[:, :, height // 4 : height - height // 4, width // 4 : width - width // 4] = 1
    return mask


def n_parameters(net: nn.Module) -> int:
    return sum(parameter.numel() for parameter in net.parameters())


def joint() -> JointCaptionNet:
    torch.manual_seed(0)
    return joint_caption_tiny().eval()


def generator() -> SkipGenerator:
    torch.manual_seed(0)
    return skip_generator_tiny().eval()


def check_gradients(net: nn.Module) -> None:
    for name, weight in net.named_parameters():
        assert weight.grad is not None, name
        assert weight.grad.isfinite().all(), name
        assert weight.dim() == 1 or weight.grad.any(), name  # a bias before a batch norm has no effect


def test_skip_connections_cost_the_generator_what_they_add_to_two_convolutions() -> None:
    # The net of Iizuka et al. and 128 more channels into a convolution to 128, 64 more into one to 32.
    with torch.device("meta"):
        assert n_parameters(skip_generator_full()) == n_parameters(glcic_full()) + 9 * (128 * 128 + 64 * 32)
        assert n_parameters(skip_generator_full()) == 6_238_019


def test_the_joint_net_is_the_generator_on_rgb_and_half_a_branch() -> None:
    # Weights a -> b of side k: k^2 a b, a bias, and a gain and an offset, b each; the last one has a bias only.
    convs = [(3, 128, 128), *[(3, 128, 128)] * 8, (4, 128, 64), (3, 64, 64), (4, 64, 32), (3, 32, 16)]
    branch = sum(k * k * a * b + 3 * b for k, a, b in convs) + 9 * 16 + 1
    with torch.device("meta"):
        one_channel_less = 25 * 64
        assert n_parameters(joint_caption_full()) == n_parameters(skip_generator_full()) - one_channel_less + branch
        assert n_parameters(joint_caption_full()) == 7_772_964


def test_tiny_nets_are_small() -> None:
    assert n_parameters(joint_caption_tiny()) < 1_000_000
    assert n_parameters(skip_generator_tiny()) < 1_000_000


@torch.no_grad()
@pytest.mark.parametrize(("height", "width"), [(64, 64), (37, 53), (1, 1)])
def test_every_size_comes_back_as_it_went_in(height: int, width: int) -> None:
    picture = draw(1, 3, height, width)
    restored, mask, painted = joint().paint_and_find(picture)
    filled = generator()(picture, centre_hole(height, width))
    assert restored.shape == painted.shape == filled.shape == picture.shape
    assert mask.shape == (1, 1, height, width)
    for values in (restored, mask, painted, filled):
        assert 0 <= values.min() <= values.max() <= 1


@torch.no_grad()
def test_the_answer_is_painted_where_the_mask_says_and_the_frame_elsewhere() -> None:
    picture = draw(1, 3, 32, 32)
    net = joint()
    restored, mask, painted = net.paint_and_find(picture)
    torch.testing.assert_close(restored, mask * painted + (1 - mask) * picture)
    assert torch.equal(net(picture), restored)


@torch.no_grad()
def test_a_mask_branch_that_finds_nothing_leaves_the_frame_bit_for_bit() -> None:
    net, picture = joint(), draw(1, 3, 32, 32)
    nn.init.zeros_(net.find.head.weight)
    assert net.find.head.bias is not None
    nn.init.constant_(net.find.head.bias, -200.0)  # its sigmoid is 0 in float32
    assert torch.equal(net(picture), picture)


@torch.no_grad()
def test_the_image_branch_has_skip_connections_and_the_mask_branch_none() -> None:
    net = joint()
    large, small = net.entry(draw(1, 3, 32, 32))
    other = large + 1
    assert not torch.equal(net.paint(large, small), net.paint(other, small))
    assert torch.equal(net.find(large, small), net.find(other, small))


@torch.no_grad()
def test_the_same_frame_gives_the_same_answer_in_evaluation() -> None:
    net, picture = joint(), draw(1, 3, 40, 40)
    assert torch.equal(net(picture), net(picture))


def test_every_parameter_of_the_joint_net_gets_a_finite_gradient() -> None:
    net, picture = joint().train(), draw(2, 3, 64, 64)
    _, mask, painted = net.paint_and_find(picture)
    truth = caption_truth(picture, picture.flip(3))
    torch.autograd.backward((painted - picture.flip(3)).abs().mean() + (mask - truth).square().mean())
    check_gradients(net)


def test_the_truth_is_where_any_channel_changed_and_a_pixel_around() -> None:
    clean = torch.full((1, 3, 7, 7), 0.5)
    captioned = clean.clone()
    captioned[0, 1, 3, 3] = 0.56
    captioned[0, :, 0, 0] = 0.54  # too little
    expected = torch.zeros(1, 1, 7, 7)
    expected[..., 2:5, 2:5] = 1
    assert torch.equal(caption_truth(captioned, clean), expected)


@torch.no_grad()
def test_the_generator_does_not_read_the_hole_and_reads_its_surroundings() -> None:
    net, image, mask = generator(), draw(1, 3, 64, 64), centre_hole(64, 64)
    painted = net(image, mask)
    assert torch.equal(painted, net(image.where(mask == 0, float("nan")), mask))
    assert ((painted - net(draw(1, 3, 64, 64, seed=1), mask)).abs() * mask).max() > 1e-4


def test_every_parameter_of_the_generator_gets_a_finite_gradient() -> None:
    net, image = generator().train(), draw(1, 3, 64, 64)
    (net(image, centre_hole(64, 64)) - image).abs().mean().backward()
    check_gradients(net)
