"""Multigrid for weighted Laplace equations on a pixel grid, as a preconditioner of conjugate gradients.

Source: D. Braess, "Towards algebraic multigrid for elliptic problems of second order", Computing 55, 1995: plain
aggregation, each coarse correction enlarged by 1.8, inside conjugate gradients.
Departures: aggregates are the fixed 2x2 blocks of the grid, so that every level is again a 5-point grid.

The equation at each missing pixel p is  sum_q w(p, q) (u(p) - u(q)) = b(p)  over its 4 neighbours q inside the picture.

east    (H, W)  w between (r, c) and (r, c + 1), 0 unless both are missing; the last column is 0
south   (H, W)  w between (r, c) and (r + 1, c), 0 unless both are missing; the last row is 0
ground  (H, W)  sum of w towards known neighbours, 0 where known
inverse (H, W)  1 / (sum of all w at the pixel), 0 where known: such pixels stay 0 without any test

Adding up 2x2 blocks of the energy  sum w (u(p) - u(q))^2 + sum ground u(p)^2  gives the same three arrays at half size.
Cost: about 10 passes over the box per cycle in float32; 10 to 25 steps of conjugate gradients whatever the size.
"""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple, no_type_check

import numpy as np
from jaxtyping import Float32
from numba import njit

from retouch.arrays.types import AnyArray

_OVERCORRECTION = np.float32(1.8)  # Braess 1995
_COARSEST_CELLS = 64
_COARSEST_SWEEPS = 8


class Level(NamedTuple):
    """One grid of the hierarchy; every array is (H, W) float32."""

    east: Float32[np.ndarray, "H W"]
    south: Float32[np.ndarray, "H W"]
    ground: Float32[np.ndarray, "H W"]
    inverse: Float32[np.ndarray, "H W"]


def make_levels(
    east: Float32[np.ndarray, "H W"], south: Float32[np.ndarray, "H W"], ground: Float32[np.ndarray, "H W"]
) -> list[Level]:
    """Build the hierarchy from the given grid down to a few dozen cells."""
    levels = [_make_level(east, south, ground)]
    while levels[-1].ground.size > _COARSEST_CELLS:
        levels.append(_coarsened(levels[-1]))
    return levels


def cycle(levels: list[Level], residual: AnyArray) -> Float32[np.ndarray, "H W"]:
    """Approximate the solution for a residual by one symmetric V-cycle."""
    right = [residual.astype(np.float32)]
    guesses = []
    for level, below in pairwise(levels):
        guess = np.zeros_like(right[-1])
        _smooth(guess, right[-1], level.east, level.south, level.inverse, 0)
        coarse = np.zeros_like(below.ground)
        _restrict(guess, right[-1], level.east, level.south, level.ground, coarse)
        guesses.append(guess)
        right.append(coarse)
    solution = np.zeros_like(right[-1])
    for sweep in range(2 * _COARSEST_SWEEPS):
        _smooth(solution, right[-1], levels[-1].east, levels[-1].south, levels[-1].inverse, sweep % 2)
    for level, guess, b in zip(levels[-2::-1], guesses[::-1], right[-2::-1], strict=True):
        _prolong(guess, solution, level.inverse)
        _smooth(guess, b, level.east, level.south, level.inverse, 1)
        solution = guess
    return solution


def _make_level(
    east: Float32[np.ndarray, "H W"], south: Float32[np.ndarray, "H W"], ground: Float32[np.ndarray, "H W"]
) -> Level:
    """Complete a grid with the inverse of its diagonal."""
    diagonal = ground + east + south
    diagonal[:, 1:] += east[:, :-1]
    diagonal[1:] += south[:-1]
    return Level(east, south, ground, np.divide(1, diagonal, out=np.zeros_like(diagonal), where=diagonal > 0))


def _coarsened(level: Level) -> Level:
    """Add up 2x2 blocks: edges inside a block vanish, edges between two blocks join."""
    east, south, ground = (np.pad(a, [(0, n % 2) for n in a.shape]) for a in level[:3])
    return _make_level(
        east[0::2, 1::2] + east[1::2, 1::2],
        south[1::2, 0::2] + south[1::2, 1::2],
        ground[0::2, 0::2] + ground[0::2, 1::2] + ground[1::2, 0::2] + ground[1::2, 1::2],
    )


@njit(cache=True, nogil=True)
@no_type_check
def _smooth(x: AnyArray, b: AnyArray, east: AnyArray, south: AnyArray, inverse: AnyArray, first: int) -> None:
    """Do one Gauss-Seidel sweep over a chessboard in place, the fields of colour `first` before the others."""
    rows, columns = x.shape
    for half in range(2):
        for r in range(rows):
            for c in range((r + first + half) % 2, columns, 2):
                if inverse[r, c] == 0:
                    continue
                total = b[r, c]
                if c > 0:
                    total += east[r, c - 1] * x[r, c - 1]
                if c + 1 < columns:
                    total += east[r, c] * x[r, c + 1]
                if r > 0:
                    total += south[r - 1, c] * x[r - 1, c]
                if r + 1 < rows:
                    total += south[r, c] * x[r + 1, c]
                x[r, c] = total * inverse[r, c]


@njit(cache=True, nogil=True)
@no_type_check
def apply_laplacian(x: AnyArray, east: AnyArray, south: AnyArray, ground: AnyArray) -> AnyArray:
    """Return A x, by differences so that constants leave no rounding."""
    rows, columns = x.shape
    out = np.zeros_like(x)
    for r in range(rows):
        for c in range(columns):
            here = x[r, c]
            total = ground[r, c] * here
            if c > 0:
                total += east[r, c - 1] * (here - x[r, c - 1])
            if c + 1 < columns:
                total += east[r, c] * (here - x[r, c + 1])
            if r > 0:
                total += south[r - 1, c] * (here - x[r - 1, c])
            if r + 1 < rows:
                total += south[r, c] * (here - x[r + 1, c])
            out[r, c] = total
    return out


@njit(cache=True, nogil=True)
@no_type_check
def _restrict(x: AnyArray, b: AnyArray, east: AnyArray, south: AnyArray, ground: AnyArray, coarse: AnyArray) -> None:
    """Add the residual b - A x of each 2x2 block into `coarse`."""
    rows, columns = x.shape
    for r in range(rows):
        for c in range(columns):
            here = x[r, c]
            total = b[r, c] - ground[r, c] * here
            if c > 0:
                total -= east[r, c - 1] * (here - x[r, c - 1])
            if c + 1 < columns:
                total -= east[r, c] * (here - x[r, c + 1])
            if r > 0:
                total -= south[r - 1, c] * (here - x[r - 1, c])
            if r + 1 < rows:
                total -= south[r, c] * (here - x[r + 1, c])
            coarse[r // 2, c // 2] += total


def _prolong(
    x: Float32[np.ndarray, "H W"], coarse: Float32[np.ndarray, "h w"], inverse: Float32[np.ndarray, "H W"]
) -> None:
    """Add the enlarged coarse correction to the missing pixels of each block."""
    rows, columns = x.shape
    spread = coarse.repeat(2, axis=0)[:rows].repeat(2, axis=1)[:, :columns]
    x += np.where(inverse > 0, _OVERCORRECTION * spread, np.float32(0))
