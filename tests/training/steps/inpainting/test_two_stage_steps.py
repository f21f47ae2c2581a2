"""Steps of networks that paint coarsely first: what they move, and what their losses count."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from tests.training.steps.inpainting.filling_cases import check_training, damaged, gradients_of
from tests.training.steps.task_context import FakeContext, smooth, tiny
from torch import nn

from retouch.errors import InputError
from retouch.training.steps.inpainting.two_stage.deepfill_v2 import DeepFillV2Loss, DeepFillV2Training
from retouch.training.steps.inpainting.two_stage.pyramid_generator import PyramidLoss, PyramidTraining

Networks = dict[str, nn.Module]


def pyramid_networks(*critics: str) -> Networks:
    return {"generator": tiny("pyramid_generator"), **{role: tiny("sn_patchgan") for role in critics}}


@pytest.mark.parametrize("game", ["hinge", "least_squares", "vanilla"])
def test_deepfill_v2_moves_generator_and_critic(game: Any) -> None:
    networks = {"generator": tiny("deepfill_v2"), "critic": tiny("sn_patchgan")}
    check_training(DeepFillV2Training(networks, DeepFillV2Loss(game=game)), damaged(), networks)


def test_deepfill_v2_counts_errors_of_both_stages_in_signed_pictures() -> None:
    networks: Networks = {"generator": tiny("deepfill_v2")}
    batch = damaged()
    context = FakeContext(networks, lr=0.0)
    loss = DeepFillV2Loss(coarse_weight=1.0, refined_weight=0.5, adversarial_weight=0.0)
    DeepFillV2Training(networks, loss).step(batch, context)
    with torch.no_grad():
        coarse, refined = networks["generator"](batch.image, batch.mask)
    # pictures in [-1, 1] differ by twice as much as those in [0, 1]
    expected = 2 * (coarse - batch.image).abs().mean() + 0.5 * 2 * (refined - batch.image).abs().mean()
    assert context.losses[0]["generator"] == pytest.approx(expected.item(), rel=1e-5)


def test_a_game_without_a_critic_is_refused() -> None:
    with pytest.raises(InputError, match="'critic'"):
        DeepFillV2Training({"generator": tiny("deepfill_v2")}, DeepFillV2Loss())
    with pytest.raises(InputError, match="'critic_middle'"):
        PyramidTraining(pyramid_networks("critic"), PyramidLoss())


def test_the_pyramid_moves_all_layers_and_both_critics() -> None:
    networks = pyramid_networks("critic", "critic_middle")
    batch = damaged(structure=smooth(2, 3, 64, seed=1))
    before = {name: weight.clone() for name, weight in networks["generator"].named_parameters()}
    check_training(PyramidTraining(networks, PyramidLoss()), batch, networks)
    moved = {
        name.partition(".")[0]
        for name, weight in networks["generator"].named_parameters()
        if not torch.equal(weight, before[name])
    }
    assert moved == {"structure", "middle", "texture"}


def test_layers_learn_through_the_fusion_without_losses_of_their_own() -> None:
    networks = pyramid_networks("critic")
    loss = PyramidLoss(structure_weight=0.0, middle_weight=0.0)
    training = PyramidTraining(networks, loss)
    batch = damaged(structure=smooth(2, 3, 64, seed=1))
    gradient, first, reached = gradients_of(training, batch, networks, "generator"), 0, set()
    for name, weight in networks["generator"].named_parameters():
        if gradient[first : first + weight.numel()].norm() > 0:
            reached.add(name.partition(".")[0])
        first += weight.numel()
    assert reached == {"structure", "middle", "texture"}


def test_a_structure_of_the_small_size_is_as_good_as_a_large_one_that_is_shrunk() -> None:
    networks = pyramid_networks()
    training = PyramidTraining(networks, PyramidLoss(adversarial_weight=0.0))
    large = smooth(2, 3, 64, seed=1)
    small = nn.functional.avg_pool2d(large, 4)
    reported = [
        training.step(damaged(structure=structure), FakeContext(networks, lr=0.0))["structure_l1"]
        for structure in (large, small)
    ]
    torch.testing.assert_close(*reported)


def test_a_pyramid_without_a_structure_in_its_data_is_refused_unless_it_is_to_learn_pictures() -> None:
    networks = pyramid_networks()
    context = FakeContext(networks)
    with pytest.raises(InputError, match="structure_target"):
        PyramidTraining(networks, PyramidLoss(adversarial_weight=0.0)).step(damaged(), context)
    loss = PyramidLoss(adversarial_weight=0.0, structure_target="picture")
    check_training(PyramidTraining(networks, loss), damaged(), networks)


def test_the_structure_that_is_smoothed_from_the_known_part_is_what_the_generator_sees() -> None:
    networks = pyramid_networks()
    training = PyramidTraining(networks, PyramidLoss(adversarial_weight=0.0))
    truth = smooth(2, 3, 64, seed=1)
    context = FakeContext(networks)
    with torch.no_grad():
        plain, same, other = (
            training.paint(batch, context)
            for batch in (
                damaged(structure=truth),
                damaged(structure=0 * truth, known_structure=truth),
                damaged(structure=truth, known_structure=0 * truth),
            )
        )
    assert torch.equal(plain, same)
    assert not torch.equal(plain, other)
