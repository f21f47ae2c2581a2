"""ResNet-50 whose last two stages are dilated instead of strided: features of a wide view at an eighth of the side.

Source: K. He, X. Zhang, S. Ren, J. Sun: "Deep Residual Learning for Image Recognition", CVPR 2016, Table 1; dilation as
in B. Zhou et al.: "Semantic understanding of scenes through the ADE20K dataset", IJCV 2019, whose public network LaMa's
perceptual loss runs (R. Suvorov et al., WACV 2022, Sec. 2.2).

Departures: written from the publications; the stem is that of the weights: three convolutions of 3 x 3, the first with
stride 2 (the ADE20K network), or one of 7 x 7 (torchvision). Widths are those of the weights.

Layers: "layer1" to "layer4", at 1/4, 1/8, 1/8 and 1/8 of the side; LaMa compares all four.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from retouch.arrays.types import AnyArray
from retouch.losses.features.frozen import Arrays
from retouch.losses.features.tapped import TappedNet

_EPSILON = 1e-5
_NAME = "dilated ResNet-50"
_DEPTHS = (3, 4, 6, 3)
_IMAGENET_MEAN, _IMAGENET_DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
_WIDE_STEM = 7


class _Bottleneck(nn.Module):
    """Narrow, filter, widen, and add what came in."""

    def __init__(self, arrays: Arrays, key: str, *, stride: int, dilation: int, has_projection: bool) -> None:
        super().__init__()
        self.narrow = arrays.normalised_convolution(f"{key}.conv1", f"{key}.bn1", _EPSILON)
        self.filter = arrays.normalised_convolution(
            f"{key}.conv2", f"{key}.bn2", _EPSILON, stride=stride, padding=dilation, dilation=dilation
        )
        self.widen = arrays.normalised_convolution(f"{key}.conv3", f"{key}.bn3", _EPSILON)
        self.way_around: nn.Module = nn.Identity()
        if has_projection:
            self.way_around = arrays.normalised_convolution(
                f"{key}.downsample.0", f"{key}.downsample.1", _EPSILON, stride=stride
            )

    def forward(self, x: Float[Tensor, "N C H W"]) -> Float[Tensor, "N D h w"]:
        y = functional.relu(self.filter(functional.relu(self.narrow(x))))
        return functional.relu(self.widen(y) + self.way_around(x))


class DilatedResNet50(TappedNet):
    """The net without its classifier."""

    name = _NAME
    layers = ("layer1", "layer2", "layer3", "layer4")
    default_layers = layers

    def __init__(self, arrays: Arrays) -> None:
        super().__init__()
        self.stem = nn.Sequential(*_stem(arrays))
        stages = [_stage(arrays, number, depth) for number, depth in enumerate(_DEPTHS, start=1)]
        self.stages = nn.ModuleList(stages)
        self.register_buffer("mean", torch.tensor(_IMAGENET_MEAN).reshape(1, 3, 1, 1))
        self.register_buffer("deviation", torch.tensor(_IMAGENET_DEVIATION).reshape(1, 3, 1, 1))

    def taps(self, picture: Float[Tensor, "N 3 H W"]) -> Iterator[tuple[str, Float[Tensor, "N C h w"]]]:
        """Give name and features of each layer in turn."""
        x = (picture - self.get_buffer("mean")) / self.get_buffer("deviation")
        x = functional.max_pool2d(self.stem(x), 3, stride=2, padding=1)
        for name, stage in zip(self.layers, self.stages, strict=True):
            x = stage(x)
            yield name, x


def read_dilated_resnet50(state: Mapping[str, AnyArray]) -> DilatedResNet50 | None:
    """Return the net if these are weights of a ResNet-50, or None."""
    is_one = "conv1.weight" in state and "layer3.5.conv3.weight" in state and "layer3.6.conv3.weight" not in state
    return DilatedResNet50(Arrays(state, _NAME)) if is_one else None


def _stem(arrays: Arrays) -> list[nn.Module]:
    """Return the layers before the first pooling."""
    if arrays.kernel("conv1").shape[2] == _WIDE_STEM:
        return [arrays.normalised_convolution("conv1", "bn1", _EPSILON, stride=2, padding=3), nn.ReLU()]
    layers: list[nn.Module] = []
    for i in (1, 2, 3):
        stride = 2 if i == 1 else 1
        layers += [
            arrays.normalised_convolution(f"conv{i}", f"bn{i}", _EPSILON, stride=stride, padding=1),
            nn.ReLU(),
        ]
    return layers


def _stage(arrays: Arrays, number: int, depth: int) -> nn.Sequential:
    """Return a stage: the second halves the side; the third and fourth are dilated by 2 and 4 behind their first block.

    Their first blocks, which would have the stride, are dilated by half of that.
    """
    stride = 2 if number == 2 else 1  # noqa: PLR2004 - the second stage
    dilation = {3: 2, 4: 4}.get(number, 1)
    blocks = []
    for i in range(depth):
        is_first = i == 0
        blocks.append(
            _Bottleneck(
                arrays,
                f"layer{number}.{i}",
                stride=stride if is_first else 1,
                dilation=max(dilation // 2, 1) if is_first else dilation,
                has_projection=is_first,
            )
        )
    return nn.Sequential(*blocks)
