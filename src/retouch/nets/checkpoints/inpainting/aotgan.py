"""AOT-GAN's generator, critic and losses, from the authors' constructor arguments."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

from retouch.losses.aotgan import (
    blur_mask,
    discriminator_loss,
    generator_loss,
    released_generator_loss,
    soft_mask_discriminator_loss,
)
from retouch.nets.checkpoints.fixture import Config, Fixture, Inputs
from retouch.nets.checkpoints.widths import width_divisor
from retouch.nets.critics.patchgan import aot_discriminator
from retouch.nets.inpainting.aotgan import AOTGenerator

_WIDTH = 64


def _build_generator(config: Config) -> nn.Module:
    ctor = config["ctor"]
    return AOTGenerator(_WIDTH // width_divisor(config), ctor.get("rates", [1, 2, 4, 8]), ctor.get("block_num", 8))


def _build_discriminator(config: Config) -> nn.Module:
    return aot_discriminator(config["ctor"].get("inc", 3), _WIDTH // width_divisor(config))


def _run_losses(net: nn.Module, inputs: Inputs, config: Config) -> list[Tensor]:
    """Compute all losses with the stand-in critic that the fixture describes."""
    real, fake = (functional.conv2d(inputs[name], inputs["w"], stride=4, padding=1) for name in ("real", "fake"))
    size_px, sigma_px, mask = config["ctor"]["ksize"], float(config["ctor"]["sigma"]), inputs["mask"]
    return [
        discriminator_loss(real, fake),
        generator_loss(fake),
        soft_mask_discriminator_loss(real, fake, mask, size_px, sigma_px),
        released_generator_loss(fake, mask),
        blur_mask(mask, size_px, sigma_px),
    ]


FIXTURES: dict[str, Fixture] = {
    "aotgan-generator": Fixture(_build_generator),
    "aotgan-disc": Fixture(_build_discriminator, lambda net, inputs, config: net(inputs["x"])[0]),
    "aotgan-losses": Fixture(run=_run_losses),
}
