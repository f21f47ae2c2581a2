"""GDN under the authors' TensorFlow weights: generator, detector and losses.

The authors' tensors are (N, H, W, C); they are turned here, in both directions.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from retouch.errors import UsageError
from retouch.losses.gdn import cross_entropy, exponential_weight, focal_loss, hole_ratio, weighted_l1
from retouch.nets.checkpoints.fixture import Config, Fixture, Inputs
from retouch.nets.checkpoints.widths import reduced_width
from retouch.nets.inpainting.gdn import GDNDetector, GDNGenerator


def _build_generator(config: Config) -> GDNGenerator:
    ctor = config["ctor"]
    return GDNGenerator(
        width=ctor.get("channel", 64), n_blocks=ctor.get("residual_num", 8), n_samples=ctor.get("sample", 2)
    )


def _build_detector(config: Config) -> GDNDetector:
    layers = config["ctor"].get("layer", 2)
    if layers != 2:  # noqa: PLR2004 - the published detector
        raise UsageError(f"GDN's detector has 2 samplings, got layer={layers}; use 2")
    return GDNDetector(width=reduced_width(config, 32))


def _run_generator(net: nn.Module, inputs: Inputs, config: Config) -> Tensor:
    return _channels_last(net(_channels_first(inputs["x"])))


def _run_detector(net: nn.Module, inputs: Inputs, config: Config) -> Sequence[Tensor]:
    logits: Tensor = net(_channels_first(inputs["x"]))
    artifacts = logits.softmax(dim=1)[:, 1:]
    verdict = logits.argmax(dim=1, keepdim=True).to(logits.dtype)
    picture = torch.cat([verdict, artifacts], dim=3)  # (N, 1, H, 2 W)
    return [_channels_last(x) for x in (picture, logits, artifacts, exponential_weight(artifacts))]


def _run_losses(net: nn.Module, inputs: Inputs, config: Config) -> Sequence[Tensor]:
    logits, mask, painted, image = (_channels_first(inputs[name]) for name in ("logits", "mask", "output", "image"))
    artifacts = logits.softmax(dim=1)[:, 1:]
    terms: dict[str, Callable[[float], Tensor]] = {
        "bce": lambda _: cross_entropy(artifacts, mask),
        "l1": lambda _: weighted_l1(painted, image, torch.ones_like(mask)),
        "hole_ratio": lambda _: hole_ratio(mask),
        "focal_gamma": lambda gamma: focal_loss(artifacts, mask, gamma=gamma),
        "weighted_l1_base": lambda base: weighted_l1(painted, image, exponential_weight(artifacts, base=base)),
    }
    return [term(value) for term, value in ((terms[name], value) for name, value in map(_split, config["outputs"]))]


def _split(label: str) -> tuple[str, float]:
    """Split a trailing number off a name: ("focal_gamma", 2.0); names without one get 0."""
    found = re.fullmatch(r"(.*(?:gamma|base))([\d.]+)", label)
    return (found[1], float(found[2])) if found else (label, 0.0)


def _channels_first(x: Tensor) -> Tensor:
    return x.permute(0, 3, 1, 2).contiguous()


def _channels_last(x: Tensor) -> Tensor:
    return x.permute(0, 2, 3, 1).contiguous()


FIXTURES = {
    "gdn-generator": Fixture(_build_generator, _run_generator),
    "gdn-detector": Fixture(_build_detector, _run_detector),
    "gdn-losses": Fixture(run=_run_losses),
}
