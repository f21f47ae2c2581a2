"""Correcting a fill: which networks a step moves, what is made small, what is reported."""

from __future__ import annotations

import math

import pytest
import torch
from tests.training.steps.task_context import FakeContext, batch_of, smooth, tiny

from retouch.errors import InputError
from retouch.training.batch import Batch
from retouch.training.steps.inpainting.correction import CorrectionLoss, CorrectionTraining


def cases(n: int = 2) -> Batch:
    """Return smooth pictures whose middle a guess has 0.1 too bright."""
    image = smooth(n, 3, 32) * 0.5
    mask = torch.zeros(n, 1, 32, 32)
    mask[:, :, 8:24, 8:24] = 1
    return batch_of(image=image, mask=mask, guess=image + 0.1 * mask)


@pytest.mark.parametrize("error", ["log_mse", "l1"])
def test_the_first_answer_is_the_guess_and_steps_improve_it(error: str) -> None:
    """The error is 0.1: 20 dB; after some steps the correction is ahead."""
    nets = {"generator": tiny("residual_unet")}
    training = CorrectionTraining(nets, CorrectionLoss(error=error))  # type: ignore[arg-type]
    context = FakeContext(nets, lr=2e-3)
    first = training.validate(cases(), context)
    assert first["psnr"].tolist() == pytest.approx([20.0, 20.0], abs=1e-3)
    assert first["gain_db"].tolist() == pytest.approx([0.0, 0.0], abs=1e-3)
    for _ in range(40):
        said = training.step(cases(), context)
    assert training.validate(cases(), context)["gain_db"].min() > 3
    assert set(said) == {"loss_generator", "gain"}


def test_gain_is_the_fall_of_the_logarithm() -> None:
    """At the first step nothing is gained; the loss is log(0.01 + 1e-5) / 2."""
    nets = {"generator": tiny("residual_unet")}
    said = CorrectionTraining(nets, CorrectionLoss()).step(cases(), FakeContext(nets))
    assert float(said["gain"]) == pytest.approx(0.0, abs=1e-6)
    assert float(said["loss_generator"]) == pytest.approx(math.log(0.01 + 1e-5) / 2, abs=1e-4)


def test_a_detector_is_trained_beside() -> None:
    nets = {"generator": tiny("residual_unet"), "detector": tiny("gdn_detector")}
    before = {role: [weight.clone() for weight in net.parameters()] for role, net in nets.items()}
    said = CorrectionTraining(nets, CorrectionLoss(error="detected_l1")).step(cases(), FakeContext(nets))
    assert set(said) == {"loss_generator", "loss_detector", "gain"}
    for role, net in nets.items():
        assert any((a != b).any() for a, b in zip(before[role], net.parameters(), strict=True)), role


def test_detected_errors_need_a_detector() -> None:
    with pytest.raises(InputError, match="network of the role 'detector'"):
        CorrectionTraining({"generator": tiny("residual_unet")}, CorrectionLoss(error="detected_l1"))
