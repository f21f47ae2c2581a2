"""Steps of networks with one stage: what they move, and what their losses count."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from tests.training.steps.inpainting.filling_cases import check_training, damaged
from tests.training.steps.task_context import FakeContext, check_step, draw, tiny
from torch import nn

from retouch.errors import InputError
from retouch.training.steps.inpainting.aotgan import AOTGANLoss, AOTGANTraining
from retouch.training.steps.inpainting.lama import LaMaLoss, LaMaTraining
from retouch.training.steps.inpainting.migan import MIGANLoss, MIGANTraining
from retouch.training.steps.inpainting.partial_conv import PartialConvLoss, PartialConvTraining
from retouch.training.steps.inpainting.pennet import PENNetLoss, PENNetTraining, pyramid_error, region_errors
from retouch.training.steps.inpainting.reconstruction import ReconstructionLoss, ReconstructionTraining

Networks = dict[str, nn.Module]
PLAIN_PCONV = PartialConvLoss(perceptual_weight=0.0, style_weight=0.0)


def test_pennet_moves_generator_and_critic() -> None:
    networks = {"generator": tiny("pennet"), "critic": tiny("pennet_critic")}
    check_training(PENNetTraining(networks, PENNetLoss()), damaged(), networks)


def test_pennets_errors_are_means_over_their_own_pixels() -> None:
    batch = damaged()
    errors = region_errors(batch.image + 0.1 * batch.mask + 0.2 * (1 - batch.mask), batch)
    assert errors["hole"].item() == pytest.approx(0.2, rel=1e-4)  # twice 0.1, since in [-1, 1]
    assert errors["valid"].item() == pytest.approx(0.4, rel=1e-4)


def test_pennets_pyramid_is_compared_at_every_size() -> None:
    image = draw(1, 3, 64, 64)
    pyramid = [nn.functional.avg_pool2d(image, side) for side in (1, 2, 4, 8, 16)]
    assert pyramid_error(pyramid, image).item() == pytest.approx(0.0, abs=1e-5)
    assert pyramid_error([level + 0.1 for level in pyramid], image).item() == pytest.approx(5 * 0.2, rel=1e-4)


def test_lama_moves_generator_and_critic() -> None:
    networks = {"generator": tiny("lama"), "critic": tiny("lama_critic")}
    check_training(LaMaTraining(networks, LaMaLoss()), damaged(), networks)


def test_lamas_penalty_is_the_critics_alone() -> None:
    networks = {"generator": tiny("lama"), "critic": tiny("lama_critic")}
    first, second = (FakeContext(networks, lr=0.0) for _ in range(2))
    reported = LaMaTraining(networks, LaMaLoss(penalty_weight=1.0)).step(damaged(), first)
    LaMaTraining(networks, LaMaLoss(penalty_weight=0.0)).step(damaged(), second)
    assert first.losses[0]["generator"] == pytest.approx(second.losses[0]["generator"], rel=1e-5)
    extra = first.losses[0]["critic"] - second.losses[0]["critic"]
    assert extra == pytest.approx(float(reported["penalty"]), rel=1e-3)


@pytest.mark.parametrize("game", ["soft_mask", "released", "plain"])
def test_aotgan_moves_generator_and_critic(game: Any) -> None:
    networks = {"generator": tiny("aotgan"), "critic": tiny("aotgan_critic")}
    loss = AOTGANLoss(perceptual_weight=0.0, style_weight=0.0, game=game, blur_px=17, blur_sigma_px=3.0)
    check_training(AOTGANTraining(networks, loss), damaged(), networks)


def test_migan_moves_generator_and_critic_and_never_its_teacher() -> None:
    networks = {"generator": tiny("migan"), "critic": tiny("edgeconnect_critic"), "teacher": tiny("gdn")}
    training = MIGANTraining(networks, MIGANLoss(teacher_weight=1.0))
    check_training(training, damaged(), networks, moving={"generator", "critic"})


def test_migans_penalty_comes_every_sixteenth_step() -> None:
    networks = {"generator": tiny("migan"), "critic": tiny("edgeconnect_critic")}
    training, context = MIGANTraining(networks, MIGANLoss()), FakeContext(networks)
    penalties = []
    for step in range(17):
        context.step = step
        penalties.append(float(training.step(damaged(n_samples=1), context)["penalty"]) > 0)
    assert [step for step, taken in enumerate(penalties) if taken] == [0, 16]


def test_partial_convolutions_move_without_features() -> None:
    networks: Networks = {"generator": tiny("partial_conv_unet")}
    check_training(PartialConvTraining(networks, PLAIN_PCONV), damaged(), networks)


def test_the_second_phase_keeps_the_statistics_of_the_encoder() -> None:
    networks: Networks = {"generator": tiny("partial_conv_unet")}
    training = PartialConvTraining(networks, PLAIN_PCONV)
    statistics = dict(networks["generator"].named_buffers())
    means = [name for name in statistics if name.startswith("encoder") and name.endswith("running_mean")]
    before = {name: statistics[name].clone() for name in means}
    assert means
    check_step(training, damaged(), FakeContext(networks, phase="fine"))
    assert all(torch.equal(before[name], statistics[name]) for name in means)
    check_step(training, damaged(), FakeContext(networks, phase="first"))
    assert not any(torch.equal(before[name], statistics[name]) for name in means)


@pytest.mark.parametrize(
    "build",
    [
        lambda nets: PartialConvTraining(nets, PartialConvLoss()),
        lambda nets: AOTGANTraining(nets, AOTGANLoss()),
        lambda nets: ReconstructionTraining(nets, ReconstructionLoss(perceptual_weight=0.1)),
    ],
)
def test_feature_losses_without_a_file_are_refused(build: Any) -> None:
    with pytest.raises(InputError, match="no file of its weights"):
        build({"generator": tiny("gdn")})
