"""L2-GAN: one corner block of a picture is predicted from what surrounds it; first by l2 alone, then adversarially.

Source: the "L2-GAN" of the survey's seed paper, a context encoder (D. Pathak et al., CVPR 2016) for one fixed corner,
beside the self-tuned net of `retouch.nets.encoder_decoders.self_tuned`, whose stages it takes.

Departures
----------
- The paper's pictures have 350 pixels a side, which six halvings do not divide, and it does not say what the encoder
  sees: here it is the square of twice the block's side in the same corner, as in Pathak's ratio of context to block.
  Pictures of any larger size can so be given.
- The critic is DCGAN's with one more stage, `BlockCritic` of `retouch.nets.encoder_decoders.context_encoder`.

window 256 px, 3 64 64 128 256 512 512, 4 / 2 each   256 -> 4
channel-wise layer 4 x 4 -> 4 x 4, conv 1 / 1, batch norm, ReLU
512 256 128 64 64 3, 4 / 2 each                       4 -> 128, the block
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeAlias, get_args

import torch
from jaxtyping import Float
from torch import Tensor, nn

from retouch.errors import InputError, unknown_name
from retouch.nets.encoder_decoders.context_encoder import BlockCritic
from retouch.nets.encoder_decoders.self_tuned import mixing_middle
from retouch.nets.encoder_decoders.stages import decoder_stages, encoder_stages, fill_hole, initialise_dcgan

Corner: TypeAlias = Literal["top-left", "top-right", "bottom-left", "bottom-right"]


class L2GAN(nn.Module):
    """Encoder and decoder of a block in one corner.

    Parameters
    ----------
    encoder, middle, decoder : nn.Module
        RGB in [-1, 1] of the window, to maps, to maps of the same size, to RGB in [-1, 1] of the block.
    block_side : int
        Height and width of the block; the window has twice of it.
    corner : {"top-left", "top-right", "bottom-left", "bottom-right"}
        The one that the net was trained for.

    Raises
    ------
    InputError
        If there is no such corner.
    """

    def __init__(self, encoder: nn.Module, middle: nn.Module, decoder: nn.Module, block_side: int, corner: str) -> None:
        super().__init__()
        if corner not in get_args(Corner):
            raise InputError(unknown_name("corner", corner, get_args(Corner)))
        self.encoder = encoder
        self.middle = middle
        self.decoder = decoder
        self.block_side = block_side
        self.corner = corner

    def forward(self, image: Float[Tensor, "N 3 H W"], mask: Float[Tensor, "N 1 H W"]) -> Float[Tensor, "N 3 H W"]:
        """Return the picture with what the net predicts in the hole.

        Parameters
        ----------
        image : (N, 3, H, W) float32, range [0, 1]
            RGB; at least twice the block's side, values under the mask are not read.
        mask : (N, 1, H, W) float32
            1 where a pixel is missing, else 0; all of them in the block of the net's corner.

        Returns
        -------
        (N, 3, H, W) float32, range [0, 1]
            The picture itself outside the block.

        Raises
        ------
        InputError
            If the picture is too small, or pixels are missing outside the block.
        """
        block = self.block_of(mask)
        if not torch.compiler.is_exporting() and mask.sum() != mask[block].sum():
            raise InputError(
                f"this net fills the {self.corner} block of {self.block_side} x {self.block_side} pixels only, and the "
                "mask has missing pixels outside; take the net of that corner or one for holes anywhere"
            )
        result = image.clone()
        result[block] = image[block].where(mask[block] == 0, self.predict_block(image, mask))
        return result

    def predict_block(
        self, image: Float[Tensor, "N 3 H W"], mask: Float[Tensor, "N 1 H W"]
    ) -> Float[Tensor, "N 3 h w"]:
        """Return the block alone, (N, 3, block_side, block_side) in [0, 1]: what losses and the critic look at."""
        if min(image.shape[-2:]) < 2 * self.block_side:
            raise InputError(
                f"this net needs pictures of at least {2 * self.block_side} x {2 * self.block_side} pixels, got "
                f"{image.shape[-2]} x {image.shape[-1]}"
            )
        window = self._corner_square(image, 2 * self.block_side)
        predicted: Tensor = self.decoder(self.middle(self.encoder(fill_hole(image[window], mask[window]))))
        return (predicted + 1) / 2

    def block_of(self, x: Float[Tensor, "N _ H W"]) -> tuple[slice, slice, slice, slice]:
        """Return the index of the block in a batch of pictures or masks."""
        return self._corner_square(x, self.block_side)

    def _corner_square(self, x: Tensor, side: int) -> tuple[slice, slice, slice, slice]:
        height, width = x.shape[-2:]
        rows = slice(0, side) if self.corner.startswith("top") else slice(height - side, height)
        columns = slice(0, side) if self.corner.endswith("left") else slice(width - side, width)
        return slice(None), slice(None), rows, columns


def l2gan(
    encoder_widths: Sequence[int],
    decoder_widths: Sequence[int],
    corner: Corner,
    generator: torch.Generator | None = None,
) -> L2GAN:
    """Return a net whose maps are 4 x 4 in the middle.

    Parameters
    ----------
    encoder_widths, decoder_widths : sequence of int
        Channels of the stages; the decoder doubles once less than the encoder halves.
    corner : {"top-left", "top-right", "bottom-left", "bottom-right"}
    generator : torch.Generator, optional
        For the initial weights.
    """
    smallest = 4
    net = L2GAN(
        encoder_stages(encoder_widths),
        mixing_middle(encoder_widths[-1], smallest, generator),
        decoder_stages(decoder_widths),
        smallest * 2 ** len(decoder_widths),
        corner,
    )
    initialise_dcgan(net, generator)
    return net


def l2gan_full(corner: Corner = "top-left", generator: torch.Generator | None = None) -> L2GAN:
    """Return the net of blocks of 128 px."""
    return l2gan((64, 64, 128, 256, 512, 512), (512, 256, 128, 64, 64), corner, generator)


def l2gan_tiny(corner: Corner = "top-left", generator: torch.Generator | None = None) -> L2GAN:
    """Return a net of blocks of 32 px in pictures of 64 px, a quarter as wide."""
    return l2gan((16, 32, 64, 128), (128, 64, 32), corner, generator)


def l2gan_critic_full(generator: torch.Generator | None = None) -> BlockCritic:
    """Return the critic of blocks of 128 px: DCGAN's with a further stage of 64 channels."""
    return BlockCritic((64, 64, 128, 256, 512), generator=generator)


def l2gan_critic_tiny(generator: torch.Generator | None = None) -> BlockCritic:
    """Return a critic of blocks of 32 px."""
    return BlockCritic((16, 32, 64), generator=generator)
