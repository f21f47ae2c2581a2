"""SSD: a detector that reads boxes and classes off several feature maps of one VGG16.

Source: W. Liu, D. Anguelov, D. Erhan, C. Szegedy, S. Reed, C.-Y. Fu, A. C. Berg, "SSD: Single Shot MultiBox Detector",
ECCV 2016, sections 2-3 and Eq. 4 (scales of the priors). Layer sizes from the authors' Caffe and PyTorch files.
Departures: none in the function. New layers start as in He et al. 2015 (MSRA), the VOC setting of the sheet.

The detector is a part: its forward takes what VGG16 was trained on, RGB 0-255 less the mean (`centre_picture` makes it
of [0, 1]), in exactly the size of its priors.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from retouch.errors import InputError
from retouch.nets.detection.priors import MEAN_RGB, TINY_96, VOC_300, PriorLayout, prior_boxes
from retouch.nets.layers.norms.l2norm import L2Norm

FIRST_FEATURE = 23
"""Layers of `vgg_layers` up to conv4_3 and its ReLU."""


_ROUNDED_UP = 3  # the pooling before block 3 keeps the odd row: 75 px become 38


@dataclass(frozen=True)
class ExtraLayer:
    """A further feature map: 1x1 to `squeezed`, then 3x3 to `width` channels, at stride 2 or without padding."""

    squeezed: int
    width: int
    stride: int


class SSD(nn.Module):
    """Detector of finished parts.

    Parameters
    ----------
    base : nn.Sequential
        Of `vgg_layers`.
    extras : sequence of ExtraLayer
        One for each map beyond the second.
    layout : PriorLayout
    n_classes : int
        With the background.
    generator : torch.Generator, optional
        For the first weights of all layers beyond the base.

    Attributes
    ----------
    priors : (P, 4)
        Centres, fractions of the side.
    """

    priors: Tensor

    def __init__(
        self,
        base: nn.Sequential,
        extras: Sequence[ExtraLayer],
        layout: PriorLayout,
        n_classes: int,
        *,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        first, second = (_width(part) for part in (base[:FIRST_FEATURE], base))
        widths = [first, second, *(extra.width for extra in extras)]
        self.side = layout.side
        self.base = base
        self.norm = L2Norm(widths[0])
        self.extras = extra_layers(widths[1], extras)
        self.heads = DetectionHeads(widths, layout.per_cell(), n_classes)
        self.register_buffer("priors", make_priors(layout), persistent=False)
        initialise_msra(self.extras, generator)
        initialise_msra(self.heads, generator)

    def forward(self, picture: Float[Tensor, "N 3 H W"]) -> tuple[Float[Tensor, "N P 4"], Float[Tensor, "N P K"]]:
        """Return offsets and class logits of all priors.

        Parameters
        ----------
        picture : (N, 3, side, side)
            RGB, 0-255 less the mean.

        Raises
        ------
        InputError
            If the picture has another side.
        """
        check_side(picture, self.side)
        features = self.base[:FIRST_FEATURE](picture)
        maps = [self.norm(features)]
        features = self.base[FIRST_FEATURE:](features)
        maps.append(features)
        for squeeze, widen in _pairs(self.extras):
            features = widen(squeeze(features).relu()).relu()
            maps.append(features)
        offsets, logits = self.heads(maps)
        return offsets, logits

    @staticmethod
    def convert_official(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Rename the weights of ssd.pytorch."""
        names = {"vgg": "base", "L2Norm": "norm", "extras": "extras", "loc": "heads.offsets", "conf": "heads.classes"}
        return rename_parts(state, names)


class DetectionHeads(nn.Module):
    """A 3x3 convolution for offsets and one for classes on each feature map.

    Parameters
    ----------
    widths : sequence of int
        Channels of each map.
    per_cell : sequence of int
        Priors in a cell of each map.
    n_classes : int
    """

    def __init__(self, widths: Sequence[int], per_cell: Sequence[int], n_classes: int) -> None:
        super().__init__()
        sizes = list(zip(widths, per_cell, strict=True))
        self.n_classes = n_classes
        self.offsets = nn.ModuleList(nn.Conv2d(width, 4 * count, 3, padding=1) for width, count in sizes)
        self.classes = nn.ModuleList(nn.Conv2d(width, n_classes * count, 3, padding=1) for width, count in sizes)

    def forward(self, maps: Sequence[Tensor]) -> tuple[Float[Tensor, "N P 4"], Float[Tensor, "N P K"]]:
        """Return offsets and logits, map after map, row after row, prior after prior."""
        offsets = [_cells(head(features), 4) for head, features in zip(self.offsets, maps, strict=True)]
        classes = [_cells(head(features), self.n_classes) for head, features in zip(self.classes, maps, strict=True)]
        return torch.cat(offsets, dim=1), torch.cat(classes, dim=1)


def make_priors(layout: PriorLayout) -> Float[Tensor, "P 4"]:
    """Return all priors as centres (cx, cy, w, h), clipped to [0, 1].

    >>> make_priors(VOC_300).shape
    torch.Size([8732, 4])
    """
    return torch.from_numpy(prior_boxes(layout))


def vgg_layers(widths: Sequence[int], last: int) -> nn.Sequential:
    """Return VGG16 with its fully connected layers made convolutions, SSD's way.

    Parameters
    ----------
    widths : sequence of five int
        Of the five blocks; 64, 128, 256, 512, 512 in VGG16.
    last : int
        Width of conv6, dilated by 6, and of conv7; 1024 in SSD.
    """
    layers: list[nn.Module] = []
    channels = 3
    for block, (width, depth) in enumerate(zip(widths, (2, 2, 3, 3, 3), strict=True)):
        if block > 0:
            layers.append(nn.MaxPool2d(2, ceil_mode=block == _ROUNDED_UP))
        for _ in range(depth):
            layers += [nn.Conv2d(channels, width, 3, padding=1), nn.ReLU()]
            channels = width
    layers += [nn.MaxPool2d(3, stride=1, padding=1), nn.Conv2d(channels, last, 3, padding=6, dilation=6), nn.ReLU()]
    return nn.Sequential(*layers, nn.Conv2d(last, last, 1), nn.ReLU())


def extra_layers(channels: int, extras: Sequence[ExtraLayer]) -> nn.ModuleList:
    """Return the convolutions of further feature maps, two for each."""
    layers = nn.ModuleList()
    for extra in extras:
        layers.append(nn.Conv2d(channels, extra.squeezed, 1))
        layers.append(nn.Conv2d(extra.squeezed, extra.width, 3, stride=extra.stride, padding=extra.stride - 1))
        channels = extra.width
    return layers


def initialise_msra(part: nn.Module, generator: torch.Generator | None) -> None:
    """Draw all convolutions as in He et al., ICCV 2015, and set their biases to zero."""
    for layer in part.modules():
        if isinstance(layer, nn.Conv2d):
            nn.init.kaiming_normal_(layer.weight, generator=generator)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)


def rename_parts(state: Mapping[str, Tensor], names: Mapping[str, str]) -> dict[str, Tensor]:
    """Rename the first part of each key; a key of another part raises KeyError.

    >>> rename_parts({"loc.0.bias": torch.zeros(1)}, {"loc": "heads.offsets"})
    {'heads.offsets.0.bias': tensor([0.])}
    """
    split = ((key.partition("."), value) for key, value in state.items())
    return {f"{names[first]}.{rest}": value for (first, _, rest), value in split}


def centre_picture(picture: Float[Tensor, "N 3 H W"], side: int) -> Float[Tensor, "N 3 {side} {side}"]:
    """Bring RGB in [0, 1] of any size to the detector's size, range and mean."""
    mean = picture.new_tensor(MEAN_RGB)[:, None, None]
    resized = functional.interpolate(picture, (side, side), mode="bilinear", align_corners=False, antialias=True)
    return resized * 255.0 - mean


def check_side(picture: Tensor, side: int) -> None:
    """Refuse a picture of a size for which there are no priors."""
    if tuple(picture.shape[-2:]) != (side, side):
        given = "x".join(str(length) for length in picture.shape[-2:])
        raise InputError(f"the detector takes {side}x{side} px, got {given}; resize with centre_picture")


def ssd300(n_classes: int = 21, *, divisor: int = 1, generator: torch.Generator | None = None) -> SSD:
    """Return SSD300 for Pascal VOC, all widths but those of the heads divided by `divisor`."""
    widths = [width // divisor for width in (64, 128, 256, 512, 512)]
    extras = [
        ExtraLayer(squeezed // divisor, width // divisor, stride)
        for squeezed, width, stride in ((256, 512, 2), (128, 256, 2), (128, 256, 1), (128, 256, 1))
    ]
    return SSD(vgg_layers(widths, 1024 // divisor), extras, VOC_300, n_classes, generator=generator)


def ssd_full() -> SSD:
    """Return SSD300 with 21 classes as published: 26,285,486 parameters."""
    return ssd300()


def ssd_tiny(n_classes: int = 4, *, generator: torch.Generator | None = None) -> SSD:
    """Return a detector of an eighth of the widths for pictures of 96 px."""
    extras = [ExtraLayer(32, 64, 2), ExtraLayer(16, 32, 1)]
    return SSD(vgg_layers((8, 16, 32, 64, 64), 128), extras, TINY_96, n_classes, generator=generator)


def _width(layers: nn.Module) -> int:
    """Return the channels that leave a chain."""
    return next(layer.out_channels for layer in reversed(list(layers.modules())) if isinstance(layer, nn.Conv2d))


def _cells(features: Float[Tensor, "N A H W"], length: int) -> Float[Tensor, "N P {length}"]:
    return features.permute(0, 2, 3, 1).reshape(len(features), -1, length)  # (N, H*W*priors, length)


def _pairs(layers: nn.ModuleList) -> Iterator[tuple[nn.Module, nn.Module]]:
    return zip(layers[::2], layers[1::2], strict=True)
