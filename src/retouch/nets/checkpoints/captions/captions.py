"""Caption removal under the weights of Linya-lab/Video_Decaptioning: mask U-Net and frame-attention generator.

Source: fixtures made with that project (GPL-3.0; run only, no code of it here).
"""

from __future__ import annotations

from torch import nn

from retouch.nets.captions.caption_generator import CaptionGenerator
from retouch.nets.captions.mask_unet import MaskUNet
from retouch.nets.checkpoints.fixture import Config, Fixture
from retouch.nets.checkpoints.widths import width_divisor

_WIDTH = 64


def _build_mask_unet(config: Config) -> nn.Module:
    given = config["ctor"]
    return MaskUNet(given.get("n_channels", 3), given.get("n_classes", 1), width=_WIDTH // width_divisor(config))


def _build_generator(config: Config) -> nn.Module:
    return CaptionGenerator(_WIDTH // width_divisor(config))


FIXTURES = {
    "linya-mask-unet": Fixture(_build_mask_unet),
    "linya-decaption-generator": Fixture(_build_generator),
}
