"""LaMa: a residual net of fast Fourier convolutions for large holes.

Source: R. Suvorov et al., "Resolution-robust large mask inpainting with Fourier convolutions", WACV 2022, sections
2.1 and 3, Fig. 2; the plain variant ("LaMa-Regular" there) is the generator of T.-C. Wang et al., "High-resolution
image synthesis and semantic manipulation with conditional GANs" (pix2pixHD), CVPR 2018. Departures: none in the
generators; `Lama` pads by mirroring to a multiple of 8 and to at least 16 pixels, below which reflection inside has no
answer.

Widths for `width` = 64: 64 -> 128 -> 256 -> 512 (a quarter local, three quarters global) -> blocks -> 256 -> 128 -> 64.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from retouch.errors import WeightsError
from retouch.nets.layers.fourier.fast_convolution import (
    FFC,
    FFCNormAct,
    FFCResidualBlock,
    Split,
    Window,
    ffc_residual_block,
)
from retouch.nets.layers.mirroring import pad_to_multiple

_MAX_WIDTH = 1024
_LEAST_SIDE_PX = 16


@dataclass(frozen=True)
class Shape:
    """Numbers of channels, samplings and blocks; the defaults are the published ones."""

    in_channels: int = 4
    out_channels: int = 3
    width: int = 64
    n_downsampling: int = 3
    n_blocks: int = 9

    @property
    def widths(self) -> list[int]:
        """Return the channels from the full size to the smallest."""
        return [min(_MAX_WIDTH, self.width * 2**level) for level in range(self.n_downsampling + 1)]


class Lama(nn.Module):
    """The door to a generator: any size, pictures in [0, 1], the hole never read.

    Parameters
    ----------
    generator : nn.Module
        `FourierGenerator` or `RegularGenerator`.
    multiple : int
        Sides are padded to multiples of this: 2 to the power of the number of samplings.
    """

    def __init__(self, generator: nn.Module, multiple: int = 8) -> None:
        super().__init__()
        self.generator = generator
        self.multiple = multiple

    def forward(self, image: Float[Tensor, "N C H W"], mask: Float[Tensor, "N 1 H W"]) -> Float[Tensor, "N C H W"]:
        """Return the whole picture as the generator sees it, not yet composed with the known pixels.

        Parameters
        ----------
        image : (N, 3, H, W), RGB in [0, 1]
            Values under the mask are not read.
        mask : (N, 1, H, W), 0 or 1
            1 where a pixel is missing.

        Returns
        -------
        (N, 3, H, W), RGB in [0, 1]
        """
        x = torch.cat([image.masked_fill(mask > 0, 0), mask], dim=1)  # (N, 4, H, W)
        out: Tensor = self.generator(pad_to_multiple(x, self.multiple, least=_LEAST_SIDE_PX))
        return out[..., : image.shape[2], : image.shape[3]]


class FourierGenerator(nn.Module):
    """Encoder, residual blocks and decoder with fast Fourier convolutions in the first two.

    Takes (N, 4, H, W): RGB in [0, 1] with 0 in the hole, then the mask with 1 in the hole. H and W must be multiples of
    2 to the power of the number of samplings. The range of the result is that of the decoder's last activation.

    Parameters
    ----------
    encoder : sequence of FFCNormAct
    blocks : sequence of FFCResidualBlock
    decoder : nn.Module
        Takes both shares of the channels put together.
    """

    def __init__(self, encoder: Sequence[FFCNormAct], blocks: Sequence[FFCResidualBlock], decoder: nn.Module) -> None:
        super().__init__()
        self.encoder = nn.ModuleList(encoder)
        self.blocks = nn.ModuleList(blocks)
        self.decoder = decoder

    def forward(self, x: Float[Tensor, "N C H W"]) -> Float[Tensor, "N D H W"]:
        """Return (N, 3, H, W)."""
        shares: tuple[Tensor | None, Tensor | None] = (x, None)
        for layer in (*self.encoder, *self.blocks):
            shares = layer(*shares)  # (N, L, H/8, W/8), (N, G, H/8, W/8) in the end
        out: Tensor = self.decoder(torch.cat([share for share in shares if share is not None], dim=1))
        return out

    @staticmethod
    def convert_official(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Rename `model.<n>`: a padding, the encoder, the blocks, a concatenation without weights, the decoder."""
        return _name_parts(state, marker="conv1", before=1, after=1)


class RegularGenerator(nn.Module):
    """The same outline with plain convolutions; ranges and sizes as for `FourierGenerator`.

    Parameters
    ----------
    encoder, blocks, decoder : nn.Module
    """

    def __init__(self, encoder: nn.Module, blocks: nn.Module, decoder: nn.Module) -> None:
        super().__init__()
        self.encoder = encoder
        self.blocks = blocks
        self.decoder = decoder

    def forward(self, x: Float[Tensor, "N C H W"]) -> Float[Tensor, "N D H W"]:
        """Return (N, 3, H, W)."""
        out: Tensor = self.decoder(self.blocks(self.encoder(x)))
        return out

    @staticmethod
    def convert_official(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Rename `model.<n>`: the encoder with its padding, the blocks, the decoder."""
        return _name_parts(state, marker="conv_block", before=0, after=0)


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions with batch normalisation and mirrored padding, a ReLU between them, and a shortcut."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv_block = nn.Sequential(
            *(nn.ReflectionPad2d(1), nn.Conv2d(channels, channels, 3), nn.BatchNorm2d(channels), nn.ReLU()),
            *(nn.ReflectionPad2d(1), nn.Conv2d(channels, channels, 3), nn.BatchNorm2d(channels)),
        )

    def forward(self, x: Float[Tensor, "N C H W"]) -> Float[Tensor, "N C H W"]:
        """Return maps of the same shape; any range."""
        out: Tensor = x + self.conv_block(x)
        return out


def fourier_generator(
    shape: Shape,
    *,
    block: Split,
    stem: Split | None = None,
    down: Split | None = None,
    activation: nn.Module | None = None,
) -> FourierGenerator:
    """Return a generator of fast Fourier convolutions.

    Parameters
    ----------
    shape : Shape
    block : Split
        Of the residual blocks; the last layer of the encoder ends in their shares.
    stem, down : Split, optional
        Of the first layer and of the others of the encoder; all channels local by default.
    activation : nn.Module, optional
        The last one; sigmoid by default.
    """
    stem, down, widths = stem or Split(), down or Split(), shape.widths
    encoder = [FFCNormAct(FFC(shape.in_channels, widths[0], stem, Window(kernel_size=7, padding=3)))]
    for level in range(shape.n_downsampling):
        last = level == shape.n_downsampling - 1
        split = Split(down.ratio_gin, block.ratio_gin if last else down.ratio_gout, down.enable_lfu)
        encoder.append(FFCNormAct(FFC(widths[level], widths[level + 1], split, Window(stride=2))))
    blocks = [ffc_residual_block(widths[-1], block, Window()) for _ in range(shape.n_blocks)]
    return FourierGenerator(encoder, blocks, _decoder(shape, activation or nn.Sigmoid()))


def regular_generator(shape: Shape, *, activation: nn.Module | None = None) -> RegularGenerator:
    """Return a generator of plain convolutions; the last activation is a sigmoid by default."""
    widths = shape.widths
    layers: list[nn.Module] = [nn.ReflectionPad2d(3), *_normed(nn.Conv2d(shape.in_channels, widths[0], 7))]
    for level in range(shape.n_downsampling):
        layers += _normed(nn.Conv2d(widths[level], widths[level + 1], 3, stride=2, padding=1))
    blocks = nn.Sequential(*(ResidualBlock(widths[-1]) for _ in range(shape.n_blocks)))
    return RegularGenerator(nn.Sequential(*layers), blocks, _decoder(shape, activation or nn.Sigmoid()))


def _decoder(shape: Shape, activation: nn.Module) -> nn.Sequential:
    """Return transposed convolutions up to the full size and the last 7x7 convolution."""
    widths, layers = shape.widths, list[nn.Module]()
    for level in reversed(range(shape.n_downsampling)):
        up = nn.ConvTranspose2d(widths[level + 1], widths[level], 3, stride=2, padding=1, output_padding=1)
        layers += _normed(up)
    return nn.Sequential(*layers, nn.ReflectionPad2d(3), nn.Conv2d(widths[0], shape.out_channels, 7), activation)


def _normed(conv: nn.Conv2d | nn.ConvTranspose2d) -> list[nn.Module]:
    return [conv, nn.BatchNorm2d(conv.out_channels), nn.ReLU()]


def _name_parts(state: Mapping[str, Tensor], *, marker: str, before: int, after: int) -> dict[str, Tensor]:
    """Turn the indices of one long sequence into those of its three parts.

    Blocks are recognised by the name of their first member; `before` layers precede the encoder's first, `after` stand
    between the last block and the decoder.
    """
    split = {key: (int(index), rest) for key in state for _, index, rest in [key.split(".", 2)]}
    blocks = [index for index, rest in split.values() if rest.startswith(marker)]
    if not blocks:
        raise WeightsError(f'these weights are not those of a LaMa generator: no key holds "{marker}"')
    first, last = min(blocks), max(blocks)
    renamed = {}
    for key, (index, rest) in split.items():
        if index < first:
            part, place = "encoder", index - before
        elif index <= last:
            part, place = "blocks", index - first
        else:
            part, place = "decoder", index - last - 1 - after
        renamed[f"{part}.{place}.{rest}"] = state[key]
    return renamed


def lama_full() -> Lama:
    """Return LaMa-Fourier, 27,048,835 parameters."""
    return Lama(fourier_generator(Shape(), block=Split(0.75, 0.75)))


def big_lama_full() -> Lama:
    """Return Big-LaMa, the same with 18 blocks, 50,975,875 parameters."""
    return Lama(fourier_generator(Shape(n_blocks=18), block=Split(0.75, 0.75)))


def lama_regular_full() -> Lama:
    """Return LaMa-Regular, plain convolutions only, 45,617,731 parameters."""
    return Lama(regular_generator(Shape()))


def lama_tiny() -> Lama:
    """Return LaMa-Fourier at a quarter of the width with 4 blocks, for 64 px."""
    return Lama(fourier_generator(Shape(width=16, n_blocks=4), block=Split(0.75, 0.75)))


def lama_regular_tiny() -> Lama:
    """Return LaMa-Regular at a quarter of the width with 2 blocks, for 64 px."""
    return Lama(regular_generator(Shape(width=16, n_blocks=2)))
