"""AOT-GAN: a generator of AOT blocks between two halvings and two doublings.

Source: Y. Zeng, J. Fu, H. Chao, B. Guo, "Aggregated contextual transformations for high-resolution image inpainting",
IEEE TVCG 2022, section 3.1, Fig. 2. Departures: none in the generator; `AOTGAN` pads by mirroring to a multiple of 4
and to at least 36 pixels, below which the reflection of the largest dilation has no answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from retouch.nets.layers.aot_block import AOTBlock
from retouch.nets.layers.mirroring import pad_to_multiple

_HALVED_BY = 4
PUBLISHED_RATES = (1, 2, 4, 8)
"""Dilations of the branches of each block."""


class AOTGAN(nn.Module):
    """The door to the generator: any size, pictures in [0, 1], the hole never read.

    Parameters
    ----------
    generator : AOTGenerator
    """

    def __init__(self, generator: AOTGenerator) -> None:
        super().__init__()
        self.generator = generator

    def forward(self, image: Float[Tensor, "N C H W"], mask: Float[Tensor, "N 1 H W"]) -> Float[Tensor, "N C H W"]:
        """Return the whole picture as the generator sees it, not yet composed with the known pixels.

        Parameters
        ----------
        image : (N, 3, H, W), RGB in [0, 1]
            Values under the mask are not read.
        mask : (N, 1, H, W), 0 or 1
            1 where a pixel is missing.

        Returns
        -------
        (N, 3, H, W), RGB in [0, 1]
        """
        signed = (2 * image - 1).masked_fill(mask > 0, 1)  # [-1, 1], white in the hole
        least = _HALVED_BY * (self.generator.largest_rate + 1)
        padded, holes = (pad_to_multiple(x, _HALVED_BY, least=least) for x in (signed, mask))
        out: Tensor = (self.generator(padded, holes) + 1) / 2
        return out[..., : image.shape[2], : image.shape[3]]


class AOTGenerator(nn.Module):
    """The body that the authors' weights belong to; sides must be multiples of 4.

    Parameters
    ----------
    width : int
        Of the first layer; the blocks work on four times as many channels.
    rates : sequence of int
        Dilations in each block; a quarter of the sides must be above the largest.
    n_blocks : int
    """

    def __init__(self, width: int = 64, rates: Sequence[int] = PUBLISHED_RATES, n_blocks: int = 8) -> None:
        super().__init__()
        self.largest_rate = max(rates)
        self.encoder = nn.Sequential(
            *(nn.ReflectionPad2d(3), nn.Conv2d(4, width, 7), nn.ReLU()),
            *(nn.Conv2d(width, 2 * width, 4, stride=2, padding=1), nn.ReLU()),
            *(nn.Conv2d(2 * width, 4 * width, 4, stride=2, padding=1), nn.ReLU()),
        )
        self.middle = nn.Sequential(*(AOTBlock(4 * width, rates) for _ in range(n_blocks)))
        self.decoder = nn.Sequential(
            *(_DoublingConv(4 * width, 2 * width), nn.ReLU()),
            *(_DoublingConv(2 * width, width), nn.ReLU()),
            nn.Conv2d(width, 3, 3, padding=1),
        )

    def forward(self, x: Float[Tensor, "N 3 H W"], mask: Float[Tensor, "N 1 H W"]) -> Float[Tensor, "N 3 H W"]:
        """Return RGB in [-1, 1].

        x is RGB in [-1, 1] with 1 in the hole, and the mask is 1 in the hole.
        """
        y = self.encoder(torch.cat([x, mask], dim=1))  # (N, 4 width, H/4, W/4)
        return torch.tanh(self.decoder(self.middle(y)))

    @staticmethod
    def convert_official(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Rename the layers of the blocks."""
        return AOTBlock.convert_official(state)


class _DoublingConv(nn.Module):
    """Bilinear doubling that keeps the corners in place, then a 3x3 convolution."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(in_channels, out_channels, 3, padding=1)

    def forward(self, x: Float[Tensor, "N C H W"]) -> Float[Tensor, "N D H*2 W*2"]:
        out: Tensor = self.conv(functional.interpolate(x, scale_factor=2, mode="bilinear", align_corners=True))
        return out


def aotgan_full() -> AOTGAN:
    """Return the published generator, 15,200,835 parameters."""
    return AOTGAN(AOTGenerator())


def aotgan_tiny() -> AOTGAN:
    """Return a generator of a quarter of the width and half the blocks, for 64 px."""
    return AOTGAN(AOTGenerator(width=16, n_blocks=4))
