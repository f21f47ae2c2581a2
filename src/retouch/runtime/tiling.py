"""Tiles for networks: a large picture goes through a net piece by piece, and the pieces are blended.

Source: own. A pixel of a net's output depends on the input no farther away than the radius of its receptive field. What
a tile gives nearer than that to a side where it was cut is thrown away; the next tile begins early enough to have those
pixels whole, and over the rest of the overlap one tile fades linearly into the next. So the result is that of the
whole picture, but for rounding, wherever two tiles overlap by at least twice the radius.
Tiles begin at multiples of the net's size multiple, since strided layers give another result at another phase.
Departure: a net without a finite radius (attention, global means, Fourier layers) cannot be tiled exactly. It is
refused unless the caller allows an approximation, which `Tiling.exact` then tells.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from jaxtyping import Float, Float32

from retouch.errors import InputError, LimitError
from retouch.runtime.padding import crop_back, pad_mirrored, padded_shape

Apply: TypeAlias = Callable[[Float32[np.ndarray, "h w C"]], Float[np.ndarray, "h w K"]]
"""A network: a tile in, a tile of the same height and width out."""

_MB = 1 << 20
_MOST_OVERLAP = 0.75  # of a tile's side; 16 times the pixels go through the net, and beyond it soon any number
_GUESSED_SHARE = 4  # the overlap of tiles that cannot be exact: a quarter of their side


@dataclass(frozen=True)
class Needs:
    """What a network asks of the pictures it is shown.

    Attributes
    ----------
    radius_px : int or None
        How far from a pixel the input reaches that it depends on; None if it depends on the whole picture.
    bytes_per_pixel : float
        Memory of one call for each pixel of its input.
    multiple : int
        Both sides must be multiples of it.
    least_px : int
        The least side.
    """

    radius_px: int | None
    bytes_per_pixel: float
    multiple: int = 1
    least_px: int = 1


@dataclass(frozen=True)
class Tiling:
    """How a picture is cut.

    Attributes
    ----------
    height, width : int
        Of every tile, multiples of `multiple`.
    overlap_px : int
        By how much neighbours overlap at least, a multiple of `multiple`.
    trim_px : int
        How much of a tile is thrown away at a side where it was cut; at most half the overlap.
    multiple, least_px : int
        As in `Needs`.
    exact : bool
        Whether the result is that of the whole picture.
    """

    height: int
    width: int
    overlap_px: int
    trim_px: int
    multiple: int = 1
    least_px: int = 1
    exact: bool = True

    def __post_init__(self) -> None:
        lengths = (self.height, self.width, self.overlap_px)
        if min(lengths) < 0 or any(length % self.multiple for length in lengths) or 2 * self.trim_px > self.overlap_px:
            raise InputError(
                f"tiles and their overlap must be multiples of {self.multiple} and the overlap twice the trim or more, "
                f"got {self.width}x{self.height}, overlap {self.overlap_px}, trim {self.trim_px}"
            )


def plan_tiling(
    shape: tuple[int, int], needs: Needs, budget_bytes: int, *, blend_px: int = 16, approximate: bool = False
) -> Tiling:
    """Choose the largest tiles that the budget allows: the whole picture if it fits.

    Parameters
    ----------
    shape : (int, int)
        Height and width of the picture in pixels.
    needs : Needs
    budget_bytes : int
        What one call of the network may use. The picture and its result come on top of it.
    blend_px : int
        Over how many pixels tiles fade into each other where there is memory for that.
    approximate : bool
        Allow tiles that overlap too little to be exact, where exact ones do not fit.

    Raises
    ------
    LimitError
        If not even one tile fits: none at all, or none that is exact while `approximate` is off. An exact tile is
        longer than 8/3 of the radius, so that the work stays below 16 times that of the whole picture.

    Examples
    --------
    A million pixels at 100 bytes are beyond 16 MB; tiles of 408 pixels are not, and overlap by twice the radius and 16:

    >>> tiling = plan_tiling((1000, 1000), Needs(radius_px=20, bytes_per_pixel=100.0, multiple=8), 1 << 24)
    >>> tiling.height, tiling.overlap_px, tiling.trim_px, tiling.exact
    (408, 56, 20, True)
    """
    height, width = padded_shape(shape, needs.multiple, needs.least_px)
    if height * width * needs.bytes_per_pixel <= budget_bytes:
        return Tiling(height, width, 0, 0, needs.multiple, needs.least_px)
    side = math.isqrt(int(budget_bytes / needs.bytes_per_pixel)) // needs.multiple * needs.multiple
    cut = _overlap_of(side, needs, blend_px, approximate=approximate)
    if cut is None:
        raise LimitError(_too_small((height, width), needs, budget_bytes, approximate=approximate))
    overlap, trim = cut
    exact = needs.radius_px is not None and trim >= needs.radius_px
    return Tiling(min(side, height), min(side, width), overlap, trim, needs.multiple, needs.least_px, exact=exact)


def apply_tiled(
    apply: Apply,
    picture: Float32[np.ndarray, "H W C"],
    tiling: Tiling,
    progress: Callable[[int, int], None] | None = None,
) -> Float32[np.ndarray, "H W K"]:
    """Return what a network makes of a picture, tile by tile.

    Parameters
    ----------
    apply : callable
        The network: (h, w, C) float32 to (h, w, K), for tiles of the planned size.
    picture : (H, W, C) float32
        Grown by its mirror image to the network's multiple and least side, as it would be whole.
    tiling : Tiling
        From `plan_tiling`.
    progress : callable, optional
        Called with (done, total) tiles; may raise `Cancelled`.

    Returns
    -------
    (H, W, K) float32
        A copy; with `tiling.exact` it differs from `apply` of the whole picture by rounding only.

    Raises
    ------
    InputError
        If the network gives another height or width than it was given.

    Notes
    -----
    Costs area / (1 - overlap / side)**2 in pixels that go through the network, and memory for the padded picture and
    its result beside one call.

    Examples
    --------
    >>> tiles = Tiling(height=4, width=4, overlap_px=2, trim_px=1)
    >>> picture = np.arange(36, dtype=np.float32).reshape(6, 6, 1)
    >>> bool((apply_tiled(lambda tile: tile * 2, picture, tiles) == picture * 2).all())
    True
    """
    shape = (picture.shape[0], picture.shape[1])
    padded = pad_mirrored(picture, tiling.multiple, tiling.least_px)
    rows = _strips(padded.shape[0], tiling.height, tiling)
    columns = _strips(padded.shape[1], tiling.width, tiling)
    result: Float32[np.ndarray, "h w K"] | None = None
    total = len(rows) * len(columns)
    for index in range(total):
        (top, row_weights), (left, column_weights) = rows[index // len(columns)], columns[index % len(columns)]
        window = (slice(top, top + len(row_weights)), slice(left, left + len(column_weights)))
        tile = _checked(apply(np.ascontiguousarray(padded[window])), padded[window].shape)
        if result is None:
            result = np.zeros((*padded.shape[:2], tile.shape[2]), np.float32)
        result[window] += tile * (row_weights[:, None] * column_weights)[..., None]
        if progress is not None:
            progress(index + 1, total)
    if result is None:  # a picture has a pixel, so it has a tile
        raise InputError(f"a picture must have at least one pixel, got {shape[1]}x{shape[0]}")
    return np.ascontiguousarray(crop_back(result, shape))


def _overlap_of(side: int, needs: Needs, blend_px: int, *, approximate: bool) -> tuple[int, int] | None:
    """Return overlap and trim: exact with room to blend, or exact without, or a guess; None where no tile will do."""
    if side < _least_side(needs):
        return None
    if needs.radius_px is not None:
        for blend in (blend_px, 0):
            overlap = _up(2 * needs.radius_px + blend, needs.multiple)
            if overlap <= side * _MOST_OVERLAP:
                return overlap, needs.radius_px
    guessed = side // _GUESSED_SHARE // needs.multiple * needs.multiple
    return (guessed, guessed // 4) if approximate else None


def _least_side(needs: Needs) -> int:
    return padded_shape((1, 1), needs.multiple, needs.least_px)[0]


def _up(length: int, multiple: int) -> int:
    return -(-length // multiple) * multiple


def _strips(length: int, side: int, tiling: Tiling) -> list[tuple[int, Float32[np.ndarray, " side"]]]:
    """Cut one axis: where each tile begins and its weights, which add up to one at every pixel."""
    side = min(side, length)
    step = side - tiling.overlap_px
    if side < length and step < 1:
        raise InputError(f"tiles must be longer than their overlap of {tiling.overlap_px} pixels, got {side}")
    n_steps = 0 if side == length else -(-(length - side) // step)
    starts = [min(i * step, length - side) for i in range(n_steps + 1)]
    ramps = [_ramp(side, tiling, cut_before=start > 0, cut_after=start + side < length) for start in starts]
    sums = np.zeros(length)
    for start, ramp in zip(starts, ramps, strict=True):
        sums[start : start + side] += ramp
    return [
        (start, (ramp / sums[start : start + side]).astype(np.float32))
        for start, ramp in zip(starts, ramps, strict=True)
    ]


def _ramp(side: int, tiling: Tiling, *, cut_before: bool, cut_after: bool) -> Float[np.ndarray, " side"]:
    """Weights of a tile along one axis: nothing near a cut, then rising over what the overlap leaves, then one."""
    blend = tiling.overlap_px - 2 * tiling.trim_px
    rising = np.clip((np.arange(side) - tiling.trim_px + 1) / (blend + 1), 0, 1)
    ones = np.ones(side)
    return np.minimum(rising if cut_before else ones, rising[::-1] if cut_after else ones)


def _checked(tile: Float[np.ndarray, "h w K"], shape: tuple[int, ...]) -> Float[np.ndarray, "h w K"]:
    if tile.shape[:2] != shape[:2]:
        raise InputError(
            f"a network that is tiled must give tiles of the size it gets, got {tile.shape[1]}x{tile.shape[0]} "
            f"for {shape[1]}x{shape[0]}"
        )
    return tile


def _too_small(whole: tuple[int, int], needs: Needs, budget_bytes: int, *, approximate: bool) -> str:
    """Say what is needed: the least tile that will do, or all of the picture for a net that looks at all of it."""
    what, pixels = "one tile of this network", _least_side(needs) ** 2
    if needs.radius_px is None and not approximate:
        what, pixels = "this network, which looks at the whole picture at once,", math.prod(whole)
    elif needs.radius_px is not None and not approximate:
        overlap = _up(2 * needs.radius_px, needs.multiple)
        tile = max(_least_side(needs), _up(math.ceil(overlap / _MOST_OVERLAP), needs.multiple)) ** 2
        pixels = min(tile, math.prod(whole))
    needed = math.ceil(pixels * needs.bytes_per_pixel / _MB)
    return (
        f"the work must stay within {budget_bytes / _MB:.1f} MB, but {what} needs about {needed} MB; raise "
        "--max-memory or work on a smaller picture"
    )
