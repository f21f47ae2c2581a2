"""PEN-Net under the authors' weights: generator, attention transfer alone, critic."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from retouch.errors import UsageError
from retouch.nets.checkpoints.fixture import Config, Fixture, Inputs
from retouch.nets.checkpoints.widths import reduced_width
from retouch.nets.critics.spectral_patchgan import SpectralPatchGAN, pennet_patchgan
from retouch.nets.inpainting.pennet import PyramidContextGenerator
from retouch.nets.layers.attention.attention_transfer import AttentionTransfer


def _build_transfer(config: Config) -> AttentionTransfer:
    ctor = config["ctor"]
    if ctor.get("stride", 1) != 1:
        raise UsageError(f"attention transfer compares every place, got stride={ctor['stride']}; use 1")
    return AttentionTransfer(
        ctor["input_channels"],
        ctor["output_channels"],
        kernel_size=ctor.get("ksize", 3),
        rate=ctor.get("rate", 2),
        sharpness=ctor.get("softmax_scale", 10.0),
        dilations=ctor.get("rates", [1, 2, 4, 8])[: ctor.get("groups", 4)] if ctor.get("fuse", True) else (),
    )


def _build_generator(config: Config) -> PyramidContextGenerator:
    return PyramidContextGenerator(width=reduced_width(config, 32))


def _build_critic(config: Config) -> SpectralPatchGAN:
    ctor = config["ctor"]
    return pennet_patchgan(
        ctor.get("in_channels", 3), width=reduced_width(config, 64), spectral=ctor.get("use_sn", True)
    )


def _run_critic(net: nn.Module, inputs: Inputs, config: Config) -> Sequence[Tensor]:
    scores: Tensor = net(inputs["x"])[0]
    return [scores.sigmoid() if config["ctor"].get("use_sigmoid", False) else scores]


FIXTURES = {
    "pennet-generator": Fixture(_build_generator),
    "pennet-atnconv": Fixture(_build_transfer),
    "pennet-disc": Fixture(_build_critic, _run_critic),
}
