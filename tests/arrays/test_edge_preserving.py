"""Smoothing that takes texture and keeps edges."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import sparse
from scipy.sparse.linalg import spsolve

from retouch.arrays.edge_preserving import smooth_texture
from retouch.arrays.types import Image, Mask
from retouch.errors import InputError

SIDE = 48
EDGE = 24


def checks(side: int = SIDE) -> Image:
    """Return a texture of squares of 2 px, 0.4 and 0.6: variance 0.01."""
    rows, columns = np.indices((side, side)) // 2
    return (0.4 + 0.2 * ((rows + columns) % 2))[:, :, None].astype(np.float32)


def step_with_texture() -> Image:
    """Return a dark and a bright half with the same texture on both."""
    step = np.where(np.arange(SIDE) < EDGE, -0.3, 0.3).astype(np.float32)
    return checks() + step[None, :, None]


def hole(side: int = SIDE) -> Mask:
    mask = np.zeros((side, side), np.bool_)
    mask[15:31, 18:34] = True
    return mask


def expected_by_definition(image: Image, strength: float, sharpness: float) -> Image:
    """Return one round with a window of sigma 3, written out pixel by pixel."""
    height, width, n_channels = image.shape
    values = image.astype(np.float64)
    kernel = np.exp(-0.5 * (np.arange(-7, 8) / 3.0) ** 2)  # round(5 x 3) = 15 pixels
    windowed = np.zeros_like(values)
    for r in range(height):
        for c in range(width):
            there = [
                (i, j) for i in range(r - 7, r + 8) for j in range(c - 7, c + 8) if 0 <= i < height and 0 <= j < width
            ]
            weights = np.array([kernel[i - r + 7] * kernel[j - c + 7] for i, j in there])
            windowed[r, c] = sum(w * values[at] for w, at in zip(weights, there, strict=True)) / weights.sum()
    matrix: Any = sparse.lil_matrix((height * width, height * width))
    for r in range(height):
        for c in range(width):
            matrix[r * width + c, r * width + c] += 1
            right = values[r, c + 1] - values[r, c] if c + 1 < width else np.zeros(n_channels)
            below = values[r + 1, c] - values[r, c] if r + 1 < height else np.zeros(n_channels)
            common = 1 / max(np.sqrt(right**2 + below**2).mean(), sharpness)
            for i, j in ((r, c + 1), (r + 1, c)):
                if i < height and j < width:
                    weight = strength / 2 * common / max(np.abs(windowed[i, j] - windowed[r, c]).mean(), 0.001)
                    a, b = r * width + c, i * width + j
                    matrix[a, a] += weight
                    matrix[b, b] += weight
                    matrix[a, b] -= weight
                    matrix[b, a] -= weight
    solved = spsolve(matrix.tocsc(), values.reshape(-1, n_channels))
    return np.asarray(solved).reshape(image.shape)


def test_texture_loses_more_than_four_fifths_of_its_variance() -> None:
    smooth = smooth_texture(checks())
    assert smooth.var() < 0.2 * checks().var()


def test_an_edge_between_textures_moves_by_less_than_a_pixel() -> None:
    profile = smooth_texture(step_with_texture()).mean(axis=(0, 2))
    assert abs(np.argmax(np.abs(np.diff(profile))) - (EDGE - 1)) < 1
    assert profile[EDGE + 2] - profile[EDGE - 3] > 0.8 * 0.6  # most of the step is still there within 5 px


def test_texture_goes_on_both_sides_of_an_edge() -> None:
    smooth = smooth_texture(step_with_texture())
    for half in (smooth[:, : EDGE - 4], smooth[:, EDGE + 4 :]):
        assert half.var() < 0.2 * 0.01


def test_the_mean_is_kept() -> None:
    image = np.random.default_rng(0).random((20, 31, 3), np.float32)
    # the columns of A sum to 1, so sums are kept exactly
    assert np.allclose(smooth_texture(image).mean(axis=(0, 1)), image.mean(axis=(0, 1)), atol=1e-6)


@pytest.mark.parametrize("shape", [(1, 1, 1), (1, 9, 3), (9, 1, 1), (12, 7, 3)])
def test_a_constant_is_unchanged(shape: tuple[int, int, int]) -> None:
    assert np.allclose(smooth_texture(np.full(shape, 0.7, np.float32)), 0.7, atol=1e-6)


def test_results_stay_within_the_range_of_the_picture() -> None:
    image = np.random.default_rng(1).random((30, 30, 1), np.float32)
    smooth = smooth_texture(image)
    assert image.min() <= smooth.min() <= smooth.max() <= image.max()  # A is an M-matrix with row sums of 1


def test_one_round_is_what_the_definition_says() -> None:
    image = np.random.default_rng(2).random((7, 9, 2), np.float32)
    smooth = smooth_texture(image, strength=0.02, sharpness=0.02, iterations=1)
    assert np.allclose(smooth, expected_by_definition(image, 0.02, 0.02), atol=1e-5)


def test_lying_and_standing_pictures_are_treated_alike() -> None:
    image = np.random.default_rng(3).random((11, 17, 3), np.float32)
    turned = smooth_texture(np.ascontiguousarray(image.transpose(1, 0, 2)))
    assert np.allclose(smooth_texture(image), turned.transpose(1, 0, 2), atol=1e-5)


def test_small_and_large_pictures_are_solved_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    solved = []
    for widest in (SIDE, 0):
        monkeypatch.setattr("retouch.arrays.edge_preserving._WIDEST_BAND", widest)
        solved.append(smooth_texture(step_with_texture()))
    assert np.allclose(solved[0], solved[1], atol=1e-5)


def test_what_stands_in_the_hole_changes_nothing() -> None:
    image, other = step_with_texture(), step_with_texture()
    other[hole()] = np.nan
    assert np.array_equal(smooth_texture(image, mask=hole()), smooth_texture(other, mask=hole()))


def test_the_known_part_far_from_the_hole_is_nearly_what_it_is_without_one() -> None:
    whole, known = smooth_texture(step_with_texture()), smooth_texture(step_with_texture(), mask=hole())
    assert np.abs(whole - known)[:, 44:].max() < 0.03


def test_the_known_part_keeps_its_mean_and_the_hole_is_0() -> None:
    smooth = smooth_texture(step_with_texture(), mask=hole())
    assert (smooth[hole()] == 0).all()
    assert smooth[~hole()].mean() == pytest.approx(step_with_texture()[~hole()].mean(), abs=1e-6)


def test_an_empty_mask_is_none() -> None:
    empty = np.zeros((SIDE, SIDE), np.bool_)
    assert np.array_equal(smooth_texture(checks(), mask=empty), smooth_texture(checks()))


def test_a_picture_that_is_all_missing_gives_zeros() -> None:
    assert (smooth_texture(checks(8), mask=np.ones((8, 8), np.bool_)) == 0).all()


def test_more_strength_smooths_more() -> None:
    image = np.random.default_rng(4).random((32, 32, 1), np.float32)
    weak, strong = (smooth_texture(image, strength=strength).var() for strength in (0.001, 0.03))
    assert strong < weak < image.var()


def test_inputs_are_left_alone() -> None:
    image, mask = step_with_texture(), hole()
    smooth_texture(image, mask=mask)
    assert np.array_equal(image, step_with_texture())
    assert np.array_equal(mask, hole())


@pytest.mark.parametrize(
    "options", [{"strength": 0.0}, {"sigma_px": -1.0}, {"sharpness": 0.0}, {"iterations": 0}, {"mask": hole(3)}]
)
def test_options_out_of_range_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="must"):
        smooth_texture(checks(), **options)
