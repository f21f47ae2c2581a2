"""Monochromic bottleneck: the colour net, and colours learnt from one picture."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from retouch.errors import InputError
from retouch.nets.structure.monochromic import (
    STEP_SIZES,
    ColourTraining,
    colour_grey,
    colour_net_full,
    colour_net_tiny,
    enlarge,
    known_error,
    published_training,
)

torch.set_num_threads(1)


def draw(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


def n_parameters(net: nn.Module) -> int:
    return sum(parameter.numel() for parameter in net.parameters())


def two_colours(side: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return grey, colours and a hole: stripes that are dark red or light blue, so that grey tells the colour."""
    light = ((torch.arange(side) // 4) % 2).float().expand(1, 1, side, side)
    dark_red, light_blue = (torch.tensor(colour)[:, None, None] for colour in ((0.6, 0.1, 0.2), (0.5, 0.8, 0.9)))
    image = dark_red + light * (light_blue - dark_red)
    mask = torch.zeros(1, 1, side, side)
    mask[:, :, side // 4 : side // 2, side // 4 : 3 * side // 4] = 1
    return image.mean(dim=1, keepdim=True), image, mask


def test_the_published_widths_have_the_published_numbers_of_parameters() -> None:
    assert n_parameters(colour_net_full()) == 158_979
    assert n_parameters(colour_net_full(4)) == 159_843
    assert n_parameters(colour_net_tiny(4)) < n_parameters(colour_net_full())


@torch.no_grad()
@pytest.mark.parametrize("size", [(24, 17), (2, 2), (3, 40)])
def test_every_size_comes_back_as_colours(size: tuple[int, int]) -> None:
    colours = colour_net_tiny(4).eval()(draw(2, 4, *size))
    assert colours.shape == (2, 3, *size)
    assert 0 < colours.min() <= colours.max() < 1


def test_every_parameter_gets_a_finite_gradient() -> None:
    net = colour_net_tiny()
    torch.autograd.backward(known_error(net(draw(1, 1, 9, 8)), draw(1, 3, 9, 8, seed=1), torch.ones(1, 1, 9, 8)))
    for name, parameter in net.named_parameters():
        assert parameter.grad is not None, name
        assert torch.isfinite(parameter.grad).all(), name


def test_errors_in_the_hole_do_not_count() -> None:
    image, known = draw(1, 3, 6, 6), (draw(1, 1, 6, 6, seed=1) < 0.5).float()
    assert known_error(image + (1 - known), image, known) == 0
    assert known_error(image + known, image, known).item() == pytest.approx(known.mean().item())


def test_a_number_of_sizes_has_as_many_steps() -> None:
    assert {n: len(published_training(n).step_sizes) for n in STEP_SIZES} == {n: n for n in range(1, 6)}
    assert [published_training(n).n_steps for n in STEP_SIZES] == [1001, 401, 401, 401, 401]
    with pytest.raises(InputError, match="one of 1, 2, 3, 4, 5, got 6"):
        published_training(6)


@pytest.mark.parametrize("size", [(12, 18), (13, 19), (25, 9)])
def test_colours_are_enlarged_as_pillow_does_it(size: tuple[int, int]) -> None:
    x = 0.3 + 0.4 * draw(1, 1, 6, 9)
    theirs = Image.fromarray(x[0, 0].numpy()).resize(size[::-1], Image.Resampling.LANCZOS)
    torch.testing.assert_close(enlarge(x, size)[0, 0], torch.tensor(np.array(theirs)).clamp(0, 1), atol=1e-5, rtol=0)


def test_the_hole_gets_the_colours_that_go_with_its_greys() -> None:
    grey, image, mask = two_colours(24)
    torch.manual_seed(0)
    colours = colour_grey(grey, image.where(mask == 0, float("nan")), mask, ColourTraining(200, (0.01, 0.003)))
    assert colours.shape == image.shape
    assert known_error(colours, image, mask) < 1e-3  # in the hole
    assert known_error(colours, image, 1 - mask) < 1e-3  # and outside
    assert known_error(grey.expand_as(image), image, torch.ones_like(mask)) > 1e-2  # grey alone would not do


def test_the_same_seed_gives_the_same_colours_and_progress_ends_at_the_total() -> None:
    grey, image, mask = two_colours(16)
    seen: list[tuple[int, int]] = []
    results = []
    for _ in range(2):
        torch.manual_seed(3)
        training = ColourTraining(2, (0.01, 0.005))
        results.append(colour_grey(grey, image, mask, training, progress=lambda *at: seen.append(at)))
    assert torch.equal(results[0], results[1])
    assert seen[:4] == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_too_many_sizes_are_refused() -> None:
    grey, image, mask = two_colours(12)
    with pytest.raises(InputError, match="two pixels a side, got 1 x 1"):
        colour_grey(grey, image, mask, ColourTraining(1, (0.01,) * 4))
    with pytest.raises(InputError, match="no pixel is wholly known at the smallest size, 3 x 3"):
        colour_grey(grey, image, (draw(1, 1, 12, 12) < 0.5).float(), ColourTraining(1, (0.01,) * 3))
