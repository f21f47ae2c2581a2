"""MemNet: recursive blocks whose gates choose from all that was computed before.

Source: Y. Tai, J. Yang, X. Liu, C. Xu, "MemNet: a persistent memory network for image restoration", ICCV 2017, sections
3.1-3.3 (Eqs. 3-11). Departures: the batch norms of a block are shared by its recursions like its convolutions. Every
convolution is preceded by batch norm and ReLU, and has no bias.

x    the noisy picture, (N, C, H, W)
B_m  features after memory block m, (N, width, H, W); B_0 those of the first convolution
H_r  features after recursion r within a block
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn


def preactivated(n_in: int, n_out: int, kernel: int = 3) -> nn.Sequential:
    """Build batch norm, ReLU and a convolution that keeps the size."""
    convolution = nn.Conv2d(n_in, n_out, kernel, padding=kernel // 2, bias=False)
    return nn.Sequential(nn.BatchNorm2d(n_in), nn.ReLU(), convolution)


class MemoryBlock(nn.Module):
    """One residual unit applied several times, and a gate over its results and those of all earlier blocks.

    Parameters
    ----------
    width : int
        Channels.
    n_recursions : int
        Applications of the residual unit.
    n_earlier : int
        Earlier features that the gate sees, B_0 to B_{m-1}.
    """

    def __init__(self, width: int, n_recursions: int, n_earlier: int) -> None:
        super().__init__()
        self.n_recursions = n_recursions
        self.unit = nn.Sequential(preactivated(width, width), preactivated(width, width))
        self.gate = preactivated((n_recursions + n_earlier) * width, width, kernel=1)

    def forward(self, earlier: list[Float[Tensor, "N W_ H W"]]) -> Float[Tensor, "N W_ H W"]:
        """Return the features of this block; the last of `earlier` is its input."""
        features, short_term = earlier[-1], []
        for _ in range(self.n_recursions):
            features = features + self.unit(features)  # Eq. 6
            short_term.append(features)
        gated: Tensor = self.gate(torch.cat([*short_term, *earlier], dim=1))  # Eqs. 7-9
        return gated


class MemNet(nn.Module):
    """The clean picture as a learned average of the estimates after every memory block.

    Parameters
    ----------
    channels : int
        1 for grey, 3 for RGB; values in [0, 1], results not clipped. Any height and width.
    width : int
        Channels of the features.
    n_blocks, n_recursions : int
        Memory blocks, and recursions in each.
    """

    def __init__(self, channels: int = 1, width: int = 64, n_blocks: int = 6, n_recursions: int = 6) -> None:
        super().__init__()
        self.entry = preactivated(channels, width)
        self.blocks = nn.ModuleList(MemoryBlock(width, n_recursions, m) for m in range(1, n_blocks + 1))
        self.exit = preactivated(width, channels)
        self.weights = nn.Parameter(torch.full((n_blocks,), 1 / n_blocks))

    def estimates(self, noisy: Float[Tensor, "N C H W"]) -> list[Float[Tensor, "N C H W"]]:
        """Return the estimate after each block; all of them may be supervised."""
        memory = [self.entry(noisy)]
        for block in self.blocks:
            memory.append(block(memory))
        return [noisy + self.exit(features) for features in memory[1:]]  # Eq. 10

    def forward(self, noisy: Float[Tensor, "N C H W"]) -> Float[Tensor, "N C H W"]:
        """Return the clean picture."""
        return torch.einsum("m,mnchw->nchw", self.weights, torch.stack(self.estimates(noisy)))  # Eq. 11


def memnet_full() -> MemNet:
    """Build MemNet for grey pictures as published: six blocks of six recursions, 80 layers."""
    return MemNet()


def memnet_tiny(channels: int = 3) -> MemNet:
    """Build a MemNet for experiments: four blocks of three recursions, 32 channels."""
    return MemNet(channels, width=32, n_blocks=4, n_recursions=3)
