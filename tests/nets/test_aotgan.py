"""AOT-GAN: counts, keys, sizes, gradients, and the gate."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from retouch.nets.critics.patchgan import PatchDiscriminator, aot_discriminator
from retouch.nets.inpainting.aotgan import AOTGAN, AOTGenerator, aotgan_full, aotgan_tiny
from retouch.nets.layers.aot_block import AOTBlock, normalise_gate

torch.set_num_threads(1)
PARITY = Path(__file__).parents[3] / "shared" / "data" / "parity"
needs_parity = pytest.mark.skipif(not PARITY.exists(), reason=f"{PARITY} is not there")


def batch(height: int, width: int, n: int = 1) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    image = torch.rand(n, 3, height, width, generator=generator)
    mask = (torch.rand(n, 1, height, width, generator=generator) < 0.3).float()
    return image, mask


def count(net: nn.Module) -> int:
    return sum(parameter.numel() for parameter in net.parameters())


def official_state(name: str) -> dict[str, Tensor]:
    """Return tensors without content under the keys and with the shapes of the released weights."""
    shapes = json.loads((PARITY / name / "keys.json").read_text())
    return {key: torch.empty(shape, device="meta") for key, shape in shapes}


def test_full_size_nets_have_the_published_number_of_parameters() -> None:
    with torch.device("meta"):
        assert count(aotgan_full()) == 15_200_835
        assert count(aot_discriminator()) == 2_763_777


def test_the_tiny_preset_has_at_most_a_million_parameters() -> None:
    assert count(aotgan_tiny()) <= 1_000_000


@needs_parity
@pytest.mark.shared
def test_released_weights_have_exactly_our_keys_and_shapes() -> None:
    with torch.device("meta"):
        generator, critic = aotgan_full().generator, aot_discriminator()
    generator.load_state_dict(AOTGenerator.convert_official(official_state("aotgan-generator")), strict=True)
    critic.load_state_dict(PatchDiscriminator.convert_official(official_state("aotgan-disc")), strict=True)


@pytest.mark.parametrize("size", [(64, 64), (1, 1), (7, 33), (37, 50)], ids=str)
def test_any_size_comes_back_as_it_went_in_within_0_and_1(size: tuple[int, int]) -> None:
    with torch.no_grad():
        out = aotgan_tiny().eval()(*batch(*size))
    assert out.shape == (1, 3, *size)
    assert 0 <= out.min() <= out.max() <= 1


def test_wider_dilations_ask_for_more_padding() -> None:
    """A dilation of 12 reflects 12 pixels at a quarter of the size: at least 13, which is 52 pixels."""
    net = AOTGAN(AOTGenerator(width=4, rates=(1, 12), n_blocks=1)).eval()
    assert net(*batch(40, 40)).shape == (1, 3, 40, 40)


def test_nothing_under_the_mask_is_read() -> None:
    net, (image, mask) = aotgan_tiny().eval(), batch(40, 40)
    with torch.no_grad():
        spoilt = net(image.masked_fill(mask > 0, torch.nan), mask)
        torch.testing.assert_close(net(image, mask), spoilt, rtol=0, atol=0)


def test_the_result_depends_on_the_picture_around_the_hole() -> None:
    net, (image, mask) = aotgan_tiny().eval(), batch(40, 40)
    hole = mask.expand_as(image) > 0
    with torch.no_grad():
        assert (net(image, mask)[hole] - net(1 - image, mask)[hole]).abs().max() > 1e-4


def test_every_parameter_gets_a_finite_gradient() -> None:
    net = aotgan_tiny()
    net(*batch(40, 40, n=2)).square().mean().backward()
    for name, parameter in net.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.isfinite().all(), name


def test_the_gate_is_normalised_to_mean_minus_5_and_deviation_10() -> None:
    gate = normalise_gate(torch.rand(2, 3, 16, 16, dtype=torch.float64))
    torch.testing.assert_close(gate.mean(dim=(2, 3)), torch.full((2, 3), -5.0, dtype=torch.float64))
    torch.testing.assert_close(gate.std(dim=(2, 3)), torch.full((2, 3), 10.0, dtype=torch.float64))


def test_a_constant_gate_lets_nearly_nothing_through() -> None:
    """A constant map is normalised to -5; the sigmoid of that is 0.0067, the share of the fused branches.

    With all other weights 0 the block fuses to its bias: x (1 - g) + 3 g.
    """
    block = AOTBlock(4)
    with torch.no_grad():
        for parameter in block.parameters():
            parameter.zero_()
        assert block.fuse.bias is not None
        block.fuse.bias.fill_(3)
        out = block(torch.ones(1, 4, 12, 12))
    torch.testing.assert_close(out, torch.full((1, 4, 12, 12), 1 + 2 * 0.0066929), rtol=0, atol=1e-6)


def test_branches_see_as_far_as_their_dilation() -> None:
    """A bright pixel at the centre reaches the outputs of the branch with dilation 4 just 4 pixels away."""
    branch = AOTBlock(4).branches[2]
    x = torch.zeros(1, 4, 17, 17)
    x[0, :, 8, 8] = 1
    with torch.no_grad():
        change = (branch(x) - branch(torch.zeros_like(x)))[0, 0]
    rows, columns = change.nonzero(as_tuple=True)
    assert sorted(set(rows.tolist())) == sorted(set(columns.tolist())) == [4, 8, 12]


def test_the_critic_divides_by_the_spectral_norm() -> None:
    """After its power iterations have settled, the largest singular value of a layer's weight is 1."""
    torch.manual_seed(0)
    critic = aot_discriminator(width=8)
    for _ in range(100):
        critic(torch.rand(1, 3, 32, 32))
    stage = critic.eval().stages[1]
    assert isinstance(stage, nn.Sequential)
    assert isinstance(stage[0], nn.Conv2d)
    largest = torch.linalg.matrix_norm(stage[0].weight.flatten(1), ord=2)
    assert largest.item() == pytest.approx(1, abs=1e-3)


def test_the_critic_has_a_logit_for_every_patch() -> None:
    """Sides: 64 -> 32 -> 16 -> 8, then 7 and 6 without halving."""
    logits, features = aot_discriminator(width=4)(torch.rand(2, 3, 64, 64))
    assert logits.shape == (2, 1, 6, 6)
    assert [tuple(x.shape[1:]) for x in features] == [(4, 32, 32), (8, 16, 16), (16, 8, 8), (32, 7, 7)]
