"""A residual U-Net over a guess: the net that default weights are to be trained for.

Source: this project. Residual learning as in K. Zhang et al., "Beyond a Gaussian denoiser", IEEE Trans. Image
Processing 26(7), 2017; sub-images at the door as in FFDNet (K. Zhang, W. Zuo, L. Zhang, IEEE Trans. Image Processing
27(9), 2018); U-Net after O. Ronneberger et al., MICCAI 2015; attention after A. Vaswani et al., NeurIPS 2017, with a
learned number by which keys count less the more of their place is missing.

The net is given a picture whose hole a classical method has filled. Its last layer starts at zero, so that training
starts at that fill and only what helps is added. Most of its numbers work at an eighth and a sixteenth of the side,
where a convolution costs little and sees far.

Symbols: guess the picture with the hole filled classically, w_0..w_3 the channels at 1/2, 1/4, 1/8, 1/16 of the side.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from retouch.errors import InputError
from retouch.nets.layers.attention.scaled_product import scaled_product_attention
from retouch.nets.layers.mirroring import pad_to_multiple
from retouch.nets.layers.shuffle import join_pixels, split_pixels

MULTIPLE = 16
SLOPE = 0.2
RESIDUAL_SCALE = 0.25
"""Corrections are about so large beside the contrast around; the first steps of training would else be far too long."""
_LEVELS = 4
_LEAST_VARIANCE = 1e-4


@dataclass(frozen=True)
class Sizes:
    """How wide and how deep: channels and pairs of residual blocks on each of the four levels, heads of attention.

    `n_attentions` blocks of attention stand between the blocks of the lowest level.
    """

    widths: tuple[int, int, int, int] = (32, 64, 96, 128)
    n_blocks: tuple[int, int, int, int] = (1, 2, 3, 3)
    n_attentions: int = 2
    n_heads: int = 4

    def __post_init__(self) -> None:
        if self.widths[-1] % self.n_heads:
            raise InputError(f"the last width must be a multiple of n_heads, got {self.widths[-1]} and {self.n_heads}")
        if self.n_attentions > self.n_blocks[-1]:
            raise InputError(f"n_attentions must be at most {self.n_blocks[-1]}, got {self.n_attentions}")


class ResidualBlock(nn.Module):
    """A norm of each place's channels and two convolutions, added to the input; the second starts at zero.

    Without the norm, training ran away at a learning rate of 8e-4.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.first = nn.Conv2d(width, width, 3, padding=1)
        self.last = nn.Conv2d(width, width, 3, padding=1)

    def forward(self, x: Float[Tensor, "N C H W"]) -> Float[Tensor, "N C H W"]:
        """Return x plus what was found in it."""
        even = self.norm(x.movedim(1, -1)).movedim(-1, 1)
        found: Tensor = self.last(functional.leaky_relu(self.first(even), SLOPE))
        return x + found


class KnownAttention(nn.Module):
    """Every place looks at all others, at known ones first.

    Parameters
    ----------
    width, n_heads : int
        Channels, and groups of them that look on their own.
    """

    def __init__(self, width: int, n_heads: int) -> None:
        super().__init__()
        self.n_heads = n_heads
        self.norm = nn.GroupNorm(1, width)
        self.project = nn.Conv2d(width, 3 * width, 1)
        self.last = nn.Conv2d(width, width, 1)
        self.doubt = nn.Parameter(torch.full((n_heads, 1, 1), -2.0))

    def forward(self, x: Float[Tensor, "N C H W"], missing: Float[Tensor, "N 1 H W"]) -> Float[Tensor, "N C H W"]:
        """Return x plus what was seen; `missing` is the share of each place that is missing."""
        height, width = x.shape[-2:]
        tokens = (
            self.project(self.norm(x)).reshape(len(x), 3, self.n_heads, -1, height * width).mT
        )  # (N, 3, heads, HW, C')
        query, key, value = tokens.unbind(1)
        bias = self.doubt * missing.flatten(2)[:, None]  # (N, heads, 1, HW)
        seen = scaled_product_attention(query, key, value, bias)  # (N, heads, HW, C')
        found: Tensor = self.last(seen.mT.reshape(x.shape))
        return x + found


class ResidualUNet(nn.Module):
    """Picture from guess and mask.

    Parameters
    ----------
    sizes : Sizes
    generator : torch.Generator, optional
        For the initial weights (He, normal); last layers start at zero.
    """

    def __init__(self, sizes: Sizes | None = None, *, generator: torch.Generator | None = None) -> None:
        super().__init__()
        sizes = sizes or Sizes()
        w, n = sizes.widths, sizes.n_blocks
        self.head = nn.Conv2d(16, w[0], 3, padding=1)
        self.encoder = nn.ModuleList(_blocks(w[i], n[i]) for i in range(_LEVELS - 1))
        self.down = nn.ModuleList(nn.Conv2d(w[i], w[i + 1], 2, stride=2) for i in range(_LEVELS - 1))
        self.middle = nn.ModuleList(ResidualBlock(w[3]) for _ in range(n[3]))
        self.attention = nn.ModuleList(KnownAttention(w[3], sizes.n_heads) for _ in range(sizes.n_attentions))
        self.up = nn.ModuleList(nn.ConvTranspose2d(w[i + 1], w[i], 2, stride=2) for i in range(_LEVELS - 1))
        self.decoder = nn.ModuleList(_blocks(w[i], n[i]) for i in range(_LEVELS - 1))
        self.tail = nn.Conv2d(w[0], 12, 3, padding=1)
        _initialise(self, generator)

    def forward(self, guess: Float[Tensor, "N 3 H W"], mask: Float[Tensor, "N 1 H W"]) -> Float[Tensor, "N 3 H W"]:
        """Return the whole picture; known pixels come back as they were.

        Parameters
        ----------
        guess : (N, 3, H, W) float32, range [0, 1]
            RGB of any size, its hole filled by a classical method.
        mask : (N, 1, H, W) float32
            1 where a pixel is missing, else 0.

        Returns
        -------
        (N, 3, H, W) float32
            About [0, 1]; not clipped, so that training is not cut short at the ends.
        """
        height, width = guess.shape[-2:]
        residual = self.correct(pad_to_multiple(torch.cat([2 * guess - 1, mask], dim=1), MULTIPLE))
        return guess + mask * residual[..., :height, :width]

    def correct(self, x: Float[Tensor, "N 4 H W"]) -> Float[Tensor, "N 3 H W"]:
        """Return what is to be added to the guess, for sides that are multiples of 16."""
        missing = functional.avg_pool2d(x[:, 3:], MULTIPLE)
        contrast = local_contrast(x[:, :3])
        x = self.head(split_pixels(x, 2))
        skips = []
        for blocks, down in zip(self.encoder, self.down, strict=True):
            x = blocks(x)
            skips.append(x)
            x = down(x)
        for number, block in enumerate(self.middle):
            x = block(x)
            if number < len(self.attention):
                x = self.attention[number](x, missing)
        for level in reversed(range(len(skips))):
            x = self.decoder[level](skips[level] + self.up[level](x))
        return contrast * join_pixels(self.tail(x), 2)


def local_contrast(guess: Float[Tensor, "N 3 H W"]) -> Float[Tensor, "N 1 H W"]:
    """Return a quarter of the standard deviation of what is around each pixel: squares of 48 px, about.

    Corrections are as large as contrasts allow, so that flat places need not be learned to be left alone.

    Parameters
    ----------
    guess : (N, 3, H, W)
        Of any range; H and W multiples of 16.
    """
    grey = guess.mean(dim=1, keepdim=True)
    moments = functional.avg_pool2d(torch.cat([grey, grey.square()], dim=1), MULTIPLE)
    mean, square = functional.avg_pool2d(moments, 3, stride=1, padding=1, count_include_pad=False).chunk(2, dim=1)
    deviation = (square - mean.square()).clamp(min=0).add(_LEAST_VARIANCE).sqrt()
    spread: Tensor = functional.interpolate(deviation, scale_factor=float(MULTIPLE), mode="bilinear")
    return RESIDUAL_SCALE * spread


def residual_unet_full(*, generator: torch.Generator | None = None) -> ResidualUNet:
    """Build the size of the default weights."""
    return ResidualUNet(generator=generator)


def residual_unet_thin(*, generator: torch.Generator | None = None) -> ResidualUNet:
    """Build the small size for scratches and text: most of its numbers stand near the picture."""
    return ResidualUNet(Sizes((32, 48, 64, 64), (2, 2, 1, 1), n_attentions=0), generator=generator)


def residual_unet_tiny(*, generator: torch.Generator | None = None) -> ResidualUNet:
    """Build a reduced variant for tests and experiments."""
    return ResidualUNet(Sizes((16, 24, 32, 32), (1, 1, 1, 1), n_attentions=1), generator=generator)


def _blocks(width: int, n: int) -> nn.Sequential:
    return nn.Sequential(*[ResidualBlock(width) for _ in range(n)])


def _unit_gain(layer: nn.Conv2d | nn.ConvTranspose2d) -> float:
    """Return the deviation of weights that keeps the variance of what goes through; each output of "up" has one tap."""
    taps = 1 if isinstance(layer, nn.ConvTranspose2d) else layer.kernel_size[0] * layer.kernel_size[1]
    return float((layer.in_channels * taps) ** -0.5)


def _initialise(net: ResidualUNet, generator: torch.Generator | None) -> None:
    for module in net.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
            nn.init.normal_(module.weight, std=_unit_gain(module), generator=generator)
            nn.init.zeros_(cast("Tensor", module.bias))
    nn.init.zeros_(net.tail.weight)
    for module in net.modules():
        if isinstance(module, ResidualBlock | KnownAttention):
            nn.init.zeros_(module.last.weight)
