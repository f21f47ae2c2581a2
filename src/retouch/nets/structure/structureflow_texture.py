"""The texture generator of StructureFlow: features are carried into the hole by an appearance flow.

Source: Y. Ren, X. Yu, R. Zhang, T. H. Li, S. Liu, G. Li: "StructureFlow: Image Inpainting via Structure-aware
Appearance Flow", ICCV 2019, Sec. 3.2.

Departures
----------
- The exact layers of the authors' code were not at hand, only their outline and their number of parameters, 56,473,475.
  This is the plainest net of that outline that we found with just this number; others have it too. So it takes no
  published weights. What was free: residual blocks, the layer norm of the flow column, how features are joined.

flow column, layer norm                                 conv column, instance norm                      side
7 -> w/2, conv 7                                        7 -> w, conv 7                                  1
w, 2w, 4w, 8w, conv 4 / 2                               2w, 4w, 8w, 8w, conv 4 / 2                      1/2 ... 1/16
per level a residual block, then deconv 6 / 2           per level two residual blocks, x2, conv 5       1/8, 1/4
last block, conv 3 to 2w, conv 3 to 2 without bias      joined: decoded, warped twice; conv 3 to 4w     1/4
                                                        two blocks, x2, conv 5: 2w; again: w; conv 3    1/2, 1
with w = 64
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from jaxtyping import Float
from torch import Tensor, nn

from retouch.nets.layers.flow_warp import GaussianFlowWarp
from retouch.nets.structure.structureflow_blocks import (
    NormMaker,
    conv_block,
    deconv_block,
    finish,
    growing_block,
    layer_norm,
    plain_conv,
    residual_blocks,
)

WINDOWS = ((4, 2.0), (16, 4.0))
"""Side of the window and sigma of both samplings."""


class FlowColumn(nn.Module):
    """Where the features of each place shall come from.

    Parameters
    ----------
    width : int
        Even. The first features have half as many channels, the deepest ones eight times as many.
    n_blocks : int
        Residual blocks at each level of the way up.
    """

    def __init__(self, *, width: int = 64, n_blocks: int = 1) -> None:
        super().__init__()
        half, deep, middle, quarter = width // 2, 8 * width, 4 * width, 2 * width
        self.down = _encoder([half, width, quarter, middle, deep], layer_norm)
        self.up = nn.Sequential(
            residual_blocks(deep, n_blocks, layer_norm),
            deconv_block(deep, middle, layer_norm),
            residual_blocks(middle, n_blocks, layer_norm),
            deconv_block(middle, quarter, layer_norm),
            residual_blocks(quarter, n_blocks, layer_norm),
        )
        self.locate = nn.Sequential(
            conv_block(quarter, quarter, 3, norm=layer_norm), plain_conv(quarter, 2, 3, bias=False)
        )

    def forward(self, x: Float[Tensor, "N 7 H W"]) -> Float[Tensor, "N 2 h w"]:
        """Return the flow in rows and columns, in pixels of the quarter of the side."""
        flow: Tensor = self.locate(self.up(self.down(x)))
        return flow


class ConvColumn(nn.Module):
    """The picture, from features of its own and features that the flow has carried.

    Parameters
    ----------
    width : int
        Channels of the first features.
    n_blocks : int
        Residual blocks at each level of the way up but the last.
    """

    def __init__(self, *, width: int = 64, n_blocks: int = 2) -> None:
        super().__init__()
        half, quarter, deep = 2 * width, 4 * width, 8 * width
        self.to_quarter = _encoder([width, half, quarter], nn.InstanceNorm2d)
        self.bottom = nn.Sequential(
            conv_block(quarter, deep, 4, stride=2),
            conv_block(deep, deep, 4, stride=2),
            residual_blocks(deep, n_blocks),
            growing_block(deep, deep),
            residual_blocks(deep, n_blocks),
            growing_block(deep, quarter),
        )
        self.warps = nn.ModuleList(GaussianFlowWarp(window, sigma) for window, sigma in WINDOWS)
        self.join = conv_block((1 + len(WINDOWS)) * quarter, quarter, 3)
        self.to_full = nn.Sequential(
            residual_blocks(quarter, n_blocks),
            growing_block(quarter, half),
            residual_blocks(half, n_blocks),
            growing_block(half, width),
            plain_conv(width, 3, 3),
            nn.Tanh(),
        )

    def forward(self, x: Float[Tensor, "N 7 H W"], flow: Float[Tensor, "N 2 h w"]) -> Float[Tensor, "N 3 H W"]:
        """Return RGB in [-1, 1]; the flow belongs to a quarter of the side."""
        features = self.to_quarter(x)  # (N, 4w, H/4, W/4)
        carried = [warp(features, flow) for warp in self.warps]
        joined = self.join(torch.cat([self.bottom(features), *carried], dim=1))
        picture: Tensor = self.to_full(joined)
        return picture


class TextureGenerator(nn.Module):
    """Both columns.

    Parameters
    ----------
    flow_column : FlowColumn
    conv_column : ConvColumn
    generator : torch.Generator, optional
        For the initial weights.

    Attributes
    ----------
    stride, smallest : int
        Height and width are multiples of the first and no less than the second: below it, the deepest maps would have
        one pixel, which cannot be mirrored.
    """

    stride = 16
    smallest = 32

    def __init__(
        self, flow_column: FlowColumn, conv_column: ConvColumn, *, generator: torch.Generator | None = None
    ) -> None:
        super().__init__()
        self.flow_column, self.conv_column = flow_column, conv_column
        finish(self, generator)

    def forward(self, x: Float[Tensor, "N 7 H W"]) -> tuple[Float[Tensor, "N 3 H W"], Float[Tensor, "N 2 h w"]]:
        """Return RGB in [-1, 1], and the flow at a quarter of the side.

        `x` is RGB in [-1, 1] that is 0 in the hole, the complete structure picture in [-1, 1], and the mask.
        """
        flow = self.flow_column(x)
        return self.conv_column(x, flow), flow


def _encoder(widths: Sequence[int], norm: NormMaker) -> nn.Sequential:
    first = conv_block(7, widths[0], 7, norm=norm)
    return nn.Sequential(first, *(conv_block(a, b, 4, stride=2, norm=norm) for a, b in pairwise(widths)))
