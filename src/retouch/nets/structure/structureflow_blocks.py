"""Blocks that both generators of StructureFlow are made of.

Source: Y. Ren, X. Yu, R. Zhang, T. H. Li, S. Liu, G. Li: "StructureFlow: Image Inpainting via Structure-aware
Appearance Flow", ICCV 2019, Sec. 3, and the layers of the authors' code.

Departures: spectral normalisation is torch's parametrisation, see `retouch.nets.layers.spectral`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeAlias

import torch
from torch import nn
from torch.nn.utils.parametrizations import spectral_norm

from retouch.nets.layers.initial import initialise_convs
from retouch.nets.layers.residual import DilatedResidualBlock

NormMaker: TypeAlias = Callable[[int], nn.Module]
"""From a number of channels to a norm: `nn.InstanceNorm2d`, which has no weights, or `layer_norm`."""


def layer_norm(n_channels: int) -> nn.GroupNorm:
    """Return a norm over all channels and places of one picture, with a scale and an offset for each channel."""
    return nn.GroupNorm(1, n_channels)


def conv_block(
    in_channels: int, out_channels: int, kernel: int, *, stride: int = 1, norm: NormMaker = nn.InstanceNorm2d
) -> nn.Sequential:
    """Return a convolution with mirrored border, a norm and ReLU; the side is divided by the stride.

    >>> conv_block(3, 8, 4, stride=2)(torch.zeros(1, 3, 12, 16)).shape
    torch.Size([1, 8, 6, 8])
    """
    return nn.Sequential(plain_conv(in_channels, out_channels, kernel, stride=stride), norm(out_channels), nn.ReLU())


def plain_conv(in_channels: int, out_channels: int, kernel: int, *, stride: int = 1, bias: bool = True) -> nn.Conv2d:
    """Return a convolution with mirrored border and nothing after it."""
    border = (kernel - 1) // 2
    return nn.Conv2d(in_channels, out_channels, kernel, stride, padding=border, padding_mode="reflect", bias=bias)


def deconv_block(in_channels: int, out_channels: int, norm: NormMaker) -> nn.Sequential:
    """Return a transposed convolution 6 / 2, a norm and ReLU; both sides are doubled.

    >>> deconv_block(4, 2, layer_norm)(torch.zeros(1, 4, 3, 5)).shape
    torch.Size([1, 2, 6, 10])
    """
    deconv = nn.ConvTranspose2d(in_channels, out_channels, 6, stride=2, padding=2)
    return nn.Sequential(deconv, norm(out_channels), nn.ReLU())


def residual_blocks(channels: int, n_blocks: int, norm: NormMaker = nn.InstanceNorm2d) -> nn.Sequential:
    """Return residual blocks of two 3 x 3 convolutions each, without dilation."""
    blocks = nn.Sequential(*(DilatedResidualBlock(channels, dilations=(1, 1)) for _ in range(n_blocks)))
    for block in blocks:
        for place in ("norm1", "norm2"):
            setattr(block, place, norm(channels))
    return blocks


def growing_block(in_channels: int, out_channels: int) -> nn.Sequential:
    """Return a doubling by the nearest pixel and a convolution of 5 after it."""
    return nn.Sequential(nn.Upsample(scale_factor=2.0, mode="nearest"), conv_block(in_channels, out_channels, 5))


def finish(net: nn.Module, generator: torch.Generator | None) -> None:
    """Draw the initial weights after He and put spectral normalisation on every convolution, in place."""
    initialise_convs(net, partial(nn.init.kaiming_normal_, generator=generator))
    for part in list(net.modules()):
        if isinstance(part, nn.Conv2d | nn.ConvTranspose2d):
            spectral_norm(part)
