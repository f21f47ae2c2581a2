"""The weighted Laplace equation in the holes of a picture: a membrane whose stiffness may differ from place to place.

Source: the 5-point finite-difference scheme; conductances as in C. Vogel, M. Oman, "Iterative methods for total
variation denoising", SIAM J. Sci. Comput. 17(1), 1996, section 3.

The energy is  sum_p g(p) ((u(p + east) - u(p))^2 + (u(p + south) - u(p))^2)  with known pixels fixed; differences that
leave the picture are left out (Neumann). Its minimum solves, at each missing pixel,  sum_q w(p, q) (u(p) - u(q)) = 0,
where an edge takes the conductance g of its western or northern end.

Groups up to a size are factorised directly, many at a time; larger ones are solved by multigrid on their box, which
keeps memory at a few copies of the box where a factorisation would need hundreds.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from jaxtyping import Float32, Float64, Int

from retouch.arrays.conjugate_gradients import solve_channels
from retouch.arrays.types import Mask, Progress, ignore_progress
from retouch.classical.diffusion.groups import group_holes

if TYPE_CHECKING:
    from retouch.arrays.multigrid import Level

_DIRECT_PIXELS = 12_000  # above this multigrid is faster than a factorisation
_BATCH_PIXELS = 60_000  # a batch of factors stays below about 100 MB
TOLERANCE = 1e-5  # of the first residual: errors far below one level of an 8-bit picture
_MAX_STEPS = 400

Picture: TypeAlias = Float32[np.ndarray, "H W C"]
Plane: TypeAlias = Float32[np.ndarray, "H W"]


@dataclass(frozen=True)
class Edges:
    """Edges from missing pixels in one of the four directions.

    Attributes
    ----------
    here : (k,) int
        Numbers of the missing pixels, 0 to n - 1.
    there : (k,) int
        Number of the neighbour if that is missing too, else its flat index in the picture.
    holder : (k,) int
        Flat index of the pixel whose conductance the edge takes.
    """

    here: Int[np.ndarray, " k"]
    there: Int[np.ndarray, " k"]
    holder: Int[np.ndarray, " k"]


@dataclass(frozen=True)
class DirectPart:
    """Whole groups of missing pixels that are solved by one sparse factorisation."""

    pixels: Int[np.ndarray, " n"]
    inner: list[Edges]
    outer: list[Edges]

    def relax(self, filled: Picture, conductance: Plane, progress: Progress = ignore_progress) -> None:
        """Write the membrane of the given conductance into the missing pixels of `filled`."""
        # Scipy's sparse solvers take a tenth of a second to import.
        from scipy.sparse import csc_matrix  # noqa: PLC0415
        from scipy.sparse.linalg import splu  # noqa: PLC0415

        n = len(self.pixels)
        flat, g = filled.reshape(-1, filled.shape[2]), conductance.ravel()
        diagonal, rhs = np.zeros(n), np.zeros((n, flat.shape[1]))
        for edges in self.outer:
            diagonal[edges.here] += g[edges.holder]
            rhs[edges.here] += g[edges.holder, None] * flat[edges.there]
        for edges in self.inner:
            diagonal[edges.here] += g[edges.holder]
        rows = np.concatenate([np.arange(n), *(edges.here for edges in self.inner)])
        columns = np.concatenate([np.arange(n), *(edges.there for edges in self.inner)])
        entries = np.concatenate([diagonal, *(-g[edges.holder] for edges in self.inner)])
        # The matrix is symmetric and diagonally dominant: no pivoting, and an ordering for the pattern of A + A'.
        factors = splu(
            csc_matrix((entries, (rows, columns)), shape=(n, n)),
            permc_spec="MMD_AT_PLUS_A",
            diag_pivot_thresh=0.0,
            options={"SymmetricMode": True},
        )
        flat[self.pixels] = np.clip(factors.solve(rhs), 0, 1)
        progress(100, 100)


@dataclass(frozen=True)
class BoxPart:
    """One large group that is solved by multigrid on its box."""

    pixels: Int[np.ndarray, " n"]
    slices: tuple[slice, slice]
    hole: Mask
    tolerance: float

    def relax(self, filled: Picture, conductance: Plane, progress: Progress = ignore_progress) -> None:
        """Write the membrane of the given conductance into the missing pixels of `filled`."""
        # Numba takes half a second to import, which pictures with small holes need not pay.
        from retouch.arrays.multigrid import apply_laplacian, cycle  # noqa: PLC0415

        view, hole, g = filled[self.slices], self.hole, conductance[self.slices]
        levels = hole_levels(hole, g)
        # A level in the middle of what is around keeps the numbers small, and constants exact.
        middle = view[~hole].mean(axis=0, dtype=np.float64)
        pulls = [_sum_over_known(view[:, :, c] - middle[c], hole, g) for c in range(view.shape[2])]
        solutions = solve_channels(
            lambda x: apply_laplacian(x, levels[0].east, levels[0].south, levels[0].ground),
            lambda r: cycle(levels, r),
            pulls,
            (self.tolerance, _MAX_STEPS),
            progress,
        )
        for c, solution in enumerate(solutions):
            view[hole, c] = np.clip(solution[hole] + middle[c], 0, 1)


def hole_levels(hole: Mask, conductance: Plane) -> list[Level]:
    """Build the multigrid hierarchy of one group in its box."""
    from retouch.arrays.multigrid import make_levels  # noqa: PLC0415 - numba, see BoxPart

    east, south = np.zeros(hole.shape, np.float32), np.zeros(hole.shape, np.float32)
    np.copyto(east[:, :-1], conductance[:, :-1], where=hole[:, :-1] & hole[:, 1:])
    np.copyto(south[:-1], conductance[:-1], where=hole[:-1] & hole[1:])
    ground = _sum_over_known(np.ones(hole.shape), hole, conductance).astype(np.float32)
    return make_levels(east, south, ground)


def split_holes(mask: Mask, tolerance: float = TOLERANCE) -> Iterator[DirectPart | BoxPart]:
    """Yield parts of the mask that do not influence each other, in an order that depends on the mask only.

    Large parts are solved until the residual has fallen by `tolerance`; small ones exactly.
    """
    groups = group_holes(mask, reach_px=1)
    small = groups.sizes <= _DIRECT_PIXELS
    for pixels in groups.batches(np.flatnonzero(small), _BATCH_PIXELS):
        yield _direct_part(pixels, mask)
    for group in np.flatnonzero(~small):
        slices = groups.boxes[group].slices
        pixels = groups.pixels[groups.starts[group] : groups.starts[group + 1]]
        yield BoxPart(pixels, slices, groups.labels[slices] == group + 1, tolerance)


def _direct_part(pixels: Int[np.ndarray, " n"], mask: Mask) -> DirectPart:
    """Find the four neighbours of each missing pixel."""
    height, width = mask.shape
    missing = mask.ravel()
    by_place = np.argsort(pixels)
    row, column = np.divmod(pixels, width)
    inner, outer = [], []
    for step, inside in ((-width, row > 0), (width, row < height - 1), (-1, column > 0), (1, column < width - 1)):
        here = np.flatnonzero(inside)
        there = pixels[here] + step
        holder = np.minimum(pixels[here], there)
        unknown = missing[there]
        number = by_place[np.searchsorted(pixels, there[unknown], sorter=by_place)]
        inner.append(Edges(here[unknown], number, holder[unknown]))
        outer.append(Edges(here[~unknown], there[~unknown], holder[~unknown]))
    return DirectPart(pixels, inner, outer)


def _sum_over_known(
    values: Float64[np.ndarray, "h w"], hole: Mask, g: Float32[np.ndarray, "h w"]
) -> Float64[np.ndarray, "h w"]:
    """Add up conductance times value over the known neighbours of each missing pixel; 0 at known pixels."""
    known = np.where(hole, 0.0, values)
    total = np.zeros_like(known)
    total[:, 1:] += g[:, :-1] * known[:, :-1]
    total[:, :-1] += g[:, :-1] * known[:, 1:]
    total[1:] += g[:-1] * known[:-1]
    total[:-1] += g[:-1] * known[1:]
    total[~hole] = 0
    return total
