"""DeblurGAN: sizes, weights, both forms of its residual block."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from retouch.nets.restoration.deblurgan import (
    DeblurGenerator,
    PatchCritic,
    deblurgan_critic_full,
    deblurgan_full,
    deblurgan_released,
    deblurgan_tiny,
    paper_block,
    released_block,
)

torch.set_num_threads(1)
PARITY = Path(__file__).parents[3] / "shared" / "data" / "parity"


def n_parameters(net: nn.Module) -> int:
    return sum(parameter.numel() for parameter in net.parameters())


def picture_of(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed))


def test_the_paper_has_11_378_179_weights() -> None:
    with torch.device("meta"):
        assert n_parameters(deblurgan_full()) == 11_378_179


def test_the_released_form_has_nine_convolutions_fewer() -> None:
    """One 3x3 convolution of 256 channels less in each of nine blocks."""
    with torch.device("meta"):
        assert n_parameters(deblurgan_released()) == 11_378_179 - 9 * (9 * 256**2 + 256)


def test_tiny_stays_below_a_million_weights() -> None:
    assert n_parameters(deblurgan_tiny()) < 1_000_000


def test_training_starts_at_the_blurred_picture() -> None:
    """The residual starts at zero; going to [-1, 1] and back rounds by 1e-7 at most."""
    blurred = picture_of(2, 3, 16, 20)
    torch.testing.assert_close(deblurgan_tiny().eval()(blurred), blurred, rtol=0, atol=1e-7)


def trained_a_little(net: nn.Module) -> nn.Module:
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.normal_(std=0.05, generator=generator)
    return net


@pytest.mark.parametrize("size", [(64, 64), (37, 53), (1, 1), (5, 30)])
def test_any_size_is_kept_and_results_stay_in_range(size: tuple[int, int]) -> None:
    sharp = trained_a_little(deblurgan_tiny()).eval()(picture_of(2, 3, *size))
    assert sharp.shape == (2, 3, *size)
    assert sharp.min() >= 0
    assert sharp.max() <= 1


def test_without_residual_the_input_is_not_added() -> None:
    """The body ends in tanh; its last convolution keeps its usual start."""
    net = DeblurGenerator(3, 8, 1, learn_residual=False).eval()
    picture = picture_of(1, 3, 16, 16)
    assert torch.equal(net(picture), net.model(picture))


@pytest.mark.parametrize(
    ("branch", "kinds"),
    [
        (paper_block, "ReflectionPad2d Conv2d InstanceNorm2d ReLU Dropout ReflectionPad2d Conv2d InstanceNorm2d"),
        (released_block, "ReflectionPad2d Conv2d InstanceNorm2d ReLU Dropout"),
        (partial(released_block, dropout=None), "ReflectionPad2d Conv2d InstanceNorm2d"),
    ],
)
def test_residual_branches_have_these_layers(branch: Callable[[int], nn.Sequential], kinds: str) -> None:
    assert " ".join(type(layer).__name__ for layer in branch(4)) == kinds


def test_patch_scores_form_a_map() -> None:
    """64 -> 33 -> 17 -> 9 (stride 2, padding 2) -> 10 -> 11 (stride 1)."""
    assert PatchCritic(3, 8).eval()(picture_of(2, 3, 64, 64)).shape == (2, 1, 11, 11)


def test_a_sigmoid_makes_probabilities() -> None:
    scores = PatchCritic(3, 8, sigmoid=True).eval()(picture_of(2, 3, 32, 32))
    assert scores.min() > 0
    assert scores.max() < 1


def test_every_parameter_gets_a_finite_gradient() -> None:
    net, critic = trained_a_little(deblurgan_tiny()).train(), PatchCritic(3, 8).train()
    critic(net(picture_of(2, 3, 32, 32))).square().mean().backward()
    for parameter in (*net.parameters(), *critic.parameters()):
        assert parameter.grad is not None
        assert parameter.grad.isfinite().all()


def test_evaluation_is_repeatable_although_training_drops_features() -> None:
    net, blurred = trained_a_little(deblurgan_tiny()), picture_of(1, 3, 20, 20)
    assert not torch.equal(net.train()(blurred), net(blurred))
    assert torch.equal(net.eval()(blurred), net(blurred))


@pytest.mark.shared
@pytest.mark.skipif(not PARITY.exists(), reason=f"{PARITY} is not there")
@pytest.mark.parametrize(
    ("name", "build"),
    [("deblurgan-generator-dropout", deblurgan_released), ("deblurgan-disc", deblurgan_critic_full)],
)
def test_full_nets_take_exactly_the_authors_keys(name: str, build: Callable[[], DeblurGenerator | PatchCritic]) -> None:
    keys = json.loads((PARITY / name / "keys.json").read_text())
    with torch.device("meta"):
        net = build()
        net.load_state_dict(net.convert_official({key: torch.empty(shape) for key, shape in keys}), strict=True)
