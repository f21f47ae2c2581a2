"""Masks from prompts: what moves, that it learns, and that unlabelled pixels teach nothing."""

from __future__ import annotations

import pytest
import torch
from tests.training.steps.task_context import FakeContext, batch_of, check_judged, check_step, draw, tiny

from retouch.errors import UsageError
from retouch.training.batch import Batch
from retouch.training.steps.detecting.prompted_masks import PromptedMasksLoss, PromptedMasksTraining, dice_error


def scene() -> Batch:
    """Return two noisy pictures of 32 px in which the bright part is meant, and an answer that knows nothing."""
    target = torch.zeros(2, 1, 32, 32)
    target[0, :, 4:20, 8:24], target[1, :, 10:30, 2:16] = 1, 1
    image = (0.3 + 0.4 * target + 0.1 * draw(2, 3, 32, 32)).clamp(0, 1)
    prompt = torch.zeros(2, 4, 32, 32)
    prompt[:, :1] = 0.5
    return batch_of(image=image, prompt=prompt, target=target, known=torch.ones_like(target))


def test_the_net_learns_what_is_meant() -> None:
    networks = {"generator": tiny("prompted_unet")}
    training, context = PromptedMasksTraining(networks, PromptedMasksLoss()), FakeContext(networks, lr=3e-3)
    check_step(training, scene(), context)
    for _ in range(60):
        training.step(scene(), context)
    scores = check_judged(training, scene(), context, (2, 3, 32, 32))
    assert set(scores) == {"overlap", "gain"}
    assert scores["overlap"].min() > 0.9
    torch.testing.assert_close(scores["gain"], scores["overlap"])  # the answer before had no pixel above a half


def test_pixels_that_nobody_labelled_teach_nothing() -> None:
    whole = scene()
    known = torch.ones_like(whole.tensors["known"])
    known[..., 16:, :] = 0
    changed = {**whole.tensors, "known": known}
    other = {**changed, "target": torch.where(known > 0, changed["target"], 1 - changed["target"])}
    losses = []
    for tensors in (changed, other):
        networks = {"generator": tiny("prompted_unet")}
        context = FakeContext(networks)
        PromptedMasksTraining(networks, PromptedMasksLoss()).step(batch_of(**tensors), context)
        losses.append(context.losses[0]["generator"])
    assert losses[0] == losses[1]


def test_the_overlap_of_halves() -> None:
    """One of two pixels, and the other: (2 * 0 + 1) / (1 + 1 + 1) = 1/3 is shared."""
    one, other = torch.tensor([[[[1.0, 0.0]]]]), torch.tensor([[[[0.0, 1.0]]]])
    torch.testing.assert_close(dice_error(one, other), torch.tensor(2 / 3))


def test_other_networks_are_refused() -> None:
    with pytest.raises(UsageError, match="trains prompted_unet, got a DnCNN"):
        PromptedMasksTraining({"generator": tiny("dncnn")}, PromptedMasksLoss())
