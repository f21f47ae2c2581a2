"""The residual U-Net: what it leaves alone, what it sees, how it starts."""

from __future__ import annotations

import pytest
import torch

from retouch.errors import InputError
from retouch.nets.inpainting.residual_unet import (
    RESIDUAL_SCALE,
    KnownAttention,
    Sizes,
    local_contrast,
    residual_unet_full,
    residual_unet_tiny,
)


def woken(seed: int = 0) -> torch.nn.Module:
    """Return a small net whose last layers are not zero."""
    generator = torch.Generator().manual_seed(seed)
    net = residual_unet_tiny(generator=generator)
    for weight in net.parameters():
        if not weight.any():
            torch.nn.init.normal_(weight, std=0.1, generator=generator)
    return net.eval()


def pair(height: int = 48, width: int = 64) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(1)
    mask = torch.zeros(1, 1, height, width)
    mask[..., 10:30, 20:40] = 1
    return torch.rand(1, 3, height, width, generator=generator), mask


def test_it_starts_at_the_guess() -> None:
    guess, mask = pair()
    assert (residual_unet_full()(guess, mask) == guess).all()


@pytest.mark.parametrize("size", [(48, 64), (37, 51), (16, 16), (5, 7)])
def test_known_pixels_come_back_and_missing_ones_change(size: tuple[int, int]) -> None:
    guess = pair(*size)[0]
    mask = torch.zeros(1, 1, *size)
    mask[..., 2:5, 3:6] = 1
    out = woken()(guess, mask)
    known = (mask == 0).expand_as(guess)
    assert out.shape == guess.shape
    assert (out[known] == guess[known]).all()
    assert (out[~known] != guess[~known]).any()


def test_a_flat_picture_is_hardly_changed() -> None:
    """Corrections scale with the contrast around: 0.25 * 0.01 on a flat picture, where sqrt(1e-4) stands for none."""
    flat = torch.full((1, 3, 32, 32), 0.5)
    torch.testing.assert_close(local_contrast(flat), torch.full((1, 1, 32, 32), RESIDUAL_SCALE * 0.01))


def test_contrast_is_the_deviation_around() -> None:
    """Columns of 0 and 1 by turns deviate by 1/2 everywhere."""
    stripes = (torch.arange(32) % 2).float().expand(1, 3, 32, 32)
    torch.testing.assert_close(
        local_contrast(stripes), torch.full((1, 1, 32, 32), RESIDUAL_SCALE * 0.5), atol=1e-4, rtol=0
    )


def test_attention_counts_missing_places_less() -> None:
    """Two places with equal keys: one missing wholly, at doubt -2 it has exp(-2) of the other's weight."""
    attention = KnownAttention(4, 1)
    torch.nn.init.zeros_(attention.project.weight)
    attention.project.bias = None
    attention.project.weight.data[8:] = torch.eye(4)[:, :, None, None]  # values are what goes in
    attention.last.weight.data = torch.eye(4)[:, :, None, None]
    attention.last.bias = None
    x = torch.tensor([[1.0, -1.0, 2.0, 0.0], [0.0, 3.0, -1.0, 1.0]]).T.reshape(1, 4, 1, 2)
    seen = attention(x, torch.tensor([[[[0.0, 1.0]]]])) - x
    values = attention.norm(x)[0, :, 0]  # (4, 2)
    weights = torch.softmax(torch.tensor([0.0, -2.0]), 0)
    expected = (values * weights).sum(dim=1)
    torch.testing.assert_close(seen[0, :, 0, 0], expected)
    torch.testing.assert_close(seen[0, :, 0, 1], expected)


def test_it_sees_the_whole_picture() -> None:
    net, (guess, mask) = woken(), pair(64, 128)
    guess.requires_grad_()
    net(guess, mask)[..., 12, 22].sum().backward()
    assert guess.grad is not None
    assert guess.grad[..., -1, -1].abs().sum() > 0


def test_sizes_that_do_not_fit_are_refused() -> None:
    with pytest.raises(InputError, match="multiple of n_heads"):
        Sizes(widths=(8, 8, 8, 10), n_heads=4)
    with pytest.raises(InputError, match="n_attentions must be at most 1"):
        Sizes(n_blocks=(1, 1, 1, 1), n_attentions=2)
