"""ONNX files of detectors whose answers are fixed or plain, for tests of what is made of answers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from onnx import ModelProto, TensorProto, helper, numpy_helper, save
from tests.tiny_graphs import write_net

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
    outputs = {"offsets": offsets.astype(np.float32), "scores": scores.astype(np.float32)}
    save(_model("picture", 96, outputs), str(path))
    return path


def write_yolox(path: Path, n_kinds: int = 3) -> Path:
    """Write a YOLOX of 32 px that finds nothing: of its 16, 4 and 1 cells none holds an object."""
    save(_model("images", 32, {"output": np.zeros((1, 21, 5 + n_kinds), np.float32)}), str(path))
    return path


def bright_is_text(path: Path) -> Path:
    """Write a net whose map is the brightness of its picture, (x + 1) / 2 of the blue plane."""
    nodes = [
        helper.make_node("Split", ["image"], ["blue", "green", "red"], axis=1, num_outputs=3),
        helper.make_node("Add", ["blue", "one"], ["sum"]),
        helper.make_node("Mul", ["sum", "half"], ["picture"]),
    ]
    numbers = {"one": np.ones(1, np.float32), "half": np.full(1, 0.5, np.float32)}
    return write_net(path, nodes, {"image": (1, 3, "h", "w")}, "", numbers, output=(1, 1, "h", "w"))


def _model(name: str, side: int, outputs: dict[str, np.ndarray]) -> ModelProto:
    nodes = [
        helper.make_node("Constant", [], [output], value=numpy_helper.from_array(array, output))
        for output, array in outputs.items()
    ]
    graph = helper.make_graph(
        nodes,
        "constant",
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 3, side, side])],
        [helper.make_tensor_value_info(output, TensorProto.FLOAT, array.shape) for output, array in outputs.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
