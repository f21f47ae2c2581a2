"""Large pictures for denoisers: as a whole where the budget allows it, else in pieces that overlap.

Source: own; pieces are cut and blended by `retouch.runtime.tiling`, for which a denoiser is a network whose result at a
pixel depends on what lies within `DenoiserInfo.halo_px` of it. What a piece gives nearer to a cut is thrown away.
A denoiser that takes anything from the whole picture (a threshold, a dictionary, the level of its noise) takes it from
the piece instead; pieces are therefore as large as the budget allows, and cut only where it forces to.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from retouch.arrays.types import Image, Progress
from retouch.errors import LimitError
from retouch.methods.denoisers import DenoiserInfo
from retouch.methods.planning.memory import format_memory
from retouch.runtime.tiling import Needs, Tiling, apply_tiled, plan_tiling

_FLOAT_BYTES = 4
_LEAST_SIDE = 4  # times the halo: of a smaller piece less than half would be kept along each side
_SMALLEST_PX = 64
_PARTS = 100  # of a piece, in which its progress is told


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
    tiling = _cut(image, info, budget_bytes - _FLOAT_BYTES * image.size)
    n_pieces = math.prod(_n_along(*pair, tiling.overlap_px) for pair in _lengths(image, tiling))
    done = 0

    def clean(piece: Image) -> Image:
        nonlocal done
        result = method(piece, progress=lambda part, whole: progress(_PARTS * done + _share(part, whole), total))
        done += 1
        return result

    total = _PARTS * n_pieces
    return apply_tiled(clean, image, tiling), n_pieces


def _cut(image: Image, info: DenoiserInfo, budget_bytes: int) -> Tiling:
    height, width, n_channels = image.shape
    per_pixel = info.bytes_per_value * n_channels
    side = max(_SMALLEST_PX, _LEAST_SIDE * info.halo_px)
    needed = min(side, height) * min(side, width) * per_pixel
    if side**2 * per_pixel > budget_bytes:
        missing = format_memory(needed - min(budget_bytes, 0))
        raise LimitError(
            f"denoising by '{info.name}' must stay within the memory budget, but beside the picture a piece of it "
            f"needs about {missing} and {format_memory(max(budget_bytes, 0))} are left; raise --max-memory"
        )
    return plan_tiling((height, width), Needs(info.halo_px, float(per_pixel)), budget_bytes)


def _lengths(image: Image, tiling: Tiling) -> tuple[tuple[int, int], tuple[int, int]]:
    return (image.shape[0], tiling.height), (image.shape[1], tiling.width)


def _n_along(length: int, side: int, overlap: int) -> int:
    """Return how many pieces lie along an axis."""
    return 1 if side >= length else 1 + math.ceil((length - side) / (side - overlap))


def _share(part: int, whole: int) -> int:
    return _PARTS * part // max(whole, 1)
