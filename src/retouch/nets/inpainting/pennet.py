"""PEN-Net: a U-Net whose skips are filled from the coarsest level to the finest by attention.

Source: Y. Zeng, J. Fu, H. Chao, B. Guo: "Learning Pyramid-Context Encoder Network for High-Quality Image Inpainting",
CVPR 2019, Sec. 3, and the authors' PyTorch code, which differs slightly from the paper's (they say so). The critic
stands in `retouch.nets.critics.spectral_patchgan`.

Departures: those of the authors' PyTorch code; `pennet_tiny` starts from He's initial weights.

level   1     2     3     4     5     6
size   H/2   H/4   H/8   H/16  H/32  H/64
width   w    2w    4w    8w    16w   16w      w = 32
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial
from itertools import pairwise

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from retouch.nets.layers.attention.attention_transfer import AttentionTransfer
from retouch.nets.layers.initial import initialise_convs
from retouch.nets.layers.mirroring import pad_to_multiple

LEVELS = 6
STRIDE = 2**LEVELS


class PyramidContextGenerator(nn.Module):
    """Picture, and a picture at each of five coarser levels; the official weights belong here.

    Parameters
    ----------
    width : int
        Channels of the finest level, 32 in the paper; a multiple of four.
    initial_std : float, optional
        Of the initial weights, 0.02 as published. None scales them by the number of inputs (He), which narrow nets
        need: without norms a signal would die out on its way.
    generator : torch.Generator, optional
        For the initial weights.
    """

    def __init__(
        self,
        *,
        width: int = 32,
        initial_std: float | None = 0.02,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        widths = [width * min(2**level, 16) for level in range(LEVELS)]
        self.down = nn.ModuleList(nn.Conv2d(a, b, 3, stride=2, padding=1) for a, b in pairwise([4, *widths]))
        self.transfer = nn.ModuleList(
            AttentionTransfer(a, a) if level < LEVELS - 2 else AttentionTransfer(a, a, kernel_size=1, dilations=())
            for level, a in enumerate(widths[:-1])
        )
        above = [2 * a for a in widths[1:-1]] + [widths[-1]]  # what each level of the decoder gets from the one above
        self.up = nn.ModuleList(nn.Conv2d(a, b, 3, padding=1) for a, b in zip(above, widths, strict=False))
        self.to_rgb = nn.ModuleList(nn.Conv2d(2 * a, 3, 1) for a in widths[:-1])
        self.last = nn.Sequential(
            nn.Conv2d(2 * width, width, 3, padding=1), nn.ReLU(), nn.Conv2d(width, 3, 3, padding=1)
        )
        draw = nn.init.kaiming_normal_ if initial_std is None else partial(nn.init.normal_, std=initial_std)
        initialise_convs(self, partial(draw, generator=generator))

    def forward(
        self, x: Float[Tensor, "N 4 H W"], mask: Float[Tensor, "N 1 H W"]
    ) -> tuple[list[Float[Tensor, "N 3 _ _"]], Float[Tensor, "N 3 H W"]]:
        """Return the pictures of levels 1 to 5, and the picture, all in [-1, 1].

        Parameters
        ----------
        x : (N, 4, H, W)
            RGB in [-1, 1] that is 1 in the hole, and the mask; H and W multiples of 64.
        mask : (N, 1, H, W)
            1 where missing.
        """
        filled = self._fill_levels(self._encode(x), mask)
        higher = filled.pop()
        pyramid: list[Tensor] = []
        for up, to_rgb in zip(reversed(self.up), reversed(self.to_rgb), strict=True):
            painted = functional.relu(up(_doubled(higher)))
            higher = torch.cat([painted, filled.pop()], dim=1)  # twice the channels of the level
            pyramid.insert(0, torch.tanh(to_rgb(higher)))
        return pyramid, torch.tanh(self.last(_doubled(higher)))

    def _encode(self, x: Tensor) -> list[Tensor]:
        """Return the maps of levels 1 to 6."""
        maps = []
        for level, down in enumerate(self.down, start=1):
            x = down(x)
            x = functional.relu(x) if level == LEVELS else functional.leaky_relu(x, 0.2)
            maps.append(x)
        return maps

    def _fill_levels(self, maps: list[Tensor], mask: Tensor) -> list[Tensor]:
        """Return the maps with all but the last filled, from level 5 to level 1, each by the filled one above."""
        filled = [maps[-1]]
        for transfer, fine in zip(reversed(self.transfer), reversed(maps[:-1]), strict=True):
            filled.insert(0, transfer(fine, filled[0], mask))
        return filled

    @staticmethod
    def convert_official(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return the authors' weights under our names."""
        return {_our_name(key): value for key, value in state.items()}


class PENNet(nn.Module):
    """The generator behind the house's ranges.

    Parameters
    ----------
    generator : PyramidContextGenerator
    """

    def __init__(self, generator: PyramidContextGenerator) -> None:
        super().__init__()
        self.generator = generator

    def forward(self, image: Float[Tensor, "N 3 H W"], mask: Float[Tensor, "N 1 H W"]) -> Float[Tensor, "N 3 H W"]:
        """Return the whole picture as the net paints it.

        Parameters
        ----------
        image : (N, 3, H, W) float32, range [0, 1]
            RGB of any size; values under the mask are not read.
        mask : (N, 1, H, W) float32
            1 where a pixel is missing, else 0.

        Returns
        -------
        (N, 3, H, W) float32, range [0, 1]

        Notes
        -----
        Attention at the finest level compares all places at a quarter of the size: (H W / 16)^2 numbers, 64 MB at
        256 px and 1 GB at 512 px, several times and for each picture.
        """
        return self.paint_pyramid(image, mask)[0]

    def paint_pyramid(
        self, image: Float[Tensor, "N 3 H W"], mask: Float[Tensor, "N 1 H W"]
    ) -> tuple[Float[Tensor, "N 3 H W"], list[Float[Tensor, "N 3 _ _"]]]:
        """Return the picture and those of levels 1 to 5, in [0, 1], for the pyramid loss.

        The smaller ones belong to the picture after padding: their sides are those of the next multiple of 64, halved
        again and again.
        """
        height, width = image.shape[-2:]
        holes = pad_to_multiple(mask, STRIDE)
        x = torch.cat([pad_to_multiple((2 * image - 1).where(mask == 0, 1), STRIDE), holes], dim=1)
        pyramid, painted = self.generator(x, holes)
        return (painted[:, :, :height, :width] + 1) / 2, [(picture + 1) / 2 for picture in pyramid]


def pennet_full(generator: torch.Generator | None = None) -> PENNet:
    """Return the published widths: 10,231,538 parameters."""
    return PENNet(PyramidContextGenerator(generator=generator))


def pennet_tiny(generator: torch.Generator | None = None) -> PENNet:
    """Return a quarter of the width, for 64 px, with weights that start larger than published."""
    return PENNet(PyramidContextGenerator(width=8, initial_std=None, generator=generator))


def _doubled(x: Tensor) -> Tensor:
    return functional.interpolate(x, scale_factor=2, mode="bilinear", align_corners=True)


_PARTS = {"dw_conv": "down", "up_conv": "up", "torgb": "to_rgb"}


def _our_name(key: str) -> str:
    view = re.fullmatch(r"at_conv0(\d)\.conv0(\d)\.0\.(\w+)", key)
    if view:
        return f"transfer.{int(view[1]) - 1}.views.{view[2]}.{view[3]}"
    plain = re.fullmatch(r"(dw_conv0|up_conv0|torgb)(\d)\.0\.(\w+)", key)
    if plain:
        return f"{_PARTS[plain[1].rstrip('0')]}.{int(plain[2]) - 1}.{plain[3]}"
    return key.replace("decoder.", "last.")
