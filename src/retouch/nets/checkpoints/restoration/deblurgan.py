"""Generator and critic of DeblurGAN, as in KupynOrest/DeblurGAN."""

from __future__ import annotations

from functools import partial

from torch import nn

from retouch.errors import UsageError
from retouch.nets.checkpoints.fixture import Config, Fixture
from retouch.nets.checkpoints.widths import width_divisor
from retouch.nets.restoration.deblurgan import (
    DeblurGenerator,
    Norm,
    PatchCritic,
    instance_norm,
    released_block,
)

_GENERATOR = {
    "input_nc": 3,
    "output_nc": 3,
    "ngf": 64,
    "norm": "instance",
    "use_dropout": True,
    "n_blocks": 9,
    "learn_residual": True,
}
_CRITIC = {"input_nc": 3, "ndf": 64, "n_layers": 3, "norm": "instance", "use_sigmoid": False}
"""What the authors' training script passes."""


def build_generator(config: Config) -> DeblurGenerator:
    """Build the generator with the blocks of the authors' code."""
    ctor = _GENERATOR | config["ctor"]
    if ctor["input_nc"] != ctor["output_nc"]:
        raise UsageError(f"input_nc and output_nc must be equal, got {ctor['input_nc']} and {ctor['output_nc']}")
    if not ctor["norm"].startswith("instance"):
        raise UsageError(f"the generator is built with instance norm only, got {ctor['norm']!r}")
    return DeblurGenerator(
        ctor["input_nc"],
        ctor["ngf"] // width_divisor(config),
        ctor["n_blocks"],
        block=partial(released_block, dropout=0.5 if ctor["use_dropout"] else None),
        learn_residual=ctor["learn_residual"],
    )


def build_critic(config: Config) -> PatchCritic:
    """Build the critic."""
    ctor = _CRITIC | config["ctor"]
    norm: Norm = instance_norm if ctor["norm"].startswith("instance") else nn.BatchNorm2d
    width = ctor["ndf"] // width_divisor(config)
    return PatchCritic(ctor["input_nc"], width, ctor["n_layers"], norm=norm, sigmoid=ctor["use_sigmoid"])


FIXTURES = {
    "deblurgan-generator-dropout": Fixture(build_generator),
    "deblurgan-generator-nodropout": Fixture(build_generator),
    "deblurgan-disc": Fixture(build_critic),
}
