"""MPSSD: a single-shot detector whose maps come from several feature pyramids, each with fusion of its own.

Source: doctoral thesis on structure-first inpainting and object removal, Sec. 5.2 (multi-path fusion single-shot
detector); base, priors and heads are those of W. Liu et al., "SSD: Single Shot MultiBox Detector", ECCV 2016, and stand
in `retouch.nets.detection.ssd`.

Departures, all where the thesis says nothing (defaults chosen)
----------
- The first two paths fuse 256 channels of each source, FSSD's number; the third fuses 128, as the thesis does.
- Maps of a path have the widths of FSSD's at the same size, halved in the third path with its fusion.
- A pyramid of the 512 px detector is halved down to one cell by 3x3 kernels; SSD512 ends with a 4x4 one.

SSD is this detector without a path, FSSD with one path and without weights of channels; the paths stand in
`retouch.nets.detection.feature_fusion`. Like them it is a part: its forward takes RGB 0-255 less the mean
(`centre_picture` makes it of [0, 1]), in the size of its priors; `retouch.nets.detection.boxes` makes boxes of its
answers, its losses stand in `retouch.losses.multibox`.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from retouch.errors import InputError
from retouch.nets.detection.feature_fusion import FusedPyramids, FusionPath, NormedMaps
from retouch.nets.detection.priors import SIX_MAPS_96, VOC_300, VOC_512, PriorLayout
from retouch.nets.detection.ssd import (
    FIRST_FEATURE,
    DetectionHeads,
    ExtraLayer,
    check_side,
    extra_layers,
    initialise_msra,
    make_priors,
    vgg_layers,
)

PATHS_300 = (
    FusionPath((0, 1, 2), 256, (512, 512, 256, 256, 256, 256)),
    FusionPath((1, 2, 3), 256, (512, 256, 256, 256, 256)),
    FusionPath((2, 3, 4), 128, (128, 128, 128, 128)),
)
"""The thesis's three paths; the first n of them are its detector with n fusion modules."""

PATHS_512 = (
    FusionPath((0, 1, 2), 256, (512, 512, 256, 256, 256, 256, 256)),
    FusionPath((1, 2, 3), 256, (512, 256, 256, 256, 256, 256)),
    FusionPath((2, 3, 4), 128, (128, 128, 128, 128, 128)),
)
"""The same at 512 px, where each has one map more."""

_VGG16 = (64, 128, 256, 512, 512)
_EXTRAS_300 = (ExtraLayer(256, 512, 2), ExtraLayer(128, 256, 2), ExtraLayer(128, 256, 1), ExtraLayer(128, 256, 1))
_EXTRAS_512 = (ExtraLayer(256, 512, 2), *(ExtraLayer(128, 256, 2) for _ in range(4)))
_EXTRAS_96 = (ExtraLayer(32, 64, 2), *(ExtraLayer(16, 32, 2) for _ in range(3)))


@dataclass(frozen=True)
class MPSSDWidths:
    """Channels of the detector.

    Attributes
    ----------
    base : tuple of five int
        Blocks of VGG16.
    last : int
        conv7, the second map of the base.
    extras : tuple of ExtraLayer
        The further maps; those behind the last one that a path fuses are not built.
    paths : tuple of FusionPath
        None: the maps of the base are read, as in SSD.
    reduction : int or None
        Of the weights of channels; None has none, as FSSD.
    """

    base: tuple[int, ...]
    last: int
    extras: tuple[ExtraLayer, ...]
    paths: tuple[FusionPath, ...]
    reduction: int | None = 16


class MPSSD(nn.Module):
    """Detector of several fused pyramids.

    Parameters
    ----------
    widths : MPSSDWidths
    layout : PriorLayout
        As many maps as the first path has, or without one as the base has.
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
        self, widths: MPSSDWidths, layout: PriorLayout, n_classes: int, *, generator: torch.Generator | None = None
    ) -> None:
        super().__init__()
        self.side = layout.side
        extras = _fused_extras(widths)
        maps = [widths.base[3], widths.last, *(extra.width for extra in extras)]
        self.base = vgg_layers(widths.base, widths.last)
        self.extras = extra_layers(widths.last, extras)
        initialise_msra(self.extras, generator)
        self.neck: FusedPyramids | NormedMaps
        if widths.paths:
            self.neck = FusedPyramids(maps, widths.paths, layout.maps, reduction=widths.reduction, generator=generator)
        else:
            self.neck = NormedMaps(maps)
        self.heads = DetectionHeads(self.neck.widths, layout.per_cell(), n_classes)
        initialise_msra(self.heads, generator)
        self.register_buffer("priors", make_priors(layout), persistent=False)

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
        offsets, logits = self.heads(self.neck(self._base_maps(picture)))
        return offsets, logits

    def _base_maps(self, picture: Tensor) -> list[Tensor]:
        """Return conv4_3, conv7 and the second layer of each extra pair."""
        maps = [self.base[:FIRST_FEATURE](picture)]
        maps.append(self.base[FIRST_FEATURE:](maps[0]))
        features = maps[1]
        for number, layer in enumerate(self.extras):
            features = layer(features).relu()
            if number % 2 == 1:
                maps.append(features)
        return maps


def mpssd300(n_classes: int = 21, *, n_paths: int = 3, generator: torch.Generator | None = None) -> MPSSD:
    """Return the detector for Pascal VOC at 300 px with the first 0 to 3 of `PATHS_300`; with none it is SSD300.

    Raises
    ------
    InputError
        If `n_paths` is not 0 to 3.
    """
    widths = MPSSDWidths(_VGG16, 1024, _EXTRAS_300, _first(PATHS_300, n_paths))
    return MPSSD(widths, VOC_300, n_classes, generator=generator)


def mpssd512(n_classes: int = 21, *, n_paths: int = 3, generator: torch.Generator | None = None) -> MPSSD:
    """Return the detector for Pascal VOC at 512 px with the first 0 to 3 of `PATHS_512`: 47,295,172 parameters.

    Raises
    ------
    InputError
        If `n_paths` is not 0 to 3.
    """
    widths = MPSSDWidths(_VGG16, 1024, _EXTRAS_512, _first(PATHS_512, n_paths))
    return MPSSD(widths, VOC_512, n_classes, generator=generator)


def mpssd_full() -> MPSSD:
    """Return MPSSD300 with three paths and 21 classes: 45,052,078 parameters (the thesis gives no number)."""
    return mpssd300()


def mpssd_tiny(
    n_classes: int = 4, *, n_paths: int = 3, third: int = 16, generator: torch.Generator | None = None
) -> MPSSD:
    """Return a detector of an eighth of the widths for pictures of 96 px, to compare numbers of paths on.

    Weights of channels have a quarter of the channels between their layers, not a sixteenth: that would be five or
    six, which often all start below 0 and then learn nothing.

    Parameters
    ----------
    n_classes : int
        With the background.
    n_paths : int
        0 to 4: fusion modules; none is a small SSD.
    third : int
        Channels that the third and fourth path fuse of each source; 16 is an eighth of the thesis's 128, 32 of 256.
    generator : torch.Generator, optional
        For the first weights of all layers beyond the base.

    Raises
    ------
    InputError
        If `n_paths` is not 0 to 4.
    """
    paths = (
        FusionPath((0, 1, 2), 32, (64, 64, 32, 32, 32, 32)),
        FusionPath((1, 2, 3), 32, (64, 32, 32, 32, 32)),
        FusionPath((2, 3, 4), third, (third,) * 4),
        FusionPath((3, 4, 5), third, (third,) * 3),
    )
    widths = MPSSDWidths((8, 16, 32, 64, 64), 128, _EXTRAS_96, _first(paths, n_paths), reduction=4)
    return MPSSD(widths, SIX_MAPS_96, n_classes, generator=generator)


def _first(paths: tuple[FusionPath, ...], n_paths: int) -> tuple[FusionPath, ...]:
    if not 0 <= n_paths <= len(paths):
        raise InputError(f"the detector has 0 to {len(paths)} paths, got {n_paths}")
    return paths[:n_paths]


def _fused_extras(widths: MPSSDWidths) -> tuple[ExtraLayer, ...]:
    """Return the extra layers that something reads: a layer without a reader would get no gradient."""
    if not widths.paths:
        return widths.extras
    return widths.extras[: max(max(path.sources) for path in widths.paths) - 1]
