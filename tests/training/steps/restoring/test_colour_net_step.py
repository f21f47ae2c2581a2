"""The colour net: it learns from known pixels alone, and a finished smaller net helps it."""

from __future__ import annotations

import torch
from tests.training.steps.task_context import FakeContext, batch_of, check_judged, check_step, smooth, tiny

from retouch.nets.structure.monochromic import colour_net_tiny
from retouch.training.batch import Batch
from retouch.training.steps.restoring.colour_net import ColourNetLoss, ColourNetTraining


def picture() -> Batch:
    """Return a picture whose colours follow from its grey, with a hole."""
    grey = smooth(1, 1, 24)
    mask = torch.zeros(1, 1, 24, 24)
    mask[:, :, 8:16, 8:16] = 1
    return batch_of(image=torch.cat([grey, 0.5 * grey, 1 - grey], dim=1), mask=mask)


def test_the_colours_of_the_hole_are_learned_from_the_known_pixels() -> None:
    networks = {"generator": tiny("colour_net")}
    training, context = ColourNetTraining(networks, ColourNetLoss()), FakeContext(networks, lr=1e-2)
    check_step(training, picture(), context)
    for _ in range(100):
        training.step(picture(), context)
    assert context.losses[-1]["generator"] < 1e-3
    assert check_judged(training, picture(), context, (1, 3, 24, 24))["psnr"].item() > 20


def test_errors_in_the_hole_teach_nothing() -> None:
    batch, networks = picture(), {"generator": tiny("colour_net")}
    everything = batch_of(image=batch.image, mask=torch.ones_like(batch.mask))
    context = FakeContext(networks)
    ColourNetTraining(networks, ColourNetLoss()).step(everything, context)
    assert context.losses[0]["generator"] == 0.0


def test_a_smaller_net_helps_and_stays_as_it_is() -> None:
    networks = {"generator": colour_net_tiny(4).train(), "coarser": tiny("colour_net")}
    training, context = ColourNetTraining(networks, ColourNetLoss()), FakeContext(networks)
    means = [value.clone() for value in networks["coarser"].buffers()]
    check_step(training, picture(), context, {"generator"})
    assert all(torch.equal(before, after) for before, after in zip(means, networks["coarser"].buffers(), strict=True))
    check_judged(training, picture(), context, (1, 3, 24, 24))
