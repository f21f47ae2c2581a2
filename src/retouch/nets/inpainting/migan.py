"""MI-GAN: a small generator of separable convolutions for mobile devices.

Source: A. Sargsyan, S. Navasardyan, X. Xu, H. Shi, "MI-GAN: a simple baseline for image inpainting on mobile devices",
ICCV 2023, section 3.1, Fig. 2, in its form for inference (branches merged). Departures: doubling is one transposed
convolution instead of inserting zeros and filtering, which is the same sum; `MIGAN` mirrors smaller pictures up to the
fixed size of the net.

Levels are named after their side: b512, b256, ..., b4; channels are `channels_base` / side, at most `channels_most`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from retouch.errors import InputError
from retouch.nets.layers.mirroring import pad_to_multiple

_SMALLEST = 4
_CLAMP = 256
_IN_CHANNELS = 4
_OUT_CHANNELS = 3


@dataclass(frozen=True)
class Pyramid:
    """The sides and channels of a net; the defaults are the published ones for 512 pixels."""

    resolution: int = 512
    channels_base: int = 32768
    channels_most: int = 512

    def __post_init__(self) -> None:
        if self.resolution < 2 * _SMALLEST or self.resolution & (self.resolution - 1):
            raise InputError(f"resolution must be a power of two of at least 8, got {self.resolution}")

    @property
    def sides(self) -> list[int]:
        """Return the sides from the largest to the smallest, which is 4."""
        return [self.resolution >> level for level in range(int(math.log2(self.resolution)) - 1)]

    def channels(self, side: int) -> int:
        """Return the channels of the level with that side."""
        return min(self.channels_base // side, self.channels_most)


class MIGAN(nn.Module):
    """The door to the generator: pictures in [0, 1] up to its resolution, the hole never read.

    Parameters
    ----------
    generator : MIGANGenerator
    """

    def __init__(self, generator: MIGANGenerator) -> None:
        super().__init__()
        self.generator = generator

    def forward(self, image: Float[Tensor, "N C H W"], mask: Float[Tensor, "N 1 H W"]) -> Float[Tensor, "N C H W"]:
        """Return the whole picture as the generator sees it, not yet composed with the known pixels.

        Parameters
        ----------
        image : (N, 3, H, W), RGB in [0, 1]
            Values under the mask are not read. Sides of at most the resolution of the net, to which they are mirrored.
        mask : (N, 1, H, W), 0 or 1
            1 where a pixel is missing.

        Returns
        -------
        (N, 3, H, W), RGB, about [0, 1], not clipped

        Raises
        ------
        InputError
            If a side is above the resolution.
        """
        resolution, (height, width) = self.generator.resolution, image.shape[2:]
        if max(height, width) > resolution:
            raise InputError(
                f"this net takes pictures up to {resolution} pixels a side, got {height}x{width}; scale it"
            )
        signed = (2 * image - 1).masked_fill(mask > 0, 0)  # [-1, 1], 0 in the hole
        x = torch.cat([0.5 - mask, signed], dim=1)  # (N, 4, H, W); +1/2 known, -1/2 missing
        out: Tensor = (self.generator(pad_to_multiple(x, resolution)) + 1) / 2
        return out[..., :height, :width]


class MIGANGenerator(nn.Module):
    """The body that the authors' weights belong to.

    Takes (N, 4, R, R): the mask as +1/2 for known and -1/2 for missing pixels, then RGB in [-1, 1] with 0 in the hole.
    Gives (N, 3, R, R), RGB, about [-1, 1].

    Parameters
    ----------
    pyramid : Pyramid
    generator : torch.Generator, optional
        Of the fixed noise.
    """

    def __init__(self, pyramid: Pyramid, generator: torch.Generator | None = None) -> None:
        super().__init__()
        self.resolution = pyramid.resolution
        self.encoder = nn.ModuleDict({f"b{side}": _encoder_level(pyramid, side) for side in pyramid.sides})
        self.synthesis = nn.ModuleDict(
            {f"b{side}": _synthesis_level(pyramid, side, generator) for side in reversed(pyramid.sides)}
        )

    def forward(self, x: Float[Tensor, "N 4 R R"]) -> Float[Tensor, "N 3 R R"]:
        """Return the picture."""
        kept: dict[str, Tensor] = {}
        for name, level in self.encoder.items():
            kept[name], x = level(x)  # (N, C, s, s), (N, D, s/2, s/2); at the last level of equal size
        image = x.new_zeros(len(x), _OUT_CHANNELS, _SMALLEST // 2, _SMALLEST // 2)  # below the smallest level: nothing
        for name, level in self.synthesis.items():
            x, image = level(x, kept[name], image)  # (N, C, s, s), (N, 3, s, s)
        return image

    @staticmethod
    def convert_official(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Leave out the patterns of inserted zeros, and name the blur kernels for what they are."""
        return {
            key.replace(".filter.weight", ".kernel"): value
            for key, value in state.items()
            if not key.endswith(".filter_const")
        }


class Downsample(nn.Module):
    """Halving under the window 1, 3, 3, 1 in both directions."""

    kernel: Tensor

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.register_buffer("kernel", _blur_kernel(channels))

    def forward(self, x: Float[Tensor, "N C H W"]) -> Float[Tensor, "N C H/2 W/2"]:
        """Return half as many rows and columns."""
        return functional.conv2d(x, self.kernel, stride=2, padding=1, groups=x.shape[1])


class Upsample(nn.Module):
    """Doubling under the same window, of gain 4 for the zeros in between."""

    kernel: Tensor

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.register_buffer("kernel", 4 * _blur_kernel(channels))

    def forward(self, x: Float[Tensor, "N C H W"]) -> Float[Tensor, "N C H*2 W*2"]:
        """Return twice as many rows and columns."""
        return functional.conv_transpose2d(x, self.kernel.flip(2, 3), stride=2, padding=1, groups=x.shape[1])


def _blur_kernel(channels: int) -> Float[Tensor, "C 1 4 4"]:
    row = torch.tensor([1.0, 3.0, 3.0, 1.0]) / 8
    return torch.outer(row, row).repeat(channels, 1, 1, 1)


class SeparableConv(nn.Module):
    """A convolution within each channel, an activation, a mixing of channels, perhaps noise, an activation.

    Parameters
    ----------
    in_channels, out_channels : int
    downsample : nn.Module, optional
        Before the mixing.
    upsample : nn.Module, optional
        After the mixing.
    noise : (R, R), optional
        Fixed; its strength is learned and starts at 0.
    """

    noise_const: Tensor

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        *,
        downsample: nn.Module | None = None,
        upsample: nn.Module | None = None,
        noise: Tensor | None = None,
    ) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, in_channels, 3, padding=1, groups=in_channels)
        self.conv2 = nn.Conv2d(in_channels, out_channels, 1, bias=False)
        self.downsample = downsample
        self.upsample = upsample
        self.noise_strength = None if noise is None else nn.Parameter(torch.zeros(()))
        if noise is not None:
            self.register_buffer("noise_const", noise)

    def forward(self, x: Float[Tensor, "N C H W"]) -> Float[Tensor, "N D h w"]:
        """Return the activation; any range within +-256."""
        x = _activate(self.conv1(x))
        if self.downsample is not None:
            x = self.downsample(x)
        x = self.conv2(x)
        if self.upsample is not None:
            x = self.upsample(x)
        if self.noise_strength is not None:
            x = x + self.noise_strength * self.noise_const
        return _activate(x)


def _activate(x: Float[Tensor, "N C H W"]) -> Float[Tensor, "N C H W"]:
    """Return a leaky ReLU that keeps the variance, clamped."""
    return (functional.leaky_relu(x, 0.2) * math.sqrt(2)).clamp(-_CLAMP, _CLAMP)


class EncoderLevel(nn.Module):
    """What a level keeps for the synthesis, and what it hands to the next smaller one.

    Parameters
    ----------
    conv1, conv2 : SeparableConv
    fromrgb : nn.Conv2d, optional
        Of the first level, with an activation.
    """

    def __init__(self, conv1: SeparableConv, conv2: SeparableConv, fromrgb: nn.Conv2d | None = None) -> None:
        super().__init__()
        self.fromrgb = fromrgb
        self.conv1 = conv1
        self.conv2 = conv2

    def forward(self, x: Float[Tensor, "N C s s"]) -> tuple[Float[Tensor, "N D s s"], Float[Tensor, "N E t t"]]:
        """Return the maps to be kept and those to be handed on."""
        if self.fromrgb is not None:
            x = _activate(self.fromrgb(x))
        kept: Tensor = self.conv1(x)
        return kept, self.conv2(kept)


class SynthesisLevel(nn.Module):
    """A level on the way up, whose picture is added to the doubled one of the level below.

    Parameters
    ----------
    conv1, conv2 : SeparableConv
    torgb : nn.Conv2d
    upsample : nn.Module, optional
        Of the picture; none at the smallest level.
    """

    def __init__(
        self, conv1: SeparableConv, conv2: SeparableConv, torgb: nn.Conv2d, upsample: nn.Module | None = None
    ) -> None:
        super().__init__()
        self.conv1 = conv1
        self.conv2 = conv2
        self.torgb = torgb
        self.upsample = upsample

    def forward(
        self, x: Float[Tensor, "N C t t"], kept: Float[Tensor, "N D s s"], image: Float[Tensor, "N 3 _ _"]
    ) -> tuple[Float[Tensor, "N D s s"], Float[Tensor, "N 3 s s"]]:
        """Return the maps and the picture at this level."""
        x = self.conv2(self.conv1(x) + kept)
        rgb: Tensor = self.torgb(x)
        return x, rgb if self.upsample is None else self.upsample(image) + rgb


def _encoder_level(pyramid: Pyramid, side: int) -> EncoderLevel:
    channels, last = pyramid.channels(side), side == _SMALLEST
    handed_on = channels if last else pyramid.channels(side // 2)
    return EncoderLevel(
        SeparableConv(channels, channels),
        SeparableConv(channels, handed_on, downsample=None if last else Downsample(channels)),
        nn.Conv2d(_IN_CHANNELS, channels, 1) if side == pyramid.resolution else None,
    )


def _synthesis_level(pyramid: Pyramid, side: int, generator: torch.Generator | None) -> SynthesisLevel:
    channels = pyramid.channels(side)
    torgb = nn.Conv2d(channels, _OUT_CHANNELS, 1)
    if side == _SMALLEST:
        return SynthesisLevel(SeparableConv(channels, channels), SeparableConv(channels, channels), torgb)
    noise1, noise2 = torch.randn(2, side, side, generator=generator).unbind()
    return SynthesisLevel(
        SeparableConv(pyramid.channels(side // 2), channels, upsample=Upsample(channels), noise=noise1),
        SeparableConv(channels, channels, noise=noise2),
        torgb,
        Upsample(_OUT_CHANNELS),
    )


def migan_full(generator: torch.Generator | None = None) -> MIGAN:
    """Return the published net for 512 pixels, 5,893,158 parameters."""
    return MIGAN(MIGANGenerator(Pyramid(), generator))


def migan_tiny(generator: torch.Generator | None = None) -> MIGAN:
    """Return a net for 64 pixels with 32 to 128 channels."""
    return MIGAN(MIGANGenerator(Pyramid(64, 2048, 128), generator))
