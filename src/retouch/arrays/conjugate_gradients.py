"""Preconditioned conjugate gradients on pictures, all channels in step with each other.

Source: M. Hestenes, E. Stiefel, "Methods of conjugate gradients for solving linear systems", J. Research of the
National Bureau of Standards 49(6), 1952. Departures: none.

A  operator      symmetric, positive definite on the missing pixels, 0 at known ones
M  precondition  symmetric approximation of the inverse of A; may answer in float32
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from jaxtyping import Float64

from retouch.arrays.threads import n_threads
from retouch.arrays.types import Progress

_LEAST_SIZE_FOR_THREADS = 500_000

Plane: TypeAlias = Float64[np.ndarray, "H W"]
Operator: TypeAlias = Callable[[Plane], npt.NDArray[Any]]


def solve_channels(
    operator: Operator,
    precondition: Operator,
    right_hand_sides: list[Plane],
    limits: tuple[float, int],
    progress: Progress,
) -> list[Plane]:
    """Solve A x = b for one b per channel, with the channels shared among threads.

    Parameters
    ----------
    operator, precondition : callable
        A and M, applied to one channel; called from several threads at once.
    right_hand_sides : list of (H, W) float64
        b per channel, 0 outside the missing pixels.
    limits : (float, int)
        Stop when every channel's residual, in the norm of M, has fallen by this factor; or after so many steps.
    progress : callable
        Called after each step with (0..100, 100); the residual falls about geometrically, so its logarithm is shown.
    """
    tolerance, max_steps = limits
    solutions = [np.zeros_like(b) for b in right_hand_sides]
    runs = [_steps(operator, precondition, b, x) for b, x in zip(right_hand_sides, solutions, strict=True)]
    # Below this size the kernels are so short that threads spend their time waiting for the interpreter's lock.
    n_workers = min(n_threads(), len(runs)) if right_hand_sides[0].size >= _LEAST_SIZE_FOR_THREADS else 1
    with ThreadPoolExecutor(n_workers) as pool:
        for step in range(1, max_steps + 1):
            worst = max(pool.map(next, runs))
            if worst <= tolerance:
                break
            fallen = int(100 * np.log(min(worst, 1.0)) / np.log(tolerance))
            progress(min(99, max(fallen, 100 * step // max_steps)), 100)
    progress(100, 100)
    return solutions


def _steps(operator: Operator, precondition: Operator, b: Plane, x: Plane) -> Iterator[float]:
    """Improve x in place and yield the norm of its preconditioned residual, relative to the first."""
    r = b.copy()
    p = precondition(r).astype(np.float64)
    energy = first = float(np.vdot(r, p))
    while energy > 0:
        ap = operator(p)
        step = energy / float(np.vdot(p, ap))
        x += step * p
        r -= step * ap
        z = precondition(r)
        before, energy = energy, float(np.vdot(r, z))
        yield float(np.sqrt(max(energy, 0.0) / first))
        p *= energy / before
        p += z
    while True:  # the right-hand side was 0 or is used up: solved to the last bit
        yield 0.0
