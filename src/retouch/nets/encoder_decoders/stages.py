"""Stages of DCGAN-like encoder-decoders: halvings and doublings by kernels of 4, and how a hole is filled first.

Source: A. Radford, L. Metz, S. Chintala: "Unsupervised Representation Learning with Deep Convolutional Generative
Adversarial Networks", ICLR 2016, Sec. 3; as in D. Pathak, P. Krahenbuhl, J. Donahue, T. Darrell, A. Efros: "Context
Encoders: Feature Learning by Inpainting", CVPR 2016, Sec. 4.

Departures: none.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from jaxtyping import Float
from torch import Tensor, nn

from retouch.nets.layers.initial import initialise_convs

HOLE_COLOUR = (117 / 255, 104 / 255, 123 / 255)
"""What a hole is filled with before a net sees it; RGB in [0, 1], in the order of the authors' code."""


def down_stage(in_channels: int, out_channels: int, *, norm: bool = True) -> nn.Sequential:
    """Return a convolution that halves both sides, perhaps batch normalisation, and leaky ReLU of 0.2."""
    conv = nn.Conv2d(in_channels, out_channels, 4, stride=2, padding=1)
    return nn.Sequential(conv, *[nn.BatchNorm2d(out_channels)] * norm, nn.LeakyReLU(0.2))


def up_stage(in_channels: int, out_channels: int) -> nn.Sequential:
    """Return a transposed convolution that doubles both sides, batch normalisation and ReLU."""
    deconv = nn.ConvTranspose2d(in_channels, out_channels, 4, stride=2, padding=1)
    return nn.Sequential(deconv, nn.BatchNorm2d(out_channels), nn.ReLU())


def encoder_stages(widths: Sequence[int], in_channels: int = 3, *, first_norm: bool = False) -> nn.Sequential:
    """Return one `down_stage` for each width; the first is normalised only on demand.

    >>> encoder_stages((8, 16))(torch.zeros(1, 3, 64, 64)).shape
    torch.Size([1, 16, 16, 16])
    """
    pairs = pairwise([in_channels, *widths])
    return nn.Sequential(*(down_stage(a, b, norm=first_norm or i > 0) for i, (a, b) in enumerate(pairs)))


def decoder_stages(widths: Sequence[int], out_channels: int = 3) -> nn.Sequential:
    """Return one `up_stage` between two widths each, and a last doubling to a picture in [-1, 1].

    >>> decoder_stages((16, 8))(torch.zeros(2, 16, 4, 4)).shape
    torch.Size([2, 3, 16, 16])
    """
    last = nn.ConvTranspose2d(widths[-1], out_channels, 4, stride=2, padding=1)
    return nn.Sequential(*(up_stage(a, b) for a, b in pairwise(widths)), nn.Sequential(last, nn.Tanh()))


def initialise_dcgan(net: nn.Module, generator: torch.Generator | None = None) -> None:
    """Fill a net as DCGAN does: convolutions N(0, 0.02), gains of batch norms N(1, 0.02), offsets zero; in place."""
    initialise_convs(net, lambda weight: nn.init.normal_(weight, std=0.02, generator=generator))
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.normal_(module.weight, mean=1, std=0.02, generator=generator)
            nn.init.zeros_(module.bias)


def fill_hole(image: Float[Tensor, "N 3 H W"], mask: Float[Tensor, "N 1 H W"]) -> Float[Tensor, "N 3 H W"]:
    """Return RGB in [-1, 1] with `HOLE_COLOUR` in the hole; the picture comes in [0, 1] and is not read there.

    >>> filled = fill_hole(torch.ones(1, 3, 1, 2), torch.tensor([[[[0.0, 1.0]]]]))
    >>> [round(value, 3) for value in filled[0, 0, 0].tolist()]
    [1.0, -0.082]
    """
    colour = image.new_tensor(HOLE_COLOUR)[:, None, None]
    return 2 * image.where(mask == 0, colour) - 1
