"""The small U-Net over a prompt: where it starts, sizes, gradients."""

from __future__ import annotations

import pytest
import torch

from retouch.nets.detection.prompted_unet import prompted_unet_tiny

torch.set_num_threads(1)


def drawn(height: int, width: int) -> tuple[torch.Tensor, torch.Tensor]:
    rng = torch.Generator().manual_seed(0)
    return torch.rand(2, 3, height, width, generator=rng), torch.rand(2, 4, height, width, generator=rng)


@pytest.mark.parametrize("size", [(32, 48), (21, 33)])
def test_untrained_it_gives_the_classical_answer(size: tuple[int, int]) -> None:
    """Its last layer is zero; probabilities are held within 0.02 and 0.98."""
    picture, prompt = drawn(*size)
    logits = prompted_unet_tiny()(picture, prompt)
    torch.testing.assert_close(logits.sigmoid(), prompt[:, :1].clamp(0.02, 0.98))


def test_every_part_learns_after_a_step() -> None:
    """At the start only the last layers have gradients, since what they add to is multiplied by zero."""
    net = prompted_unet_tiny(generator=torch.Generator().manual_seed(1))
    picture, prompt = drawn(32, 32)
    optimiser = torch.optim.Adam(net.parameters(), lr=1e-2)
    for _ in range(3):
        optimiser.zero_grad()
        (net(picture, prompt) - picture[:, :1]).square().mean().backward()
        optimiser.step()
    assert all(weight.grad is not None and weight.grad.abs().sum() > 0 for weight in net.parameters())


def test_the_same_generator_gives_the_same_weights() -> None:
    one, other = (prompted_unet_tiny(generator=torch.Generator().manual_seed(2)) for _ in range(2))
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), other.parameters(), strict=True))
