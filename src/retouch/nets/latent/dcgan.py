"""DCGAN: a generator of small pictures from 100 numbers, and its critic.

Source: A. Radford, L. Metz, S. Chintala: "Unsupervised Representation Learning with Deep Convolutional Generative
Adversarial Networks", ICLR 2016, Sec. 3 and Fig. 1; kernels of 5 with TensorFlow's padding as in the code on which
R. Yeh et al., "Semantic Image Inpainting with Deep Generative Models", CVPR 2017, is built.

Departures: the critic gives scores; its sigmoid belongs to the loss.

generator                                 critic
z, 100 numbers in [-1, 1]                 RGB, 64 x 64, [-1, 1]
linear, BN, ReLU         512 x 4 x 4      conv 5 / 2, leaky ReLU        64 x 32 x 32
deconv 5 / 2, BN, ReLU   256 x 8 x 8      conv 5 / 2, BN, leaky ReLU   128 x 16 x 16
deconv 5 / 2, BN, ReLU   128 x 16 x 16    conv 5 / 2, BN, leaky ReLU   256 x 8 x 8
deconv 5 / 2, BN, ReLU    64 x 32 x 32    conv 5 / 2, BN, leaky ReLU   512 x 4 x 4
deconv 5 / 2, tanh         3 x 64 x 64    linear                         1
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from jaxtyping import Float
from torch import Tensor, nn

from retouch.nets.layers.same_padding import pad_same

_WIDTHS = (64, 128, 256, 512)
_TINY_WIDTHS = (16, 32, 64, 64)
_KERNEL = 5
_SEED_SIDE = 4
"""Height and width of the smallest map."""


class Doubling(nn.Module):
    """A transposed convolution of 5 / 2 that doubles both sides exactly, aligned as TensorFlow does.

    Parameters
    ----------
    in_channels, out_channels : int
    """

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.deconv = nn.ConvTranspose2d(in_channels, out_channels, _KERNEL, stride=2, padding=1)

    def forward(self, x: Float[Tensor, "N C H W"]) -> Float[Tensor, "N D 2*H 2*W"]:
        """Return the map without the last row and column: "SAME" cuts one pixel before and two after."""
        doubled: Tensor = self.deconv(x)  # (N, D, 2 H + 1, 2 W + 1)
        return doubled[:, :, :-1, :-1]


class Halving(nn.Module):
    """A convolution of 5 / 2 that halves both sides, aligned as TensorFlow does.

    Parameters
    ----------
    in_channels, out_channels : int
    """

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(in_channels, out_channels, _KERNEL, stride=2)

    def forward(self, x: Float[Tensor, "N C H W"]) -> Float[Tensor, "N D h w"]:
        """Return the map of ceil(H / 2) x ceil(W / 2)."""
        halved: Tensor = self.conv(pad_same(x, _KERNEL, stride=2))
        return halved


class DCGANGenerator(nn.Module):
    """Pictures from codes.

    Parameters
    ----------
    widths : sequence of int
        Channels of the maps from the largest to the smallest, which is 4 x 4; each doubles the side.
    n_latent : int
        Numbers in a code.
    generator : torch.Generator, optional
        For the initial weights, N(0, 0.02).

    Attributes
    ----------
    n_latent : int
    side : int
        Height and width of the pictures.
    """

    def __init__(
        self, widths: Sequence[int] = _WIDTHS, n_latent: int = 100, *, generator: torch.Generator | None = None
    ) -> None:
        super().__init__()
        self.n_latent = n_latent
        self.side = _SEED_SIDE * 2 ** len(widths)
        deep_first = tuple(reversed(widths))
        self.seed = nn.Linear(n_latent, deep_first[0] * _SEED_SIDE**2)
        self.seed_norm = nn.Sequential(nn.BatchNorm2d(deep_first[0]), nn.ReLU())
        self.stages = nn.Sequential(
            *(nn.Sequential(Doubling(a, b), nn.BatchNorm2d(b), nn.ReLU()) for a, b in pairwise(deep_first))
        )
        self.head = nn.Sequential(Doubling(deep_first[-1], 3), nn.Tanh())
        _initialise(self, generator)

    def forward(self, code: Float[Tensor, "N Z"]) -> Float[Tensor, "N 3 H W"]:
        """Return RGB in [-1, 1] of codes that are drawn from [-1, 1] uniformly."""
        seed = self.seed(code).unflatten(1, (-1, _SEED_SIDE, _SEED_SIDE))  # (N, 512, 4, 4)
        picture: Tensor = self.head(self.stages(self.seed_norm(seed)))
        return picture


class DCGANCritic(nn.Module):
    """One score for each picture, high for real ones.

    Parameters
    ----------
    widths : sequence of int
        Channels of the maps from the largest to the smallest.
    generator : torch.Generator, optional
        For the initial weights, N(0, 0.02).
    """

    def __init__(self, widths: Sequence[int] = _WIDTHS, *, generator: torch.Generator | None = None) -> None:
        super().__init__()
        entry = nn.Sequential(Halving(3, widths[0]), nn.LeakyReLU(0.2))
        deeper = (nn.Sequential(Halving(a, b), nn.BatchNorm2d(b), nn.LeakyReLU(0.2)) for a, b in pairwise(widths))
        self.stages = nn.Sequential(entry, *deeper)
        self.head = nn.Linear(widths[-1] * _SEED_SIDE**2, 1)
        _initialise(self, generator)

    def forward(self, picture: Float[Tensor, "N 3 H W"]) -> Float[Tensor, " N"]:
        """Return the scores of RGB in [-1, 1] of the side 4 * 2 ** len(widths)."""
        scores: Tensor = self.head(self.stages(picture).flatten(1))  # (N, 1)
        return scores.flatten()


def draw_codes(shape: Sequence[int], generator: torch.Generator | None = None) -> Float[Tensor, " *shape"]:
    """Return codes from the prior, uniform in [-1, 1]; the last number of `shape` is that of a code's entries.

    >>> draw_codes((2, 3, 100)).shape
    torch.Size([2, 3, 100])
    """
    return 2 * torch.rand(*shape, generator=generator) - 1


def dcgan_full(generator: torch.Generator | None = None) -> DCGANGenerator:
    """Return the published generator of 64 px: 5,135,363 parameters."""
    return DCGANGenerator(generator=generator)


def dcgan_tiny(generator: torch.Generator | None = None) -> DCGANGenerator:
    """Return a quarter of the width, for 64 px."""
    return DCGANGenerator(_TINY_WIDTHS, generator=generator)


def dcgan_critic_full(generator: torch.Generator | None = None) -> DCGANCritic:
    """Return the published critic of 64 px: 4,316,545 parameters."""
    return DCGANCritic(generator=generator)


def dcgan_critic_tiny(generator: torch.Generator | None = None) -> DCGANCritic:
    """Return a quarter of the width, for 64 px."""
    return DCGANCritic(_TINY_WIDTHS, generator=generator)


def _initialise(net: nn.Module, generator: torch.Generator | None) -> None:
    for module in net.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
            nn.init.normal_(module.weight, std=0.02, generator=generator)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
        elif isinstance(module, nn.BatchNorm2d):
            nn.init.normal_(module.weight, mean=1, std=0.02, generator=generator)
