"""VINet under its authors' weights.

Source: a fixture made with mcahny/Deep-Video-Inpainting (no licence; run only, no code of it here), whose correlation
and resampling ran as written from their definitions.
"""

from __future__ import annotations

from typing import Any

from torch import nn

from retouch.nets.captions.vinet import WindowNet
from retouch.nets.checkpoints.fixture import Config, Fixture, Inputs
from retouch.nets.checkpoints.widths import width_divisor

_WIDTH = 32


def _build(config: Config) -> nn.Module:
    """Build the body; the fixture was run under today's default of `grid_sample`, which aligns no corners."""
    search_range = config["ctor"].get("search_range", 4)
    return WindowNet(_WIDTH // width_divisor(config), search_range=search_range, aligned=False)


def _run(net: nn.Module, inputs: Inputs, config: Config) -> Any:
    state = (inputs["state_h"], inputs["state_c"])
    return net(inputs["masked_img"], inputs["mask"], inputs["prev_feed"], state)


FIXTURES = {"vinet": Fixture(_build, _run)}
