"""GDN's step: whose gradients go where, its ablations, and that it learns."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from tests.training.steps.inpainting.filling_cases import check_training, damaged, gradients_of, square_hole
from tests.training.steps.task_context import FakeContext, batch_of, copied, moved, tiny
from torch import Tensor, nn

from retouch.errors import InputError
from retouch.losses.gdn import focal_loss
from retouch.training.batch import Batch
from retouch.training.steps.inpainting.gdn import GDNLoss, GDNTraining

Networks = dict[str, nn.Module]


def gdn_networks(*roles: str) -> Networks:
    names = {"generator": "gdn", "detector": "gdn_detector", "critic": "edgeconnect_critic"}
    return {role: tiny(names[role]) for role in ("generator", *roles)}


@pytest.mark.parametrize("detector_loss", ["ce", "bce", "focal"])
@pytest.mark.parametrize("weight", ["linear", "exponential"])
def test_a_step_moves_generator_and_detector(detector_loss: Any, weight: Any) -> None:
    networks = gdn_networks("detector")
    training = GDNTraining(networks, GDNLoss(detector_loss=detector_loss, weight=weight))
    check_training(training, damaged(), networks)


@pytest.mark.parametrize("arm", ["l1", "hard"])
def test_the_arms_without_a_detector_need_none(arm: Any) -> None:
    networks = gdn_networks()
    check_training(GDNTraining(networks, GDNLoss(arm=arm)), damaged(), networks)


def test_the_adversarial_arm_moves_generator_and_critic() -> None:
    networks = gdn_networks("critic")
    check_training(GDNTraining(networks, GDNLoss(arm="adversarial")), damaged(), networks)


def test_the_gradient_through_the_detector_is_there_unless_the_weight_is_detached() -> None:
    networks = gdn_networks("detector")
    batch = damaged()
    full, detached = (
        gradients_of(GDNTraining(networks, GDNLoss(detach_weight=detach)), batch, networks, "generator")
        for detach in (False, True)
    )
    assert torch.isfinite(full).all()
    assert (full - detached).norm() > 1e-3 * detached.norm()


def test_the_detectors_gradient_is_that_of_its_own_loss_only() -> None:
    networks = gdn_networks("detector")
    batch = damaged()
    found = gradients_of(GDNTraining(networks, GDNLoss()), batch, networks, "detector")
    generator: Any = networks["generator"]
    detector: Any = networks["detector"]
    artifacts = detector.artifact_map(generator(batch.image, batch.mask).detach())
    gradients = torch.autograd.grad(focal_loss(artifacts, batch.mask), list(detector.parameters()))
    torch.testing.assert_close(found, torch.cat([gradient.flatten() for gradient in gradients]))


def test_a_hard_weight_of_one_is_the_plain_error() -> None:
    networks = gdn_networks()
    losses = []
    for loss in (GDNLoss(arm="l1"), GDNLoss(arm="hard", hole_weight=1.0), GDNLoss(arm="hard")):
        context = FakeContext(networks, lr=0.0)
        GDNTraining(networks, loss).step(damaged(), context)
        losses.append(context.losses[0]["generator"])
    assert losses[0] == losses[1]
    assert losses[0] < losses[2] < 6 * losses[0]


def test_the_generator_carries_the_trained_detector_home() -> None:
    networks = gdn_networks("detector")
    generator: Any = networks["generator"]
    GDNTraining(networks, GDNLoss()).step(damaged(), FakeContext(networks))
    assert not moved(copied(networks["detector"]), generator.detector)


def test_a_role_that_an_arm_needs_is_asked_for() -> None:
    with pytest.raises(InputError, match="'detector'"):
        GDNTraining(gdn_networks(), GDNLoss())
    with pytest.raises(InputError, match="'critic'"):
        GDNTraining(gdn_networks("detector"), GDNLoss(arm="adversarial"))


def test_detectors_of_two_sizes_are_refused() -> None:
    networks = {"generator": tiny("gdn"), "detector": tiny("gdn_detector", "full")}
    with pytest.raises(InputError, match="same preset"):
        GDNTraining(networks, GDNLoss())


def test_validation_tells_how_well_the_detector_separates() -> None:
    networks = gdn_networks("detector")
    context = FakeContext(networks)
    with torch.no_grad():
        scores = GDNTraining(networks, GDNLoss()).validate(damaged(), context)
    assert scores["detector_gap"].shape == scores["detector_auc"].shape == (2,)


def toy_pictures(n_pictures: int = 8, side: int = 32) -> Tensor:
    """Return coloured discs on plain grounds."""
    drawn = torch.rand(n_pictures, 8, generator=torch.Generator().manual_seed(1))
    axis = torch.arange(side, dtype=torch.float32)
    rows, columns = axis[:, None], axis[None]
    pictures = []
    for ground, disc, place in zip(drawn[:, :3], drawn[:, 3:6], drawn[:, 6:], strict=True):
        row, column = side / 4 + place * side / 2
        inside = ((rows - row) ** 2 + (columns - column) ** 2 < (side / 5) ** 2).float()
        pictures.append(ground[:, None, None] * (1 - inside) + disc[:, None, None] * inside)
    return torch.stack(pictures)


def test_eight_toy_pictures_are_learned_by_heart() -> None:
    torch.manual_seed(0)
    networks = gdn_networks("detector")
    training = GDNTraining(networks, GDNLoss())
    pictures = toy_pictures()
    batch: Batch = batch_of(image=pictures, mask=square_hole(8, 32))
    context = FakeContext(networks, lr=2e-3)
    for _ in range(400):
        training.step(batch, context)
        with torch.no_grad():
            filled = training.paint(batch, context)
        psnr = -10 * (filled - pictures).square().mean().log10()
        if psnr > 30:
            return
    pytest.fail(f"{psnr:.1f} dB after 400 steps")
