"""Nets of labels: what a step moves in which phase, and how completed maps are judged."""

from __future__ import annotations

import pytest
import torch
from tests.training.steps.task_context import (
    FakeContext,
    batch_of,
    check_judged,
    check_step,
    copied,
    moved,
    smooth,
    tiny,
)

from retouch.training.batch import Batch
from retouch.training.steps.semantic.labels import colour_labels, judge_labels, one_hot, relabelled
from retouch.training.steps.semantic.semantic_map_gan import SemanticMapLoss, SemanticMapTraining
from retouch.training.steps.semantic.sg_net import SGNetLoss, SGNetTraining
from retouch.training.steps.semantic.spg_net import SPGNetLoss, SPGNetTraining


def street(side: int = 64, n_classes: int = 8) -> Batch:
    """Return two pictures whose upper and lower halves are of different classes, with a hole in the middle."""
    labels = torch.zeros(2, side, side, dtype=torch.long)
    labels[0, side // 2 :] = 3
    labels[1, side // 2 :] = n_classes - 1
    mask = torch.zeros(2, 1, side, side)
    mask[:, :, side // 4 : 3 * side // 4, side // 4 : 3 * side // 4] = 1
    return batch_of(image=smooth(2, 3, side), mask=mask, labels=labels)


@pytest.mark.parametrize(
    ("phase", "parts"),
    [("labels", {"label_net"}), ("picture", {"picture_net"}), ("joint", {"label_net", "picture_net"})],
)
def test_a_phase_of_spg_net_moves_its_part(phase: str, parts: set[str]) -> None:
    networks = {"generator": tiny("spg_net")}
    training, context = SPGNetTraining(networks, SPGNetLoss()), FakeContext(networks, phase=phase)
    before = copied(networks["generator"])
    check_step(training, street(), context)
    assert {name.split(".")[0] for name in moved(before, networks["generator"])} == parts


def test_spg_net_plays_against_both_critics() -> None:
    networks = {
        "generator": tiny("spg_net"),
        "label_critic": tiny("global_map_critic"),
        "critic": tiny("deblurgan_critic"),
    }
    training, context = SPGNetTraining(networks, SPGNetLoss()), FakeContext(networks)
    check_step(training, street(), context)
    assert set(context.losses[0]) == set(networks)
    scores = check_judged(training, street(), context, (2, 3, 64, 64))
    assert set(scores) == {"psnr", "mse", "l1", "accuracy", "mean_overlap"}


def test_spg_net_learns_the_labels_of_a_street() -> None:
    networks = {"generator": tiny("spg_net")}
    training, context = SPGNetTraining(networks, SPGNetLoss()), FakeContext(networks, phase="labels")
    for _ in range(40):
        training.step(street(32), context)
    assert context.losses[-1]["generator"] < context.losses[0]["generator"] / 3


@pytest.mark.parametrize("name", ["sg_net", "sge_net"])
def test_a_step_moves_sg_net_and_its_critic(name: str) -> None:
    networks = {"generator": tiny(name), "critic": tiny("deblurgan_critic")}
    training, context = SGNetTraining(networks, SGNetLoss()), FakeContext(networks)
    check_step(training, street(), context)
    check_judged(training, street(), context, (2, 3, 64, 64))


def test_a_critic_that_the_phase_does_not_train_has_no_say() -> None:
    networks = {"generator": tiny("sg_net"), "critic": tiny("deblurgan_critic")}
    context = FakeContext(networks, trained=["generator"])
    check_step(SGNetTraining(networks, SGNetLoss()), street(), context, {"generator"})
    assert set(context.losses[0]) == {"generator"}


def test_sg_net_learns_in_thirty_steps() -> None:
    networks = {"generator": tiny("sg_net")}
    training, context = SGNetTraining(networks, SGNetLoss()), FakeContext(networks)
    for _ in range(30):
        training.step(street(32), context)
    assert context.losses[-1]["generator"] < context.losses[0]["generator"] / 2


def test_pixels_without_a_class_do_not_count() -> None:
    labels = torch.tensor([[[0, 255]]])
    scores = judge_labels(one_hot(torch.tensor([[[0, 1]]]), 2), labels, torch.ones(1, 1, 1, 2))
    assert {name: score.item() for name, score in scores.items()} == {"accuracy": 1.0, "mean_overlap": 1.0}


def test_a_map_without_a_hole_is_right() -> None:
    scores = judge_labels(torch.zeros(1, 2, 2, 2), torch.ones(1, 2, 2, dtype=torch.long), torch.zeros(1, 1, 2, 2))
    assert {name: score.item() for name, score in scores.items()} == {"accuracy": 1.0, "mean_overlap": 1.0}


def test_every_class_has_a_colour_of_its_own() -> None:
    colours = colour_labels(torch.arange(12).reshape(1, 3, 4), 12).flatten(2)[0].T
    assert 0 <= colours.min() <= colours.max() <= 1
    assert torch.cdist(colours, colours).add(torch.eye(12)).min() > 0.2


def with_moving_things(batch: Batch) -> Batch:
    """Return a street with a car (class 9) half in the hole."""
    labels = batch.tensors["labels"].clone()
    labels[:, 28:36, 8:24] = 9
    return batch_of(**{**batch.tensors, "labels": labels})


def test_the_map_generator_plays_against_both_critics() -> None:
    networks = {
        "generator": tiny("semantic_map_gan"),
        "critic": tiny("global_map_critic"),
        "local_critic": tiny("local_map_critic"),
    }
    training, context = SemanticMapTraining(networks, SemanticMapLoss()), FakeContext(networks)
    check_step(training, with_moving_things(street()), context)
    assert set(context.losses[0]) == set(networks)
    scores = check_judged(training, with_moving_things(street()), context, (2, 3, 64, 64))
    assert set(scores) == {"accuracy", "mean_overlap"}


def test_the_map_generator_learns_a_street_without_critics() -> None:
    networks = {"generator": tiny("semantic_map_gan")}
    training, context = SemanticMapTraining(networks, SemanticMapLoss()), FakeContext(networks)
    for _ in range(40):  # 64 px: the attention of the second stage finds too few patches in less
        reported = training.step(street(), context)
    assert context.losses[-1]["generator"] < context.losses[0]["generator"] / 3
    assert reported["accuracy"] > 0.9


def test_what_stands_behind_moving_things_is_the_truth_where_it_is_known() -> None:
    networks = {"generator": tiny("semantic_map_gan")}
    training, batch = SemanticMapTraining(networks, SemanticMapLoss()), with_moving_things(street())
    told = batch_of(**batch.tensors, static_labels=torch.full((2, 64, 64), 5))
    scores = training.validate(told, FakeContext(networks))
    expected = judge_labels(training._scores(told, FakeContext(networks))[2], told.tensors["static_labels"], told.mask)
    torch.testing.assert_close(scores, expected)


def test_labels_of_the_data_are_brought_to_the_channels_of_the_net() -> None:
    """The simulated streets' nine labels, in the net's Cityscapes: people and cars are 8 and 9, unlabeled is 7."""
    labels = torch.arange(9).reshape(1, 3, 3)
    assert relabelled(labels, (0, 1, 2, 3, 4, 5, 7, 8, 9)).flatten().tolist() == [0, 1, 2, 3, 4, 5, 7, 8, 9]
    assert relabelled(labels - 1, (4, 4)).flatten().tolist() == [-1, 4, 4, -1, -1, -1, -1, -1, -1]
    assert relabelled(labels, ()) is labels
