"""LaMa: counts, keys, sizes, gradients, and what the Fourier branch must do."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from retouch.errors import InputError, WeightsError
from retouch.nets.critics.patchgan import lama_discriminator
from retouch.nets.inpainting.lama import (
    FourierGenerator,
    Lama,
    RegularGenerator,
    Shape,
    big_lama_full,
    fourier_generator,
    lama_full,
    lama_regular_full,
    lama_regular_tiny,
    lama_tiny,
)
from retouch.nets.layers.attention.channel_attention import SqueezeExcitation
from retouch.nets.layers.fourier.fast_convolution import FFC, FourierUnit, SpectralTransform, Split, Window
from retouch.nets.layers.mirroring import pad_to_multiple

torch.set_num_threads(1)

PARITY = Path(__file__).parents[3] / "shared" / "data" / "parity"
needs_parity = pytest.mark.skipif(not PARITY.exists(), reason=f"{PARITY} is not there")
TINY = [lama_tiny, lama_regular_tiny]


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


@pytest.mark.parametrize(
    ("preset", "expected"),
    [(lama_full, 27_048_835), (big_lama_full, 50_975_875), (lama_regular_full, 45_617_731)],
)
def test_full_presets_have_the_published_number_of_parameters(preset: Callable[[], Lama], expected: int) -> None:
    with torch.device("meta"):
        assert count(preset()) == expected


@pytest.mark.parametrize("preset", TINY)
def test_tiny_presets_have_at_most_a_million_parameters(preset: Callable[[], Lama]) -> None:
    assert count(preset()) <= 1_000_000


@needs_parity
@pytest.mark.shared
@pytest.mark.parametrize(
    ("preset", "kind", "name"),
    [
        (big_lama_full, FourierGenerator, "lama-generator"),
        (lama_regular_full, RegularGenerator, "lama-generator-regular"),
    ],
)
def test_released_generators_have_exactly_our_keys_and_shapes(
    preset: Callable[[], Lama], kind: type[FourierGenerator | RegularGenerator], name: str
) -> None:
    with torch.device("meta"):
        net = preset().generator
    net.load_state_dict(kind.convert_official(official_state(name)), strict=True)


@needs_parity
@pytest.mark.shared
def test_the_released_critic_has_exactly_our_keys_and_shapes() -> None:
    with torch.device("meta"):
        net = lama_discriminator()
    net.load_state_dict(net.convert_official(official_state("lama-disc")), strict=True)


@pytest.mark.parametrize("preset", TINY)
@pytest.mark.parametrize("size", [(64, 64), (1, 1), (7, 33), (37, 50)], ids=str)
def test_any_size_comes_back_as_it_went_in_within_0_and_1(preset: Callable[[], Lama], size: tuple[int, int]) -> None:
    with torch.no_grad():
        out = preset().eval()(*batch(*size))
    assert out.shape == (1, 3, *size)
    assert 0 <= out.min() <= out.max() <= 1


@pytest.mark.parametrize("preset", TINY)
def test_nothing_under_the_mask_is_read(preset: Callable[[], Lama]) -> None:
    net, (image, mask) = preset().eval(), batch(24, 24)
    spoilt = image.masked_fill(mask > 0, torch.nan)
    with torch.no_grad():
        torch.testing.assert_close(net(image, mask), net(spoilt, mask), rtol=0, atol=0)


@pytest.mark.parametrize("preset", TINY)
def test_every_parameter_gets_a_finite_gradient(preset: Callable[[], Lama]) -> None:
    torch.manual_seed(0)
    net = preset()
    net(*batch(32, 32, n=2)).square().mean().backward()
    for name, parameter in net.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.isfinite().all(), name


@pytest.mark.parametrize("preset", TINY)
def test_the_result_depends_on_the_picture_around_the_hole(preset: Callable[[], Lama]) -> None:
    net, (image, mask) = preset().eval(), batch(32, 32)
    hole = mask.expand_as(image) > 0
    with torch.no_grad():
        # untrained layers whose norms do nothing yet shrink what they see; rounding alone gives below 1e-6
        assert (net(image, mask)[hole] - net(1 - image, mask)[hole]).abs().max() > 1e-5


def test_the_spectral_transform_sees_the_whole_picture() -> None:
    torch.manual_seed(0)
    x = torch.rand(1, 4, 32, 32, requires_grad=True)
    SpectralTransform(4, 8, enable_lfu=False).eval()(x)[0, :, 5, 7].sum().backward()
    assert x.grad is not None
    assert (x.grad.abs().sum(dim=1) > 0).all()


@pytest.mark.parametrize("size", [(16, 16), (15, 21)], ids=str)
def test_a_complex_product_in_the_spectrum_shifts_with_the_picture(size: tuple[int, int]) -> None:
    """A shift turns the phase of a frequency, which commutes with complex numbers, not with any mixing of the parts.

    So the weights form complex numbers, a + bi as ((a, -b), (b, a)), and an offset keeps ReLU idle; its own answer, a
    bright pixel, is taken off. In double precision, for the offset is large.
    """
    unit = FourierUnit(3, 5).eval().double()
    generator = torch.Generator().manual_seed(0)
    a, b = torch.randn(2, 5, 3, dtype=torch.float64, generator=generator)
    x = torch.randn(2, 3, *size, dtype=torch.float64, generator=generator)
    assert unit.bn.bias is not None
    with torch.no_grad():
        parts = torch.stack([torch.stack([a, -b], dim=2), torch.stack([b, a], dim=2)], dim=1)  # (5, 2, 3, 2)
        unit.conv_layer.weight.copy_(parts.reshape(10, 6, 1, 1))
        unit.bn.bias.fill_(1e4)
        empty = unit(torch.zeros_like(x))
        answer, shifted = unit(x) - empty, unit(x.roll((3, 5), dims=(2, 3))) - empty
    torch.testing.assert_close(shifted, answer.roll((3, 5), dims=(2, 3)), rtol=0, atol=1e-8)


def test_the_fourier_unit_is_linear_while_its_relu_is_idle() -> None:
    """One map in, one out, weights that double both parts: the answer is twice the map."""
    unit = FourierUnit(1, 1).eval()
    unit.bn.eps = 0.0
    assert unit.bn.bias is not None
    with torch.no_grad():
        unit.conv_layer.weight.copy_(2 * torch.eye(2)[:, :, None, None])
        unit.bn.bias.fill_(50)
        x = torch.rand(1, 1, 9, 12)
        answer = unit(x) - unit(torch.zeros_like(x))
    torch.testing.assert_close(answer, 2 * x, rtol=0, atol=1e-4)


def test_positions_in_the_spectrum_are_two_further_channels() -> None:
    unit = FourierUnit(3, 5, spectral_pos_encoding=True)
    assert unit.conv_layer.in_channels == 2 * 3 + 2
    assert unit(torch.rand(2, 3, 8, 10)).shape == (2, 5, 8, 10)


def test_quadrants_of_odd_maps_are_refused() -> None:
    with pytest.raises(InputError, match="even sides, got 8x7"):
        SpectralTransform(4, 8)(torch.rand(1, 4, 8, 7))


@pytest.mark.parametrize(("ratio_gin", "ratio_gout"), [(0.0, 0.0), (0.0, 0.5), (0.5, 0.0), (0.25, 0.75), (1.0, 1.0)])
def test_shares_of_the_channels_add_up(ratio_gin: float, ratio_gout: float) -> None:
    n_global = int(8 * ratio_gin)
    shares = [torch.rand(1, n, 8, 8) if n else None for n in (8 - n_global, n_global)]
    out = FFC(8, 12, Split(ratio_gin, ratio_gout), Window(stride=2))(*shares)
    expected = (12 - int(12 * ratio_gout), int(12 * ratio_gout))
    assert tuple(0 if share is None else share.shape[1] for share in out) == expected
    assert all(share is None or share.shape[2:] == (4, 4) for share in out)


def test_squeeze_and_excitation_of_a_flat_map_follows_by_hand() -> None:
    """Mean 2, hidden 2 * 3 = 6 through ReLU, 6 * 0.5 = 3 through the sigmoid: 2 * 0.952574."""
    layer = SqueezeExcitation(1, reduction=1)
    with torch.no_grad():
        layer.squeeze.weight.fill_(3)
        layer.excite.weight.fill_(0.5)
        out = layer(torch.full((1, 1, 4, 4), 2.0))
    torch.testing.assert_close(out, torch.full((1, 1, 4, 4), 2 * 0.9525741), rtol=0, atol=1e-6)


def test_padding_mirrors_and_repeats_what_is_short() -> None:
    x = torch.arange(6.0).reshape(1, 1, 2, 3)
    padded = pad_to_multiple(x, 5)[0, 0]
    assert padded[:, 0].tolist() == [0, 3, 3, 0, 0]
    assert padded[0].tolist() == [0, 1, 2, 2, 1]
    assert pad_to_multiple(x, 1) is x


def test_a_generator_may_be_global_from_its_stem_on() -> None:
    net = fourier_generator(
        Shape(width=8, n_blocks=1, n_downsampling=2),
        block=Split(0.5, 0.5),
        stem=Split(0.0, 0.5),
        down=Split(0.5, 0.5, enable_lfu=False),
    )
    assert net(torch.rand(2, 4, 16, 16)).shape == (2, 3, 16, 16)


@pytest.mark.parametrize("kind", [FourierGenerator, RegularGenerator])
def test_weights_without_blocks_are_refused(kind: type[FourierGenerator | RegularGenerator]) -> None:
    with pytest.raises(WeightsError, match="not those of a LaMa generator"):
        kind.convert_official({"model.1.weight": torch.zeros(1)})


def test_the_critic_gives_a_logit_per_patch_and_the_features_of_its_stages() -> None:
    """Sides: 64 -> 33 -> 17 -> 9 -> 5 by halving with padding 2, then 6 and 7 without halving."""
    logits, features = lama_discriminator(width=4)(torch.rand(2, 3, 64, 64))
    assert logits.shape == (2, 1, 7, 7)
    assert [tuple(x.shape[1:]) for x in features] == [(4, 33, 33), (8, 17, 17), (16, 9, 9), (32, 5, 5), (64, 6, 6)]
