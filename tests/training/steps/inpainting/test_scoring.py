"""Scores of filled pictures and of detectors, and games by name."""

from __future__ import annotations

import pytest
import torch
from tests.training.steps.inpainting.filling_cases import square_hole
from tests.training.steps.task_context import FakeContext, draw
from torch import Tensor

from retouch.errors import InputError
from retouch.training.steps.inpainting.filling import final_picture
from retouch.training.steps.inpainting.games import GAMES, GameName, as_seen, play
from retouch.training.steps.inpainting.perceiving import Perceiver
from retouch.training.steps.scoring import composite, detector_scores, hole_scores, picture_scores


def test_scores_are_those_of_each_sample_on_its_own() -> None:
    painted, image, mask = draw(3, 3, 8, 8), draw(3, 3, 8, 8, seed=1), (draw(3, 1, 8, 8, seed=2) < 0.4).float()
    together = hole_scores(painted, image, mask)
    for index in range(3):
        missing = mask[index].expand(3, -1, -1) > 0
        error = (painted[index] - image[index])[missing]
        assert together["mse"][index].item() == pytest.approx(error.square().mean().item(), rel=1e-5)
        assert together["l1"][index].item() == pytest.approx(error.abs().mean().item(), rel=1e-5)


def test_a_perfect_picture_and_one_without_a_hole_have_the_highest_finite_score() -> None:
    image, mask = draw(1, 3, 8, 8), square_hole(1, 8)
    assert hole_scores(image, image, mask)["psnr"].item() == 100
    assert hole_scores(1 - image, image, 0 * mask)["psnr"].item() == 100
    assert picture_scores(image, image)["psnr"].item() == 100


def test_a_composite_takes_nothing_from_the_truth_in_the_hole() -> None:
    painted, mask = draw(1, 3, 8, 8), square_hole(1, 8)
    image = torch.full((1, 3, 8, 8), 0.5).where(mask == 0, float("nan"))
    assert torch.isfinite(composite(painted, image, mask)).all()


def test_a_detector_that_knows_the_hole_has_all_and_one_that_knows_nothing_half() -> None:
    mask = square_hole(2, 8)
    perfect = detector_scores(mask, mask)
    assert perfect["detector_auc"].tolist() == [1, 1]
    assert perfect["detector_gap"].tolist() == [1, 1]
    assert detector_scores(0 * mask + 0.3, mask)["detector_auc"].tolist() == [0.5, 0.5]
    assert detector_scores(1 - mask, mask)["detector_auc"].tolist() == [0, 0]


def test_the_area_is_the_share_of_pairs_in_the_right_order() -> None:
    answers, mask = draw(1, 1, 6, 6).mul(8).round(), (draw(1, 1, 6, 6, seed=3) < 0.5).float()
    inside, outside = answers[mask > 0], answers[mask == 0]
    right = (inside[:, None] > outside).float() + 0.5 * (inside[:, None] == outside)
    assert detector_scores(answers, mask)["detector_auc"].item() == pytest.approx(right.mean().item())


@pytest.mark.parametrize("game", list(GAMES))
def test_a_critic_that_is_right_pays_less_than_one_that_is_wrong(game: GameName) -> None:
    high, low = torch.full((2, 1, 4, 4), 3.0), torch.full((2, 1, 4, 4), -3.0)
    rules = GAMES[game]
    assert rules.of_critic(high, low) < rules.of_critic(low, high)
    assert rules.of_generator(low, high) < rules.of_generator(high, low)


def test_the_critics_own_loss_does_not_reach_the_generator() -> None:
    fake = draw(1, 3, 4, 4).requires_grad_()
    context = FakeContext({})

    def critic(picture: Tensor) -> tuple[Tensor, list[Tensor]]:
        return picture.mean(dim=(1, 2, 3)), []

    verdict = play("hinge", context, critic, draw(1, 3, 4, 4, seed=1), fake)
    assert not verdict.critic.requires_grad
    assert verdict.generator.requires_grad


def test_critics_see_what_they_were_made_for() -> None:
    picture, mask = draw(1, 3, 4, 4), square_hole(1, 4)
    assert torch.equal(as_seen(picture, mask, "unit"), picture)
    assert torch.equal(as_seen(picture, mask, "signed"), 2 * picture - 1)
    assert torch.equal(as_seen(picture, mask, "signed_with_mask")[:, 3:], mask)


def test_features_without_a_file_of_weights_are_refused() -> None:
    with pytest.raises(InputError, match="style_weight = 120"):
        Perceiver("", style_weight=120.0)


def test_a_network_that_gives_no_picture_is_refused() -> None:
    with pytest.raises(InputError, match="must give a picture"):
        final_picture([torch.zeros(1)])
