"""Contextual attention: missing features are rebuilt from patches of known ones that look alike.

Source: J. Yu, Z. Lin, J. Yang, X. Shen, X. Lu, T. Huang, "Generative image inpainting with contextual attention", CVPR
2018, Sec. 4.1 (similarity, softmax, propagation), with the details of the two public codes as their outputs show them
(`deepfill-official-ca-*`, `mmagic-ca`). Guidance: see `retouch.nets.layers.attention.guidance`.
Departures: the mask may differ within a batch (the public TensorFlow code takes the first one's), and a mask of
everything gives zeros (the port gives NaN).

N samples, C channels, H x W pixels; h x w = H/rate x W/rate places of the grid; K = h w background patches, row by row.

queries   (N, C k k, h w)   patches of the foreground on the grid
keys      (N, C k k, K)     patches of the background on the grid, each of length 1
scores    (N, h w, K)       one row for each place, so that the softmax runs along memory
weights   (N, K, h, w)      how much of each patch is copied to each place
values    (N, C r r, K)     patches of r = 2 rate pixels of the background in full size, every `rate` pixels
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import torch
from jaxtyping import Bool, Float, Int64
from torch import Tensor, nn
from torch.nn import functional

from retouch.errors import InputError
from retouch.nets.layers.same_padding import pad_same, same_padding

Exclusion: TypeAlias = Literal["product", "infinity"]
Overlap: TypeAlias = Literal["quarter", "count"]
Sampling: TypeAlias = Literal["corners", "floor"]

_LEAST_NORM = 1e-4


@dataclass(frozen=True)
class AttentionSettings:
    """How contextual attention is computed; the defaults are those of the official code.

    Attributes
    ----------
    patch_px : int
        Side of the patches that are compared, in pixels of the grid.
    rate : int
        Pixels for each place of the grid.
    fuse_px : int
        Length of the diagonal over which scores are summed, so that neighbours copy from neighbours; 1 is no fusion.
    sharpness : float
        Factor of the scores under the softmax.
    exclusion : {"product", "infinity"}
        Patches that touch the mask get score 0 before and weight 0 after the softmax, or score minus infinity.
    overlap : {"quarter", "count"}
        Pasted patches are divided by 4, which is too much at the borders, or by how many overlap at the pixel.
    sampling : {"corners", "floor"}
        Grid place i is pixel round(i (H-1)/(h-1)), or pixel `rate` i.
    """

    patch_px: int = 3
    rate: int = 2
    fuse_px: int = 3
    sharpness: float = 10.0
    exclusion: Exclusion = "product"
    overlap: Overlap = "quarter"
    sampling: Sampling = "corners"


OFFICIAL = AttentionSettings()
"""The authors' code."""
NORMALISED = AttentionSettings(exclusion="infinity", overlap="count", sampling="floor")
"""The mmagic port: each pixel is an average of patches, and none of them touches the mask."""


class ContextualAttention(nn.Module):
    """Contextual attention of features on themselves, as a layer without weights.

    Parameters
    ----------
    settings : AttentionSettings
    """

    def __init__(self, settings: AttentionSettings = OFFICIAL) -> None:
        super().__init__()
        self.settings = settings

    def forward(
        self,
        x: Float[Tensor, "N C H W"],
        mask: Float[Tensor, "N 1 A B"],
        allowed: Bool[Tensor, "_ K _ _"] | None = None,
    ) -> Float[Tensor, "N C H W"]:
        """Return the rebuilt features; the mask (1 = missing) may have another size."""
        at_features = sample_nearest(mask, x.shape[2], x.shape[3], self.settings.sampling)
        return contextual_attention(x, x, at_features, allowed=allowed, settings=self.settings)[0]


def contextual_attention(
    foreground: Float[Tensor, "N C H W"],
    background: Float[Tensor, "N C B D"],
    mask: Float[Tensor, "_ 1 B D"] | None = None,
    *,
    allowed: Bool[Tensor, "_ K _ _"] | None = None,
    settings: AttentionSettings = OFFICIAL,
) -> tuple[Float[Tensor, "N C H W"], Float[Tensor, "N K h w"]]:
    """Rebuild the foreground from patches of the background.

    Parameters
    ----------
    foreground, background : (N, C, H, W) float
        Features, any range; heights and widths are multiples of `settings.rate`.
    mask : (N or 1, 1, B, D) float, optional
        Of the background, 1 = missing. A patch that touches it is not copied.
    allowed : (N or 1, K, h or 1, w or 1) bool, optional
        Guidance: which patches each place may copy (`guidance.py` beside this file). A place without any is not
        guided.
    settings : AttentionSettings

    Returns
    -------
    features : (N, C, H, W) float
    weights : (N, K, h, w) float
        Shares of the K patches in each place, in [0, 1].

    Raises
    ------
    InputError
        If a size is not a multiple of the rate.

    Notes
    -----
    The weights take N (H W)^2 / rate^4 numbers: 64 MiB for one picture of 128 x 128 features at rate 2.
    """
    grid_f = to_grid(foreground, settings)
    grid_b = to_grid(background, settings)
    scores = _patch_similarity(grid_f, grid_b, settings.patch_px)
    places, patches = (grid_f.shape[2], grid_f.shape[3]), (grid_b.shape[2], grid_b.shape[3])
    if settings.fuse_px > 1:
        scores = _fuse(scores, places, patches, settings.fuse_px)
    usable = None if mask is None else _by_place(usable_patches(mask, settings))
    weights = _share(scores, usable, None if allowed is None else _by_place(allowed), settings)
    pasted = _paste(weights, background, (foreground.shape[2], foreground.shape[3]), settings)
    return pasted, weights.mT.unflatten(2, places)  # type: ignore[no-untyped-call]


def usable_patches(mask: Float[Tensor, "N 1 B D"], settings: AttentionSettings = OFFICIAL) -> Bool[Tensor, "N K 1 1"]:
    """Return which background patches hold no missing pixel (mask 1).

    >>> usable_patches(torch.eye(4)[:1].reshape(1, 1, 2, 2), AttentionSettings(rate=1, patch_px=1)).flatten().tolist()
    [False, True, True, True]
    """
    patches = _patches(to_grid(mask, settings), settings.patch_px)  # (_, k k, K)
    return (patches.amax(dim=1) == 0)[:, :, None, None]


def wholly_pasted(mask: Float[Tensor, "N 1 B D"], settings: AttentionSettings = OFFICIAL) -> Bool[Tensor, "N K 1 1"]:
    """Return which background patches paste no pixel of the mask (1), also none that the grid leaves out.

    >>> mask = torch.tensor([[[[0.0, 0.0, 0.0, 0.0, 0.0, 1.0]] * 2]])
    >>> wholly_pasted(mask).flatten().tolist()
    [True, True, False]
    """
    pasted = _patches(mask, 2 * settings.rate, settings.rate)  # (_, r r, K)
    return (pasted.amax(dim=1) == 0)[:, :, None, None]


def most_copied(weights: Float[Tensor, "N K h w"], background_columns: int) -> Int64[Tensor, "N h w 2"]:
    """Return for each place the way to the patch that it copies most, in rows and columns of the grid.

    Parameters
    ----------
    weights : (N, K, h, w) float
    background_columns : int
        Columns of the background's grid.

    Returns
    -------
    (N, h, w, 2) int64
        The first patch where several share the largest weight.
    """
    best = weights.argmax(dim=1)  # (N, h, w)
    rows = torch.arange(weights.shape[2], device=weights.device)[:, None]
    columns = torch.arange(weights.shape[3], device=weights.device)
    return torch.stack([best // background_columns - rows, best % background_columns - columns], dim=-1)


def sample_nearest(
    x: Float[Tensor, "N C H W"], height: int, width: int, sampling: Sampling = "corners"
) -> Float[Tensor, "N C h w"]:
    """Resize by picking pixels; "corners" maps the first and last pixel onto the first and last one.

    >>> sample_nearest(torch.arange(8.0).reshape(1, 1, 1, 8), 1, 4).tolist()
    [[[[0.0, 2.0, 5.0, 7.0]]]]
    >>> sample_nearest(torch.arange(8.0).reshape(1, 1, 1, 8), 1, 4, "floor").tolist()
    [[[[0.0, 2.0, 4.0, 6.0]]]]
    """
    rows = _picked(x.shape[2], height, sampling, x.device)
    columns = _picked(x.shape[3], width, sampling, x.device)
    return x.index_select(2, rows).index_select(3, columns)


def to_grid(x: Float[Tensor, "N C H W"], settings: AttentionSettings = OFFICIAL) -> Float[Tensor, "N C h w"]:
    """Return a batch with one pixel for each place of the grid; sides must be multiples of the rate."""
    height, width = x.shape[2:]
    if height % settings.rate or width % settings.rate:
        raise InputError(
            f"contextual attention needs sides that are multiples of {settings.rate}, "
            f"got {height} x {width}; pad the picture to a multiple of the net's stride"
        )
    return sample_nearest(x, height // settings.rate, width // settings.rate, settings.sampling)


def _picked(size: int, target: int, sampling: Sampling, device: torch.device) -> Int64[Tensor, " n"]:
    places = torch.arange(target, device=device)
    if sampling == "floor" or target == 1:
        return (places * size).div(torch.full_like(places, target), rounding_mode="floor")
    last = torch.full_like(places, target - 1)  # a tensor: the exporter divides by no free length
    return (2 * places * (size - 1) + last).div(2 * last, rounding_mode="floor")  # round(i (size-1) / last), halves up


def _patches(x: Tensor, side: int, stride: int = 1) -> Tensor:
    return functional.unfold(pad_same(x, side, stride), side, stride=stride)  # (N, C k k, n_patches)


def _patch_similarity(grid_f: Tensor, grid_b: Tensor, side: int) -> Tensor:
    keys = _patches(grid_b, side)
    lengths: Tensor = keys.norm(dim=1, keepdim=True)
    keys = keys / lengths.clamp(min=_LEAST_NORM)
    # cosines, times the length of the foreground's patch
    scores: Tensor = _patches(grid_f, side).mT @ keys
    return scores


def _by_place(x: Float[Tensor, "N K a b"] | Bool[Tensor, "N K a b"]) -> Tensor:
    return x.flatten(2).mT  # (N, h w or 1, K)


def _fuse(scores: Tensor, places: tuple[int, int], patches: tuple[int, int], length: int) -> Tensor:
    """Sum scores along the common diagonal of place and patch, with both counted by rows and then by columns."""
    n, (height, width), (rows, columns) = len(scores), places, patches
    fused = _sum_diagonals(scores, length)
    by_columns = fused.reshape(n, height, width, rows, columns).permute(0, 2, 1, 4, 3)
    fused = _sum_diagonals(by_columns.reshape(n, height * width, rows * columns), length)
    by_rows = fused.reshape(n, width, height, columns, rows).permute(0, 2, 1, 4, 3)
    return by_rows.reshape(n, height * width, rows * columns)


def _sum_diagonals(x: Tensor, length: int) -> Tensor:
    """Add up `length` neighbours on the diagonal: shifted sums, since a convolution would unfold the whole matrix."""
    n_rows, n_columns = x.shape[1:]
    padded = pad_same(x[:, None], length)[:, 0]
    total = padded[:, :n_rows, :n_columns]
    for shift in range(1, length):
        total = total + padded[:, shift : shift + n_rows, shift : shift + n_columns]
    return total


def _share(scores: Tensor, usable: Tensor | None, allowed: Tensor | None, settings: AttentionSettings) -> Tensor:
    """Return the softmax of the scores over the patches, without those that are not to be copied."""
    scores = scores * settings.sharpness
    never = torch.finfo(scores.dtype).min  # finite, so that a place with nothing to copy gets no NaN
    if usable is not None:
        scores = scores * usable if settings.exclusion == "product" else scores.masked_fill(~usable, never)
    if allowed is not None:
        permitted = allowed if usable is None else allowed & usable
        scores = scores.masked_fill(permitted.any(dim=2, keepdim=True) & ~allowed, never)
    weights = scores.softmax(dim=2)
    return weights if usable is None else weights * usable


def _paste(weights: Tensor, background: Tensor, size: tuple[int, int], settings: AttentionSettings) -> Tensor:
    side = 2 * settings.rate
    values = _patches(background, side, settings.rate)
    pasted = _fold(values @ weights.mT, size, side, settings.rate)
    if settings.overlap == "quarter":
        return pasted / 4
    counts = torch.ones(1, side * side, weights.shape[1], dtype=pasted.dtype, device=pasted.device)
    return pasted / _fold(counts, size, side, settings.rate)


def _fold(patches: Tensor, size: tuple[int, int], side: int, stride: int) -> Tensor:
    """Add patches up where they overlap; the reverse of `_patches`."""
    (top, bottom), (left, right) = (same_padding(length, side, stride) for length in size)
    padded = (size[0] + top + bottom, size[1] + left + right)
    return functional.fold(patches, padded, side, stride=stride)[:, :, top : top + size[0], left : left + size[1]]
