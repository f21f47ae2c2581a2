"""PConv: a U-Net of partial convolutions for holes of any shape.

Source: G. Liu, F. A. Reda, K. J. Shih, T.-C. Wang, A. Tao, B. Catanzaro: "Image Inpainting for Irregular Holes Using
Partial Convolutions", ECCV 2018, Sec. 3.2 and the table of the appendix. NVIDIA published the layer only; widths and
weights follow the port naoto0804/pytorch-inpainting-with-partial-conv. Losses stand in `retouch.losses.partial_conv`.

Departures
----------
- The port divides by sum(M) without the factor sum(1). The layer here has the factor (as NVIDIA's has), and
  `convert_official` divides the port's weights by the window, which gives the same function.

n levels: the encoder halves the map n times (kernels 7 5 5 3 ...); the decoder doubles it n times, takes the skip of
one level up each time, and ends with the picture itself as a skip.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from retouch.nets.layers.initial import initialise_convs
from retouch.nets.layers.mirroring import pad_to_multiple
from retouch.nets.layers.partial import PartialConv2d

MEAN = (0.485, 0.456, 0.406)
STD = (0.229, 0.224, 0.225)
"""Of ImageNet, RGB: the space in which the port works."""

_MOST = 8
"""Widths grow to eight times the first."""


class PartialBlock(nn.Module):
    """A partial convolution with its own mask for each channel, perhaps batch normalisation, perhaps an activation.

    Parameters
    ----------
    in_channels, out_channels : int
    kernel_size, stride : int
    normalised : bool
        With batch normalisation the convolution has no bias.
    activation : nn.Module
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int = 3,
        *,
        stride: int = 1,
        normalised: bool = True,
        bias: bool = False,
        activation: nn.Module,
    ) -> None:
        super().__init__()
        self.conv = PartialConv2d(
            in_channels,
            out_channels,
            kernel_size,
            stride=stride,
            padding=kernel_size // 2,
            bias=bias,
            multi_channel=True,
            return_mask=True,
        )
        self.norm = nn.BatchNorm2d(out_channels) if normalised else nn.Identity()
        self.activation = activation

    def forward(
        self, x: Float[Tensor, "N C H W"], known: Float[Tensor, "N C H W"]
    ) -> tuple[Float[Tensor, "N D H2 W2"], Float[Tensor, "N D H2 W2"]]:
        """Return the features and what is known of them (1 = known)."""
        x, known = self.conv(x, known)
        return self.activation(self.norm(x)), known


class PartialConvUNet(nn.Module):
    """The whole net.

    Parameters
    ----------
    levels : int
        7 for 256 px, 8 for 512 px.
    width : int
        Channels after the first convolution; 64 in the paper.
    in_channels : int
        Of the picture, and of the result.
    upsampling : str
        How features are doubled, a mode of `torch.nn.functional.interpolate`; masks are always doubled by "nearest".
    generator : torch.Generator, optional
        For the initial weights (He, normal).
    """

    def __init__(
        self,
        *,
        levels: int = 7,
        width: int = 64,
        in_channels: int = 3,
        upsampling: str = "nearest",
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        self.stride = 2**levels
        self.upsampling = upsampling
        self.encoder_norms_frozen = False
        widths = [in_channels] + [width * min(2**level, _MOST) for level in range(levels)]
        self.encoder = nn.ModuleList(_encoder_block(widths, level) for level in range(levels))
        self.decoder = nn.ModuleList(_decoder_block(widths, level) for level in reversed(range(levels)))
        initialise_convs(self, partial(nn.init.kaiming_normal_, generator=generator))

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
        (N, 3, H, W) float32
            About [0, 1]: the last layer has no activation, so values may lie a little outside.
        """
        height, width = image.shape[-2:]
        mean, std = (image.new_tensor(values)[:, None, None] for values in (MEAN, STD))
        known = (1 - mask).expand_as(image)
        normalised = ((image - mean) / std).where(known > 0, 0)
        painted, _ = self.paint(pad_to_multiple(normalised, self.stride), pad_to_multiple(known, self.stride))
        return (painted * std + mean)[:, :, :height, :width]

    def paint(
        self, x: Float[Tensor, "N C H W"], known: Float[Tensor, "N C H W"]
    ) -> tuple[Float[Tensor, "N C H W"], Float[Tensor, "N C H W"]]:
        """Return picture and mask as the port does: normalised by `MEAN` and `STD`, 1 = known, a mask for each channel.

        H and W must be multiples of `stride`.
        """
        skips = [(x, known)]
        for block in self.encoder:
            x, known = block(x, known)
            skips.append((x, known))
        skips.pop()
        for block in self.decoder:
            skip, skip_known = skips.pop()
            x = torch.cat([functional.interpolate(x, scale_factor=2, mode=self.upsampling), skip], dim=1)
            known = torch.cat([functional.interpolate(known, scale_factor=2, mode="nearest"), skip_known], dim=1)
            x, known = block(x, known)
        return x, known

    def freeze_encoder_norms(self, *, frozen: bool = True) -> None:
        """Keep the encoder's batch normalisation at its running statistics, as in the second half of training.

        In the first half the statistics see holes; Sec. 3.3 of the paper freezes them for fine-tuning.
        """
        self.encoder_norms_frozen = frozen
        self.train(self.training)

    def train(self, mode: bool = True) -> PartialConvUNet:
        """Set training mode, except for norms of the encoder that are frozen."""
        super().train(mode)
        if self.encoder_norms_frozen:
            for module in self.encoder.modules():
                if isinstance(module, nn.BatchNorm2d):
                    module.eval()
        return self

    @staticmethod
    def convert_official(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return the port's weights under our names, its convolutions divided by their window.

        The port's `mask_conv.weight`, all ones, is dropped.
        """
        levels = sum(bool(re.fullmatch(r"enc_\d+\.conv\.input_conv\.weight", key)) for key in state)
        converted = {}
        for key, value in state.items():
            if key.endswith("mask_conv.weight"):
                continue
            name = _our_name(key, levels)
            converted[name] = value / value[0].numel() if name.endswith("conv.weight") else value
        return converted


def partial_conv_unet_full(generator: torch.Generator | None = None) -> PartialConvUNet:
    """Return the net for 256 px: 7 levels, 25,779,796 parameters."""
    return PartialConvUNet(generator=generator)


def partial_conv_unet_512(generator: torch.Generator | None = None) -> PartialConvUNet:
    """Return the paper's net for 512 px: 8 levels, 32,859,732 parameters."""
    return PartialConvUNet(levels=8, generator=generator)


def partial_conv_unet_tiny(generator: torch.Generator | None = None) -> PartialConvUNet:
    """Return a net for 64 px: 5 levels of a quarter of the width."""
    return PartialConvUNet(levels=5, width=16, generator=generator)


def _encoder_block(widths: list[int], level: int) -> PartialBlock:
    kernel_size = (7, 5, 5)[level] if level < 3 else 3  # noqa: PLR2004 - the paper's table
    return PartialBlock(
        widths[level], widths[level + 1], kernel_size, stride=2, normalised=level > 0, activation=nn.ReLU()
    )


def _decoder_block(widths: list[int], level: int) -> PartialBlock:
    last = level == 0
    return PartialBlock(
        widths[level + 1] + widths[level],
        widths[level],
        normalised=not last,
        bias=last,
        activation=nn.Identity() if last else nn.LeakyReLU(0.2),
    )


def _our_name(key: str, levels: int) -> str:
    found = re.fullmatch(r"(enc|dec)_(\d+)\.(.+)", key)
    if not found:
        return key
    number, leaf = int(found[2]), found[3].replace("conv.input_conv.", "conv.").replace("bn.", "norm.")
    return f"encoder.{number - 1}.{leaf}" if found[1] == "enc" else f"decoder.{levels - number}.{leaf}"
