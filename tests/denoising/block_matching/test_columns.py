"""What the columns of patches share, against products of matrices written out."""

from __future__ import annotations

import numpy as np

from retouch.denoising.block_matching.columns import restore_columns, spread_weights, transform_columns

RNG = np.random.default_rng(2)
MATRIX = RNG.standard_normal((5, 5)).astype(np.float32)


def test_each_line_is_the_transform_of_the_column_below_it() -> None:
    plane = RNG.standard_normal((9, 4)).astype(np.float32)
    lines = transform_columns(plane, MATRIX)
    assert lines.shape == (5, 4, 5)
    for y, x in np.ndindex(5, 4):
        np.testing.assert_allclose(lines[y, x], MATRIX @ plane[y : y + 5, x], atol=1e-5)


def test_lines_are_restored_and_added_where_they_overlap() -> None:
    total = RNG.standard_normal((3, 4, 5)).astype(np.float32)
    plane = np.ones((7, 4), np.float32)
    expected = np.ones((7, 4))
    for y, x in np.ndindex(3, 4):
        expected[y : y + 5, x] += MATRIX @ total[y, x]
    restore_columns(total, MATRIX, plane)
    np.testing.assert_allclose(plane, expected, atol=1e-5)


def test_each_weight_is_spread_by_the_window() -> None:
    weights = np.zeros((3, 6), np.float32)
    weights[1, 2], weights[2, 3] = 2, 3
    window = np.array([1, 2, 4], np.float32)
    expected = np.zeros((5, 6))
    expected[1:4, 2:5] += 2 * np.outer(window, window)
    expected[2:5, 3:6] += 3 * np.outer(window, window)
    np.testing.assert_allclose(spread_weights(weights, window), expected)
