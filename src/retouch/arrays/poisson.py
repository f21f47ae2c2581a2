"""Poisson blending: the gradients of one picture inside the values of another.

Source: P. Perez, M. Gangnet, A. Blake, "Poisson image editing", SIGGRAPH 2003, Eqs. 7, 11 and 13.
Departures: solved for the correction e = f - source, which is smooth, by multigrid instead of a sparse factorisation;
where the region touches the picture's border the neighbours outside are left out (Neumann); a region that is the whole
picture has no boundary, and then keeps the mean of the source.

f       (H, W, C)  the result, = target outside the region
v(p, q)            wanted difference f(p) - f(q) of two neighbours: that of the source, or of the target where mixed
e       (H, W, C)  f - source; at the boundary e = target - source
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float32, Float64

from retouch.arrays.conjugate_gradients import solve_channels
from retouch.arrays.multigrid import apply_laplacian, cycle, make_levels
from retouch.arrays.regions import bounding_box
from retouch.arrays.types import Image, Mask, Progress, ignore_progress
from retouch.errors import InputError

_TOLERANCE = 1e-6  # of the first residual: a hundredth of a level of a 16-bit picture
_MAX_STEPS = 200
_LESS, _MORE, _ALL = slice(None, -1), slice(1, None), slice(None)
_ALL_EDGES = (  # every pixel paired with its neighbour to the east, west, south and north
    ((_ALL, _LESS), (_ALL, _MORE)),
    ((_ALL, _MORE), (_ALL, _LESS)),
    ((_LESS, _ALL), (_MORE, _ALL)),
    ((_MORE, _ALL), (_LESS, _ALL)),
)


def blend_poisson(
    source: Image, target: Image, mask: Mask, *, mixed: bool = False, progress: Progress = ignore_progress
) -> Image:
    """Return the target with the region under the mask redrawn from the gradients of the source.

    Parameters
    ----------
    source, target : (H, W, C) float32
        Where the gradients come from, and where the values around the region come from. All finite.
    mask : (H, W) bool
        True in the region that is redrawn.
    mixed : bool
        Take the target's difference of two neighbours where it is the larger one, so that its texture shows through.
    progress : callable, optional
        Called as progress(done, 100).

    Returns
    -------
    (H, W, C) float32
        Bit-equal to the target outside the region; not clipped, since a blend may leave [0, 1].

    Raises
    ------
    InputError
        If the shapes differ.

    Examples
    --------
    >>> target = np.full((3, 3, 1), 0.5, np.float32)
    >>> region = np.zeros((3, 3), bool)
    >>> region[1, 1] = True
    >>> float(blend_poisson(target + 0.3, target, region)[1, 1, 0])
    0.5
    """
    if not source.shape == target.shape == (*mask.shape, target.shape[-1]):
        raise InputError(
            f"source and target must be of one shape, and the mask of their height and width, got {source.shape}, "
            f"{target.shape} and {mask.shape}"
        )
    result = target.copy()
    if not mask.any():
        return result
    box = bounding_box(mask).grown(1, 1, (mask.shape[0], mask.shape[1])).slices
    region = np.ascontiguousarray(mask[box])
    from_source = source[box].astype(np.float64)
    correction = _solve(from_source, target[box].astype(np.float64), region, mixed, progress)
    result[box][region] = (from_source + correction)[region].astype(np.float32)
    return result


def _solve(
    source: Float64[np.ndarray, "h w C"],
    target: Float64[np.ndarray, "h w C"],
    region: Bool[np.ndarray, "h w"],
    mixed: bool,
    progress: Progress,
) -> Float64[np.ndarray, "h w C"]:
    """Return e = f - source inside the region, 0 outside."""
    boundary = np.where(region[:, :, None], 0, target - source)
    right = np.zeros(source.shape)
    ground = np.zeros(region.shape, np.float32)
    for here, there in _ALL_EDGES:
        right[here] += boundary[there]
        ground[here] += ~region[there]
        if mixed:
            right[here] += _gain_of_target(source[here] - source[there], target[here] - target[there])
    right *= region[:, :, None]
    ground *= region
    if not ground.any():
        ground[0, 0] = 1  # no boundary: hold one pixel, and bring back the mean at the end
    levels = make_levels(*_inner_edges(region), ground)
    planes = solve_channels(
        lambda x: apply_laplacian(x, levels[0].east, levels[0].south, levels[0].ground),
        lambda r: cycle(levels, r),
        [np.ascontiguousarray(right[:, :, c]) for c in range(source.shape[2])],
        (_TOLERANCE, _MAX_STEPS),
        progress,
    )
    correction = np.stack(planes, axis=2)
    return correction - correction.mean(axis=(0, 1)) if region.all() else correction


def _gain_of_target(
    of_source: Float64[np.ndarray, "h w C"], of_target: Float64[np.ndarray, "h w C"]
) -> Float64[np.ndarray, "h w C"]:
    """Return what the wanted difference gains where the target's is the larger one."""
    return np.where(np.abs(of_target) > np.abs(of_source), of_target - of_source, 0)  # Eq. 13, less the source's part


def _inner_edges(region: Bool[np.ndarray, "h w"]) -> tuple[Float32[np.ndarray, "h w"], Float32[np.ndarray, "h w"]]:
    """Return 1 where a pixel and its eastern, and its southern, neighbour are both in the region."""
    east, south = np.zeros(region.shape, np.float32), np.zeros(region.shape, np.float32)
    east[:, :-1] = region[:, :-1] & region[:, 1:]
    south[:-1] = region[:-1] & region[1:]
    return east, south
