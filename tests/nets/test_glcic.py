"""GLCIC: the completion net, its reach, and the two critics."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from retouch.errors import InputError
from retouch.nets.encoder_decoders.glcic import (
    DILATIONS,
    CompletionNet,
    crop_windows,
    glcic_critic_full,
    glcic_critic_tiny,
    glcic_full,
    glcic_tiny,
    window_corners,
)

torch.set_num_threads(1)


def draw(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


def centre_hole(n: int, height: int, width: int) -> Tensor:
    mask = torch.zeros(n, 1, height, width)
    mask[:, :, height // 4 : height - height // 4, width // 4 : width - width // 4] = 1
    return mask


def n_parameters(net: nn.Module) -> int:
    return sum(parameter.numel() for parameter in net.parameters())


def test_the_published_widths_have_the_published_numbers_of_parameters() -> None:
    with torch.device("meta"):
        assert n_parameters(glcic_full(norm=False)) == 6_066_179
        assert n_parameters(glcic_full()) == 6_072_131


def test_the_critics_have_the_parameters_of_their_table() -> None:
    """Each 5 x 5 convolution 25 a b + b and a batch norm 2 b; both end in 4 x 4 x 512 numbers before the vector."""
    shared = [(3, 64), (64, 128), (128, 256), (256, 512), (512, 512)]
    local = sum(25 * a * b + 3 * b for a, b in shared) + 4 * 4 * 512 * 1024 + 1024
    whole = local + 25 * 512 * 512 + 3 * 512
    with torch.device("meta"):
        assert n_parameters(glcic_critic_full()) == local + whole + 2048 + 1


def test_tiny_nets_have_at_most_a_million_parameters() -> None:
    assert n_parameters(glcic_tiny()) <= 1_000_000
    assert n_parameters(glcic_critic_tiny()) <= 1_000_000


@torch.no_grad()
@pytest.mark.parametrize(("height", "width"), [(64, 64), (37, 50), (1, 3)])
def test_every_size_comes_back_as_it_went_in(height: int, width: int) -> None:
    image, mask = draw(1, 3, height, width), centre_hole(1, height, width)
    painted = glcic_tiny().eval()(image, mask)
    assert painted.shape == image.shape
    assert 0 <= painted.min() <= painted.max() <= 1


@torch.no_grad()
def test_values_under_the_mask_are_not_read() -> None:
    net, image, mask = glcic_tiny().eval(), draw(1, 3, 24, 24), centre_hole(1, 24, 24)
    assert torch.equal(net(image, mask), net(image.where(mask == 0, float("nan")), mask))


def test_every_parameter_gets_a_finite_gradient() -> None:
    net, image, mask = glcic_tiny(), draw(2, 3, 32, 32), centre_hole(2, 32, 32)
    torch.autograd.backward((net(image, mask) - image).square().mean())
    for name, parameter in net.named_parameters():
        assert parameter.grad is not None, name
        assert torch.isfinite(parameter.grad).all(), name


@pytest.mark.parametrize(("dilations", "reaches"), [(DILATIONS, True), ((1, 1, 1, 1), False)])
def test_only_dilations_let_the_middle_of_a_large_hole_see_known_pixels(
    dilations: tuple[int, ...], reaches: bool
) -> None:
    """Without them a pixel sees less than 56 pixels to each side: 2 + 1 + 2 * 1 + 2 + 8 * 4 + (1, 2 or 4 thrice)."""
    torch.manual_seed(0)
    net = CompletionNet(4, dilations, norm=False).eval()
    x = draw(1, 4, 160, 160).requires_grad_()
    torch.autograd.backward(net(x)[:, :, 80, 80].sum())
    assert x.grad is not None
    seen = x.grad.abs().sum(dim=(0, 1))
    seen[24:136, 24:136] = 0  # a hole of 112 x 112 pixels
    assert bool(seen.any()) == reaches


@pytest.mark.parametrize(
    ("rows", "columns", "expected"),
    [((30, 34), (20, 24), [24, 14]), ((0, 2), (60, 64), [0, 48]), ((10, 11), (40, 41), [2, 32])],
)
def test_the_window_has_the_hole_in_its_middle_and_stays_in_the_picture(
    rows: tuple[int, int], columns: tuple[int, int], expected: list[int]
) -> None:
    """The middle of rows 30 to 33 is 32, and 32 - 16 / 2 = 24; pushed back to 0 and to 64 - 16 at the borders."""
    mask = torch.zeros(1, 1, 64, 64)
    mask[:, :, slice(*rows), slice(*columns)] = 1
    assert window_corners(mask, 16).tolist() == [expected]


def test_windows_are_cut_picture_by_picture() -> None:
    image = torch.arange(32.0).reshape(2, 1, 4, 4)
    windows = crop_windows(image, torch.tensor([[0, 1], [2, 2]]), 2)
    assert windows.flatten(1).tolist() == [[1, 2, 5, 6], [26, 27, 30, 31]]


def test_a_window_larger_than_the_picture_is_refused() -> None:
    with pytest.raises(InputError, match="window of 16 pixels"):
        window_corners(torch.zeros(1, 1, 15, 20), 16)


def test_the_critics_refuse_pictures_of_another_size() -> None:
    with pytest.raises(InputError, match="judges 64 x 64 pixels, got 60 x 64"):
        glcic_critic_tiny()(draw(1, 3, 60, 64), torch.tensor([[0, 0]]))


def test_the_score_depends_more_on_the_window_than_on_the_rest() -> None:
    torch.manual_seed(0)
    critic, image = glcic_critic_tiny().eval(), draw(2, 3, 64, 64).requires_grad_()
    scores = critic(image, torch.tensor([[8, 8], [32, 32]]))
    assert scores.shape == (2,)
    (gradient,) = torch.autograd.grad(scores[0], image)
    assert gradient[1].abs().max() == 0
    size = gradient[0].abs().sum(dim=0)
    inside = size[8:40, 8:40].mean()
    assert inside > 2 * (size.sum() - size[8:40, 8:40].sum()) / (64**2 - 32**2) > 0


def test_every_parameter_of_the_critics_gets_a_finite_gradient() -> None:
    torch.manual_seed(0)
    critic = glcic_critic_tiny()
    torch.autograd.backward(critic(draw(3, 3, 64, 64), torch.tensor([[0, 0], [9, 5], [32, 32]])).square().sum())
    for name, parameter in critic.named_parameters():
        assert parameter.grad is not None, name
        assert torch.isfinite(parameter.grad).all(), name
