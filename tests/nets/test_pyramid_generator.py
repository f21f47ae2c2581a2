"""Pyramid generator: its numbers of weights, its levels, who reaches whom, the five fusions."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from retouch.errors import InputError
from retouch.nets.inpainting.two_stage.networks import DilatedPath
from retouch.nets.inpainting.two_stage.pyramid_generator import (
    ADAPTIVE,
    STANDARD,
    Fusion,
    PyramidGenerator,
    pyramid_generator,
    pyramid_generator_full,
    pyramid_generator_tiny,
    pyramid_levels,
)

torch.set_num_threads(1)
FUSIONS: tuple[Fusion, ...] = ("image_both", "image_attention", "image_other", "feature_coarse", "feature_refine")


def n_parameters(net: nn.Module) -> int:
    return sum(parameter.numel() for parameter in net.parameters())


def noise_of(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed))


def centre_hole(n: int, height: int, width: int) -> Tensor:
    mask = torch.zeros(n, 1, height, width)
    mask[..., height // 4 : 3 * height // 4, width // 4 : 3 * width // 4] = 1
    return mask


def test_full_width_has_the_weights_of_deepfill_and_what_was_added() -> None:
    """DeepFill v2 has 1,631,151 weights in its first stage and 2,421,327 in its second."""
    rate = 96 * 9 * 192 + 192  # one gated layer among the dilated ones
    skip = 48 * 9 * 96
    first = 25 * 48  # one channel more at the input
    with torch.device("meta"):
        net = pyramid_generator_full()
    assert n_parameters(net.structure) == 1_631_151 + 2 * first - rate + skip
    assert n_parameters(net.middle) == 1_631_151 + 2 * first + skip
    assert n_parameters(net.texture.coarse) == 1_631_151 + rate
    assert n_parameters(net.texture.refine) == 2_421_327 + rate + 2 * 4 * first
    assert n_parameters(net) == 7_578_204


def test_tiny_stays_below_a_million_weights() -> None:
    assert n_parameters(pyramid_generator_tiny()) < 1_000_000


def reach(path: DilatedPath, in_channels: int) -> int:
    """Return on how many columns the features in the middle depend."""
    x = torch.zeros(1, in_channels, 4, 512).requires_grad_()
    _, widened = path.follow(x)
    middle: Tensor = widened[:, :, :, widened.shape[3] // 2].sum()
    middle.backward()  # type: ignore[no-untyped-call]
    assert x.grad is not None
    columns = x.grad.abs().sum(dim=(0, 1, 2)).nonzero().flatten()
    return int(columns[-1] - columns[0] + 1)


def test_each_layer_reaches_further_than_the_one_below_in_its_own_pixels() -> None:
    # Before the dilated layers 1 + 4 + 2 + 2*2 + 2*2 + 4*2 + 4*2 = 31 columns; rates add 4 * 2 each.
    torch.manual_seed(0)
    net = pyramid_generator(2)
    assert reach(net.structure, 7) == 31 + 8 * (2 + 4 + 8)
    assert reach(net.middle, 7) == 31 + 8 * (2 + 4 + 8 + 16)
    assert reach(net.texture.coarse, 5) == 31 + 8 * (2 + 4 + 8 + 12 + 16)


def test_adaptive_dilation_has_the_thesiss_rates_and_standard_four_everywhere() -> None:
    assert ADAPTIVE == ((2, 4, 8), (2, 4, 8, 16), (2, 4, 8, 12, 16))
    net = pyramid_generator(2, rates=STANDARD)
    assert [len(list(path.children())) for path in (net.structure.dilated, net.texture.coarse.dilated)] == [4, 4]


def test_levels_halve_and_hold_no_missing_value() -> None:
    image, mask = noise_of(1, 3, 64, 96), centre_hole(1, 64, 96)
    mask[..., 1, 1] = 1
    levels = pyramid_levels(image.masked_fill(mask > 0, float("nan")), mask)
    assert [tuple(level.masked.shape[2:]) for level in levels] == [(16, 24), (32, 48), (64, 96)]
    for level in levels:
        assert level.masked.isfinite().all()
        assert (level.masked * level.mask).abs().max() == 0
        assert level.mask[0, 0, 0, 0] == (0 if level is levels[2] else 1)
    # away from holes the smallest level is the mean of sixteen pixels
    expected = 2 * image[..., 4:8, 0:4].mean(dim=(2, 3)) - 1
    torch.testing.assert_close(levels[0].masked[..., 1, 0], expected)


@pytest.mark.parametrize("fusion", FUSIONS)
def test_every_parameter_gets_a_gradient_that_is_finite(fusion: Fusion) -> None:
    torch.manual_seed(0)
    net = pyramid_generator(4, fusion=fusion).train()
    pictures = net(noise_of(2, 3, 64, 64), centre_hole(2, 64, 64))
    loss = torch.stack([picture.square().mean() for picture in pictures]).sum()
    loss.backward()  # type: ignore[no-untyped-call]
    for parameter in net.parameters():
        assert parameter.grad is not None
        assert parameter.grad.isfinite().all()
        assert parameter.grad.abs().max() > 0


def gradients_from_the_result(net: PyramidGenerator) -> tuple[float, float]:
    refined = net(noise_of(1, 3, 64, 64), centre_hole(1, 64, 64)).refined
    energy: Tensor = refined.square().mean()
    energy.backward()  # type: ignore[no-untyped-call]
    first, second = (
        max((0.0 if p.grad is None else float(p.grad.abs().max()) for p in part.parameters()), default=0.0)
        for part in (net.structure, net.middle)
    )
    return first, second


@pytest.mark.parametrize("fusion", FUSIONS)
def test_the_result_alone_trains_the_layers_below(fusion: Fusion) -> None:
    torch.manual_seed(0)
    structure, middle = gradients_from_the_result(pyramid_generator(4, fusion=fusion).train())
    assert structure > 0
    assert middle > 0


def test_the_five_fusions_have_five_numbers_of_weights_or_places() -> None:
    # per path 3 channels less at the input; a fusion of features is a gated layer of 8c to 4c channels
    c = 24
    image, features = 3 * 25 * 2 * c, 8 * c * 9 * 8 * c + 8 * c
    with torch.device("meta"):
        counts = {fusion: n_parameters(pyramid_generator(fusion=fusion)) for fusion in FUSIONS}
    assert counts["image_both"] == 7_578_204
    assert counts["image_attention"] == counts["image_other"] == 7_578_204 - image
    assert counts["feature_coarse"] == counts["feature_refine"] == 7_578_204 - 2 * image + features


@pytest.mark.parametrize("size", [(64, 64), (50, 34), (3, 40)])
def test_any_size_is_kept_and_pictures_lie_in_range(size: tuple[int, int]) -> None:
    pictures = pyramid_generator_tiny().eval()(noise_of(1, 3, *size), centre_hole(1, *size))
    assert pictures.coarse.shape == pictures.refined.shape == (1, 3, *size)
    padded = [-(-side // 32) * 32 for side in size]
    assert list(pictures.middle.shape[2:]) == [side // 2 for side in padded]
    assert list(pictures.structure.shape[2:]) == [side // 4 for side in padded]
    for picture in pictures:
        assert picture.min() >= 0
        assert picture.max() <= 1


def test_values_under_the_masks_are_never_read() -> None:
    net, image, mask = pyramid_generator_tiny().eval(), noise_of(1, 3, 64, 64), centre_hole(1, 64, 64)
    smooth = noise_of(1, 3, 16, 16)
    small = pyramid_levels(image, mask)[0].mask
    clean = net(image, mask, smooth)
    spoilt = net(image.masked_fill(mask > 0, float("nan")), mask, smooth.masked_fill(small > 0, float("nan")))
    for a, b in zip(clean, spoilt, strict=True):
        assert torch.equal(a, b)


def test_the_smallest_level_stands_in_for_its_smooth_version() -> None:
    torch.manual_seed(0)
    net, image, mask = pyramid_generator_tiny().eval(), noise_of(1, 3, 64, 64), centre_hole(1, 64, 64)
    small = (pyramid_levels(image, mask)[0].masked + 1) / 2
    torch.testing.assert_close(net(image, mask).structure, net(image, mask, small).structure)
    assert not torch.equal(net(image, mask).structure, net(image, mask, torch.zeros_like(small)).structure)


def test_a_smooth_picture_of_another_size_is_refused() -> None:
    with pytest.raises(InputError, match=r"\(1, 3, 16, 16\), got \(1, 3, 64, 64\)"):
        pyramid_generator_tiny()(noise_of(1, 3, 64, 64), centre_hole(1, 64, 64), noise_of(1, 3, 64, 64))


def test_labels_guide_the_texture_only() -> None:
    torch.manual_seed(0)
    net, image, mask = pyramid_generator_tiny().eval(), noise_of(1, 3, 64, 64), centre_hole(1, 64, 64)
    labels = (torch.arange(64) < 20).float().expand(1, 1, 64, 64)
    free, guided = net(image, mask), net(image, mask, None, labels)
    assert torch.equal(free.coarse, guided.coarse)
    assert not torch.equal(free.refined, guided.refined)
    assert torch.equal(net(image, mask, None, torch.zeros_like(labels)).refined, free.refined)


def test_evaluation_is_repeatable() -> None:
    net, image, mask = pyramid_generator_tiny().eval(), noise_of(1, 3, 32, 32), centre_hole(1, 32, 32)
    assert torch.equal(net(image, mask).refined, net(image, mask).refined)
