"""MEDFE under the authors' weights, three parts in one state dict."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from retouch.nets.checkpoints.fixture import Config, Fixture, Inputs
from retouch.nets.checkpoints.widths import width_divisor
from retouch.nets.inpainting.medfe import MEDFEDecoder, MEDFEEncoder, MEDFEGenerator, MutualFeatures


def _build(config: Config) -> MEDFEGenerator:
    ctor = config["ctor"]
    width = ctor.get("ngf", 64) // width_divisor(config)
    return MEDFEGenerator(
        MEDFEEncoder(
            ctor.get("input_nc", 6), width=width, n_blocks=ctor.get("res_num", 4), dilation=ctor.get("res_dilation", 2)
        ),
        MutualFeatures(width=width),
        MEDFEDecoder(ctor.get("output_nc", 3), width=width),
    )


def _run(net: nn.Module, inputs: Inputs, config: Config) -> Sequence[Tensor]:
    painted, structure, texture, features = net(inputs["x"])  # the authors' code has no use for its mask
    return [painted, structure, texture, features[3], features[5]]


FIXTURES = {"medfe": Fixture(_build, _run)}
