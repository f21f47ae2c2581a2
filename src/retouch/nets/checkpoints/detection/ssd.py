"""Single-shot detectors under their authors' weights: SSD300 and FSSD300, their boxes and their loss.

Source: fixtures made with amdegroot/ssd.pytorch and lzx1413/PytorchSSD (both MIT; run only).
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from retouch.errors import UsageError
from retouch.losses.multibox import class_loss, location_loss
from retouch.nets.checkpoints.fixture import Config, Fixture, Inputs, build_nothing
from retouch.nets.checkpoints.widths import width_divisor
from retouch.nets.detection.boxes import decode, detect, match, overlap, to_corners
from retouch.nets.detection.fssd import fssd300
from retouch.nets.detection.priors import VARIANCES
from retouch.nets.detection.ssd import ssd300
from retouch.nets.layers.norms.l2norm import L2Norm

_SIDE = 300  # px
_KEPT = 4  # the fixtures hold every fourth prior


def _build_ssd(config: Config) -> nn.Module:
    _check_size(config)
    return ssd300(config["ctor"].get("num_classes", 21), divisor=width_divisor(config))


def _build_fssd(config: Config) -> nn.Module:
    _check_size(config)
    return fssd300(config["ctor"].get("num_classes", 21), divisor=width_divisor(config))


def _check_size(config: Config) -> None:
    size = config["ctor"].get("size", _SIDE)
    if size != _SIDE:
        raise UsageError(f"only the {_SIDE} px form of this detector is built, got size {size}")


def _run_ssd(net: nn.Module, inputs: Inputs, config: Config) -> Any:
    offsets, logits = net(inputs["x"])
    return offsets[:, ::_KEPT], logits[:, ::_KEPT], net.priors


def _run_fssd(net: nn.Module, inputs: Inputs, config: Config) -> Any:
    offsets, logits = net(inputs["x"])
    return offsets[:, ::_KEPT], logits[:, ::_KEPT]


def _build_norm(config: Config) -> nn.Module:
    return L2Norm(config["ctor"]["n_channels"], float(config["ctor"]["scale"]))


def _run_boxes(net: nn.Module, inputs: Inputs, config: Config) -> Any:
    truths, priors = inputs["truths"], inputs["priors"]
    offsets, classes = _match_rows(truths, priors, 0.5)
    overlaps = overlap(truths[:, :4], to_corners(priors))
    return overlaps, offsets[None], classes[None], decode(inputs["loc"], priors)


def _run_detect(net: nn.Module, inputs: Inputs, config: Config) -> Any:
    given = config["ctor"]
    return detect(
        inputs["loc"],
        inputs["conf"],
        inputs["priors"],
        least_score=given["conf_thresh"],
        threshold=given["nms_thresh"],
        most=given["top_k"],
    )


def _run_loss(net: nn.Module, inputs: Inputs, config: Config) -> Any:
    given = config["ctor"]
    if tuple(given["variance"]) != VARIANCES:
        raise UsageError(f"offsets are in variances {VARIANCES}, got {given['variance']}")
    truths = [value for name, value in inputs.items() if name.startswith("targets")]
    matched = [_match_rows(rows, inputs["priors"], given["overlap_thresh"]) for rows in truths]
    offsets = torch.stack([pair[0] for pair in matched])
    classes = torch.stack([pair[1] for pair in matched])
    place = location_loss(inputs["loc"], offsets, classes)
    return place, class_loss(inputs["conf"], classes, negatives_per_match=given["neg_pos"])


def _match_rows(rows: Tensor, priors: Tensor, threshold: float) -> tuple[Tensor, Tensor]:
    """Match true boxes in rows of x1, y1, x2, y2, label."""
    return match(rows[:, :4], rows[:, 4].long(), priors, threshold=threshold)


FIXTURES = {
    "ssd-l2norm": Fixture(_build_norm),
    "ssd-boxes": Fixture(build_nothing, _run_boxes),
    "ssd-detect": Fixture(build_nothing, _run_detect),
    "ssd-multibox-loss": Fixture(build_nothing, _run_loss),
    "ssd300": Fixture(_build_ssd, _run_ssd),
    "fssd300": Fixture(_build_fssd, _run_fssd),
}
