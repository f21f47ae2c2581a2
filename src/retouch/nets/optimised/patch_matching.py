"""Patches of features: those that touch the hole, and the nearest known one of each.

Source: C. Yang, X. Lu, Z. Lin, E. Shechtman, O. Wang, H. Li: "High-Resolution Image Inpainting using Multi-Scale Neural
Patch Synthesis", CVPR 2017, Sec. 3 (nn).
Departures: the whole map is searched, not a window; features are repeated outwards by half a patch, so that patches
reach the picture's border.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from jaxtyping import Float, Int64
from torch import Tensor
from torch.nn import functional

from retouch.errors import InputError

_CHUNK_CELLS = 4_000_000  # of a table of distances: 16 MB


class Matches(NamedTuple):
    """Patches of a map that touch the hole, and what each shall become.

    Attributes
    ----------
    missing : (n,) int64
        Their numbers among all patches, row by row.
    nearest : (n,) int64
        Numbers of the known patches that look most like them.
    wanted : (n, D)
        The features of these, D = C patch_px^2.
    """

    missing: Int64[Tensor, " n"]
    nearest: Int64[Tensor, " n"]
    wanted: Float[Tensor, "n D"]


def match_patches(
    features: Float[Tensor, "1 C h w"], mask: Float[Tensor, "1 1 H W"], patch_px: int = 3, stride: int = 2
) -> Matches:
    """Return for each patch of features that touches the hole the nearest one that does not.

    Parameters
    ----------
    features : (1, C, h, w)
    mask : (1, 1, H, W)
        1 where a pixel is missing; a place of the map is missing where any pixel of its share of the picture is.
    patch_px, stride : int

    Raises
    ------
    InputError
        If every patch touches the hole.
    """
    places = functional.adaptive_max_pool2d(mask, (features.shape[2], features.shape[3]))
    touched = feature_patches(places, patch_px, stride).amax(dim=1) > 0  # (n_patches,)
    if bool(touched.all()):
        size = f"{features.shape[2]} x {features.shape[3]}"
        raise InputError(f"no patch of {size} features is wholly known; take fewer scales, or cut a larger picture")
    patches = feature_patches(features, patch_px, stride)
    known = (~touched).nonzero()[:, 0]
    missing = touched.nonzero()[:, 0]
    nearest = known[nearest_rows(patches[missing], patches[known])]
    return Matches(missing, nearest, patches[nearest])


def nearest_rows(wanted: Float[Tensor, "n D"], offered: Float[Tensor, "m D"]) -> Int64[Tensor, " n"]:
    """Return for each row the number of the offered row at the least distance; the first of several.

    >>> nearest_rows(torch.tensor([[2.0], [7.0]]), torch.tensor([[8.0], [0.0], [3.0]])).tolist()
    [2, 0]
    """
    chunk = max(_CHUNK_CELLS // len(offered), 1)
    lengths = offered.square().sum(dim=1)
    found = [(lengths - 2 * part @ offered.mT).argmin(dim=1) for part in torch.split(wanted, chunk)]
    return torch.cat(found)


def feature_patches(features: Float[Tensor, "1 C h w"], patch_px: int, stride: int) -> Float[Tensor, "n D"]:
    """Return patches centred on every `stride`-th place as rows; the border is repeated outwards."""
    around = functional.pad(features, (patch_px // 2,) * 4, mode="replicate")
    return functional.unfold(around, patch_px, stride=stride)[0].mT
