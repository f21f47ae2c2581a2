"""MI-GAN: keys, sizes, gradients, and its windowed sampling."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from retouch.errors import InputError
from retouch.nets.inpainting.migan import (
    MIGAN,
    Downsample,
    MIGANGenerator,
    Pyramid,
    SeparableConv,
    Upsample,
    migan_full,
    migan_tiny,
)

torch.set_num_threads(1)
PARITY = Path(__file__).parents[3] / "shared" / "data" / "parity"


def batch(height: int, width: int, n: int = 1) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    image = torch.rand(n, 3, height, width, generator=generator)
    mask = (torch.rand(n, 1, height, width, generator=generator) < 0.3).float()
    return image, mask


def small() -> MIGAN:
    return MIGAN(MIGANGenerator(Pyramid(16, 256, 8), torch.Generator().manual_seed(0))).eval()


def count(net: nn.Module) -> int:
    return sum(parameter.numel() for parameter in net.parameters())


@pytest.mark.shared
@pytest.mark.skipif(not PARITY.exists(), reason=f"{PARITY} is not there")
def test_the_released_weights_have_exactly_our_keys_and_shapes() -> None:
    shapes = json.loads((PARITY / "migan-generator" / "keys.json").read_text())
    state = {key: torch.empty(shape, device="meta") for key, shape in shapes}
    with torch.device("meta"):
        net = migan_full().generator
    net.load_state_dict(MIGANGenerator.convert_official(state), strict=True)


def test_the_full_preset_has_its_number_of_parameters() -> None:
    """Counted from the released weights without the fixed windows, noise and patterns of zeros."""
    with torch.device("meta"):
        assert count(migan_full()) == 5_893_158


def test_the_tiny_preset_has_at_most_a_million_parameters() -> None:
    with torch.device("meta"):
        assert count(migan_tiny()) <= 1_000_000


@pytest.mark.parametrize("size", [(64, 64), (1, 1), (7, 33), (37, 50)], ids=str)
def test_any_size_up_to_the_resolution_comes_back_as_it_went_in(size: tuple[int, int]) -> None:
    with torch.no_grad():
        out = migan_tiny().eval()(*batch(*size))
    assert out.shape == (1, 3, *size)
    assert out.isfinite().all()


def test_a_picture_above_the_resolution_is_refused() -> None:
    with pytest.raises(InputError, match="up to 16 pixels a side, got 16x17"):
        small()(*batch(16, 17))


@pytest.mark.parametrize("resolution", [0, 4, 48, -8])
def test_a_resolution_that_is_no_power_of_two_is_refused(resolution: int) -> None:
    with pytest.raises(InputError, match=f"power of two of at least 8, got {resolution}"):
        Pyramid(resolution)


def test_levels_halve_down_to_4_and_channels_grow_up_to_their_limit() -> None:
    """32768 / 512 = 64 channels at the top; from 64 pixels on the limit of 512 holds."""
    pyramid = Pyramid()
    assert pyramid.sides == [512, 256, 128, 64, 32, 16, 8, 4]
    assert [pyramid.channels(side) for side in pyramid.sides] == [64, 128, 256, 512, 512, 512, 512, 512]


def test_nothing_under_the_mask_is_read() -> None:
    net, (image, mask) = small(), batch(16, 16)
    with torch.no_grad():
        spoilt = net(image.masked_fill(mask > 0, torch.nan), mask)
        torch.testing.assert_close(net(image, mask), spoilt, rtol=0, atol=0)


def test_the_result_depends_on_the_picture_around_the_hole() -> None:
    net, (image, mask) = small(), batch(16, 16)
    hole = mask.expand_as(image) > 0
    with torch.no_grad():
        assert (net(image, mask)[hole] - net(1 - image, mask)[hole]).abs().max() > 1e-6


def test_the_mask_enters_as_known_one_half() -> None:
    """The first four channels that the body sees: +1/2 known, then the picture in [-1, 1], 0 in the hole."""
    net, seen = small(), list[Tensor]()
    net.generator.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    mask = torch.zeros(1, 1, 16, 16)
    mask[..., 3] = 1
    net(torch.full((1, 3, 16, 16), 0.75), mask)
    assert seen[0][0, :, 0, 0].tolist() == [0.5, 0.5, 0.5, 0.5]
    assert seen[0][0, :, 0, 3].tolist() == [-0.5, 0.0, 0.0, 0.0]


def test_every_parameter_gets_a_finite_gradient_and_the_windows_none() -> None:
    net = small().train()
    net(*batch(16, 16, n=2)).square().mean().backward()
    for name, parameter in net.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.isfinite().all(), name
        assert "kernel" not in name


def test_the_same_generator_gives_the_same_noise() -> None:
    first, second = small().state_dict(), small().state_dict()
    noise = [key for key in first if "noise_const" in key]
    assert len(noise) == 4  # two at 8 pixels, two at 16
    assert all(torch.equal(first[key], second[key]) for key in noise)
    assert all(float(first[key.replace("const", "strength")]) == 0 for key in noise)


def test_doubling_is_the_filtering_of_inserted_zeros() -> None:
    """Zeros in between, two rows before and one after, then the window; also for a window that is not symmetric."""
    up, x = Upsample(3), torch.rand(2, 3, 5, 7)
    up.kernel = torch.rand(3, 1, 4, 4)
    sparse = torch.zeros(2, 3, 10, 14)
    sparse[..., ::2, ::2] = x
    expected = functional.conv2d(functional.pad(sparse, (2, 1, 2, 1)), up.kernel, groups=3)
    torch.testing.assert_close(up(x), expected)


def test_flat_maps_stay_flat_inside_when_sampled() -> None:
    flat = torch.ones(1, 2, 8, 8)
    torch.testing.assert_close(Downsample(2)(flat)[..., 1:-1, 1:-1], torch.ones(1, 2, 2, 2))
    torch.testing.assert_close(Upsample(2)(flat)[..., 1:-1, 1:-1], torch.ones(1, 2, 14, 14))


def test_activations_keep_the_variance_and_are_clamped() -> None:
    """The identity in both convolutions: leaky ReLU times sqrt(2) twice; 1 becomes 2, -1 becomes -0.08, 1000 is cut."""
    conv = SeparableConv(1, 1)
    with torch.no_grad():
        for parameter in conv.parameters():
            parameter.zero_()
        conv.conv1.weight[0, 0, 1, 1] = 1
        conv.conv2.weight.fill_(1)
        out = conv(torch.tensor([[[[1.0, -1.0, 1000.0]]]])).flatten()
    torch.testing.assert_close(out, torch.tensor([2.0, -0.08, 256.0]))


def test_noise_is_added_before_the_last_activation() -> None:
    """Zero weights: the noise 3 at strength 2, through the activation: 6 sqrt(2)."""
    conv = SeparableConv(1, 1, noise=torch.full((4, 4), 3.0))
    with torch.no_grad():
        for parameter in conv.parameters():
            parameter.zero_()
        assert conv.noise_strength is not None
        conv.noise_strength.fill_(2)
        out = conv(torch.rand(1, 1, 4, 4))
    torch.testing.assert_close(out, torch.full((1, 1, 4, 4), 6 * 2**0.5))
