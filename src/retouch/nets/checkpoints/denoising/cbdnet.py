"""CBDNet and its loss, as in IDKiro/CBDNet-pytorch."""

from __future__ import annotations

from torch import Tensor, nn

from retouch.losses.cbdnet import cbdnet_loss
from retouch.nets.checkpoints.fixture import Config, Fixture, Inputs
from retouch.nets.checkpoints.widths import width_divisor
from retouch.nets.denoising.cbdnet import CBDNet, cbdnet_of_width


def build_cbdnet(config: Config) -> CBDNet:
    """Build CBDNet with its widths divided as the fixture says."""
    return cbdnet_of_width(width_divisor(config))


def run_loss(net: nn.Module, inputs: Inputs, config: Config) -> Tensor:
    """Compute the loss the port's way: over-estimation weighs more, total variation is summed over the batch."""
    estimated = inputs["est_noise"]
    return cbdnet_loss(
        inputs["out_image"],
        inputs["gt_image"],
        estimated,
        inputs["gt_noise"],
        inputs["if_asym"].flatten() > 0,
        under_weight=0.3,
        smoothness_weight=0.05 * len(estimated),
    )


FIXTURES = {
    "cbdnet": Fixture(build_cbdnet),
    "cbdnet-fixed-loss": Fixture(run=run_loss),
}
