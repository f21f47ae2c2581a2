"""Detectors: what a step moves, what counts as a box, and that a detector learns a picture."""

from __future__ import annotations

import pytest
import torch
from tests.training.steps.task_context import FakeContext, batch_of, check_judged, check_step, tiny

from retouch.errors import UsageError
from retouch.training.batch import Batch
from retouch.training.steps.detecting.multibox import MultiboxLoss, MultiboxTraining, true_boxes
from retouch.training.steps.detecting.precision import average_precision


def squares() -> Batch:
    """Return a picture with a white square (class 0) and a picture with a dark one (class 1) and a filled-up row."""
    image = torch.full((2, 3, 96, 96), 0.5)
    image[0, :, 24:72, 24:72] = 1.0
    image[1, :, 0:48, 48:96] = 0.0
    boxes = torch.tensor([[[0.25, 0.25, 0.75, 0.75], [0, 0, 0, 0]], [[0.5, 0.0, 1.0, 0.5], [0, 0, 0, 0]]])
    return batch_of(image=image, boxes=boxes, classes=torch.tensor([[0, -1], [1, -1]]))


@pytest.mark.parametrize("name", ["ssd", "fssd", "mpssd"])
def test_a_step_moves_the_detector(name: str) -> None:
    networks = {"generator": tiny(name)}
    training, context = MultiboxTraining(networks, MultiboxLoss()), FakeContext(networks)
    check_step(training, squares(), context)
    check_judged(training, squares(), context, (2, 3, 96, 96))


def test_a_detector_learns_two_pictures_by_heart() -> None:
    networks = {"generator": tiny("ssd")}
    training, context = MultiboxTraining(networks, MultiboxLoss()), FakeContext(networks)
    for _ in range(120):
        training.step(squares(), context)
    assert context.losses[-1]["generator"] < context.losses[0]["generator"] / 5
    scores = check_judged(training, squares(), context, (2, 3, 96, 96))
    assert scores["ap50"].tolist() == [1.0, 1.0]


def test_rows_of_class_minus_one_are_no_boxes() -> None:
    (boxes, classes), _ = true_boxes(squares())
    assert boxes.tolist() == [[0.25, 0.25, 0.75, 0.75]]
    assert classes.tolist() == [0]


def test_a_picture_without_boxes_still_teaches_backgrounds_nothing_else() -> None:
    batch = squares()
    empty = batch_of(image=batch.image, boxes=batch.tensors["boxes"], classes=torch.full((2, 2), -1))
    networks = {"generator": tiny("ssd")}
    MultiboxTraining(networks, MultiboxLoss()).step(empty, FakeContext(networks))  # no hard backgrounds without a match


def test_a_box_found_twice_counts_once() -> None:
    boxes, found = torch.tensor([[0.0, 0.0, 0.5, 0.5]]), torch.zeros(2, 3, 5)
    found[1, :2] = torch.tensor([[0.9, 0.0, 0.0, 0.5, 0.5], [0.8, 0.0, 0.0, 0.5, 0.5]])
    assert average_precision(found, boxes, torch.tensor([0])).item() == 1.0  # all there is was found first
    found[1, 0, 1:] = torch.tensor([0.5, 0.5, 1.0, 1.0])  # now the best box is wrong: precision 1/2 at a recall of 1
    assert average_precision(found, boxes, torch.tensor([0])).item() == 0.5


def test_a_box_of_another_class_is_no_hit() -> None:
    boxes, found = torch.tensor([[0.0, 0.0, 0.5, 0.5]]), torch.zeros(3, 1, 5)
    found[2, 0] = torch.tensor([0.9, 0.0, 0.0, 0.5, 0.5])
    assert average_precision(found, boxes, torch.tensor([0])).item() == 0.0
    assert average_precision(found, boxes, torch.tensor([1])).item() == 1.0


@pytest.mark.parametrize(("score", "expected"), [(0.0, 1.0), (0.9, 0.0)])
def test_where_nothing_is_nothing_should_be_found(score: float, expected: float) -> None:
    found = torch.zeros(2, 1, 5)
    found[1, 0, 0] = score
    assert average_precision(found, torch.zeros(0, 4), torch.zeros(0, dtype=torch.long)).item() == expected


def test_other_networks_are_refused() -> None:
    with pytest.raises(UsageError, match="ssd, fssd and mpssd, got a DnCNN"):
        MultiboxTraining({"generator": tiny("dncnn")}, MultiboxLoss())
