"""What an export needs of torch: the graph, samples of what the network gives, and its reach."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import torch
from torch import nn

from retouch.arrays.types import AnyArray
from retouch.errors import WeightsError
from retouch.io.weights.state_dicts import has_column_order, read_state_dict
from retouch.io.wording import shown
from retouch.nets.catalogue.entries import NetInfo, Preset, read_axes
from retouch.nets.catalogue.listing import build_preset, find_preset
from retouch.nets.export.adapters import adapt
from retouch.nets.export.graph import example_sides, example_tensors, halve_weights, to_graph, with_fact
from retouch.nets.export.loading import load_arrays
from retouch.nets.export.reach import measure_reach

__all__ = ["Drawing", "draw_graph", "fit_weights", "halve_weights", "with_fact"]


@runtime_checkable  # the test run checks annotations
class Order(Protocol):
    """What is asked for."""

    @property
    def preset(self) -> str:
        """The size of the network; empty for the one that fits."""

    @property
    def checkpoint(self) -> str | None:
        """The weights; None for the initial ones."""

    @property
    def strip_prefix(self) -> str:
        """Taken off the names in the checkpoint."""

    @property
    def part(self) -> str:
        """Which of several state dicts in the checkpoint."""


@dataclass
class Drawing:
    """A network as a graph.

    Attributes
    ----------
    preset : str
    model : onnx.ModelProto
    samples : list of (inputs, outputs)
        Arrays that went into torch's network, by name, and those that came out, in order.
    radius_px : int or None
        As in `measure_reach`.
    """

    preset: str
    model: Any
    samples: list[tuple[dict[str, AnyArray], list[AnyArray]]]
    radius_px: int | None


def draw_graph(info: NetInfo, order: Order) -> Drawing:
    """Build a network, load its weights and return it as a graph with samples.

    Raises
    ------
    UsageError
        If there is no such preset, or the network has no ONNX form.
    WeightsError
        If the weights are not the network's, or torch cannot write it as a graph.
    MissingExtraError
        If onnx or onnxscript is not installed.
    """
    preset, net = _built(info, order)
    whole, axes = adapt(net, info), read_axes(preset.inputs)
    model = to_graph(whole, info, axes)
    samples = [_sample(whole, info, axes, add) for add in _other_sizes(info)]
    return Drawing(preset.name, model, samples, measure_reach(whole, info, axes))


def _other_sizes(info: NetInfo) -> tuple[int, int, int]:
    """Return what is added to the sides of the example: the graph must hold at sizes that it was not made at.

    The last is more than a multiple, so that what is padded inside has another size too.
    """
    return 0, 3, info.multiple + 6


@torch.no_grad()
def _sample(
    net: nn.Module, info: NetInfo, axes: Mapping[str, tuple[int | str, ...]], add: int
) -> tuple[dict[str, AnyArray], list[AnyArray]]:
    tensors = example_tensors(info, axes, example_sides(info, axes, add), seed=add)
    outputs = net(*tensors.values())
    return {name: tensor.numpy() for name, tensor in tensors.items()}, [output.numpy() for output in outputs]


def fit_weights(
    info: NetInfo, arrays: Mapping[str, AnyArray], preset: str = "", *, column_order: bool = False
) -> tuple[Preset, nn.Module]:
    """Return the network with these weights: of the preset asked for, or of the first one that takes them.

    Raises
    ------
    UsageError
        If there is no such preset.
    WeightsError
        If none takes them; says what the first one lacks.
    """
    faults = []
    for candidate in (find_preset(info, preset),) if preset else info.presets:
        try:
            return candidate, load_arrays(build_preset(candidate), arrays, column_order=column_order)
        except WeightsError as error:
            faults.append(str(error))
    raise WeightsError(faults[0])


def _built(info: NetInfo, order: Order) -> tuple[Preset, nn.Module]:
    """Return the network asked for with the weights of its checkpoint, or with those it starts with, from seed 0."""
    if order.checkpoint is None:
        torch.manual_seed(0)
        preset = find_preset(info, order.preset or info.presets[0].name)
        return preset, build_preset(preset)
    arrays = read_state_dict(order.checkpoint, strip_prefix=order.strip_prefix, part=order.part)
    try:
        return fit_weights(info, arrays, order.preset, column_order=has_column_order(order.checkpoint))
    except WeightsError as error:
        raise WeightsError(f"cannot use the weights {shown(Path(order.checkpoint))}: {error}") from error
