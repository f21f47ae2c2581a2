"""Steps of MemNet, CBDNet and the perceptron: what they move, what they minimise, and that they learn."""

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

from retouch.errors import InputError, UsageError
from retouch.training.batch import Batch
from retouch.training.steps.denoising.cbdnet import CBDNetLoss, CBDNetTraining
from retouch.training.steps.denoising.memnet import MemNetLoss, MemNetTraining
from retouch.training.steps.denoising.patches import PatchDenoising, PatchLoss, draw_patches
from retouch.training.steps.denoising.staged import StagedDenoising, StagedLoss


def noisy_batch(channels: int = 3, side: int = 32, sigma: float = 0.1) -> Batch:
    image = smooth(2, channels, side)
    noise = torch.randn(image.shape, generator=torch.Generator().manual_seed(3))
    return batch_of(image=image, noisy=image + sigma * noise, sigma=torch.full((2,), sigma))


def test_memnet_weighs_its_mean_by_one_over_blocks_and_one() -> None:
    networks, batch = {"generator": tiny("memnet")}, noisy_batch(side=16)
    training, context = MemNetTraining(networks, MemNetLoss()), FakeContext(networks)
    estimates = torch.stack(networks["generator"].eval().estimates(batch.tensors["noisy"])).detach()  # type: ignore[operator]
    check_step(training, batch, context)
    squares = (estimates - batch.image).square().mean()
    mean = (estimates.mean(dim=0) - batch.image).square().mean()  # the weights start equal
    expected = mean / 5 + squares * 4 / 5  # four blocks: alpha = 1 / 5
    assert context.losses[0]["generator"] == pytest.approx(expected.item(), rel=1e-4)
    check_judged(training, batch, context, (2, 3, 16, 16))


def test_cbdnet_moves_estimator_and_denoiser() -> None:
    networks = {"generator": tiny("cbdnet")}
    training, context = CBDNetTraining(networks, CBDNetLoss()), FakeContext(networks)
    before = copied(networks["generator"])
    check_step(training, noisy_batch(), context)
    assert {name.split(".")[0] for name in moved(before, networks["generator"])} == {"estimator", "denoiser"}
    assert set(check_judged(training, noisy_batch(), context, (2, 3, 32, 32))) == {"psnr", "map_error"}


def test_cbdnet_learns_from_photographed_pairs_without_a_noise_level() -> None:
    batch = noisy_batch()
    pairs = batch_of(image=batch.image, damaged=batch.tensors["noisy"])
    networks = {"generator": tiny("cbdnet")}
    training, context = CBDNetTraining(networks, CBDNetLoss()), FakeContext(networks)
    check_step(training, pairs, context)
    assert set(check_judged(training, pairs, context, (2, 3, 32, 32))) == {"psnr"}


def test_the_perceptron_learns_on_patches() -> None:
    networks, batch = {"generator": tiny("mlp")}, noisy_batch(channels=1)
    training, context = PatchDenoising(networks, PatchLoss(16)), FakeContext(networks)
    for _ in range(100):
        training.step(batch, context)
    assert context.losses[-1]["generator"] < context.losses[0]["generator"] / 4
    check_judged(training, batch, context, (2, 1, 32, 32))


def test_patches_of_all_pictures_are_cut_at_the_same_places() -> None:
    numbers = torch.arange(2 * 36.0).reshape(2, 1, 6, 6)
    first, second = draw_patches([numbers, 2 * numbers], 3, 5, torch.Generator().manual_seed(0))
    assert first.shape == (10, 3, 3)
    torch.testing.assert_close(second, 2 * first)
    torch.testing.assert_close(first[:, 1, 2] - first[:, 0, 0], torch.full((10,), 8.0))  # a row and two columns on
    assert first[:5].max() < 36 <= first[5:].min()


def test_pictures_smaller_than_a_patch_are_refused() -> None:
    with pytest.raises(InputError, match="17 px or more, got 8x8"):
        draw_patches([torch.zeros(1, 1, 8, 8)], 17, 1, torch.Generator())


def test_patches_are_normalised_as_in_the_net() -> None:
    networks = {"generator": tiny("mlp")}
    net = networks["generator"]
    for weight in net.parameters():
        weight.data.zero_()
    flat = batch_of(image=torch.full((1, 1, 20, 20), 0.7), noisy=torch.full((1, 1, 20, 20), 0.7))
    context = FakeContext(networks)
    PatchDenoising(networks, PatchLoss(1)).step(flat, context)
    # the net answers 0, which is 0.5; off by 0.2, which is one unit of its own range
    assert context.losses[0]["generator"] == pytest.approx(1.0, rel=1e-5)


@pytest.mark.parametrize(
    ("kind", "loss"), [(StagedDenoising, StagedLoss()), (MemNetTraining, MemNetLoss()), (PatchDenoising, PatchLoss())]
)
def test_special_kinds_refuse_other_networks(kind: type, loss: object) -> None:
    with pytest.raises(UsageError, match="DnCNN; take the kind 'denoise'"):
        kind({"generator": tiny("dncnn")}, loss)
