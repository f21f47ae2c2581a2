"""Context Encoder: the middle of a picture is predicted from what surrounds it, through a bottleneck of few numbers.

Source: D. Pathak, P. Krahenbuhl, J. Donahue, T. Darrell, A. Efros: "Context Encoders: Feature Learning by Inpainting",
CVPR 2016, Sec. 3-4 and Fig. 9; bottleneck and widths as in the authors' code. The form with
channel-wise weights stands in `retouch.nets.encoder_decoders.self_tuned`.

Departures
----------
- The critic gives scores; its sigmoid belongs to the loss (`retouch.losses.adversarial.nonsaturating_loss`).
- A net for whole pictures takes any size: the picture is mirrored to a multiple of its stride.

                      side        centre, 128 px
3 -> 64 -> 64 -> 128 -> 256 -> 512, 4 / 2 each    128 -> 4     no batch norm in the first
conv 4, no padding    4 -> 1      n_bottleneck (4000)
deconv 4, no padding  1 -> 4      512
512 -> 256 -> 128 -> 64 -> 3, 4 / 2 each          4 -> 64      one more of 64 for the whole picture
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
from retouch.nets.layers.mirroring import pad_to_multiple

_WIDTHS = (64, 64, 128, 256, 512)
_DECODER_WIDTHS = (512, 256, 128, 64)
_CRITIC_WIDTHS = (64, 128, 256, 512)
_BOTTLENECK_SIDE = 4


class BottleneckNet(nn.Module):
    """Encoder, bottleneck and decoder; what it gives may be smaller than what it takes.

    Parameters
    ----------
    encoder_widths : sequence of int
        Channels of the stages that halve.
    decoder_widths : sequence of int
        Channels after the bottleneck and between the stages that double; a last one leads to RGB.
    n_bottleneck : int
        Channels where a picture of the smallest side is 1 x 1.
    generator : torch.Generator, optional
        For the initial weights, N(0, 0.02).

    Attributes
    ----------
    stride : int
        Height and width must be multiples of it.
    smallest : int
        The least height and width, at which the bottleneck is 1 x 1. In training a batch of this size needs two
        pictures, since batch normalisation has nothing to average over otherwise.
    """

    def __init__(
        self,
        encoder_widths: Sequence[int] = _WIDTHS,
        decoder_widths: Sequence[int] = _DECODER_WIDTHS,
        n_bottleneck: int = 4000,
        *,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        self.stride = 2 ** len(encoder_widths)
        self.smallest = _BOTTLENECK_SIDE * self.stride
        self.encoder = encoder_stages(encoder_widths)
        self.squeeze = nn.Sequential(
            nn.Conv2d(encoder_widths[-1], n_bottleneck, _BOTTLENECK_SIDE),
            nn.BatchNorm2d(n_bottleneck),
            nn.LeakyReLU(0.2),
        )
        self.spread = nn.Sequential(
            nn.ConvTranspose2d(n_bottleneck, decoder_widths[0], _BOTTLENECK_SIDE),
            nn.BatchNorm2d(decoder_widths[0]),
            nn.ReLU(),
        )
        self.decoder = decoder_stages(decoder_widths)
        initialise_dcgan(self, generator)

    def forward(self, x: Float[Tensor, "N 3 H W"]) -> Float[Tensor, "N 3 h w"]:
        """Return RGB in [-1, 1]; `x` too is RGB in [-1, 1], with a colour of choice in the hole."""
        code = self.squeeze(self.encoder(x))  # (N, n_bottleneck, H / stride - 3, W / stride - 3)
        predicted: Tensor = self.decoder(self.spread(code))
        return predicted


class CentreInpainter(nn.Module):
    """A net that predicts the block in the middle of pictures of one size.

    Parameters
    ----------
    net : BottleneckNet
        Its decoder doubles once less than its encoder halves, so that the block has half of the side.

    Attributes
    ----------
    side : int
        Height and width of the pictures; the block is the square of half of it in the middle.
    """

    def __init__(self, net: BottleneckNet) -> None:
        super().__init__()
        self.net = net
        self.side = net.smallest

    def forward(self, image: Float[Tensor, "N 3 H W"], mask: Float[Tensor, "N 1 H W"]) -> Float[Tensor, "N 3 H W"]:
        """Return the picture with the predicted block in its middle.

        Parameters
        ----------
        image : (N, 3, side, side) float32, range [0, 1]
            RGB; values under the mask are not read.
        mask : (N, 1, side, side) float32
            1 where a pixel is missing, else 0; all of them inside the block. The published weights expect all of the
            block but a rim of four pixels, which is predicted too and weighs ten times as much in the loss.

        Returns
        -------
        (N, 3, side, side) float32, range [0, 1]
            Outside the block the picture itself.

        Raises
        ------
        InputError
            If the picture has another size, or misses pixels outside the block.
        """
        block = slice(self.side // 4, self.side - self.side // 4)
        result = image.clone()
        result[:, :, block, block] = self.predict_block(image, mask)
        return result

    def predict_block(
        self, image: Float[Tensor, "N 3 H W"], mask: Float[Tensor, "N 1 H W"]
    ) -> Float[Tensor, "N 3 h w"]:
        """Return the block alone, (N, 3, side / 2, side / 2) in [0, 1]: what losses and the critic look at."""
        if image.shape[-2:] != (self.side, self.side):
            raise InputError(
                f"this net fills the middle of pictures of {self.side} x {self.side} pixels, got "
                f"{image.shape[-2]} x {image.shape[-1]}; resize the picture"
            )
        quarter = self.side // 4
        if not torch.compiler.is_exporting() and mask.sum() != mask[:, :, quarter:-quarter, quarter:-quarter].sum():
            raise InputError(
                f"this net fills rows and columns {quarter} to {self.side - quarter - 1} only, and the mask has "
                "missing pixels outside; use a net for whole pictures"
            )
        predicted: Tensor = self.net(fill_hole(image, mask))  # (N, 3, side / 2, side / 2)
        return (predicted + 1) / 2


class RandomRegionInpainter(nn.Module):
    """A net that predicts whole pictures with holes anywhere.

    Parameters
    ----------
    net : BottleneckNet
        Its decoder doubles as often as its encoder halves.
    """

    def __init__(self, net: BottleneckNet) -> None:
        super().__init__()
        self.net = net

    def forward(self, image: Float[Tensor, "N 3 H W"], mask: Float[Tensor, "N 1 H W"]) -> Float[Tensor, "N 3 H W"]:
        """Return the whole picture as the net predicts it, also where it is known.

        Parameters
        ----------
        image : (N, 3, H, W) float32, range [0, 1]
            RGB of any size; values under the mask are not read.
        mask : (N, 1, H, W) float32
            1 where a pixel is missing, else 0.

        Returns
        -------
        (N, 3, H, W) float32, range [0, 1]
        """
        height, width = image.shape[-2:]
        x = pad_to_multiple(fill_hole(image, mask), self.net.stride, least=self.net.smallest)
        predicted: Tensor = self.net(x)
        return (predicted[:, :, :height, :width] + 1) / 2


class BlockCritic(nn.Module):
    """DCGAN's critic of square blocks; it does not see the surroundings.

    Parameters
    ----------
    widths : sequence of int
        Channels of the stages that halve; with four of them blocks have 64 pixels a side.
    generator : torch.Generator, optional
        For the initial weights, N(0, 0.02).
    """

    def __init__(self, widths: Sequence[int] = _CRITIC_WIDTHS, *, generator: torch.Generator | None = None) -> None:
        super().__init__()
        self.stages = encoder_stages(widths)
        self.head = nn.Conv2d(widths[-1], 1, _BOTTLENECK_SIDE)
        initialise_dcgan(self, generator)

    def forward(self, x: Float[Tensor, "N 3 H W"]) -> Float[Tensor, " N"]:
        """Return one score for each block, RGB in [-1, 1] of the side 4 * 2 ** len(widths)."""
        scores: Tensor = self.head(self.stages(x))  # (N, 1, 1, 1)
        return scores.flatten()


def context_encoder_centre_full(n_bottleneck: int = 4000, generator: torch.Generator | None = None) -> CentreInpainter:
    """Return the published net for 128 px: 71,130,531 parameters, or 7,221,231 with a bottleneck of 100."""
    return CentreInpainter(BottleneckNet(n_bottleneck=n_bottleneck, generator=generator))


def context_encoder_full(n_bottleneck: int = 4000, generator: torch.Generator | None = None) -> RandomRegionInpainter:
    """Return the published net for holes anywhere: 71,196,259 parameters."""
    decoder_widths = (*_DECODER_WIDTHS, 64)
    return RandomRegionInpainter(BottleneckNet(_WIDTHS, decoder_widths, n_bottleneck, generator=generator))


def context_encoder_centre_tiny(generator: torch.Generator | None = None) -> CentreInpainter:
    """Return a net for the middle of 64 px, a quarter as wide."""
    return CentreInpainter(BottleneckNet((16, 32, 64, 128), (128, 64, 32), 128, generator=generator))


def context_encoder_tiny(generator: torch.Generator | None = None) -> RandomRegionInpainter:
    """Return a net for holes anywhere in 64 px, a quarter as wide."""
    return RandomRegionInpainter(BottleneckNet((16, 32, 64, 128), (128, 64, 32, 16), 128, generator=generator))


def context_encoder_critic_full(generator: torch.Generator | None = None) -> BlockCritic:
    """Return the published critic of blocks of 64 px: 2,766,529 parameters."""
    return BlockCritic(generator=generator)


def context_encoder_critic_tiny(generator: torch.Generator | None = None) -> BlockCritic:
    """Return a critic of blocks of 32 px."""
    return BlockCritic((16, 32, 64), generator=generator)
