"""MEDFE: structure and texture are filled on their own, made equal, and given back to every level of a U-Net.

Source: H. Liu, B. Jiang, Y. Song, W. Huang, C. Yang: "Rethinking Image Inpainting via a Mutual Encoder-Decoder with
Feature Equalizations", ECCV 2020, Sec. 3.

Departures
----------
- As in the authors' code the partial convolutions see no holes: its threshold on the shrunk mask can never be passed.
  So no mask enters the generator but as three of its channels.
- The code reads the table of propagated features, one row for each place, as if it had one row for each channel.
  Released weights were trained that way, so it is the default; `keep_places=True` puts each place where it belongs.
- The code takes one picture of 256 px at a time. Here a batch is taken, of any size from 192 px.

level    1     2     3     4     5     6
size    H/2   H/4   H/8   H/16  H/32  H/64
width    w    2w    4w    8w    8w    8w      w = 64
texture comes of levels 1-3, structure of levels 4-6; both are filled at H/8 with 4w channels
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import pairwise

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from retouch.nets.layers.attention.bilateral import mix_in_range, mix_in_space
from retouch.nets.layers.mirroring import pad_to_multiple
from retouch.nets.layers.partial import PartialConv2d
from retouch.nets.layers.residual import ConvStyle, DilatedResidualBlock

FILL = (123 / 255, 104 / 255, 117 / 255)
"""What stands in the hole: the mean colour of ImageNet, about."""

STRIDE = 64
SMALLEST = 192
"""Height and width, in pixels, below which the dilated blocks would reflect more than there is."""

KERNELS = (3, 5, 7)
N_PARTIAL = 5
REDUCTION = 16

Features = list[Float[Tensor, "N _ _ _"]]


class MEDFEEncoder(nn.Module):
    """Six halvings and residual blocks at the coarsest level.

    Parameters
    ----------
    in_channels, width : int
    n_blocks, dilation : int
        Residual blocks, and the dilation of the first convolution of each.
    """

    def __init__(self, in_channels: int = 6, *, width: int = 64, n_blocks: int = 4, dilation: int = 2) -> None:
        super().__init__()
        widths = _widths(width)
        self.convs = nn.ModuleList(nn.Conv2d(a, b, 4, stride=2, padding=1) for a, b in pairwise([in_channels, *widths]))
        self.norms = nn.ModuleList(
            nn.InstanceNorm2d(a, affine=True) if 0 < level < len(widths) - 1 else nn.Identity()
            for level, a in enumerate(widths)
        )
        style = ConvStyle(block_bias=False)
        self.blocks = nn.Sequential(
            *(DilatedResidualBlock(widths[-1], dilations=(dilation, 1), style=style) for _ in range(n_blocks))
        )

    def forward(self, x: Float[Tensor, "N C H W"]) -> Features:
        """Return the maps of levels 1 to 6, all but the last after their leaky ReLU."""
        features = [x]
        for conv, norm in zip(self.convs, self.norms, strict=True):
            x = norm(conv(features[-1]))
            features.append(functional.leaky_relu(x, 0.2))
        return [*features[1:-1], self.blocks(x)]


class FeatureEqualisation(nn.Module):
    """Channels weighted by what they hold in all, then each place mixed with those near it in space and in range.

    Parameters
    ----------
    channels : int
    keep_places : bool
        False reads the mixed features as the authors' code does, see the top of this file.
    """

    def __init__(self, channels: int, *, keep_places: bool = False) -> None:
        super().__init__()
        self.keep_places = keep_places
        self.squeeze = nn.Conv2d(channels, channels // REDUCTION, 1)
        self.excite = nn.Conv2d(channels // REDUCTION, channels, 1)
        self.merge = _stage(2 * channels, channels, 1)

    def forward(self, x: Float[Tensor, "N C H W"]) -> Float[Tensor, "N C H W"]:
        """Return the equalised map."""
        gates = torch.sigmoid(self.excite(functional.relu(self.squeeze(x.mean(dim=(2, 3), keepdim=True)))))
        x = x * gates
        mixed = [self._laid_out(part) for part in (mix_in_space(x), mix_in_range(x))]
        result: Tensor = self.merge(torch.cat(mixed, dim=1))
        return result

    def _laid_out(self, mixed: Tensor) -> Tensor:
        if self.keep_places:
            return mixed
        table = mixed.flatten(2).mT.contiguous()  # (N, H W, C)
        return table.view_as(mixed)


class MutualFeatures(nn.Module):
    """From the encoder's six maps to the six that the decoder gets.

    Parameters
    ----------
    width : int
        Channels of the finest level.
    keep_places : bool
        See `FeatureEqualisation`.
    """

    def __init__(self, *, width: int = 64, keep_places: bool = False) -> None:
        super().__init__()
        fine, middle, wide = _widths(width)[1:4]
        self.shrink = nn.ModuleList(
            [
                nn.Sequential(_stage(width, fine, 4), _stage(fine, middle, 4)),
                nn.Sequential(_stage(fine, middle, 4)),
                nn.Sequential(_stage(middle, middle, 1)),
            ]
        )
        self.enlarge = _stage(wide, middle, 1)
        self.merge = _stage(3 * middle, middle, 1)
        self.streams = nn.ModuleList(
            nn.Sequential(*(_PartialStage(middle, size) for _ in range(N_PARTIAL))) for size in KERNELS
        )
        self.fuse = _stage(2 * middle, wide, 1)
        self.equalise = FeatureEqualisation(wide, keep_places=keep_places)
        self.back_up = nn.ModuleList(_stage(wide, channels, 1) for channels in (width, fine, middle))
        self.back_down = nn.ModuleList(
            nn.Sequential(*(_stage(wide, wide, 4, active=step + 1 < n_steps) for step in range(n_steps)))
            for n_steps in (1, 2, 3)
        )
        self.to_rgb = nn.Conv2d(middle, 3, 1)

    def forward(self, features: Features) -> tuple[Features, Float[Tensor, "N 3 h w"], Float[Tensor, "N 3 h w"]]:
        """Return the six maps for the decoder, and structure and texture as small pictures in [-1, 1]."""
        active = [functional.leaky_relu(feature, 0.2) for feature in features]
        size = active[2].shape[2:]  # (H / 8, W / 8)
        texture = [shrink(x) for shrink, x in zip(self.shrink, active[:3], strict=True)]
        structure = [self.enlarge(_resized(x, size)) for x in active[3:]]
        filled_structure, filled_texture = (self._fill(parts) for parts in (structure, texture))
        equal = self.equalise(self.fuse(torch.cat([filled_structure, filled_texture], dim=1)))  # (N, 8w, h, w)
        changes = [back(_resized(equal, x.shape[2:])) for back, x in zip(self.back_up, features[:3], strict=True)]
        changes += [back(equal) for back in self.back_down]
        skips = [feature + change for feature, change in zip(features, changes, strict=True)]
        return skips, torch.tanh(self.to_rgb(filled_structure)), torch.tanh(self.to_rgb(filled_texture))

    def _fill(self, parts: list[Tensor]) -> Tensor:
        """Return three maps made one by partial convolutions of three sizes; `merge` serves before and after."""
        merged = self.merge(torch.cat(parts, dim=1))
        filled: Tensor = self.merge(torch.cat([stream(merged) for stream in self.streams], dim=1))
        return filled


class MEDFEDecoder(nn.Module):
    """Six doublings, each but the first with the skip of its level.

    Parameters
    ----------
    out_channels, width : int
    """

    def __init__(self, out_channels: int = 3, *, width: int = 64) -> None:
        super().__init__()
        skips = _widths(width)[::-1]  # levels 6 to 1
        results = [*skips[1:], out_channels]
        inputs = [skips[0]] + [2 * channels for channels in skips[1:]]
        self.convs = nn.ModuleList(
            nn.ConvTranspose2d(a, b, 4, stride=2, padding=1) for a, b in zip(inputs, results, strict=True)
        )
        self.norms = nn.ModuleList([*(nn.InstanceNorm2d(b, affine=True) for b in results[:-1]), nn.Identity()])

    def forward(self, skips: Features) -> Float[Tensor, "N C H W"]:
        """Return the picture in [-1, 1]."""
        x = skips[-1]
        for level, (conv, norm) in enumerate(zip(self.convs, self.norms, strict=True)):
            if level:
                x = torch.cat([x, skips[-1 - level]], dim=1)
            x = norm(conv(functional.relu(x)))
        return torch.tanh(x)


class MEDFEGenerator(nn.Module):
    """The three parts in a row; the official weights belong here.

    Parameters
    ----------
    encoder : MEDFEEncoder
    mutual : MutualFeatures
    decoder : MEDFEDecoder
    """

    def __init__(self, encoder: MEDFEEncoder, mutual: MutualFeatures, decoder: MEDFEDecoder) -> None:
        super().__init__()
        self.encoder = encoder
        self.mutual = mutual
        self.decoder = decoder

    def forward(
        self, x: Float[Tensor, "N 6 H W"]
    ) -> tuple[Float[Tensor, "N 3 H W"], Float[Tensor, "N 3 h w"], Float[Tensor, "N 3 h w"], Features]:
        """Return picture, small structure and small texture in [-1, 1], and the encoder's six maps.

        `x` is RGB in [-1, 1] with the hole filled by `FILL`, and 1 - mask three times (1 = known). H and W are
        multiples of 64, and at least 192.
        """
        features: Features = self.encoder(x)
        skips, structure, texture = self.mutual(features)
        return self.decoder(skips), structure, texture, features

    @staticmethod
    def convert_official(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return the authors' three state dicts, under the prefixes EN., MEDFE. and DE., under our names.

        Their partial convolutions are not scaled by the size of the window; their weights are divided by it here.
        """
        converted = {}
        for key, value in state.items():
            if not key.endswith("mask_conv.weight"):  # all ones
                window = value[0].numel() if key.endswith("input_conv.weight") else 1
                converted[_our_name(key)] = value / window
        return converted


class MEDFE(nn.Module):
    """The generator behind the house's ranges.

    Parameters
    ----------
    generator : MEDFEGenerator
    """

    def __init__(self, generator: MEDFEGenerator) -> None:
        super().__init__()
        self.generator = generator

    def forward(self, image: Float[Tensor, "N 3 H W"], mask: Float[Tensor, "N 1 H W"]) -> Float[Tensor, "N 3 H W"]:
        """Return the whole picture as the net paints it.

        Parameters
        ----------
        image : (N, 3, H, W) float32, range [0, 1]
            RGB of any size; mirrored to at least 192 px. Values under the mask are not read.
        mask : (N, 1, H, W) float32
            1 where a pixel is missing, else 0.

        Returns
        -------
        (N, 3, H, W) float32, range [0, 1]
        """
        return self.paint_parts(image, mask)[0]

    def paint_parts(
        self, image: Float[Tensor, "N 3 H W"], mask: Float[Tensor, "N 1 H W"]
    ) -> tuple[Float[Tensor, "N 3 H W"], Float[Tensor, "N 3 h w"], Float[Tensor, "N 3 h w"]]:
        """Return the picture, and structure and texture at an eighth of the padded size, all in [0, 1]."""
        height, width = image.shape[-2:]
        filled = image.where(mask == 0, image.new_tensor(FILL)[:, None, None])
        x = torch.cat([2 * filled - 1, (1 - mask).expand_as(image)], dim=1)  # (N, 6, H, W)
        painted, structure, texture, _ = self.generator(pad_to_multiple(x, STRIDE, least=SMALLEST))
        return (painted[:, :, :height, :width] + 1) / 2, (structure + 1) / 2, (texture + 1) / 2


def medfe_full() -> MEDFE:
    """Return the published widths: 103,118,630 parameters."""
    return MEDFE(MEDFEGenerator(MEDFEEncoder(), MutualFeatures(), MEDFEDecoder()))


def medfe_tiny() -> MEDFE:
    """Return a sixteenth of the width."""
    return MEDFE(MEDFEGenerator(MEDFEEncoder(width=4), MutualFeatures(width=4), MEDFEDecoder(width=4)))


class _PartialStage(nn.Module):
    """A partial convolution that is told of no hole, instance normalisation, leaky ReLU."""

    def __init__(self, channels: int, kernel_size: int) -> None:
        super().__init__()
        self.conv = PartialConv2d(
            channels, channels, kernel_size, padding=kernel_size // 2, bias=False, multi_channel=True
        )
        self.norm = nn.InstanceNorm2d(channels, affine=True)

    def forward(self, x: Tensor) -> Tensor:
        return functional.leaky_relu(self.norm(self.conv(x)), 0.2)


def _stage(in_channels: int, out_channels: int, kernel_size: int, *, active: bool = True) -> nn.Sequential:
    """Return a convolution that halves the map if its kernel is 4 and keeps it if 1, a norm, and an activation."""
    halves = kernel_size > 1
    conv = nn.Conv2d(in_channels, out_channels, kernel_size, stride=1 + halves, padding=int(halves), bias=False)
    last = nn.LeakyReLU(0.2) if active else nn.Identity()
    return nn.Sequential(conv, nn.InstanceNorm2d(out_channels), last)


def _widths(width: int) -> list[int]:
    return [width * min(2**level, 8) for level in range(6)]


def _resized(x: Tensor, size: torch.Size) -> Tensor:
    return functional.interpolate(x, size=(size[0], size[1]), mode="bilinear")


_PLACES = {
    "up.conv": "enlarge.0",
    "down.model.0": "merge.0",
    "fuse.model.0": "fuse.0",
    "up_128.conv": "back_up.0.0",
    "up_64.conv": "back_up.1.0",
    "up_32.conv": "back_up.2.0",
    "base.model.0.fc.0": "equalise.squeeze",
    "base.model.0.fc.2": "equalise.excite",
    "base.down.0": "equalise.merge.0",
}
_STEPS = {128: "shrink.0", 64: "shrink.1", 32: "shrink.2", 16: "back_down.0", 8: "back_down.1", 4: "back_down.2"}


def _our_name(key: str) -> str:
    place, _, leaf = key.rpartition(".")
    coder = re.fullmatch(r"(EN\.Encoder|DE\.Decoder)_(\d)\.model\.(\d)", place)
    if coder:
        part = "encoder" if coder[1] == "EN.Encoder" else "decoder"
        return f"{part}.{'norms' if coder[3] == '2' else 'convs'}.{int(coder[2]) - 1}.{leaf}"
    block = re.fullmatch(r"EN\.middle\.(\d+)\.conv_block\.([15])", place)
    if block:
        return f"encoder.blocks.{block[1]}.conv{1 if block[2] == '1' else 2}.{leaf}"
    if place == "MEDFE.loss.0.down_model.0":
        return f"mutual.to_rgb.{leaf}"
    return f"mutual.{_mutual_place(place.removeprefix('MEDFE.pc_block.'))}.{leaf}"


def _mutual_place(place: str) -> str:
    stream = re.fullmatch(r"cov_(\d)\.(\d)\.(bn|conv\.input_conv)", place)
    if stream:
        return f"streams.{KERNELS.index(int(stream[1]))}.{stream[2]}.{'norm' if stream[3] == 'bn' else 'conv'}"
    step = re.fullmatch(r"down_(\d+)\.model\.([036])", place)
    if step and int(step[1]) in _STEPS:
        return f"{_STEPS[int(step[1])]}.{int(step[2]) // 3}.0"
    return _PLACES.get(place, place)
