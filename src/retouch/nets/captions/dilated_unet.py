"""Dilated U-Net: captions removed frame by frame, with the prediction used only in parts that a classifier finds.

Source: S. Mundra, A. K. Jain, S. Sinha, "Video DeCaptioning Using U-Net with Stacked Dilated Convolutional Layers",
in S. Escalera et al. (eds.), "Inpainting and Denoising Challenges", Springer 2019, Sec. 3 (user arnavkj95); the
classifier is that of baseline 2 of the challenge.

Departures
----------
- Widths, dilations and two convolutions to a block are ours: none are published. Two, so that dilated ones are stacked.
- Frames of any size: they are mirrored to a multiple of 32, and to 64 px at least, where the bottleneck has 2 x 2
  places and batch normalisation of a single frame has something to average over.

encoder      5 blocks of 1, 2, 4, 8, 16 times `width`: twice conv 3 dilated by 2, batch norm, leaky ReLU; then pooling
bottleneck   twice conv 3, batch norm, dropout, added to its input; H / 32
decoder      5 times: enlarged by 2, joined with the block's map before pooling, conv 3, batch norm, ReLU
"""

from __future__ import annotations

from itertools import pairwise

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from retouch.nets.captions.patch_autoencoder import PatchAutoencoder, join_patches, split_patches
from retouch.nets.layers.mirroring import pad_to_multiple

N_PARTS = 4
"""A frame has four rows of four parts, each of 32 px at the challenge's 128 px."""

_N_LEVELS = 5
_STRIDE = 2**_N_LEVELS
_CLASSIFIER_STRIDE = 4
_DROPPED = 0.5


class DilatedUNet(nn.Module):
    """A frame without its captions, as the net draws all of it.

    Parameters
    ----------
    width : int
        Channels of the first block, 32.
    dilation : int
        Of the encoder's convolutions; 1 is the form without dilation that the source compares with.
    """

    def __init__(self, width: int = 32, *, dilation: int = 2) -> None:
        super().__init__()
        wide = [width * 2**level for level in range(_N_LEVELS)]
        self.down = nn.ModuleList(_dilated_block(a, b, dilation) for a, b in pairwise([3, *wide]))
        self.bottom = nn.Sequential(*_bottom_layers(wide[-1]), nn.ReLU(), *_bottom_layers(wide[-1]))
        below = [wide[-1], *reversed(wide[1:])]  # what each level of the decoder gets from the one below
        self.up = nn.ModuleList(_up_block(a + b, b) for a, b in zip(below, reversed(wide), strict=True))
        self.leave = nn.Conv2d(width, 3, 3, padding=1)

    def forward(self, picture: Float[Tensor, "N 3 H W"]) -> Float[Tensor, "N 3 H W"]:
        """Return RGB in [0, 1] of RGB in [0, 1] of any size."""
        height, width = picture.shape[2:]
        x = pad_to_multiple(picture, _STRIDE, least=2 * _STRIDE)
        skips = []
        for block in self.down:
            skips.append(block(x))
            x = functional.max_pool2d(skips[-1], 2)
        x = x + self.bottom(x)
        for block, skip in zip(self.up, reversed(skips), strict=True):
            x = block(torch.cat([functional.interpolate(x, scale_factor=2.0), skip], dim=1))
        drawn: Tensor = self.leave(x).sigmoid()
        return drawn[..., :height, :width]


class PartSwitch(nn.Module):
    """Parts with text from a net, all others from the frame itself, bit for bit; for use after training.

    Parameters
    ----------
    net : nn.Module
        Takes and gives RGB in [0, 1].
    classifier : PatchAutoencoder
        Its decoder is not used.
    n_parts : int
        Rows of parts, and parts in a row.
    """

    def __init__(self, net: nn.Module, classifier: PatchAutoencoder, n_parts: int = N_PARTS) -> None:
        super().__init__()
        self.net = net
        self.classifier = classifier
        self.n_parts = n_parts

    def forward(self, picture: Float[Tensor, "N 3 H W"]) -> Float[Tensor, "N 3 H W"]:
        """Return RGB in [0, 1] of RGB in [0, 1] of any size."""
        height, width = picture.shape[2:]
        padded = pad_to_multiple(picture, self.n_parts * _CLASSIFIER_STRIDE)
        size = (padded.shape[2] // self.n_parts, padded.shape[3] // self.n_parts)
        parts = split_patches(padded, size)
        drawn = split_patches(self.net(padded), size)
        has_text = self.classifier.classify(parts)[:, None, None, None] > 0
        chosen = torch.where(has_text, drawn, parts)
        return join_patches(chosen, (padded.shape[2], padded.shape[3]))[..., :height, :width]


def dilated_unet_full() -> DilatedUNet:
    """Return the net with 32 channels: 16,510,371 parameters."""
    return DilatedUNet()


def dilated_unet_tiny() -> DilatedUNet:
    """Return an eighth of the channels."""
    return DilatedUNet(width=4)


def _dilated_block(in_channels: int, out_channels: int, dilation: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    for channels in (in_channels, out_channels):
        conv = nn.Conv2d(channels, out_channels, 3, padding=dilation, dilation=dilation)
        layers += [conv, nn.BatchNorm2d(out_channels), nn.LeakyReLU(0.2)]
    return nn.Sequential(*layers)


def _bottom_layers(channels: int) -> list[nn.Module]:
    return [nn.Conv2d(channels, channels, 3, padding=1), nn.BatchNorm2d(channels), nn.Dropout(_DROPPED)]


def _up_block(in_channels: int, out_channels: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(in_channels, out_channels, 3, padding=1), nn.BatchNorm2d(out_channels), nn.ReLU())
