"""A small U-Net that says which pixels belong to what a click or a box means.

Source: this project. U-Net after O. Ronneberger, P. Fischer, T. Brox, MICCAI 2015; planes of a prompt beside the
picture as in N. Xu et al., "Deep interactive object selection", CVPR 2016; blocks and sub-images of `residual_unet`.

One plane of the prompt is the answer of a classical search. The last layer starts at zero and its output is added to
the logit of that plane, so that training starts at the classical answer.
"""

from __future__ import annotations

from typing import cast

import torch
from jaxtyping import Float
from torch import Tensor, nn

from retouch.nets.inpainting.residual_unet import ResidualBlock
from retouch.nets.layers.mirroring import pad_to_multiple
from retouch.nets.layers.shuffle import join_pixels, split_pixels

MULTIPLE = 16
_CHANNELS = 3 + 4
_LEAST = 0.02  # logits of the classical answer stay within 3.9


class PromptedUNet(nn.Module):
    """Logits from a picture and the planes of a prompt.

    Parameters
    ----------
    widths, n_blocks : tuple of int
        Channels and residual blocks at 1/2, 1/4, 1/8, 1/16 of the side; the decoder has as many blocks as the encoder.
    generator : torch.Generator, optional
        For the initial weights (normal, unit gain); last layers start at zero.
    """

    def __init__(
        self,
        widths: tuple[int, ...] = (24, 48, 80, 112),
        n_blocks: tuple[int, ...] = (1, 1, 2, 2),
        *,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        levels = range(len(widths) - 1)
        self.head = nn.Conv2d(4 * _CHANNELS, widths[0], 3, padding=1)
        self.encoder = nn.ModuleList(_blocks(widths[i], n_blocks[i]) for i in levels)
        self.down = nn.ModuleList(nn.Conv2d(widths[i], widths[i + 1], 2, stride=2) for i in levels)
        self.middle = _blocks(widths[-1], n_blocks[-1])
        self.up = nn.ModuleList(nn.ConvTranspose2d(widths[i + 1], widths[i], 2, stride=2) for i in levels)
        self.decoder = nn.ModuleList(_blocks(widths[i], n_blocks[i]) for i in levels)
        self.tail = nn.Conv2d(widths[0], 4, 3, padding=1)
        _initialise(self, generator)

    def forward(self, picture: Float[Tensor, "N 3 H W"], prompt: Float[Tensor, "N 4 H W"]) -> Float[Tensor, "N 1 H W"]:
        """Return logits, above 0 inside.

        Parameters
        ----------
        picture : (N, 3, H, W) float32, range [0, 1]
            RGB of any size.
        prompt : (N, 4, H, W) float32, range [0, 1]
            Of `retouch.masks.selecting.prompting`.
        """
        height, width = picture.shape[-2:]
        known = prompt[:, :1].clamp(_LEAST, 1 - _LEAST)
        logits = known.log() - (1 - known).log()
        x = self.head(split_pixels(pad_to_multiple(2 * torch.cat([picture, prompt], dim=1) - 1, MULTIPLE), 2))
        skips = []
        for blocks, down in zip(self.encoder, self.down, strict=True):
            x = blocks(x)
            skips.append(x)
            x = down(x)
        x = self.middle(x)
        for level in reversed(range(len(skips))):
            x = self.decoder[level](skips[level] + self.up[level](x))
        return logits + join_pixels(self.tail(x), 2)[..., :height, :width]


def prompted_unet_full(*, generator: torch.Generator | None = None) -> PromptedUNet:
    """Build the size of the default weights."""
    return PromptedUNet(generator=generator)


def prompted_unet_tiny(*, generator: torch.Generator | None = None) -> PromptedUNet:
    """Build a reduced variant for tests and experiments."""
    return PromptedUNet((8, 16, 16, 24), (1, 1, 1, 1), generator=generator)


def _blocks(width: int, n: int) -> nn.Sequential:
    return nn.Sequential(*[ResidualBlock(width) for _ in range(n)])


def _initialise(net: PromptedUNet, generator: torch.Generator | None) -> None:
    for module in net.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
            taps = 1 if isinstance(module, nn.ConvTranspose2d) else module.kernel_size[0] * module.kernel_size[1]
            nn.init.normal_(module.weight, std=float((module.in_channels * taps) ** -0.5), generator=generator)
            nn.init.zeros_(cast("Tensor", module.bias))
    nn.init.zeros_(net.tail.weight)
    for module in net.modules():
        if isinstance(module, ResidualBlock):
            nn.init.zeros_(module.last.weight)
