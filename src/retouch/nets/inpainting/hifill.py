"""HiFill's generator: a coarse picture at half the size, refined with one map of attention that serves every level.

Source: Z. Yi, Q. Tang, S. Azizi, D. Jang, Z. Xu: "Contextual Residual Aggregation for Ultra High-Resolution Image
Inpainting", CVPR 2020, Sec. 3 (generator, light gated convolutions, attention transfer). What makes it fit for large
pictures, the aggregation of residuals, needs no torch: `retouch.classical.exemplar.residual_aggregation`.
`inpaint_large` joins both.

Departures (the table of layers is not public: defaults chosen, near the published 2.7 million parameters)
----------
- The coarse stage is DeepFill's at half the size with single-channel gates; the refined one has separable gates.
- Attention is that of DeepFill without fusion of diagonals; patches that touch the hole have weight 0 and the others
  sum to one, so that residuals mixed by them keep their mean.
- Transferred features replace those of incomplete cells and enter the decoder as its skip connections.

side      H     H/2   H/4   H/8   H/16    a cell is a pixel of the last one
width           c     2c    4c    4c      c = 32
K = h w   cells of the picture, 16 x 16 px each in the full net
"""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from retouch.arrays.checks import check_pair
from retouch.arrays.compositing import composite
from retouch.arrays.types import Image, Mask
from retouch.classical.exemplar.residual_aggregation import aggregate_residuals, shrink
from retouch.classical.exemplar.residual_mixtures import mix_blocks
from retouch.errors import InputError
from retouch.nets.inpainting.two_stage.generator import framed
from retouch.nets.inpainting.two_stage.networks import coarse_network
from retouch.nets.inpainting.two_stage.parts import LayerStyle, dilate, double
from retouch.nets.layers.attention.contextual_attention import AttentionSettings, contextual_attention
from retouch.nets.layers.gated import LightGatedConv, PaddedConv, keep
from retouch.nets.layers.mirroring import pad_to_multiple
from retouch.nets.layers.shuffle import join_pixels, split_pixels

CELLS = AttentionSettings(rate=1, fuse_px=1, exclusion="infinity", overlap="count", sampling="floor")
"""Attention between single places of the deepest map, 3x3 of them compared at a time."""

_RGB = 3
_SEPARABLE = LayerStyle(partial(LightGatedConv, gate="separable"))
_SINGLE = LayerStyle(partial(LightGatedConv, gate="single"))


class Painted(NamedTuple):
    """What HiFill gives.

    Attributes
    ----------
    coarse, refined : (N, 3, H, W)
        The second stage's picture is the answer.
    attention : (N, K, h, w)
        Shares of the K cells in each cell, in [0, 1]; they sum to one, or to zero where nothing can be copied.
    """

    coarse: Float[Tensor, "N 3 H W"]
    refined: Float[Tensor, "N 3 H W"]
    attention: Float[Tensor, "N K h w"]


class RefineStage(nn.Module):
    """Second stage: encoder, attention between its deepest places, dilated layers, decoder with transferred skips.

    Parameters
    ----------
    widths : tuple of int
        Channels at 1/2, 1/4, ... of the side; three or more, as the coarse stage needs sides that are multiples of 8.
    rates : tuple of int
        Of the dilated layers.
    """

    def __init__(self, widths: tuple[int, ...], rates: tuple[int, ...]) -> None:
        super().__init__()
        pairs = list(zip((5, *widths), widths, strict=False))
        self.down = nn.ModuleList(
            nn.Sequential(_SEPARABLE.layer(before, after, 3 if level else 5, stride=2), _SEPARABLE.layer(after, after))
            for level, (before, after) in enumerate(pairs)
        )
        self.dilated = dilate(widths[-1], _SEPARABLE, rates)
        self.up = nn.ModuleList(
            nn.Sequential(_SEPARABLE.layer(2 * before, after), _SEPARABLE.layer(after, after))
            for before, after in zip(widths[::-1], [*widths[-2::-1], widths[0]], strict=True)
        )
        self.last = PaddedConv(widths[0], 3, activation=keep)

    def forward(
        self, x: Float[Tensor, "N 5 H W"], cells: Float[Tensor, "N 1 h w"]
    ) -> tuple[Float[Tensor, "N 3 H W"], Float[Tensor, "N K h w"]]:
        """Return a picture in [-1, 1] and the attention, of a picture with its frame and the incomplete cells (1)."""
        encoded = []
        for layer in self.down:
            x = layer(x)
            encoded.append(x)
        attention = contextual_attention(x, x, cells, settings=CELLS)[1]
        x = self.dilated(x)
        for layer, features in zip(self.up, reversed(encoded), strict=True):
            x = double(layer(torch.cat([x, transfer(features, attention, cells)], dim=1)))
        return self.last(x).tanh(), attention


class HiFillGenerator(nn.Module):
    """Both stages, pictures in [-1, 1].

    Parameters
    ----------
    coarse : nn.Module
        (N, 5, H / 2, W / 2) picture, ones and mask to a picture of that size.
    refine : RefineStage

    Attributes
    ----------
    cell_px : int
        Side of a cell; height and width of the picture are multiples of it.
    """

    def __init__(self, coarse: nn.Module, refine: RefineStage) -> None:
        super().__init__()
        self.coarse, self.refine = coarse, refine
        self.cell_px = 2 ** len(refine.down)

    def forward(self, masked: Float[Tensor, "N 3 H W"], mask: Float[Tensor, "N 1 H W"]) -> Painted:
        """Return both pictures in [-1, 1] and the attention, of a picture with zeros in the holes."""
        small_mask = functional.max_pool2d(mask, 2)
        small = functional.avg_pool2d(masked, 2) * (1 - small_mask)
        guess = self.coarse(torch.cat([small, framed(small_mask)], dim=1))
        coarse = functional.interpolate(guess, scale_factor=2.0, mode="bilinear", align_corners=False)
        pasted = coarse * mask + masked * (1 - mask)
        cells = functional.max_pool2d(mask, self.cell_px)
        refined, attention = self.refine(torch.cat([pasted, framed(mask)], dim=1), cells)
        return Painted(coarse, refined, attention)


class HiFill(nn.Module):
    """The generator at its public boundary: any size, [0, 1].

    Parameters
    ----------
    generator : HiFillGenerator
    """

    def __init__(self, generator: HiFillGenerator) -> None:
        super().__init__()
        self.generator = generator

    def forward(self, image: Float[Tensor, "N 3 H W"], mask: Float[Tensor, "N 1 H W"]) -> Painted:
        """Return both pictures, not yet pasted into the known pixels, and the attention.

        Parameters
        ----------
        image : (N, 3, H, W) float32, range [0, 1]
            RGB; values under the mask are not read.
        mask : (N, 1, H, W) float32
            1 where a pixel is missing, else 0.

        Returns
        -------
        Painted
            Pictures (N, 3, H, W) in [0, 1]; the attention is that between the cells of the picture mirrored to the
            next multiple of `generator.cell_px`, and takes K^2 numbers for each picture: 4 MB at 512 px.
        """
        height, width = image.shape[2:]
        holes = pad_to_multiple(mask, self.generator.cell_px)
        masked = (2 * pad_to_multiple(image, self.generator.cell_px) - 1).where(holes == 0, 0)
        coarse, refined, attention = self.generator(masked, holes)
        coarse, refined = ((picture[:, :, :height, :width] + 1) / 2 for picture in (coarse, refined))
        return Painted(coarse, refined, attention)


@torch.no_grad()
def inpaint_large(net: HiFill, image: Image, mask: Mask, *, longest_px: int = 512) -> Image:
    """Fill a large picture: the net paints a small copy, its attention says which known detail goes where.

    Parameters
    ----------
    net : HiFill
        In evaluation mode; its weights stay as they are.
    image : (H, W, 3) float32, range [0, 1]
        Values under the mask are not read.
    mask : (H, W) bool
        True where a pixel is missing.
    longest_px : int
        Longer side of the copy, at most, before it is mirrored to a multiple of the net's cells.

    Returns
    -------
    (H, W, 3) float32, range [0, 1]
        Known pixels are bit-equal.

    Raises
    ------
    InputError
        If the pair fails `check_pair` or the picture is not RGB.
    """
    check_pair(image, mask)
    if image.shape[2] != _RGB:
        raise InputError(f"HiFill paints RGB pictures, got one of {image.shape[2]} channels; repeat the grey one")
    factor = -(-max(mask.shape) // longest_px)
    small = shrink(image, mask, factor, multiple=net.generator.cell_px)
    holes = ~small.whole  # detail is to be borrowed from cells all of whose pixels are known
    batch = torch.from_numpy(small.picture).movedim(2, 0)[None]
    painted = net(batch, torch.from_numpy(holes).float()[None, None])
    filled = composite(small.picture, painted.refined[0].movedim(0, 2).numpy(), holes)
    return aggregate_residuals(image, mask, filled, factor, partial(mix_blocks, attention=painted.attention[0].numpy()))


def transfer(
    features: Float[Tensor, "N C H W"], attention: Float[Tensor, "N K h w"], cells: Float[Tensor, "N 1 h w"]
) -> Float[Tensor, "N C H W"]:
    """Replace the features of incomplete cells by the mixture of all cells' features that attention asks for.

    Parameters
    ----------
    features : (N, C, H, W)
        H and W are the same multiple of h and w.
    attention : (N, K, h, w)
        Shares of the cells, K = h w, row by row.
    cells : (N, 1, h, w)
        1 where a cell is incomplete, else 0.

    Examples
    --------
    Two cells of two places; the second is missing and copies the first:

    >>> attention = torch.tensor([[[[1.0, 1.0]], [[0.0, 0.0]]]])
    >>> features = torch.tensor([[[[1.0, 2.0, 0.0, 0.0], [3.0, 4.0, 0.0, 0.0]]]])
    >>> transfer(features, attention, torch.tensor([[[[0.0, 1.0]]]])).flatten().tolist()
    [1.0, 2.0, 1.0, 2.0, 3.0, 4.0, 3.0, 4.0]
    """
    rate = features.shape[3] // cells.shape[3]
    blocks = split_pixels(features, rate) if rate > 1 else features  # (N, C rate^2, h, w)
    mixed = (blocks.flatten(2) @ attention.flatten(2)).view_as(blocks)
    chosen = mixed.where(cells == 1, blocks)
    return join_pixels(chosen, rate) if rate > 1 else chosen


def hifill_full() -> HiFill:
    """Return the net near the published 2.7 million parameters: 2,768,253, of which 825,816 paint coarsely."""
    return _hifill(24, (32, 64, 128, 128), (2, 4, 8))


def hifill_tiny() -> HiFill:
    """Return a net for 64 px, with cells of 8 px: 182,329 parameters."""
    return _hifill(8, (12, 24, 32), (2, 4))


def _hifill(coarse_width: int, widths: tuple[int, ...], rates: tuple[int, ...]) -> HiFill:
    return HiFill(HiFillGenerator(coarse_network(coarse_width, _SINGLE), RefineStage(widths, rates)))
