"""MI-GAN's generator from the authors' constructor arguments."""

from __future__ import annotations

from torch import nn

from retouch.nets.checkpoints.fixture import Config, Fixture
from retouch.nets.inpainting.migan import MIGANGenerator, Pyramid


def _build_generator(config: Config) -> nn.Module:
    ctor = config["ctor"]
    return MIGANGenerator(Pyramid(ctor.get("resolution", 512), ctor.get("ch_base", 32768), ctor.get("ch_max", 512)))


FIXTURES: dict[str, Fixture] = {"migan-generator": Fixture(_build_generator)}
