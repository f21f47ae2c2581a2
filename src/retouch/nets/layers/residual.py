"""Dilated residual blocks between two samplings down and two up: the generator body of EdgeConnect and GDN.

Source: K. Nazeri, E. Ng, T. Joseph, F. Qureshi, M. Ebrahimi: "EdgeConnect: Generative Image Inpainting with Adversarial
Edge Learning", ICCV Workshops 2019, Sec. 3.1, itself after J. Johnson, A. Alahi, L. Fei-Fei: "Perceptual Losses for
Real-Time Style Transfer and Super-Resolution", ECCV 2016. GDN uses the same topology with other norms and biases.

Departures: none.

conv 7, reflected border   (N, width, H, W)
n_samples x conv 4 / 2     (N, 2^n_samples width, H / 2^n_samples, W / 2^n_samples)
n_blocks x residual block  the same
n_samples x deconv 4 / 2   (N, width, H, W)
conv 7, reflected border   (N, out_channels, H, W), no activation
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from jaxtyping import Float
from torch import Tensor, nn


@dataclass(frozen=True)
class ConvStyle:
    """What the users of this body do differently.

    Attributes
    ----------
    bias : bool
        Biases in the convolutions outside the blocks.
    block_bias : bool
        Biases in those of the residual blocks.
    affine : bool
        Whether instance normalisation has a scale and an offset per channel.
    """

    bias: bool = True
    block_bias: bool = True
    affine: bool = False


class DilatedResidualBlock(nn.Module):
    """Two 3x3 convolutions with instance normalisation, added to their input without a final activation.

    Parameters
    ----------
    channels : int
    dilations : pair of int
        Of the first and the second convolution; the reflected border is as wide.
    style : ConvStyle
        Its `block_bias` and `affine`.
    """

    def __init__(self, channels: int, *, dilations: tuple[int, int] = (2, 1), style: ConvStyle | None = None) -> None:
        super().__init__()
        style = style or ConvStyle()
        first, second = dilations
        self.conv1 = _reflected_conv(channels, channels, 3, dilation=first, bias=style.block_bias)
        self.norm1 = nn.InstanceNorm2d(channels, affine=style.affine)
        self.relu = nn.ReLU()
        self.conv2 = _reflected_conv(channels, channels, 3, dilation=second, bias=style.block_bias)
        self.norm2 = nn.InstanceNorm2d(channels, affine=style.affine)

    def forward(self, x: Float[Tensor, "N C H W"]) -> Float[Tensor, "N C H W"]:
        """Return `x` plus what the two convolutions add; the map must be larger than the dilations."""
        inner: Tensor = self.relu(self.norm1(self.conv1(x)))
        change: Tensor = self.norm2(self.conv2(inner))
        return x + change


class ResidualGenerator(nn.Module):
    """The whole body, without the activation at its end.

    Parameters
    ----------
    in_channels, out_channels : int
    width : int
        Channels after the first convolution; doubled by each sampling down.
    n_blocks, n_samples : int
        Residual blocks; samplings down, and again up.
    dilations : pair of int
        Of each residual block.
    style : ConvStyle

    Attributes
    ----------
    stride : int
        Height and width must be multiples of this.
    smallest : int
        And no less than this: below it the dilated blocks would reflect more than there is.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        *,
        width: int = 64,
        n_blocks: int = 8,
        n_samples: int = 2,
        dilations: tuple[int, int] = (2, 1),
        style: ConvStyle,
    ) -> None:
        super().__init__()
        widths = [width * 2**level for level in range(n_samples + 1)]
        pairs = list(pairwise(widths))
        self.stride = 2**n_samples
        self.smallest = (max(dilations) + 1) * self.stride
        self.entry = _activated(_reflected_conv(in_channels, width, 7, bias=style.bias), style)
        self.down = nn.Sequential(*(_activated(_halving_conv(a, b, style), style) for a, b in pairs))
        self.blocks = nn.Sequential(
            *(DilatedResidualBlock(widths[-1], dilations=dilations, style=style) for _ in range(n_blocks))
        )
        self.up = nn.Sequential(*(_activated(_doubling_conv(b, a, style), style) for a, b in reversed(pairs)))
        self.head = _reflected_conv(width, out_channels, 7, bias=style.bias)

    def forward(self, x: Float[Tensor, "N C H W"]) -> Float[Tensor, "N C2 H W"]:
        """Return the map before the last activation."""
        x = self.down(self.entry(x))  # (N, width * stride, H / stride, W / stride)
        x = self.up(self.blocks(x))  # (N, width, H, W)
        result: Tensor = self.head(x)  # (N, out_channels, H, W)
        return result


def _activated(conv: nn.Conv2d | nn.ConvTranspose2d, style: ConvStyle) -> nn.Sequential:
    return nn.Sequential(conv, nn.InstanceNorm2d(conv.out_channels, affine=style.affine), nn.ReLU())


def _reflected_conv(in_channels: int, out_channels: int, size: int, *, dilation: int = 1, bias: bool) -> nn.Conv2d:
    border = dilation * (size // 2)
    return nn.Conv2d(
        in_channels, out_channels, size, padding=border, dilation=dilation, padding_mode="reflect", bias=bias
    )


def _halving_conv(in_channels: int, out_channels: int, style: ConvStyle) -> nn.Conv2d:
    return nn.Conv2d(in_channels, out_channels, 4, stride=2, padding=1, bias=style.bias)


def _doubling_conv(in_channels: int, out_channels: int, style: ConvStyle) -> nn.ConvTranspose2d:
    return nn.ConvTranspose2d(in_channels, out_channels, 4, stride=2, padding=1, bias=style.bias)
