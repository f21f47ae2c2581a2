"""VGG16 and VGG19, layer by layer, from the weights of several makers.

Source: K. Simonyan, A. Zisserman: "Very deep convolutional networks for large-scale image recognition", ICLR 2015,
configurations D and E; the edge detector's VGG16: S. Xie, Z. Tu: "Holistically-nested edge detection", ICCV 2015.

Departures: widths are those of the weights. Pictures are brought to what the maker trained with. Pooling drops a last
row or column that is left over, but in the Keras form, where it counts.

Layers: "relu1_1", "relu1_2", "pool1", "relu2_1" and so on, the last "pool5".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from retouch.arrays.types import AnyArray
from retouch.errors import WeightsError
from retouch.losses.features.frozen import Arrays
from retouch.losses.features.tapped import TappedNet

_DEPTHS = {"VGG16": (2, 2, 3, 3, 3), "VGG19": (2, 2, 4, 4, 4)}
_LPIPS_LAYERS = ((0, 2), (5, 7), (10, 12, 14), (17, 19, 21), (24, 26, 28))
_IMAGENET_MEAN, _IMAGENET_DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
_HED_MEAN = (122.67892, 116.66877, 104.00699)  # of 255, what the edge detector was trained without

POOLED = ("pool1", "pool2", "pool3")
"""Layers of partial convolutions."""
FIRST_OF_BLOCKS = tuple(f"relu{block}_1" for block in range(1, 6))
"""Layers of EdgeConnect's perceptual loss."""


class _Input(NamedTuple):
    """What is taken off pictures in [0, 1], and by what they are divided then."""

    mean: Sequence[float]
    deviation: Sequence[float]


_IMAGENET = _Input(_IMAGENET_MEAN, _IMAGENET_DEVIATION)
_HED = _Input([value / 255 for value in _HED_MEAN], [1 / 255] * 3)


class VGG(TappedNet):
    """The convolutions of a VGG.

    Parameters
    ----------
    name : str
    blocks : list of list of Conv2d
        Five blocks, a pooling behind each.
    given : _Input
        How pictures are brought to what the net was trained with.
    ceil : bool
        Whether a last row or column counts in pooling.
    """

    def __init__(self, name: str, blocks: list[list[nn.Conv2d]], given: _Input, *, ceil: bool) -> None:
        super().__init__()
        self.name = name
        self.blocks = nn.ModuleList([nn.ModuleList(block) for block in blocks])
        self._ceil = ceil
        self.layers = tuple(
            layer
            for block, convolutions in enumerate(blocks, start=1)
            for layer in (*(f"relu{block}_{i}" for i in range(1, len(convolutions) + 1)), f"pool{block}")
        )
        self.default_layers = POOLED if name.startswith("VGG16") else FIRST_OF_BLOCKS
        for part, values in given._asdict().items():
            self.register_buffer(part, torch.tensor(values).reshape(1, 3, 1, 1))

    def taps(self, picture: Float[Tensor, "N 3 H W"]) -> Iterator[tuple[str, Float[Tensor, "N C h w"]]]:
        """Give name and features of each layer in turn."""
        x = (picture - self.get_buffer("mean")) / self.get_buffer("deviation")
        names = iter(self.layers)
        for block in self.blocks:
            if not isinstance(block, nn.ModuleList):
                continue
            for convolution in block:
                x = functional.relu(convolution(x))
                yield next(names), x
            x = functional.max_pool2d(x, 2, ceil_mode=self._ceil)
            yield next(names), x


def read_vgg(state: Mapping[str, AnyArray]) -> VGG | None:
    """Return the VGG whose weights these are, or None.

    Known are state dicts of torchvision (`features.0.weight`, with or without the classifier), those of LPIPS models
    (`net.slice1.0.weight`), and the Keras weights of the edge detector HED (`block1/layers/conv2d/vars/0`), also after
    their conversion to safetensors.
    """
    if "block1/layers/conv2d/vars/0" in state:
        return _read_keras(state)
    if "net.slice1.2.weight" in state and "net.slice5.28.weight" in state:
        keys = [[f"net.slice{block}.{i}" for i in layers] for block, layers in enumerate(_LPIPS_LAYERS, start=1)]
        return _build("VGG16", Arrays(state, "VGG16"), keys)
    if "features.0.weight" in state:
        return _read_torchvision(state)
    return None


def _read_torchvision(state: Mapping[str, AnyArray]) -> VGG | None:
    present = {key for key in state if key.startswith("features.") and key.endswith(".weight")}
    for name, depths in _DEPTHS.items():
        keys, place = [], 0
        for depth in depths:
            keys.append([f"features.{place + 2 * i}" for i in range(depth)])
            place += 2 * depth + 1  # a ReLU behind each convolution, and the pooling
        if present == {f"{key}.weight" for block in keys for key in block}:
            return _build(name, Arrays(state, name), keys)
    return None


def _read_keras(state: Mapping[str, AnyArray]) -> VGG:
    """Return the edge detector's net; Keras has (height, width, in, out), and its first layer takes BGR."""
    name = "VGG16 of HED"
    found, keys = Arrays(state, name), []
    torch_form: dict[str, AnyArray] = {}
    for block, depth in enumerate(_DEPTHS["VGG16"], start=1):
        keys.append([f"block{block}/layers/conv2d{f'_{i}' if i else ''}/vars/" for i in range(depth)])
        for key in keys[-1]:
            kernel = found.take(f"{key}0")
            if kernel.ndim != 4:  # noqa: PLR2004 - a convolution
                raise WeightsError(f"these are not weights of {name}: {key}0 has shape {kernel.shape}")
            torch_form |= {f"{key}.weight": kernel.transpose(3, 2, 0, 1), f"{key}.bias": found.take(f"{key}1")}
    first = f"{keys[0][0]}.weight"
    torch_form[first] = torch_form[first][:, ::-1]
    return _build(name, Arrays(torch_form, name), keys, _HED, ceil=True)


def _build(name: str, arrays: Arrays, keys: list[list[str]], given: _Input = _IMAGENET, *, ceil: bool = False) -> VGG:
    return VGG(name, [[arrays.convolution(key, padding=1) for key in block] for block in keys], given, ceil=ceil)
