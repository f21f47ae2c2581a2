"""SinGAN's step: one scale, coarsest or not."""

from __future__ import annotations

import torch
from tests.training.steps.task_context import FakeContext, batch_of, check_judged, check_step, smooth, tiny
from torch import nn

from retouch.training.steps.generating.singan import SinGANLoss, SinGANTraining

TINY = SinGANLoss(border_px=0)


def singan_networks() -> dict[str, nn.Module]:
    return {"generator": tiny("singan"), "critic": tiny("singan_critic")}


def test_a_step_of_the_coarsest_scale_moves_generator_and_critic() -> None:
    networks = singan_networks()
    training = SinGANTraining(networks, TINY)
    batch, context = batch_of(image=smooth(2, 3, 32)), FakeContext(networks)
    check_step(training, batch, context)
    scores = check_judged(training, batch, context, (2, 3, 32, 32))
    assert set(scores) == {"psnr", "mse", "l1"}


def test_a_finer_scale_adds_to_the_coarser_picture() -> None:
    networks = singan_networks()
    training = SinGANTraining(networks, TINY)
    image = smooth(2, 3, 32)
    batch, context = batch_of(image=image, coarse=image.flip(3)), FakeContext(networks)
    check_step(training, batch, context)
    with torch.no_grad():
        first, second = (training.paint(batch, FakeContext(networks, seed=seed)) for seed in (0, 1))
    assert not torch.equal(first, second)


def test_noise_is_as_large_as_the_coarser_pictures_error() -> None:
    networks = singan_networks()
    training = SinGANTraining(networks, TINY)
    image = smooth(2, 3, 32)
    batch = batch_of(image=image, coarse=image)
    with torch.no_grad():
        first, second = (training.paint(batch, FakeContext(networks, seed=seed)) for seed in (0, 1))
    assert torch.equal(first, second)  # no error, no noise


def test_a_generator_without_padding_is_given_a_border() -> None:
    networks = {"generator": tiny("singan", "full"), "critic": tiny("singan_critic", "full")}
    training = SinGANTraining(networks, SinGANLoss())
    batch, context = batch_of(image=smooth(1, 3, 32)), FakeContext(networks)
    check_step(training, batch, context)
    check_judged(training, batch, context, (1, 3, 32, 32))


def test_the_fixed_noise_gives_the_picture_back_in_the_end() -> None:
    networks = singan_networks()
    training, context = SinGANTraining(networks, TINY), FakeContext(networks, lr=1e-3)
    batch = batch_of(image=smooth(1, 3, 32))
    errors = [float(training.step(batch, context)["reconstruction"]) for _ in range(60)]
    assert errors[-1] < 0.5 * errors[0]
