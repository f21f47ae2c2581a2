"""Denoisers with the weights their authors published, run as they are meant to be run."""

from __future__ import annotations

from torch import Tensor, nn

from retouch.nets.checkpoints.fixture import Config, Fixture, Inputs
from retouch.nets.denoising.dncnn import DnCNN
from retouch.nets.denoising.ffdnet import FFDNet, ffdnet_full


def build_dncnn25(config: Config) -> DnCNN:
    """Build the net of `dncnn_25.pth`: grey, 17 convolutions, batch norm merged."""
    return DnCNN(batch_norm=False)


def run_noisy(net: nn.Module, inputs: Inputs, config: Config) -> Tensor:
    """Denoise "x"; the fixture's second tensor is the clean picture, for comparison only."""
    clean: Tensor = net(inputs["x"])
    return clean


def build_ffdnet_gray(config: Config) -> FFDNet:
    """Build the net of `FFDNet_gray.mat`; the fixture's weights are already in our order of sub-images."""
    return ffdnet_full()


def run_two_levels(net: nn.Module, inputs: Inputs, config: Config) -> list[Tensor]:
    """Denoise "x" as if its sigma (0-255) were 25, then 40."""
    noisy = inputs["x"]
    return [net(noisy, noisy.new_full((1, 1, 1, 1), sigma / 255)) for sigma in (25, 40)]


FIXTURES = {
    "kair-dncnn25-released": Fixture(build_dncnn25, run_noisy),
    "ffdnet-gray-released": Fixture(build_ffdnet_gray, run_two_levels),
}
