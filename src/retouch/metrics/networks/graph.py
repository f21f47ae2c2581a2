"""A network as an ONNX graph, put together layer by layer from a state dict.

Source: the operators and their attributes are those of the ONNX specification, operator set 18.
Departures: batch normalisation is folded into the convolution before it, in float64: with fixed statistics the two are
one linear map.

The batch is always one picture: pictures of a set may differ in size, and one fills two cores already.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from retouch.arrays.types import AnyArray
from retouch.errors import WeightsError
from retouch.io.weights.extras import import_extra

_OPERATOR_SET, _FORMAT_VERSION = 18, 8  # what onnxruntime 1.15 and later run
_CHANNELS, _SPACE = (1,), (2, 3)
_PICTURE_CHANNELS = 3


class Tensor(NamedTuple):
    """What flows between two layers: (1, channels, height, width)."""

    name: str
    channels: int


class Norm(NamedTuple):
    """Batch normalisation behind a convolution: where its four arrays stand, and what is added to the variance."""

    key: str
    epsilon: float


class Graph:
    """Layers in the order they were asked for, and the weights that they take from a state dict.

    Parameters
    ----------
    net : str
        Name of the network in messages.
    weights : mapping of str to array
        The state dict; every array that is used is checked for its shape.
    """

    def __init__(self, net: str, weights: Mapping[str, AnyArray]) -> None:
        self.net = net
        self._weights = weights
        self._constants: dict[str, AnyArray] = {}
        self._nodes: list[tuple[str, list[str], str, dict[str, Any]]] = []
        self._inputs: list[str] = []

    def picture(self, name: str) -> Tensor:
        """Add an input: a picture of any size with three channels."""
        self._inputs.append(name)
        return Tensor(name, _PICTURE_CHANNELS)

    def has(self, key: str) -> bool:
        """Tell whether the state dict has an array of this name."""
        return key in self._weights

    def array(self, key: str, shape: tuple[int, ...]) -> AnyArray:
        """Return an array of the state dict as float32.

        Raises
        ------
        WeightsError
            If it is not there or has another shape: the weights are not of this network.
        """
        if key not in self._weights:
            raise WeightsError(f"these are not weights of {self.net}: {key} is not among them")
        found = self._weights[key]
        if found.shape != shape:
            raise WeightsError(f"these are not weights of {self.net}: {key} should be {shape} and is {found.shape}")
        return np.asarray(found, np.float32)

    def conv(
        self,
        x: Tensor,
        key: str,
        kernel: tuple[int, int, int],
        *,
        stride: int = 1,
        pads: tuple[int, int, int, int] = (0, 0, 0, 0),
        depthwise: bool = False,
        norm: Norm | None = None,
    ) -> Tensor:
        """Add a convolution.

        Parameters
        ----------
        x : Tensor
            What it runs on.
        key : str
            Its arrays are `key`.weight and `key`.bias; where a norm follows there is no bias.
        kernel : (int, int, int)
            Channels out, height and width of the kernel.
        stride : int
            The same both ways.
        pads : (int, int, int, int)
            Zeros at the top, left, bottom and right.
        depthwise : bool
            Whether every channel is filtered by itself.
        norm : Norm, optional
            The batch normalisation behind it.
        """
        groups = x.channels if depthwise else 1
        weight = self.array(f"{key}.weight", (kernel[0], x.channels // groups, *kernel[1:]))
        if norm is None:
            bias = self.array(f"{key}.bias", kernel[:1])
        else:
            weight, bias = self._folded(weight, norm)
        inputs = [x.name, self._constant(weight, f"{key}.weight"), self._constant(bias, f"{key}.bias")]
        name = self._node("Conv", inputs, kernel_shape=kernel[1:], strides=(stride, stride), pads=pads, group=groups)
        return Tensor(name, kernel[0])

    def _folded(self, weight: AnyArray, norm: Norm) -> tuple[AnyArray, AnyArray]:
        """Return weight and bias of a convolution without bias that is followed by a batch normalisation."""
        scale, shift, mean, variance = (
            self.array(f"{norm.key}.{part}", weight.shape[:1]).astype(np.float64)
            for part in ("weight", "bias", "running_mean", "running_var")
        )
        gain = scale / np.sqrt(variance + norm.epsilon)
        return (weight * gain[:, None, None, None]).astype(np.float32), (shift - mean * gain).astype(np.float32)

    def relu(self, x: Tensor) -> Tensor:
        """Add max(x, 0)."""
        return Tensor(self._node("Relu", [x.name]), x.channels)

    def relu6(self, x: Tensor) -> Tensor:
        """Add min(max(x, 0), 6)."""
        ends = [self._constant(np.array(end, np.float32)) for end in (0, 6)]
        return Tensor(self._node("Clip", [x.name, *ends]), x.channels)

    def max_pool(self, x: Tensor, size: int, stride: int, *, padding: int = 0, ceil: bool = False) -> Tensor:
        """Add the maximum of each window; with `ceil` a last window may hang over the edge."""
        window = {"kernel_shape": (size, size), "strides": (stride, stride), "pads": (padding,) * 4}
        return Tensor(self._node("MaxPool", [x.name], ceil_mode=int(ceil), **window), x.channels)

    def avg_pool(self, x: Tensor, size: int, *, padding: int) -> Tensor:
        """Add the mean of each window at stride 1, over what of it lies inside the picture."""
        window = {"kernel_shape": (size, size), "strides": (1, 1), "pads": (padding,) * 4}
        return Tensor(self._node("AveragePool", [x.name], count_include_pad=0, **window), x.channels)

    def mean_over_space(self, x: Tensor) -> Tensor:
        """Add the mean over height and width, which leaves (1, channels)."""
        return Tensor(self._node("ReduceMean", [x.name, self._axes(_SPACE)], keepdims=0), x.channels)

    def norm_over_channels(self, x: Tensor) -> Tensor:
        """Add the Euclidean length of the channels at each place."""
        return Tensor(self._node("ReduceL2", [x.name, self._axes(_CHANNELS)], keepdims=1), 1)

    def concat(self, parts: Sequence[Tensor]) -> Tensor:
        """Add the channels of all parts, one part after the other."""
        name = self._node("Concat", [part.name for part in parts], axis=_CHANNELS[0])
        return Tensor(name, sum(part.channels for part in parts))

    def combine(self, operator: str, x: Tensor, y: Tensor | AnyArray) -> Tensor:
        """Add x `operator` y, place by place: Add, Sub, Mul or Div; y may be an array that fits x by broadcasting."""
        other = y.name if isinstance(y, Tensor) else self._constant(y.astype(np.float32))
        return Tensor(self._node(operator, [x.name, other]), x.channels)

    def weighted_sum(self, x: Tensor, weights: AnyArray) -> Tensor:
        """Add the sum of all channels, each times its weight; weights are (1, channels, 1, 1)."""
        return Tensor(self._node("Conv", [x.name, self._constant(weights)], kernel_shape=(1, 1)), 1)

    def resized(self, x: Tensor, side: int) -> Tensor:
        """Add bilinear resizing to a square: between the four nearest pixels, centres at halves, no antialiasing."""
        sizes = self._constant(np.array([side, side], np.int64))
        how = {"mode": "linear", "coordinate_transformation_mode": "half_pixel"}
        return Tensor(self._node("Resize", [x.name, "", "", sizes], axes=_SPACE, **how), x.channels)

    def to_bytes(self, outputs: Sequence[Tensor]) -> bytes:
        """Return the network as an ONNX model that computes `outputs`, in that order.

        Raises
        ------
        MissingExtraError
            If the package onnx is not installed.
        """
        helper, numpy_helper = import_extra("onnx.helper"), import_extra("onnx.numpy_helper")
        number = import_extra("onnx").TensorProto.FLOAT
        nodes = [helper.make_node(kind, inputs, [name], **how) for kind, inputs, name, how in self._nodes]
        constants = [numpy_helper.from_array(array, name) for name, array in self._constants.items()]
        pictures = [
            helper.make_tensor_value_info(name, number, [1, _PICTURE_CHANNELS, None, None]) for name in self._inputs
        ]
        results = [helper.make_tensor_value_info(output.name, number, None) for output in outputs]
        graph = helper.make_graph(nodes, "network", pictures, results, constants)
        opsets = [helper.make_opsetid("", _OPERATOR_SET)]
        model: bytes = helper.make_model(graph, opset_imports=opsets, ir_version=_FORMAT_VERSION).SerializeToString()
        return model

    def _node(self, operator: str, inputs: list[str], **how: Any) -> str:
        name = f"{operator}_{len(self._nodes)}"
        self._nodes.append((operator, inputs, name, how))
        return name

    def _constant(self, array: AnyArray, name: str = "") -> str:
        """Return the name of a constant; one that is named is held once, however many layers take it."""
        name = name or f"constant_{len(self._constants)}"
        self._constants.setdefault(name, np.asarray(array, order="C"))
        return name

    def _axes(self, axes: tuple[int, ...]) -> str:
        return self._constant(np.array(axes, np.int64))
