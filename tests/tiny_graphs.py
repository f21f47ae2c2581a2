"""Networks of a few nodes, made by hand with their cards: what runs exported networks is tested without torch."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

from retouch.runtime.cards import FIELD, Card

Shape = tuple[int | str, ...]
BOX_PX = 5
_LITTLE = 1e-3  # weight of the mean of all known pixels beside that of the near ones


def card_of(task: str, **more: Any) -> Card:
    return Card(**{"net": "made_by_hand", "preset": "tiny", "task": task, **more})


def write_net(
    path: Path,
    nodes: Sequence[NodeProto],
    inputs: Mapping[str, Shape],
    card: str,
    numbers: Mapping[str, np.ndarray] | None = None,
    output: Shape | None = None,
) -> Path:
    """Write a graph whose output "picture" has by default the shape of its first input; an empty card is left out."""
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in inputs.items()]
    shape = output or next(iter(inputs.values()))
    result = helper.make_tensor_value_info("picture", TensorProto.FLOAT, shape)
    tensors = [numpy_helper.from_array(array, name) for name, array in (numbers or {}).items()]
    graph = helper.make_graph(list(nodes), "made_by_hand", ends, [result], tensors)
    model: ModelProto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)
    if card:
        helper.set_model_props(model, {FIELD: card})
    path.write_bytes(model.SerializeToString())
    return path


def altered(card: Card, **values: Any) -> str:
    """Return a card with entries of any kind, as a hostile file may have them."""
    return json.dumps({**json.loads(card.to_json()), **values})


def filler(path: Path, channels: int = 3, side: int | None = None, **more: Any) -> Path:
    """Write a net that gives the mean of the known pixels in the 5x5 around, or of all where none of these is known."""
    height, width = ("h", "w") if side is None else (side, side)
    pads = [BOX_PX // 2] * 4
    nodes = [
        helper.make_node("Sub", ["one", "mask"], ["known"]),
        helper.make_node("Mul", ["image", "known"], ["seen"]),
        helper.make_node("Conv", ["seen", "box"], ["near"], group=channels, pads=pads),
        helper.make_node("Conv", ["known", "one_box"], ["near_count"], pads=pads),
        helper.make_node("ReduceSum", ["seen", "sides"], ["all"]),
        helper.make_node("ReduceSum", ["known", "sides"], ["all_count"]),
        helper.make_node("Div", ["all", "all_count"], ["mean"]),
        helper.make_node("Mul", ["mean", "little"], ["little_mean"]),
        helper.make_node("Add", ["near", "little_mean"], ["sum"]),
        helper.make_node("Add", ["near_count", "little"], ["count"]),
        helper.make_node("Div", ["sum", "count"], ["picture"]),
    ]
    numbers: dict[str, np.ndarray] = {
        "one": np.ones(1, np.float32),
        "little": np.full(1, _LITTLE, np.float32),
        "sides": np.array([2, 3], np.int64),
        "box": np.ones((channels, 1, BOX_PX, BOX_PX), np.float32),
        "one_box": np.ones((1, 1, BOX_PX, BOX_PX), np.float32),
    }
    inputs: dict[str, Shape] = {"image": (1, channels, height, width), "mask": (1, 1, height, width)}
    return write_net(path, nodes, inputs, card_of("inpaint", **more).to_json(), numbers)


def painter(path: Path, inputs: Mapping[str, Shape], nodes: Sequence[NodeProto], **more: Any) -> Path:
    """Write an inpainting net of other nodes."""
    return write_net(path, nodes, inputs, card_of("inpaint", **more).to_json())


def corrector(path: Path, amount: float) -> Path:
    """Write a net that adds one number to a guess."""
    inputs: dict[str, Shape] = {"guess": (1, 3, "h", "w"), "mask": (1, 1, "h", "w")}
    nodes = [
        helper.make_node("Mul", ["mask", "amount"], ["more"]),
        helper.make_node("Add", ["guess", "more"], ["picture"]),
    ]
    return write_net(path, nodes, inputs, card_of("inpaint").to_json(), {"amount": np.full(1, amount, np.float32)})


def denoiser(path: Path, channels: int = 3, **more: Any) -> Path:
    """Write a net that blurs three times by 1 2 1 along both sides, which keeps constants; the border is repeated."""
    one = np.array([1, 2, 1], np.float32)
    kernel = np.broadcast_to(np.outer(one, one) / 16, (channels, 1, 3, 3))
    pads, nodes, source = np.array([0, 0, 1, 1, 0, 0, 1, 1], np.int64), [], "noisy"
    for result in ("once", "twice", "picture"):
        nodes.append(helper.make_node("Pad", [source, "pads"], [f"{result}_padded"], mode="edge"))
        nodes.append(helper.make_node("Conv", [f"{result}_padded", "kernel"], [result], group=channels))
        source = result
    card = card_of("denoise", **{"radius_px": 3, **more})
    numbers: dict[str, np.ndarray] = {"kernel": np.ascontiguousarray(kernel), "pads": pads}
    return write_net(path, nodes, {"noisy": (1, channels, "h", "w")}, card.to_json(), numbers)


def conv_chain(path: Path, **more: Any) -> Path:
    """Write a net of three convolutions with random weights, zeros around the picture and ReLU between them."""
    rng, widths, nodes, source = np.random.default_rng(0), (3, 8, 8, 3), [], "noisy"
    numbers: dict[str, np.ndarray] = {}
    for place, (n_in, n_out) in enumerate(pairwise(widths)):
        numbers[f"w{place}"] = rng.normal(0, 0.2, (n_out, n_in, 3, 3)).astype(np.float32)
        last = place == len(widths) - 2
        nodes.append(
            helper.make_node("Conv", [source, f"w{place}"], ["picture" if last else f"c{place}"], pads=[1] * 4)
        )
        if not last:
            nodes.append(helper.make_node("Relu", [f"c{place}"], [f"r{place}"]))
        source = f"r{place}"
    card = card_of("denoise", **{"radius_px": 3, **more})
    return write_net(path, nodes, {"noisy": (1, 3, "h", "w")}, card.to_json(), numbers)
