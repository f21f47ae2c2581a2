"""The general training: any network of the catalogue, with chosen errors and a critic on wish."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from tests.training.steps.inpainting.filling_cases import check_training, damaged, square_hole
from tests.training.steps.task_context import FakeContext, batch_of, tiny
from torch import nn

from retouch.errors import InputError
from retouch.nets.inpainting.residual_unet import residual_unet_tiny
from retouch.training.steps.inpainting.gdn import GDNLoss, GDNTraining
from retouch.training.steps.inpainting.reconstruction import ReconstructionLoss, ReconstructionTraining

Networks = dict[str, nn.Module]
PLAIN_NETS = (
    "context_encoder",
    "glcic",
    "partial_conv_unet",
    "deepfill_v1",
    "deepfill_v2",
    "attention_fusion",
    "pyramid_generator",
    "pennet",
    "gdn",
    "lama",
    "lama_regular",
    "aotgan",
    "migan",
    "hifill",
    "skip_generator",
)


@pytest.mark.parametrize("name", PLAIN_NETS)
def test_the_general_training_moves_any_network_of_the_catalogue(name: str) -> None:
    networks: Networks = {"generator": tiny(name)}
    check_training(ReconstructionTraining(networks, ReconstructionLoss()), damaged(), networks)


@pytest.mark.parametrize("error", ["l1", "l2"])
def test_hole_and_known_pixels_have_weights_of_their_own(error: Any) -> None:
    networks: Networks = {"generator": tiny("gdn")}
    batch, context = damaged(), FakeContext(networks, lr=0.0)
    loss = ReconstructionLoss(error=error, hole_weight=3.0, valid_weight=2.0)
    ReconstructionTraining(networks, loss).step(batch, context)
    with torch.no_grad():
        difference = (networks["generator"](batch.image, batch.mask) - batch.image).abs()
    each = difference if error == "l1" else difference.square()
    expected = (each * (2 + batch.mask)).mean()
    assert context.losses[0]["generator"] == pytest.approx(expected.item(), rel=1e-5)


@pytest.mark.parametrize("game", ["hinge", "least_squares", "vanilla"])
def test_the_general_training_plays_against_a_critic_on_wish(game: Any) -> None:
    networks = {"generator": tiny("gdn"), "critic": tiny("sn_patchgan")}
    loss = ReconstructionLoss(adversarial_weight=0.1, game=game, smoothness_weight=0.1)
    check_training(ReconstructionTraining(networks, loss), damaged(), networks)


def test_the_coarse_picture_counts_where_it_has_a_weight() -> None:
    networks: Networks = {"generator": tiny("deepfill_v2")}
    context = FakeContext(networks, lr=0.0)
    plain, both = (
        ReconstructionTraining(networks, ReconstructionLoss(coarse_weight=weight)).step(damaged(), context)
        for weight in (0.0, 1.0)
    )
    assert "coarse_pixels" not in plain
    assert both["reconstruction"] > plain["reconstruction"]


def test_the_general_training_refuses_a_game_without_a_critic() -> None:
    with pytest.raises(InputError, match="'critic'"):
        ReconstructionTraining({"generator": tiny("gdn")}, ReconstructionLoss(adversarial_weight=0.1))


def test_grey_values_under_the_mask_do_not_change_what_is_painted() -> None:
    networks: Networks = {"generator": tiny("gdn").eval()}
    training, context = ReconstructionTraining(networks, ReconstructionLoss()), FakeContext(networks)
    batch, mask = damaged(), square_hole(2, 64)
    other = batch_of(image=batch.image.where(mask == 0, 0.0), mask=mask)
    with torch.no_grad():
        assert torch.equal(training.paint(batch, context), training.paint(other, context))


def test_a_net_that_improves_on_a_guess_is_never_shown_the_truth() -> None:
    networks: Networks = {"generator": residual_unet_tiny().train()}
    training, context = ReconstructionTraining(networks, ReconstructionLoss()), FakeContext(networks)
    with pytest.raises(InputError, match="guesses"):
        training.step(damaged(), context)
    guess = torch.full((2, 3, 64, 64), 0.5)
    with torch.no_grad():  # its last layer starts at zero, so the first answer is the guess
        painted = training.paint(damaged(guess=guess), context)
    assert (painted[:, :, 16:48, 16:48] == 0.5).all()
    check_training(training, damaged(guess=guess), networks)


def test_a_net_that_improves_on_a_guess_can_be_taught_by_a_detector() -> None:
    networks: Networks = {"generator": residual_unet_tiny().train(), "detector": tiny("gdn_detector")}
    check_training(GDNTraining(networks, GDNLoss()), damaged(guess=torch.full((2, 3, 64, 64), 0.5)), networks)


def test_further_terms_are_added_under_their_weights() -> None:
    networks: Networks = {"generator": tiny("gdn")}
    loss = ReconstructionLoss(log_weight=0.5, ms_ssim_weight=0.2, smoothness_weight=0.1, gradient_weight=0.1)
    context = FakeContext(networks, lr=0.0)
    reported = ReconstructionTraining(networks, loss).step(damaged(), context)
    terms = {"pixels", "log_error", "ms_ssim", "gradients", "smoothness"}
    assert set(reported) == terms | {"reconstruction"}
    total = sum(float(reported[name]) for name in terms)
    assert context.losses[0]["generator"] == pytest.approx(total, rel=1e-5)
