"""The multigrid cycle, its kernels against plain numpy twins."""

from __future__ import annotations

import numpy as np
import pytest

from retouch.arrays import multigrid
from retouch.arrays.multigrid import Level, apply_laplacian, cycle
from retouch.classical.diffusion.membrane import hole_levels

SHAPE = (9, 12)


@pytest.fixture
def level() -> Level:
    """Make a ragged hole with uneven conductances: no symmetry can hide a wrong index."""
    rng = np.random.default_rng(0)
    hole = rng.random(SHAPE) < 0.8
    return hole_levels(hole, rng.uniform(0.1, 1, SHAPE).astype(np.float32))[0]


def matrix(level: Level) -> np.ndarray:
    """Write the same operator as a dense matrix, one edge at a time: the twin of every kernel here."""
    height, width = level.ground.shape
    a = np.diag(level.ground.ravel().astype(np.float64))
    for r in range(height):
        for c in range(width):
            here = r * width + c
            for weight, there in ((level.east[r, c], here + 1), (level.south[r, c], here + width)):
                if weight:
                    a[here, here] += weight
                    a[there, there] += weight
                    a[here, there] -= weight
                    a[there, here] -= weight
    return a


def on_hole(level: Level, seed: int) -> np.ndarray:
    values = np.random.default_rng(seed).standard_normal(level.ground.shape)
    return np.where(level.inverse > 0, values, 0.0)


def test_the_laplacian_equals_its_dense_twin(level: Level) -> None:
    x = on_hole(level, 1)
    twin = (matrix(level) @ x.ravel()).reshape(x.shape)
    np.testing.assert_allclose(apply_laplacian(x, level.east, level.south, level.ground), twin, atol=1e-12)


@pytest.mark.parametrize("first", [0, 1])
def test_a_sweep_equals_gauss_seidel_on_the_dense_twin_in_chessboard_order(level: Level, first: int) -> None:
    x, b, a = on_hole(level, 2), on_hole(level, 3), matrix(level)
    twin = x.ravel().copy()
    colour = np.add(*np.indices(x.shape)).ravel() % 2
    for wanted in (first, 1 - first):
        for k in np.flatnonzero((colour == wanted) & (level.inverse.ravel() > 0)):
            twin[k] += (b.ravel()[k] - a[k] @ twin) / a[k, k]
    multigrid._smooth(x, b, level.east, level.south, level.inverse, first)
    np.testing.assert_allclose(x.ravel(), twin, atol=1e-5)  # `inverse` is float32


def test_restriction_adds_up_the_residual_of_each_block(level: Level) -> None:
    x, b = on_hole(level, 4), on_hole(level, 5)
    residual = np.pad((b.ravel() - matrix(level) @ x.ravel()).reshape(x.shape), ((0, 1), (0, 0)))
    twin = residual.reshape(5, 2, 6, 2).sum(axis=(1, 3))
    coarse = np.zeros((5, 6))
    multigrid._restrict(x, b, level.east, level.south, level.ground, coarse)
    np.testing.assert_allclose(coarse, twin, atol=1e-12)


def test_the_coarse_grid_is_the_fine_operator_on_pictures_that_are_constant_in_each_block(level: Level) -> None:
    """P' A P, with P repeating each coarse value in its 2x2 block."""
    height, width = level.ground.shape
    blocks = (np.arange(height)[:, None] // 2 * ((width + 1) // 2) + np.arange(width) // 2).ravel()
    repeat = np.eye(blocks.max() + 1)[blocks]
    coarse = multigrid._coarsened(level)
    np.testing.assert_allclose(matrix(coarse), repeat.T @ matrix(level) @ repeat, atol=1e-5)


def test_the_cycle_is_symmetric_and_positive_as_conjugate_gradients_demand() -> None:
    hole = np.random.default_rng(6).random((40, 30)) < 0.7
    levels = hole_levels(hole, np.random.default_rng(7).uniform(0.01, 1, hole.shape).astype(np.float32))
    assert len(levels) > 2
    x, y = on_hole(levels[0], 8), on_hole(levels[0], 9)
    across, back = np.vdot(y, cycle(levels, x)), np.vdot(x, cycle(levels, y))
    assert across == pytest.approx(back, rel=1e-4)  # float32
    assert np.vdot(x, cycle(levels, x)) > 0
