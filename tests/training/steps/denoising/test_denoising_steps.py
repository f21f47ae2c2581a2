"""Steps of the denoisers: what they move, what they minimise, and that they learn."""

from __future__ import annotations

import pytest
import torch
from tests.training.steps.task_context import (
    FakeContext,
    batch_of,
    check_judged,
    check_step,
    copied,
    moved,
    smooth,
    tiny,
)

from retouch.errors import UsageError
from retouch.training.batch import Batch
from retouch.training.steps.denoising.plain import DenoisingLoss, PlainDenoising, takes_sigma
from retouch.training.steps.denoising.staged import StagedDenoising, StagedLoss, first_stages

PLAIN = ("dncnn", "dncnn_blind", "fdncnn", "ircnn", "ffdnet", "drunet", "red", "memnet", "fdnet")


def noisy_batch(channels: int = 3, side: int = 32, sigma: float = 0.1) -> Batch:
    image = smooth(2, channels, side)
    noise = torch.randn(image.shape, generator=torch.Generator().manual_seed(3))
    return batch_of(image=image, noisy=image + sigma * noise, sigma=torch.full((2,), sigma))


@pytest.mark.parametrize(
    ("name", "distance"), [*((name, "l2") for name in PLAIN), ("dncnn", "l1"), ("dncnn", "charbonnier")]
)
def test_a_step_moves_the_denoiser(name: str, distance: str) -> None:
    networks = {"generator": tiny(name)}
    training = PlainDenoising(networks, DenoisingLoss(distance=distance))  # type: ignore[arg-type]
    context = FakeContext(networks)
    check_step(training, noisy_batch(side=16), context)
    check_judged(training, noisy_batch(side=16), context, (2, 3, 16, 16))


def test_only_networks_that_ask_for_it_are_told_the_noise_level() -> None:
    assert [name for name in PLAIN if takes_sigma(tiny(name))] == ["fdncnn", "ffdnet", "drunet"]


@pytest.mark.parametrize("name", ["dncnn", "ffdnet", "red"])
def test_two_hundred_steps_take_noise_off_a_fixed_batch(name: str) -> None:
    networks, batch = {"generator": tiny(name)}, noisy_batch(side=16)
    training, context = PlainDenoising(networks, DenoisingLoss()), FakeContext(networks)
    for _ in range(200):
        training.step(batch, context)
    # noise of 0.1 has the mean square 0.01; the start of ffdnet and red is farther off still
    assert context.losses[-1]["generator"] < 0.0025
    assert context.losses[-1]["generator"] < context.losses[0]["generator"] / 3


@pytest.mark.parametrize("name", ["csf", "tnrd"])
def test_a_stage_phase_moves_that_stage_alone(name: str) -> None:
    networks = {"generator": tiny(name)}
    training = StagedDenoising(networks, StagedLoss())
    context, before = FakeContext(networks, phase="stage_2"), copied(networks["generator"])
    training.step(noisy_batch(channels=1, side=16), context)
    names = moved(before, networks["generator"])
    assert names
    assert {name.split(".")[1] for name in names} == {"1"}  # stages.1.* or steps.1.*
    assert all(weight.requires_grad for weight in networks["generator"].parameters())


@pytest.mark.parametrize(("name", "distance"), [("csf", "minus_psnr"), ("tnrd", "l2")])
def test_other_phases_move_all_stages(name: str, distance: str) -> None:
    networks = {"generator": tiny(name)}
    training = StagedDenoising(networks, StagedLoss(distance=distance))  # type: ignore[arg-type]
    context, before = FakeContext(networks), copied(networks["generator"])
    check_step(training, noisy_batch(channels=1, side=16), context)
    assert {name.split(".")[1] for name in moved(before, networks["generator"])} == {"0", "1", "2"}
    check_judged(training, noisy_batch(channels=1, side=16), context, (2, 1, 16, 16))


@pytest.mark.parametrize("name", ["csf", "tnrd"])
def test_all_first_stages_are_the_whole_net(name: str) -> None:
    net, noisy = tiny(name), noisy_batch(channels=1, side=16).tensors["noisy"]
    torch.testing.assert_close(first_stages(net, 3)(noisy), net(noisy))  # type: ignore[arg-type]


@pytest.mark.parametrize("phase", ["stage_4", "stage_0", "stage_x"])
def test_a_phase_of_a_stage_that_is_not_there_is_refused(phase: str) -> None:
    networks = {"generator": tiny("tnrd")}
    with pytest.raises(UsageError, match="'stage_1' to 'stage_3'"):
        StagedDenoising(networks, StagedLoss()).step(noisy_batch(channels=1), FakeContext(networks, phase=phase))


def test_tnrd_learns_in_thirty_steps() -> None:
    networks, batch = {"generator": tiny("tnrd")}, noisy_batch(channels=1, side=16)
    training, context = StagedDenoising(networks, StagedLoss()), FakeContext(networks, lr=3e-3)
    for _ in range(30):
        training.step(batch, context)
    assert context.losses[-1]["generator"] < context.losses[0]["generator"] / 2
