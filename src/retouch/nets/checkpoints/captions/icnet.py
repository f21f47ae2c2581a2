"""ICNet under its authors' weights, one stage and two.

Source: fixtures made with shwoo93/video_decaptioning (MIT-style licence; run only).
"""

from __future__ import annotations

from torch import nn

from retouch.nets.captions.icnet import GatedUNet, ICNet, TwoStageICNet
from retouch.nets.checkpoints.fixture import Config, Fixture
from retouch.nets.checkpoints.widths import width_divisor

_WIDTH = 64


def _build_one(config: Config) -> nn.Module:
    return ICNet(GatedUNet(_WIDTH // width_divisor(config)))


def _build_two(config: Config) -> nn.Module:
    width = _WIDTH // width_divisor(config)
    return TwoStageICNet(ICNet(GatedUNet(width)), GatedUNet(width, temporal=False))


FIXTURES = {"icnet-deepgate": Fixture(_build_one), "icnet-2step": Fixture(_build_two)}
