"""Partial convolutions: NVIDIA's layer, and the public port of the U-Net and its losses.

In all of them a mask is 1 where a pixel is known.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from torch import Tensor, nn
from torch.nn import functional

from retouch.losses.partial_conv import hole_l1, perceptual_loss, total_variation, two_style_loss, valid_l1
from retouch.nets.checkpoints.fixture import Config, Fixture, Inputs
from retouch.nets.checkpoints.widths import width_divisor
from retouch.nets.inpainting.partial_conv_unet import PartialConvUNet
from retouch.nets.layers.partial import PartialConv2d


def _build_layer(config: Config) -> PartialConv2d:
    return PartialConv2d(**config["ctor"])


def _build_unet(config: Config) -> PartialConvUNet:
    ctor = config["ctor"]
    return PartialConvUNet(
        levels=ctor.get("layer_size", 7),
        width=64 // width_divisor(config),
        in_channels=ctor.get("input_channels", 3),
        upsampling=ctor.get("upsampling_mode", "nearest"),
    )


def _run_unet(net: nn.Module, inputs: Inputs, config: Config) -> Sequence[Tensor]:
    return cast("PartialConvUNet", net).paint(inputs["x"], inputs["mask"])


def _run_losses(net: nn.Module, inputs: Inputs, config: Config) -> Sequence[Tensor]:
    masked, known, painted, image = (inputs[name] for name in ("input", "mask", "output", "gt"))
    mask = 1 - known
    composite = masked * known + painted * (1 - known)
    features = [_pyramid(picture, inputs["w"]) for picture in (painted, composite, image)]
    return [
        hole_l1(painted, image, mask),
        valid_l1(painted, image, mask),
        perceptual_loss(*features),
        two_style_loss(*features),
        total_variation(composite),
    ]


def _pyramid(picture: Tensor, weight: Tensor) -> list[Tensor]:
    """Return the stand-in for a VGG that the fixture used: one convolution at three scales."""
    full = functional.conv2d(picture, weight, padding=1).relu()
    return [full, functional.avg_pool2d(full, 2), functional.avg_pool2d(full, 4)]


FIXTURES = {f"partialconv2d-{number}": Fixture(_build_layer) for number in range(5)} | {
    "pconv-unet-port": Fixture(_build_unet, _run_unet),
    "pconv-loss-port": Fixture(run=_run_losses),
}
