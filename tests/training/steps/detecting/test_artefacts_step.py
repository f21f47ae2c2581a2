"""Training of the detector of fills: its loss is the paper's over the batch, and it learns."""

from __future__ import annotations

import pytest
import torch
from tests.training.steps.task_context import FakeContext, batch_of, check_judged, check_step, draw, smooth, tiny

from retouch.losses import gdn as losses
from retouch.training.batch import Batch
from retouch.training.steps.detecting.artefacts import ArtefactLoss, ArtefactTraining


def blurred(n: int = 4, side: int = 32, seed: int = 0) -> Batch:
    """Return noise over soft patterns, whose middle is the pattern alone, as a smooth fill would be."""
    pattern = smooth(n, 3, side, seed)
    mask = torch.zeros(n, 1, side, side)
    mask[:, :, side // 4 : 3 * side // 4, side // 4 : 3 * side // 4] = 1
    image = (pattern + 0.3 * (draw(n, 3, side, side, seed=seed + 100) - 0.5)).clamp(0, 1)
    return batch_of(image=image, mask=mask, guess=image.where(mask == 0, pattern))


def training(loss: ArtefactLoss | None = None, preset: str = "tiny") -> tuple[ArtefactTraining, FakeContext]:
    networks = {"generator": tiny("gdn_detector", preset)}
    return ArtefactTraining(networks, loss or ArtefactLoss()), FakeContext(networks)


@pytest.mark.parametrize("preset", ["tiny", "context"])
def test_a_step_moves_the_detector(preset: str) -> None:
    step, context = training(preset=preset)
    check_step(step, blurred(), context)


@pytest.mark.parametrize("kind", ["ce", "bce", "focal"])
def test_the_loss_is_that_of_all_pixels_of_the_batch_as_one_picture(kind: str) -> None:
    """One sample is whole: so alpha of the batch is 1/8, and that of each sample would be 1/4 and 0."""
    step, context = training(ArtefactLoss(detector_loss=kind))  # type: ignore[arg-type]
    batch = blurred(2)
    batch.mask[1] = 0
    with torch.no_grad():
        answer = context.networks["generator"].artifact_map(batch.tensors["guess"])  # type: ignore[operator]
    joined = [x.reshape(1, 1, 1, -1) for x in (answer, batch.mask)]
    by_name = {"ce": losses.cross_entropy, "bce": losses.balanced_cross_entropy, "focal": losses.focal_loss}
    assert step.step(batch, context)["loss"] == pytest.approx(by_name[kind](*joined).item(), rel=1e-5)


def test_the_truth_is_not_looked_at() -> None:
    (one, context), (two, other) = training(), training()
    batch = blurred()
    one.step(batch, context)
    two.step(batch_of(image=torch.zeros_like(batch.image), mask=batch.mask, guess=batch.tensors["guess"]), other)
    assert context.losses == other.losses


def test_it_is_judged_by_the_area_under_the_curve() -> None:
    step, context = training()
    scores = check_judged(step, blurred(), context, (4, 3, 32, 32))
    assert set(scores) == {"detector_gap", "detector_auc", "loss"}


def test_it_learns_what_a_smooth_fill_is() -> None:
    """60 steps on other drawings, then four that it has not seen."""
    step, context = training()
    for seed in range(60):
        step.step(blurred(seed=seed), context)
    assert check_judged(step, blurred(seed=999), context, (4, 3, 32, 32))["detector_auc"].mean() > 0.8
