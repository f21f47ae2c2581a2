"""DCGAN's step: both networks move, and its scores tell whether it lives."""

from __future__ import annotations

import pytest
import torch
from tests.training.steps.task_context import FakeContext, batch_of, check_judged, check_step, smooth, tiny
from torch import nn

from retouch.training.steps.generating.dcgan import DCGANLoss, DCGANTraining, pairwise_distance
from retouch.training.steps.inpainting.games import GAMES, GameName


def dcgan_networks() -> dict[str, nn.Module]:
    return {"generator": tiny("dcgan"), "critic": tiny("dcgan_critic")}


@pytest.mark.parametrize("game", list(GAMES))
def test_a_step_moves_generator_and_critic(game: GameName) -> None:
    networks = dcgan_networks()
    training = DCGANTraining(networks, DCGANLoss(game=game))
    batch, context = batch_of(image=smooth(4, 3, 64)), FakeContext(networks)
    check_step(training, batch, context)
    scores = check_judged(training, batch, context, (4, 3, 64, 64))
    assert set(scores) == {"diversity", "real_score", "fake_score"}


def test_codes_come_from_the_steps_random_numbers_alone() -> None:
    networks = dcgan_networks()
    training, batch = DCGANTraining(networks, DCGANLoss()), batch_of(image=smooth(4, 3, 64))
    with torch.no_grad():
        first, again, other = (training.paint(batch, FakeContext(networks, seed=seed)) for seed in (0, 0, 1))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_pictures_that_are_all_the_same_have_no_diversity() -> None:
    assert pairwise_distance(torch.ones(3, 3, 4, 4)).item() == 0
    assert pairwise_distance(torch.ones(1, 3, 4, 4)).item() == 0


def test_the_critic_learns_to_tell_soft_pictures_from_the_first_noise() -> None:
    networks = dcgan_networks()
    training, context = DCGANTraining(networks, DCGANLoss()), FakeContext(networks, lr=2e-3)
    batch = batch_of(image=smooth(8, 3, 64))
    context.trained = ("critic",)
    scores = [training.step(batch, context) for _ in range(10)][-1]
    assert float(scores["real_score"]) > float(scores["fake_score"]) + 1
