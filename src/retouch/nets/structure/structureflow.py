"""StructureFlow: an edge-preserving smooth picture is completed first, then texture flows in along it.

Source: Y. Ren, X. Yu, R. Zhang, T. H. Li, S. Liu, G. Li: "StructureFlow: Image Inpainting via Structure-aware
Appearance Flow", ICCV 2019, Sec. 3. The second generator stands in `retouch.nets.structure.structureflow_texture`, the
critics in `retouch.nets.structure.structureflow_critic`, the loss of the flow in `retouch.losses.structureflow`.

Departures
----------
- The structure picture comes from the caller. It is the picture smoothed by relative total variation, and must be
  smoothed from the masked picture: else the Gaussian of that method carries the truth out of the hole.
- Sizes are mirrored to a multiple of 16; the authors' pictures have 256 px.

structure generator, w = 64                                                      side
7 -> w, conv 7                                                                   1
2w: conv 4 / 2, conv 5;  4w: conv 4 / 2, conv 5;  8w: conv 4 / 2                 1/2, 1/4, 1/8
per level: four residual blocks, x2, conv 5, plus conv 5 of what came down       1/4, 1/2, 1
3, conv 3 and tanh                                                               1
"""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn

from retouch.nets.layers.mirroring import pad_to_multiple
from retouch.nets.structure.structureflow_blocks import conv_block, finish, growing_block, plain_conv, residual_blocks
from retouch.nets.structure.structureflow_texture import ConvColumn, FlowColumn, TextureGenerator

_N_HALVINGS = 3


class Painted(NamedTuple):
    """What StructureFlow gives: smooth structure, picture, and the flow at a quarter of the padded side."""

    structure: Float[Tensor, "N 3 H W"]
    picture: Float[Tensor, "N 3 H W"]
    flow: Float[Tensor, "N 2 h w"]


class StructureGenerator(nn.Module):
    """Smooth picture from a damaged one and its smoothed known part.

    Parameters
    ----------
    width : int
        Channels of the first features, doubled by each of the three halvings.
    n_blocks : int
        Residual blocks at each level of the way up.
    generator : torch.Generator, optional
        For the initial weights.
    """

    def __init__(self, *, width: int = 64, n_blocks: int = 4, generator: torch.Generator | None = None) -> None:
        super().__init__()
        widths = [width * 2**level for level in range(_N_HALVINGS + 1)]
        pairs = list(pairwise(widths))
        self.entry = conv_block(7, width, 7)
        self.down = nn.ModuleList(
            nn.Sequential(conv_block(a, b, 4, stride=2), *[conv_block(b, b, 5)] * (b != widths[-1])) for a, b in pairs
        )
        self.up = nn.ModuleList(
            nn.Sequential(residual_blocks(b, n_blocks), growing_block(b, a)) for a, b in reversed(pairs)
        )
        self.skips = nn.ModuleList(conv_block(a, a, 5) for a, _ in reversed(pairs))
        self.head = plain_conv(width, 3, 3)
        finish(self, generator)

    def forward(self, x: Float[Tensor, "N 7 H W"]) -> Float[Tensor, "N 3 H W"]:
        """Return RGB in [-1, 1].

        `x` is the picture and its structure, RGB in [-1, 1] and 0 in the hole, and the mask; sides are multiples of 8
        from 16 px.
        """
        maps = [self.entry(x)]
        for down in self.down:
            maps.append(down(maps[-1]))
        rising = maps.pop()
        for up, skip in zip(self.up, self.skips, strict=True):
            rising = up(rising) + skip(maps.pop())
        return torch.tanh(self.head(rising))


class StructureFlow(nn.Module):
    """Both generators behind the house's ranges.

    Parameters
    ----------
    structure_generator : StructureGenerator
    texture_generator : TextureGenerator
    """

    def __init__(self, structure_generator: StructureGenerator, texture_generator: TextureGenerator) -> None:
        super().__init__()
        self.structure_generator, self.texture_generator = structure_generator, texture_generator

    def forward(
        self, image: Float[Tensor, "N 3 H W"], structure: Float[Tensor, "N 3 H W"], mask: Float[Tensor, "N 1 H W"]
    ) -> Painted:
        """Return the smooth structure and the picture, both as the nets paint them as a whole.

        Parameters
        ----------
        image : (N, 3, H, W) float32, range [0, 1]
            RGB of any size; values under the mask are not read.
        structure : (N, 3, H, W) float32, range [0, 1]
            The smoothed known part; values under the mask are not read.
        mask : (N, 1, H, W) float32
            1 where a pixel is missing, else 0.

        Returns
        -------
        Painted
            Two (N, 3, H, W) float32, range [0, 1], and the flow, (N, 2, h, w) in rows and columns of a quarter of the
            padded side.
        """
        smooth = self.complete_structure(image, structure, mask)
        return Painted(smooth, *self.paint(image, smooth, mask))

    def complete_structure(
        self, image: Float[Tensor, "N 3 H W"], structure: Float[Tensor, "N 3 H W"], mask: Float[Tensor, "N 1 H W"]
    ) -> Float[Tensor, "N 3 H W"]:
        """Return the smooth structure alone: what the first phase of training looks at."""
        x = torch.cat([_blanked(image, mask), _blanked(structure, mask), mask], dim=1)
        return self._cut(self.structure_generator(self._padded(x)), mask)

    def paint(
        self, image: Float[Tensor, "N 3 H W"], structure: Float[Tensor, "N 3 H W"], mask: Float[Tensor, "N 1 H W"]
    ) -> tuple[Float[Tensor, "N 3 H W"], Float[Tensor, "N 2 h w"]]:
        """Return picture and flow for a structure in [0, 1] that is complete already: predicted, true, or edited."""
        x = torch.cat([_blanked(image, mask), 2 * structure - 1, mask], dim=1)
        picture, flow = self.texture_generator(self._padded(x))
        return self._cut(picture, mask), flow

    def _padded(self, x: Tensor) -> Tensor:
        return pad_to_multiple(x, self.texture_generator.stride, least=self.texture_generator.smallest)

    @staticmethod
    def _cut(picture: Tensor, mask: Tensor) -> Tensor:
        return (picture[:, :, : mask.shape[2], : mask.shape[3]] + 1) / 2


def structureflow_full(generator: torch.Generator | None = None) -> StructureFlow:
    """Return the published widths: 36,057,411 parameters for the structure and 56,473,475 for the texture."""
    texture = TextureGenerator(FlowColumn(), ConvColumn(), generator=generator)
    return StructureFlow(StructureGenerator(generator=generator), texture)


def structureflow_tiny(generator: torch.Generator | None = None) -> StructureFlow:
    """Return an eighth of the width and one residual block for each level, for 64 px."""
    texture = TextureGenerator(FlowColumn(width=8), ConvColumn(width=8, n_blocks=1), generator=generator)
    return StructureFlow(StructureGenerator(width=8, n_blocks=1, generator=generator), texture)


def _blanked(image: Tensor, mask: Tensor) -> Tensor:
    """Return RGB in [-1, 1] with zeros in the hole."""
    return (2 * image - 1).where(mask == 0, 0)
