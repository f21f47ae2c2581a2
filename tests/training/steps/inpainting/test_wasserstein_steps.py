"""Steps that play the Wasserstein game: DeepFill v1, HiFill, attention fusion on wish."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from tests.training.steps.inpainting.filling_cases import check_training, damaged, square_hole
from tests.training.steps.task_context import FakeContext, check_step, draw, tiny
from torch import nn

from retouch.errors import InputError
from retouch.training.steps.inpainting.two_stage.attention_fusion import AttentionFusionLoss, AttentionFusionTraining
from retouch.training.steps.inpainting.two_stage.deepfill_v1 import DeepFillV1Loss, DeepFillV1Training
from retouch.training.steps.inpainting.two_stage.hifill import HiFillLoss, HiFillTraining
from retouch.training.steps.inpainting.wasserstein import play_wasserstein

Networks = dict[str, nn.Module]


class LinearCritic(nn.Module):
    """Scores pictures by a sum of weighted pixels, so that its gradient is known."""

    def __init__(self, weight: torch.Tensor) -> None:
        super().__init__()
        self.weight = nn.Parameter(weight)

    def forward(self, picture: torch.Tensor) -> torch.Tensor:
        """Return one score for each picture."""
        return (self.weight * picture).flatten(1).sum(dim=1)


def deepfill_networks() -> Networks:
    return {
        "generator": tiny("deepfill_v1"),
        "critic": tiny("global_picture_critic"),
        "local_critic": tiny("local_picture_critic"),
    }


def test_the_round_of_a_linear_critic_can_be_worked_out_by_hand() -> None:
    weight, mask = torch.full((1, 1, 4, 4), 0.5), square_hole(1, 4)
    real, fake = draw(1, 1, 4, 4), draw(1, 1, 4, 4, seed=1)
    critic = LinearCritic(weight)
    context = FakeContext({"critic": critic})
    whole = play_wasserstein(context, critic, real, fake, penalty_weight=10.0)
    hole = play_wasserstein(context, critic, real, fake, mask=mask, penalty_weight=10.0)
    assert whole.penalty.item() == pytest.approx(1.0, rel=1e-4)  # sixteen gradients of 1/2: norm 2
    assert hole.penalty.item() == pytest.approx(0.0, abs=1e-6)  # four of them: norm 1
    gap = 0.5 * (fake - real).sum().item()
    assert whole.critic.item() == pytest.approx(gap + 10, rel=1e-4)
    assert whole.generator.item() == pytest.approx(-0.5 * fake.sum().item(), rel=1e-5)


@pytest.mark.parametrize("game", ["wgan_gp", "glsgan"])
def test_deepfill_v1_moves_its_generator_in_every_fifth_step_only(game: Any) -> None:
    networks = deepfill_networks()
    training, context = DeepFillV1Training(networks, DeepFillV1Loss(game=game)), FakeContext(networks)
    critics = {"critic", "local_critic"}
    for step in range(5):
        context.step = step
        check_step(training, damaged(), context, critics | ({"generator"} if step == 4 else set()))


def test_deepfill_v1_paints_and_is_judged() -> None:
    networks = deepfill_networks()
    check_training(DeepFillV1Training(networks, DeepFillV1Loss(generator_every=1)), damaged(), networks)


def test_hifill_moves_generator_and_critic() -> None:
    networks = {"generator": tiny("hifill"), "critic": tiny("global_picture_critic")}
    check_training(HiFillTraining(networks, HiFillLoss()), damaged(), networks)


@pytest.mark.parametrize("wasserstein", [False, True])
def test_attention_fusion_moves_generator_and_critic_in_both_games(wasserstein: bool) -> None:
    networks = {"generator": tiny("attention_fusion"), "critic": tiny("sn_patchgan")}
    training = AttentionFusionTraining(networks, AttentionFusionLoss(wasserstein=wasserstein))
    check_training(training, damaged(), networks)


def test_attention_fusion_learns_from_errors_alone() -> None:
    networks: Networks = {"generator": tiny("attention_fusion")}
    loss = AttentionFusionLoss(adversarial_weight=0.0)
    check_training(AttentionFusionTraining(networks, loss), damaged(), networks)


def test_batches_of_one_are_refused_where_batch_norm_cannot_learn_from_them() -> None:
    networks: Networks = {"generator": tiny("attention_fusion")}
    training = AttentionFusionTraining(networks, AttentionFusionLoss(adversarial_weight=0.0))
    with pytest.raises(InputError, match="group_norm"):
        training.step(damaged(n_samples=1), FakeContext(networks))
