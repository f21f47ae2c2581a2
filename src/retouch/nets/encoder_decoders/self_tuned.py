"""Self-tuned encoder-decoder: square holes of any size and place, through a layer that mixes places but not channels.

Source: the "self-tuned encoder-decoder" of the survey's seed paper, which joins D. Pathak et al.: "Context Encoders",
CVPR 2016, Sec. 3.1 (channel-wise fully connected layer), with R. Gao, K. Grauman: "On-Demand Learning for Deep Image
Restoration", ICCV 2017, Sec. 3 and the authors' code (net for 64 px).

Departures
----------
- The paper names "six layers" of kernel 4 and stride 2 and no widths: those of the table below are ours.
- How many pictures of each level of holes a batch gets belongs to training, not to the net.

128 px                                              64 px, on-demand learning
3 64 64 128 256 512 512, 4 / 2 each   128 -> 2      3 64 128 256 512, batch norm in all   64 -> 4
channel-wise, 2 x 2 -> 2 x 2                        channel-wise, 4 x 4 -> 4 x 4, alone
conv 1 / 1, 512, batch norm, ReLU
512 512 256 128 64 64 3, 4 / 2 each   2 -> 128      512 256 128 64 3                      4 -> 64
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn

from retouch.errors import InputError
from retouch.nets.encoder_decoders.stages import (
    decoder_stages,
    encoder_stages,
    fill_hole,
    initialise_dcgan,
)

_WIDTHS = (64, 64, 128, 256, 512, 512)
_DECODER_WIDTHS = (512, 512, 256, 128, 64, 64)
_ODL_WIDTHS = (64, 128, 256, 512)
_ODL_DECODER_WIDTHS = (512, 256, 128, 64)


class ChannelWiseLinear(nn.Module):
    """In each channel a fully connected layer from all places to all places; channels do not see one another.

    It has n_channels * side ** 4 weights, where a full layer would have n_channels times as many.

    Parameters
    ----------
    n_channels : int
    side : int
        Height and width of the maps.
    generator : torch.Generator, optional
        For the initial weights, uniform in 1 / side to both sides, as torch's Linear; biases too.
    """

    def __init__(self, n_channels: int, side: int, *, generator: torch.Generator | None = None) -> None:
        super().__init__()
        n_places = side**2
        self.weight = nn.Parameter(torch.empty(n_channels, n_places, n_places))
        self.bias = nn.Parameter(torch.empty(n_channels, n_places))
        for parameter in (self.weight, self.bias):
            nn.init.uniform_(parameter, -1 / side, 1 / side, generator=generator)

    def forward(self, x: Float[Tensor, "N C H W"]) -> Float[Tensor, "N C H W"]:
        """Return maps of the same size."""
        mixed = torch.einsum("ncp,cqp->ncq", x.flatten(2), self.weight) + self.bias  # (N, C, H * W)
        return mixed.view_as(x)


class SelfTunedEncoderDecoder(nn.Module):
    """Encoder, channel-wise layer and decoder, for pictures of one size.

    Parameters
    ----------
    encoder : nn.Module
        RGB in [-1, 1] to small maps.
    middle : nn.Module
        Maps to maps of the same size.
    decoder : nn.Module
        Maps to RGB in [-1, 1], as large as the picture.
    side : int
        Height and width of the pictures.
    """

    def __init__(self, encoder: nn.Module, middle: nn.Module, decoder: nn.Module, side: int) -> None:
        super().__init__()
        self.encoder = encoder
        self.middle = middle
        self.decoder = decoder
        self.side = side

    def forward(self, image: Float[Tensor, "N 3 H W"], mask: Float[Tensor, "N 1 H W"]) -> Float[Tensor, "N 3 H W"]:
        """Return the picture with what the net predicts in the hole.

        Parameters
        ----------
        image : (N, 3, side, side) float32, range [0, 1]
            RGB; values under the mask are not read.
        mask : (N, 1, side, side) float32
            1 where a pixel is missing, else 0.

        Returns
        -------
        (N, 3, side, side) float32, range [0, 1]

        Raises
        ------
        InputError
            If the picture has another size.
        """
        return image.where(mask == 0, self.paint(image, mask))

    def paint(self, image: Float[Tensor, "N 3 H W"], mask: Float[Tensor, "N 1 H W"]) -> Float[Tensor, "N 3 H W"]:
        """Return the whole picture as the net predicts it, in [0, 1]: what the l2 loss compares in all pixels."""
        if image.shape[-2:] != (self.side, self.side):
            raise InputError(
                f"this net takes pictures of {self.side} x {self.side} pixels, got "
                f"{image.shape[-2]} x {image.shape[-1]}; crop or resize the picture"
            )
        predicted: Tensor = self.decoder(self.middle(self.encoder(fill_hole(image, mask))))
        return (predicted + 1) / 2


def mixing_middle(n_channels: int, side: int, generator: torch.Generator | None = None) -> nn.Sequential:
    """Return the channel-wise layer and a convolution of 1 x 1 that joins the channels again."""
    return nn.Sequential(
        ChannelWiseLinear(n_channels, side, generator=generator),
        nn.Conv2d(n_channels, n_channels, 1),
        nn.BatchNorm2d(n_channels),
        nn.ReLU(),
    )


def self_tuned(
    encoder_widths: Sequence[int] = _WIDTHS,
    decoder_widths: Sequence[int] = _DECODER_WIDTHS,
    *,
    side: int = 128,
    generator: torch.Generator | None = None,
) -> SelfTunedEncoderDecoder:
    """Return a net of this form.

    Parameters
    ----------
    encoder_widths : sequence of int
        Channels of the stages that halve.
    decoder_widths : sequence of int
        As many: channels of the maps that are doubled, the first being the encoder's last.
    side : int
        Height and width of the pictures; divisible by 2 ** len(encoder_widths).
    generator : torch.Generator, optional
        For the initial weights.
    """
    smallest = side // 2 ** len(encoder_widths)
    net = SelfTunedEncoderDecoder(
        encoder_stages(encoder_widths),
        mixing_middle(encoder_widths[-1], smallest, generator),
        decoder_stages(decoder_widths),
        side,
    )
    initialise_dcgan(net, generator)
    return net


def self_tuned_full(generator: torch.Generator | None = None) -> SelfTunedEncoderDecoder:
    """Return the net for 128 px."""
    return self_tuned(generator=generator)


def self_tuned_tiny(generator: torch.Generator | None = None) -> SelfTunedEncoderDecoder:
    """Return a net for 64 px, a quarter as wide."""
    return self_tuned((16, 16, 32, 64, 128), (128, 64, 32, 16, 16), side=64, generator=generator)


def on_demand_full(generator: torch.Generator | None = None) -> SelfTunedEncoderDecoder:
    """Return the net of On-Demand Learning for 64 px: the middle is channel-wise alone, all stages are normalised."""
    return _on_demand(_ODL_WIDTHS, _ODL_DECODER_WIDTHS, generator)


def on_demand_tiny(generator: torch.Generator | None = None) -> SelfTunedEncoderDecoder:
    """Return the net of On-Demand Learning for 64 px, a quarter as wide."""
    return _on_demand((16, 32, 64, 128), (128, 64, 32, 16), generator)


def _on_demand(
    encoder_widths: Sequence[int], decoder_widths: Sequence[int], generator: torch.Generator | None
) -> SelfTunedEncoderDecoder:
    side = 64
    net = SelfTunedEncoderDecoder(
        encoder_stages(encoder_widths, first_norm=True),
        ChannelWiseLinear(encoder_widths[-1], side // 2 ** len(encoder_widths), generator=generator),
        decoder_stages(decoder_widths),
        side,
    )
    initialise_dcgan(net, generator)
    return net
