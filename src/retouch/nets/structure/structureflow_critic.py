"""The critic of StructureFlow: residual blocks that halve, on the picture and on half of it.

Source: Y. Ren, X. Yu, R. Zhang, T. H. Li, S. Liu, G. Li: "StructureFlow: Image Inpainting via Structure-aware
Appearance Flow", ICCV 2019, Sec. 3.3, and the layers of the authors' code. One critic judges structures, another
pictures; both are trained by least squares (`retouch.losses.adversarial`).

Departures: the order of activation and convolution in the blocks is that of T. Miyato et al. (ICLR 2018), which the
number of parameters does not tell.

conv 4 / 2           3 -> w, w = 64
residual, halves     w -> 2w:  conv 3 to w, conv 3 to 2w, mean of 2 x 2;  beside it conv 1 and the same mean
residual, halves     2w -> 4w
conv 1, no bias      4w -> 1

Leaky ReLU of 0.2 before every convolution but the first and those of 1 beside the blocks.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn

from retouch.nets.structure.structureflow_blocks import finish, plain_conv

_N_SCALES = 2


class HalvingBlock(nn.Module):
    """Residual block that halves both sides.

    Parameters
    ----------
    in_channels, out_channels : int
    """

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.main = nn.Sequential(
            nn.LeakyReLU(0.2),
            plain_conv(in_channels, in_channels, 3),
            nn.LeakyReLU(0.2),
            plain_conv(in_channels, out_channels, 3),
        )
        self.aside = nn.Conv2d(in_channels, out_channels, 1)
        self.shrink = nn.AvgPool2d(2)

    def forward(self, x: Float[Tensor, "N C H W"]) -> Float[Tensor, "N D h w"]:
        """Return the sum of both ways, at half of the sides."""
        halved: Tensor = self.shrink(self.main(x) + self.aside(x))
        return halved


class TwoScaleCritic(nn.Module):
    """Scores for patches of the picture and of the picture at half size; both scales have weights of their own.

    Parameters
    ----------
    width : int
        Channels of the first features.
    generator : torch.Generator, optional
        For the initial weights.
    """

    def __init__(self, *, width: int = 64, generator: torch.Generator | None = None) -> None:
        super().__init__()
        self.scales = nn.ModuleList(_patches(width) for _ in range(_N_SCALES))
        self.shrink = nn.AvgPool2d(3, stride=2, padding=1, count_include_pad=False)
        finish(self, generator)

    def forward(self, x: Float[Tensor, "N 3 H W"]) -> list[Float[Tensor, "N 1 _ _"]]:
        """Return the scores of both scales, the larger first; `x` is RGB in [-1, 1] from 16 px a side."""
        scores = []
        for scale in self.scales:
            scores.append(scale(x))
            x = self.shrink(x)
        return scores


def structureflow_critic_full(generator: torch.Generator | None = None) -> TwoScaleCritic:
    """Return the published critic: 1,196,544 parameters."""
    return TwoScaleCritic(generator=generator)


def structureflow_critic_tiny(generator: torch.Generator | None = None) -> TwoScaleCritic:
    """Return a quarter of the width."""
    return TwoScaleCritic(width=16, generator=generator)


def _patches(width: int) -> nn.Sequential:
    return nn.Sequential(
        plain_conv(3, width, 4, stride=2),
        HalvingBlock(width, 2 * width),
        HalvingBlock(2 * width, 4 * width),
        nn.LeakyReLU(0.2),
        nn.Conv2d(4 * width, 1, 1, bias=False),
    )
