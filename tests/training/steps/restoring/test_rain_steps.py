"""Steps that take rain off, or tell how dense it is."""

from __future__ import annotations

import pytest
import torch
from tests.training.steps.task_context import FakeContext, batch_of, check_judged, check_step, draw, smooth, tiny

from retouch.errors import UsageError
from retouch.nets.restoration.didmdn_residual import RainEstimator
from retouch.training.batch import Batch
from retouch.training.steps.restoring.didmdn import DIDMDNLoss, DIDMDNTraining, RainDensityLoss, RainDensityTraining
from retouch.training.steps.restoring.prenet import PReNetLoss, PReNetTraining


def pairs(side: int = 40) -> Batch:
    """Return two pictures and what is left of them under a grey veil with noise."""
    image = smooth(2, 3, side)
    return batch_of(image=image, damaged=0.5 * image + 0.25 + 0.1 * (draw(2, 3, side, side, seed=5) - 0.5))


def test_prenet_is_trained_on_its_last_stage_or_on_all() -> None:
    networks, batch = {"generator": tiny("prenet")}, pairs(24)
    for loss in (PReNetLoss(), PReNetLoss(last_weight=1.5, other_weight=0.5), PReNetLoss(squared=True)):
        check_step(PReNetTraining(networks, loss), batch, FakeContext(networks))
    training, context = PReNetTraining(networks, PReNetLoss()), FakeContext(networks)
    for _ in range(60):
        training.step(batch, context)
    assert context.losses[-1]["generator"] < -0.9  # minus the similarity
    check_judged(training, batch, context, (2, 3, 24, 24))


def rain() -> Batch:
    return batch_of(**pairs().tensors, density=torch.tensor([1, 3]))


def test_didmdn_learns_rain_and_picture() -> None:
    networks = {"generator": tiny("didmdn")}
    training, context = DIDMDNTraining(networks, DIDMDNLoss()), FakeContext(networks, lr=3e-3)
    check_step(training, rain(), context)
    for _ in range(40):
        training.step(rain(), context)
    assert context.losses[-1]["generator"] < context.losses[0]["generator"] / 2
    check_judged(training, rain(), context, (2, 3, 40, 40))


def test_the_density_classifier_learns_with_its_estimator() -> None:
    torch.manual_seed(0)
    networks = {"generator": tiny("rain_density"), "estimator": RainEstimator()}
    training, context = RainDensityTraining(networks, RainDensityLoss()), FakeContext(networks)
    check_step(training, rain(), context)
    for _ in range(30):
        training.step(rain(), context)
    assert check_judged(training, rain(), context, (2, 3, 40, 40))["accuracy"].tolist() == [1.0, 1.0]


def test_the_density_classifier_learns_alone_too() -> None:
    networks = {"generator": tiny("rain_density")}
    check_step(RainDensityTraining(networks, RainDensityLoss()), rain(), FakeContext(networks))


def test_data_that_does_not_say_how_dense_the_rain_is_is_refused() -> None:
    networks = {"generator": tiny("didmdn")}
    with pytest.raises(UsageError, match="1 to 3, for each picture"):
        DIDMDNTraining(networks, DIDMDNLoss()).step(pairs(), FakeContext(networks))


@pytest.mark.parametrize(("kind", "loss"), [(PReNetTraining, PReNetLoss()), (DIDMDNTraining, DIDMDNLoss())])
def test_special_kinds_refuse_other_networks(kind: type, loss: object) -> None:
    with pytest.raises(UsageError, match="DnCNN; take the kind 'pairs'"):
        kind({"generator": tiny("dncnn")}, loss)
