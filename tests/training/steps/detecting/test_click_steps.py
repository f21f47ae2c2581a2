"""Masks of what is clicked on, and PointRend's heads: what moves, and that they learn."""

from __future__ import annotations

import pytest
import torch
from tests.training.steps.task_context import FakeContext, batch_of, check_judged, check_step, tiny

from retouch.errors import UsageError
from retouch.nets.detection.pointrend import CoarseHead, PointHead
from retouch.training.batch import Batch
from retouch.training.steps.detecting.clicked_masks import ClickedMasksLoss, ClickedMasksTraining
from retouch.training.steps.detecting.clicking import click
from retouch.training.steps.detecting.pointrend import PointRendLoss, PointRendTraining


def scene() -> Batch:
    """Return two pictures of 64 px with a bright and a dark thing each."""
    labels = torch.zeros(2, 64, 64, dtype=torch.long)
    labels[0, 8:40, 8:40], labels[0, 48:60, 44:60] = 1, 2
    labels[1, 20:50, 30:62], labels[1, 4:16, 4:16] = 2, 1
    colours = torch.tensor([[0.5, 0.5, 0.5], [1.0, 0.8, 0.2], [0.0, 0.1, 0.4]])
    return batch_of(image=colours[labels].permute(0, 3, 1, 2).contiguous(), labels=labels)


def test_the_segmenter_learns_what_it_is_clicked_on() -> None:
    networks = {"generator": tiny("mobile_sam")}
    training, context = ClickedMasksTraining(networks, ClickedMasksLoss()), FakeContext(networks)
    check_step(training, scene(), context)
    for _ in range(100):
        training.step(scene(), context)
    assert context.losses[-1]["generator"] < context.losses[0]["generator"] / 2
    assert set(check_judged(training, scene(), context, (2, 3, 64, 64))) == {"overlap"}


def heads() -> dict[str, torch.nn.Module]:
    torch.manual_seed(0)
    return {
        "generator": PointHead(32, 2, width=32, depth=2),
        "coarse_head": CoarseHead(32, 14, 2, width=16, hidden=64),
        "encoder": tiny("mobile_sam"),
    }


def test_the_heads_of_pointrend_move_with_and_without_the_encoder() -> None:
    networks = heads()
    training = PointRendTraining(networks, PointRendLoss())
    check_step(training, scene(), FakeContext(networks))
    still = {"generator", "coarse_head"}
    check_step(training, scene(), FakeContext(networks, trained=sorted(still)), still)


def test_the_heads_of_pointrend_learn() -> None:
    networks = heads()
    training, context = PointRendTraining(networks, PointRendLoss(doublings=2)), FakeContext(networks)
    for _ in range(40):
        training.step(scene(), context)
    scores = check_judged(training, scene(), context, (2, 1, 28, 28))
    assert scores["overlap"].min() > 0.9  # the things are squares that fill their boxes


def test_pictures_of_another_side_than_the_encoder_are_refused() -> None:
    networks = heads()
    small = batch_of(image=torch.zeros(1, 3, 32, 32), labels=torch.zeros(1, 32, 32, dtype=torch.long))
    with pytest.raises(UsageError, match=r"the encoder's side, got \(32, 32\)"):
        PointRendTraining(networks, PointRendLoss()).step(small, FakeContext(networks))


def test_a_drawn_click_lies_on_the_thing() -> None:
    rng = torch.Generator().manual_seed(1)
    labels = scene().tensors["labels"]
    seen = set()
    for _ in range(20):
        chosen = click(labels, rng)
        columns, rows = chosen.points.long().T
        assert torch.equal(labels[torch.arange(2), rows, columns], chosen.labels)
        seen.add(tuple(chosen.labels.tolist()))
    assert seen == {(1, 1), (1, 2), (2, 1), (2, 2)}


def test_without_any_thing_the_background_is_clicked_on() -> None:
    chosen = click(torch.zeros(1, 8, 8, dtype=torch.long), torch.Generator())
    assert chosen.labels.item() == 0
    assert chosen.masks.sum().item() == 64


def test_other_networks_are_refused() -> None:
    with pytest.raises(UsageError, match="trains mobile_sam, got a DnCNN"):
        ClickedMasksTraining({"generator": tiny("dncnn")}, ClickedMasksLoss())
    with pytest.raises(UsageError, match="the role 'generator' must be a PointHead, got a DnCNN"):
        PointRendTraining({**heads(), "generator": tiny("dncnn")}, PointRendLoss())
