"""ONNX files of detectors whose answers are fixed, for tests of what is made of answers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from onnx import ModelProto, TensorProto, helper, numpy_helper, save

from retouch.nets.detection.priors import TINY_96, VARIANCES, prior_boxes

N_CLASSES = 4
Thing = tuple[int, int, tuple[float, float, float, float], float]
"""Prior, class from 0, corners (x1, y1, x2, y2) in fractions, and how much its logit is above the others."""


def write_detector(path: Path, things: Sequence[Thing]) -> Path:
    """Write a net of 96 px that finds these things in every picture, and else is sure of the background."""
    priors = prior_boxes(TINY_96).astype(np.float64)
    offsets = np.zeros((1, len(priors), 4))
    scores = np.zeros((1, len(priors), N_CLASSES))
    scores[..., 0] = 20.0
    for prior, kind, (x1, y1, x2, y2), logit in things:
        cx, cy, w, h = priors[prior]
        centre = ((x1 + x2) / 2 - cx) / w / VARIANCES[0], ((y1 + y2) / 2 - cy) / h / VARIANCES[0]
        size = np.log((x2 - x1) / w) / VARIANCES[1], np.log((y2 - y1) / h) / VARIANCES[1]
        offsets[0, prior] = *centre, *size
        scores[0, prior, 0], scores[0, prior, kind + 1] = 0.0, logit
    save(_model(offsets.astype(np.float32), scores.astype(np.float32)), str(path))
    return path


def _model(offsets: np.ndarray, scores: np.ndarray) -> ModelProto:
    outputs = {"offsets": offsets, "scores": scores}
    nodes = [
        helper.make_node("Constant", [], [name], value=numpy_helper.from_array(array, name))
        for name, array in outputs.items()
    ]
    graph = helper.make_graph(
        nodes,
        "constant",
        [helper.make_tensor_value_info("picture", TensorProto.FLOAT, [1, 3, 96, 96])],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, array.shape) for name, array in outputs.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
