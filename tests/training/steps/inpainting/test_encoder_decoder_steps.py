"""Steps of encoder-decoders: their phases, their regions and what they refuse."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from tests.training.steps.inpainting.filling_cases import check_training, damaged, square_hole
from tests.training.steps.task_context import FakeContext, batch_of, check_step, draw, tiny
from torch import Tensor, nn

from retouch.errors import InputError
from retouch.training.batch import Batch
from retouch.training.steps.inpainting.encoder_decoders.context_encoder import (
    ContextEncoderLoss,
    ContextEncoderTraining,
)
from retouch.training.steps.inpainting.encoder_decoders.glcic import GLCICLoss, GLCICTraining
from retouch.training.steps.inpainting.encoder_decoders.l2gan import L2GANLoss, L2GANTraining
from retouch.training.steps.inpainting.encoder_decoders.self_tuned import SelfTunedLoss, SelfTunedTraining
from retouch.training.steps.inpainting.encoder_decoders.skip_generator import (
    SkipGeneratorLoss,
    SkipGeneratorTraining,
)

Networks = dict[str, nn.Module]


def corner_hole(row: int = 0, column: int = 0) -> Tensor:
    """Return masks of 64 px with a corner block of 32 px."""
    mask = torch.zeros(2, 1, 64, 64)
    mask[:, :, row : row + 32, column : column + 32] = 1
    return mask


def centre_hole(side: int = 64, rim: int = 4) -> Tensor:
    """Return masks whose hole is the middle block less a rim."""
    mask = torch.zeros(2, 1, side, side)
    first = side // 4 + rim
    mask[:, :, first : side - first, first : side - first] = 1
    return mask


@pytest.mark.parametrize("name", ["self_tuned", "on_demand"])
@pytest.mark.parametrize("region", ["picture", "hole"])
def test_the_self_tuned_net_is_moved(name: str, region: Any) -> None:
    networks: Networks = {"generator": tiny(name)}
    training = SelfTunedTraining(networks, SelfTunedLoss(region=region, scored_region=region))
    check_training(training, damaged(), networks)


def test_scores_of_the_picture_count_known_pixels_as_right() -> None:
    networks: Networks = {"generator": tiny("self_tuned")}
    context = FakeContext(networks)
    with torch.no_grad():
        whole, hole = (
            SelfTunedTraining(networks, SelfTunedLoss(scored_region=region)).validate(damaged(), context)
            for region in ("picture", "hole")
        )
    torch.testing.assert_close(4 * whole["mse"], hole["mse"])  # the hole is a quarter of the picture
    torch.testing.assert_close(whole["psnr"], -10 * whole["mse"].log10())


def test_the_region_hole_leaves_known_pixels_out_of_the_loss() -> None:
    networks: Networks = {"generator": tiny("self_tuned")}
    batch = damaged()
    generator: Any = networks["generator"]
    context = FakeContext(networks, lr=0.0)
    SelfTunedTraining(networks, SelfTunedLoss(region="hole")).step(batch, context)
    with torch.no_grad():
        error = (generator.paint(batch.image, batch.mask) - batch.image)[:, :, 16:48, 16:48]
    assert context.losses[0]["generator"] == pytest.approx(4 * error.square().mean().item(), rel=1e-5)


@pytest.mark.parametrize(("name", "critic"), [("context_encoder_centre", "context_encoder_critic")])
def test_the_centre_encoder_plays_for_its_block(name: str, critic: str) -> None:
    networks = {"generator": tiny(name), "critic": tiny(critic)}
    training = ContextEncoderTraining(networks, ContextEncoderLoss())
    check_training(training, damaged(mask=centre_hole()), networks)


def test_the_encoder_of_whole_pictures_needs_no_critic_without_a_game() -> None:
    networks: Networks = {"generator": tiny("context_encoder")}
    loss = ContextEncoderLoss(adversarial_weight=0.0)
    check_training(ContextEncoderTraining(networks, loss), damaged(), networks)


def test_the_rim_weighs_ten_times_as_much() -> None:
    networks: Networks = {"generator": tiny("context_encoder_centre")}
    batch = damaged(mask=centre_hole())
    generator: Any = networks["generator"]
    context = FakeContext(networks, lr=0.0)
    loss = ContextEncoderLoss(reconstruction_weight=1.0, adversarial_weight=0.0)
    ContextEncoderTraining(networks, loss).step(batch, context)
    with torch.no_grad():
        squared = 4 * (generator.predict_block(batch.image, batch.mask) - batch.image[:, :, 16:48, 16:48]).square()
    inner = squared[:, :, 4:28, 4:28].sum()
    expected = (inner + 10 * (squared.sum() - inner)) / squared.numel()
    assert context.losses[0]["generator"] == pytest.approx(expected.item(), rel=1e-4)


def test_l2gan_learns_alone_before_its_critic_joins() -> None:
    networks = {"generator": tiny("l2gan"), "critic": tiny("l2gan_critic")}
    training = L2GANTraining(networks, L2GANLoss())
    batch = damaged(mask=corner_hole())
    check_training(training, batch, networks, trained=("generator",), moving={"generator"}, phase="l2")
    for net in networks.values():
        net.train()
    check_training(training, batch, networks, phase="joint")


def test_l2gan_refuses_another_corner() -> None:
    networks = {"generator": tiny("l2gan"), "critic": tiny("l2gan_critic")}
    with pytest.raises(InputError, match="bottom-right"):
        L2GANTraining(networks, L2GANLoss(corner="bottom-right"))
    with pytest.raises(InputError, match="top-left block only"):
        L2GANTraining(networks, L2GANLoss()).step(damaged(mask=corner_hole(32, 32)), FakeContext(networks))


@pytest.mark.parametrize(
    ("trained", "phase"),
    [(("generator",), "generator"), (("critic",), "critic"), (("generator", "critic"), "joint")],
)
def test_glcic_moves_what_its_phase_trains(trained: tuple[str, ...], phase: str) -> None:
    networks = {"generator": tiny("glcic"), "critic": tiny("glcic_critic")}
    training = GLCICTraining(networks, GLCICLoss())
    check_training(training, damaged(), networks, phase=phase, trained=trained, moving=set(trained))


def test_only_the_critic_has_a_loss_in_its_phase() -> None:
    networks = {"generator": tiny("glcic"), "critic": tiny("glcic_critic")}
    context = FakeContext(networks, trained=("critic",))
    GLCICTraining(networks, GLCICLoss()).step(damaged(), context)
    assert set(context.losses[0]) == {"critic"}


def test_windows_of_true_pictures_depend_on_the_steps_random_numbers_alone() -> None:
    networks = {"generator": tiny("glcic"), "critic": tiny("glcic_critic")}
    batch = batch_of(image=draw(2, 3, 64, 64), mask=square_hole(2, 64))
    scores = []
    for seed in (0, 0, 1):
        context = FakeContext(networks, lr=0.0, trained=("critic",), seed=seed)
        for net in networks.values():
            net.eval()
        scores.append(float(GLCICTraining(networks, GLCICLoss()).step(batch, context)["real_score"]))
    assert scores[0] == scores[1] != scores[2]


def test_the_skip_generator_learns_alone_before_its_critic_joins() -> None:
    networks = {"generator": tiny("skip_generator"), "critic": tiny("global_picture_critic")}
    training = SkipGeneratorTraining(networks, SkipGeneratorLoss())
    batch: Batch = damaged()
    check_step(training, batch, FakeContext(networks, trained=("generator",)), {"generator"})
    check_training(training, batch, networks)
