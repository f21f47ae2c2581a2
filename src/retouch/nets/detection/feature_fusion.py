"""Several feature pyramids beside each other, each from three fused maps; equal sizes are joined and weighed.

Source: doctoral thesis on structure-first inpainting and object removal, Sec. 5.2, Eqs. 5.2-5.5 (feature fusion module,
paths, pyramid aggregation module); fusion and chain as in Z. Li, F. Zhou, "FSSD", arXiv:1712.00960, 2017; weights of
channels as in J. Hu, L. Shen, G. Sun, "Squeeze-and-excitation networks", CVPR 2018.

Departures: Eq. 5.5 numbers the sources of the first path one too high; here path m begins with the m-th map.

path 1   38 -> 19 -> 10 -> 5 -> 3 -> 1     from the maps of 38, 19 and 10 cells
path 2         19 -> 10 -> 5 -> 3 -> 1     from 19, 10 and 5
path 3               10 -> 5 -> 3 -> 1     from 10, 5 and 3
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from retouch.errors import InputError
from retouch.nets.detection.fssd import FeatureFusion
from retouch.nets.detection.ssd import initialise_msra
from retouch.nets.layers.attention.channel_attention import SqueezeExcitation
from retouch.nets.layers.norms.l2norm import L2Norm


@dataclass(frozen=True)
class FusionPath:
    """One path.

    Attributes
    ----------
    sources : tuple of int
        Which maps of the base it fuses, counted from 0 at the largest.
    fused : int
        Channels of each before they are joined.
    pyramid : tuple of int
        Channels of its maps, from large to small; the smallest has the size of the detector's smallest.
    """

    sources: tuple[int, ...]
    fused: int
    pyramid: tuple[int, ...]


class FeaturePath(nn.Module):
    """Feature fusion module and the chain of convolutions behind it.

    Parameters
    ----------
    widths : sequence of int
        Channels of the maps of the base.
    path : FusionPath
    sides : sequence of int
        Cells along a side of each map of the chain.
    """

    def __init__(self, widths: Sequence[int], path: FusionPath, sides: Sequence[int]) -> None:
        super().__init__()
        self.sources = path.sources
        self.fusion = FeatureFusion([widths[source] for source in path.sources], path.fused)  # Eqs. 5.2 and 5.3
        self.chain = pyramid_chain(len(path.sources) * path.fused, path.pyramid, sides)  # Eq. 5.4

    def forward(self, maps: Sequence[Tensor]) -> list[Tensor]:
        """Return the maps of this path, from large to small, of the maps of the base."""
        features = self.fusion([maps[source] for source in self.sources])
        pyramid = []
        for layer in self.chain:
            features = layer(features).relu()
            pyramid.append(features)
        return pyramid


class FusedPyramids(nn.Module):
    """All paths, and the pyramid aggregation module that makes one pyramid of them.

    Parameters
    ----------
    widths : sequence of int
        Channels of the maps of the base.
    paths : sequence of FusionPath
        None of them longer than the first.
    sides : sequence of int
        Cells along a side of each map that is read.
    reduction : int or None
        Of the squeeze-and-excitation at each size; None joins the maps without weights, as FSSD has it.
    generator : torch.Generator, optional
        For the first weights.

    Attributes
    ----------
    widths : list of int
        Channels of the maps that are read.

    Raises
    ------
    InputError
        If the first path has not one map for each side, or another one has more.
    """

    def __init__(
        self,
        widths: Sequence[int],
        paths: Sequence[FusionPath],
        sides: Sequence[int],
        *,
        reduction: int | None = 16,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        lengths = [len(path.pyramid) for path in paths]
        if lengths[0] != len(sides) or max(lengths) > len(sides):
            raise InputError(f"the first path must have {len(sides)} maps and no other one more, got {lengths}")
        self.paths = nn.ModuleList(FeaturePath(widths, path, sides[-len(path.pyramid) :]) for path in paths)
        self.widths = _joined_widths([path.pyramid for path in paths])
        self.weigh = nn.ModuleList(
            nn.Identity() if reduction is None else SqueezeExcitation(width, reduction) for width in self.widths
        )
        initialise_msra(self.paths, generator)
        for layer in self.weigh.modules():
            if isinstance(layer, nn.Linear):
                nn.init.kaiming_normal_(layer.weight, generator=generator)

    def forward(self, maps: Sequence[Tensor]) -> list[Tensor]:
        """Return the maps that the heads read, of all maps of the base."""
        pyramids = [path(maps) for path in self.paths]
        return [weigh(joined) for weigh, joined in zip(self.weigh, join_levels(pyramids), strict=True)]  # Eq. 5.5


class NormedMaps(nn.Module):
    """The maps of the base themselves, the largest one normalised: SSD, the detector without a path.

    Parameters
    ----------
    widths : sequence of int
        Channels of the maps of the base.
    """

    def __init__(self, widths: Sequence[int]) -> None:
        super().__init__()
        self.norm = L2Norm(widths[0])
        self.widths = list(widths)

    def forward(self, maps: Sequence[Tensor]) -> list[Tensor]:
        """Return the maps that the heads read."""
        return [self.norm(maps[0]), *maps[1:]]


def join_levels(pyramids: Sequence[Sequence[Tensor]]) -> list[Tensor]:
    """Join the channels of equal sizes; all pyramids end with the same size, the first is the longest.

    >>> one, two = torch.ones(1, 2, 1, 1), torch.ones(1, 3, 2, 2)
    >>> [tuple(joined.shape) for joined in join_levels([[two, one], [one]])]
    [(1, 3, 2, 2), (1, 4, 1, 1)]
    """
    n_levels = len(pyramids[0])
    return [
        torch.cat([pyramid[level - n_levels] for pyramid in pyramids if level >= n_levels - len(pyramid)], dim=1)
        for level in range(n_levels)
    ]


def pyramid_chain(channels: int, widths: Sequence[int], sides: Sequence[int]) -> nn.ModuleList:
    """Return 3x3 convolutions to maps of these sides: the first keeps its size, the others shrink.

    A side of 2n or 2n - 1 becomes n at stride 2; but an odd one that becomes two shorter, as 5 and 3 do, loses its
    border instead, as in SSD and FSSD.

    Raises
    ------
    InputError
        If a side follows on no such way.
    """
    layers = nn.ModuleList()
    for width, side, above in zip(widths, sides, [sides[0], *sides], strict=False):
        stride, padding = _step(above, side)
        layers.append(nn.Conv2d(channels, width, 3, stride=stride, padding=padding))
        channels = width
    return layers


def _step(above: int, side: int) -> tuple[int, int]:
    """Return stride and padding of the convolution from one side to the next."""
    if side == above:
        return 1, 1
    if above % 2 == 1 and side == above - 2:
        return 1, 0
    if side == (above + 1) // 2:
        return 2, 1
    raise InputError(f"a map of {above} cells a side can become {(above + 1) // 2}, not {side}")


def _joined_widths(pyramids: Sequence[Sequence[int]]) -> list[int]:
    """Return the channels of the maps that `join_levels` makes of maps with so many channels."""
    n_levels = len(pyramids[0])
    padded = [[0] * (n_levels - len(pyramid)) + list(pyramid) for pyramid in pyramids]
    return [sum(level) for level in zip(*padded, strict=True)]
