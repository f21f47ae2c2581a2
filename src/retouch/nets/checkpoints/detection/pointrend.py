"""PointRend's functions of points, held against detectron2's.

Source: fixture made with facebookresearch/detectron2 (Apache-2.0; run only).
"""

from __future__ import annotations

from math import isqrt
from typing import Any

from torch import nn

from retouch.nets.checkpoints.fixture import Config, Fixture, Inputs, build_nothing
from retouch.nets.detection.pointrend import (
    binary_uncertainty,
    class_uncertainty,
    most_uncertain,
    pick_class,
    pixel_centres,
    sample_points,
)


def _run(net: nn.Module, inputs: Inputs, config: Config) -> Any:
    features, points = inputs["feat"], inputs["coords"]
    side = isqrt(config["outputs"]["grid"]["shape"][1])  # which grid was asked for stands nowhere else
    of_classes = class_uncertainty(inputs["sem"])
    of_instances = binary_uncertainty(pick_class(inputs["inst"], inputs["classes"]))
    return [
        sample_points(features, points),
        sample_points(features, points, align_corners=True),
        pixel_centres(side, side).expand(len(features), -1, -1),
        of_classes,
        *most_uncertain(of_classes, config["ctor"]["num_points_sem"]),
        of_instances,
        *most_uncertain(of_instances, config["ctor"]["num_points_inst"]),
    ]


FIXTURES = {"pointrend-functions": Fixture(build_nothing, _run)}
