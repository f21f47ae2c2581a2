"""Differences and the divergence that belongs to them."""

from __future__ import annotations

import numpy as np
import pytest

from retouch.arrays.gradients import write_divergence, write_gradient

SHAPES = [(1, 1, 1), (1, 1, 7), (2, 6, 1), (3, 5, 8)]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_divergence_is_minus_the_adjoint_of_the_gradient(shape: tuple[int, int, int]) -> None:
    """<grad u, p> = -<u, div p>, whatever stands in the entries of p that do not count."""
    rng = np.random.default_rng(0)
    u, p = rng.standard_normal(shape), rng.standard_normal((2, *shape))
    slope, spread = np.full((2, *shape), np.nan), np.full(shape, np.nan)
    write_gradient(u, slope)
    write_divergence(p, spread)
    assert np.vdot(slope, p) == pytest.approx(-np.vdot(u, spread), abs=1e-12)


def test_a_ramp_has_its_slope_everywhere_but_at_the_far_border() -> None:
    rows, columns = np.mgrid[:4, :5].astype(float)
    slope = np.empty((2, 1, 4, 5))
    write_gradient((2 * rows + 3 * columns)[None], slope)
    assert (slope[0, 0, :-1] == 2).all()
    assert (slope[1, 0, :, :-1] == 3).all()
    assert (slope[0, 0, -1] == 0).all()
    assert (slope[1, 0, :, -1] == 0).all()
