"""Large pictures for denoisers: as a whole where the budget allows it, else in pieces that overlap.

Source: own. The result at a pixel depends on what lies within `DenoiserInfo.halo_px` of it. So each pixel is taken from
a piece that reaches that far beyond it on all sides, or to the picture's own border. Pieces begin at multiples of
`DenoiserInfo.grid_px`, as methods that visit every so many patches would visit others else.
A denoiser that takes anything from the whole picture (a threshold, a dictionary, the level of its noise) takes it from
the piece instead. Pieces are therefore as large as the budget allows, and cut only where it forces to.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from retouch.arrays.types import Image, Progress
from retouch.errors import LimitError
from retouch.methods.denoisers import DenoiserInfo
from retouch.methods.planning.memory import format_memory

_FLOAT_BYTES = 4
_LEAST_SIDE = 4  # times the halo: of a smaller piece more than three quarters would be thrown away
_SMALLEST_PX = 64
_PARTS = 100  # of a piece, in which its progress is told


class _Stretch(NamedTuple):
    """A piece along one axis: what is shown to the denoiser, what is kept of the result, and where that goes."""

    shown: slice
    kept: slice
    goes: slice


def denoise_in_pieces(
    method: Callable[..., Image], image: Image, info: DenoiserInfo, budget_bytes: int, progress: Progress
) -> tuple[Image, int]:
    """Return what a denoiser makes of a picture within a budget, and in how many pieces it was done.

    Parameters
    ----------
    method : callable
        `method(image, progress=...)`, sigma and options set.
    image : (H, W, C) float32
    info : DenoiserInfo
        What it needs for a value, and how far it looks.
    budget_bytes : int
        For the work on top of the picture, result included.
    progress : callable
        Called with the denoiser's own counts for a whole picture, else in hundredths of pieces.

    Raises
    ------
    LimitError
        If not even a piece of four halos (64 px at least) fits.
    """
    if info.bytes_per_value * image.size <= budget_bytes:
        return method(image, progress=progress), 1
    pieces = list(_cut(image, info, budget_bytes - _FLOAT_BYTES * image.size))
    result, total = np.empty_like(image), _PARTS * len(pieces)
    for index, (rows, columns) in enumerate(pieces):
        shown = np.ascontiguousarray(image[rows.shown, columns.shown])
        clean = method(shown, progress=lambda part, whole, i=index: progress(_PARTS * i + _share(part, whole), total))
        result[rows.goes, columns.goes] = clean[rows.kept, columns.kept]
    return result, len(pieces)


def _cut(image: Image, info: DenoiserInfo, budget_bytes: int) -> Iterator[tuple[_Stretch, _Stretch]]:
    """Yield the pieces, row by row: squares where the picture is not narrower, longer where it is."""
    height, width, n_channels = image.shape
    per_pixel = info.bytes_per_value * n_channels
    least = max(_SMALLEST_PX, _LEAST_SIDE * info.halo_px)
    n_pixels = max(budget_bytes, 0) // per_pixel
    if n_pixels < min(least, height) * min(least, width):
        needed = format_memory(min(least, height) * min(least, width) * per_pixel)
        raise LimitError(
            f"denoising by '{info.name}' must stay within the memory budget, but beside the picture a piece of it "
            f"needs about {needed} and {format_memory(max(budget_bytes, 0))} are left; raise --max-memory"
        )
    side = math.isqrt(n_pixels)
    tall = height if height <= side else min(height, max(side, n_pixels // width))
    columns = list(_stretches(width, n_pixels // tall, info))
    for rows in _stretches(height, tall, info):
        for column in columns:
            yield rows, column


def _stretches(length: int, most: int, info: DenoiserInfo) -> Iterator[_Stretch]:
    """Cut an axis into stretches of at most that many pixels, halos included."""
    if length <= most:
        yield _Stretch(slice(0, length), slice(0, length), slice(0, length))
        return
    halo = -(-info.halo_px // info.grid_px) * info.grid_px
    step = (most - 2 * halo) // info.grid_px * info.grid_px
    for start in range(0, length, step):
        stop, first = min(start + step, length), max(start - halo, 0)
        shown = slice(first, min(stop + halo, length))
        yield _Stretch(shown, slice(start - first, stop - first), slice(start, stop))


def _share(part: int, whole: int) -> int:
    return _PARTS * part // max(whole, 1)
