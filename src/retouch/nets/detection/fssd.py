"""FSSD: SSD whose feature maps come from one fused map.

Source: Z. Li, F. Zhou, "FSSD: Feature Fusion Single Shot Multibox Detector", arXiv:1712.00960, 2017, section 3, Eq. 1.
Departures: maps are enlarged bilinearly with half-pixel centres (align_corners=False), as the authors' file does under
a PyTorch of today; it was trained under one that aligned corners. The third source has 9x9 cells as in the authors'
weights (19 -> 17 -> 9), not the paper's 10x10.

Like SSD, the detector is a part: its forward takes RGB 0-255 less the mean, in the size of its priors.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from retouch.nets.detection.priors import FSSD_VOC_300, PriorLayout
from retouch.nets.detection.ssd import (
    FIRST_FEATURE,
    DetectionHeads,
    ExtraLayer,
    check_side,
    extra_layers,
    initialise_msra,
    make_priors,
    rename_parts,
    vgg_layers,
)


@dataclass(frozen=True)
class FSSDWidths:
    """Channels of an FSSD.

    Attributes
    ----------
    base : tuple of five int
        Blocks of VGG16.
    last : int
        conv7, the second source of the fusion.
    extras : tuple of ExtraLayer
        The last one is the third source.
    fused : int
        Of each source before they are joined.
    pyramid : tuple of int
        Of the maps that are read.
    """

    base: tuple[int, ...]
    last: int
    extras: tuple[ExtraLayer, ...]
    fused: int
    pyramid: tuple[int, ...]


class FSSD(nn.Module):
    """Detector with feature fusion.

    Parameters
    ----------
    widths : FSSDWidths
    layout : PriorLayout
        As many maps as the pyramid has; the last two are made without padding.
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
        self, widths: FSSDWidths, layout: PriorLayout, n_classes: int, *, generator: torch.Generator | None = None
    ) -> None:
        super().__init__()
        self.side = layout.side
        self.base = vgg_layers(widths.base, widths.last)
        self.extras = extra_layers(widths.last, widths.extras)
        sources = (widths.base[3], widths.last, widths.extras[-1].width)
        self.fusion = FeatureFusion(sources, widths.fused)
        self.pyramid = _pyramid_layers(len(sources) * widths.fused, widths.pyramid)
        self.heads = DetectionHeads(widths.pyramid, layout.per_cell(), n_classes)
        self.register_buffer("priors", make_priors(layout), persistent=False)
        for part in (self.extras, self.fusion, self.pyramid, self.heads):
            initialise_msra(part, generator)

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
        early = self.base[:FIRST_FEATURE](picture)
        middle = self.base[FIRST_FEATURE:](early)
        late = middle
        for layer in self.extras:
            late = layer(late).relu()
        maps = [self.fusion([early, middle, late])]
        for layer in self.pyramid:
            maps.append(layer(maps[-1]).relu())
        offsets, logits = self.heads(maps[1:])
        return offsets, logits

    @staticmethod
    def convert_official(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Rename the weights of PytorchSSD."""
        plain = {key.replace(".conv.", "."): value for key, value in state.items()}
        names = {
            "base": "base",
            "extras": "extras",
            "ft_module": "fusion.reduce",
            "fea_bn": "fusion.norm",
            "pyramid_ext": "pyramid",
            "loc": "heads.offsets",
            "conf": "heads.classes",
        }
        return rename_parts(plain, names)


class FeatureFusion(nn.Module):
    """Bring maps to one width and to the size of the first, join them and normalise.

    Parameters
    ----------
    sources : sequence of int
        Channels of the maps.
    width : int
        Of each map after its 1x1 convolution.
    """

    def __init__(self, sources: Sequence[int], width: int) -> None:
        super().__init__()
        self.reduce = nn.ModuleList(nn.Conv2d(channels, width, 1) for channels in sources)
        self.norm = nn.BatchNorm2d(len(sources) * width)

    def forward(self, maps: Sequence[Tensor]) -> Float[Tensor, "N C H W"]:
        """Return the fused map (N, len(sources) * width, H, W)."""
        size = maps[0].shape[-2:]
        narrow = [layer(features).relu() for layer, features in zip(self.reduce, maps, strict=True)]
        large = [functional.interpolate(features, size, mode="bilinear", align_corners=False) for features in narrow]
        fused: Tensor = self.norm(torch.cat(large, dim=1))  # Eq. 1
        return fused


def fssd300(n_classes: int = 21, *, divisor: int = 1, generator: torch.Generator | None = None) -> FSSD:
    """Return FSSD300 for Pascal VOC, all widths but those of the heads divided by `divisor`."""
    widths = FSSDWidths(
        base=tuple(width // divisor for width in (64, 128, 256, 512, 512)),
        last=1024 // divisor,
        extras=(ExtraLayer(256 // divisor, 512 // divisor, 1), ExtraLayer(128 // divisor, 256 // divisor, 2)),
        fused=256 // divisor,
        pyramid=tuple(width // divisor for width in (512, 512, 256, 256, 256, 256)),
    )
    return FSSD(widths, FSSD_VOC_300, n_classes, generator=generator)


def fssd_full() -> FSSD:
    """Return FSSD300 with 21 classes as published."""
    return fssd300()


def fssd_tiny(n_classes: int = 4, *, generator: torch.Generator | None = None) -> FSSD:
    """Return a fused detector of a sixteenth of the widths for pictures of 300 px."""
    return fssd300(n_classes, divisor=16, generator=generator)


def _pyramid_layers(channels: int, widths: Sequence[int]) -> nn.ModuleList:
    layers = nn.ModuleList()
    for level, width in enumerate(widths):
        stride = 2 if 0 < level < len(widths) - 2 else 1
        padding = 0 if level >= len(widths) - 2 else 1  # 5 -> 3 -> 1
        layers.append(nn.Conv2d(channels, width, 3, stride=stride, padding=padding))
        channels = width
    return layers
