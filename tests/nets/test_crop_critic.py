"""DeepFill's critics of whole pictures and of what is around a hole."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from retouch.errors import InputError
from retouch.nets.critics.crop_critic import CropCritic, global_picture_critic_full, local_picture_critic_full

torch.set_num_threads(1)


@pytest.mark.parametrize(
    ("build", "expected"),
    [
        # 25 x 3 x 64 + 64, 25 x 64 x 128 + 128, 25 x 128 x 256 + 256, 25 x 256 x 256 + 256, 256 x 16 x 16 + 1
        (global_picture_critic_full, 2_733_441),
        # the same but 25 x 256 x 512 + 512, 512 x 8 x 8 + 1
        (local_picture_critic_full, 4_339_329),
    ],
)
def test_published_critics_have_the_parameters_of_their_layers(build: Callable[[], CropCritic], expected: int) -> None:
    with torch.device("meta"):
        assert sum(parameter.numel() for parameter in build().parameters()) == expected


@torch.no_grad()
def test_each_crop_gets_a_score_of_its_own() -> None:
    critic, x = CropCritic(3, (24, 33), (4, 8)).eval(), torch.rand(2, 3, 24, 33)
    scores = critic(x)
    assert scores.shape == (2,)
    torch.testing.assert_close(scores[1:], critic(x[1:]))


def test_crops_of_another_size_are_refused() -> None:
    with pytest.raises(InputError, match="judges crops of 24x33, got 33x24"):
        CropCritic(3, (24, 33), (4, 8))(torch.rand(1, 3, 33, 24))


def test_a_gradient_penalty_reaches_every_weight_of_the_convolutions() -> None:
    critic, x = CropCritic(3, (16, 16), (4, 8)), torch.rand(2, 3, 16, 16, requires_grad=True)
    (slope,) = torch.autograd.grad(critic(x).sum(), x, create_graph=True)
    torch.autograd.backward((slope.flatten(1).norm(dim=1) - 1).square().mean())
    weights = [parameter for parameter in critic.parameters() if parameter.ndim > 1]
    assert all(weight.grad is not None and weight.grad.abs().max() > 0 for weight in weights)
