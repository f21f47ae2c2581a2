"""PatchMatch along an interpolation."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from retouch.classical.exemplar.guided import coarse_structure, guide_by, inpaint_guided_patchmatch
from retouch.classical.exemplar.patchmatch import inpaint_patchmatch
from retouch.classical.sparse.blended import inpaint_blended
from retouch.errors import InputError


def ramp() -> tuple[np.ndarray, np.ndarray]:
    """Return noise over a slope from dark to bright with a hole in the middle."""
    slope = np.linspace(0.1, 0.9, 96)[None, :, None] + 0.05 * np.random.default_rng(0).standard_normal((64, 96, 1))
    mask = np.zeros((64, 96), bool)
    mask[16:48, 32:64] = True
    return slope.clip(0, 1).astype(np.float32), mask


def test_at_large_the_fill_is_nearer_to_the_interpolation() -> None:
    image, mask = ramp()
    structure = coarse_structure(image, mask)

    def distance(filled: np.ndarray) -> float:
        blurred = [cv2.GaussianBlur(np.ascontiguousarray(part[:, :, 0]), (0, 0), 4) for part in (filled, structure)]
        return float(np.abs(blurred[0] - blurred[1])[mask].mean())

    assert distance(inpaint_guided_patchmatch(image, mask)) < distance(inpaint_patchmatch(image, mask))


def test_the_coarse_structure_is_near_that_of_full_size() -> None:
    """On a slope both are the slope, and the noise of the border is averaged away."""
    image, mask = ramp()
    coarse, fine = coarse_structure(image, mask), inpaint_blended(image, mask)
    assert np.abs(coarse - fine)[mask].mean() < 0.02
    np.testing.assert_array_equal(coarse[~mask], image[~mask])


def test_no_strength_is_patchmatch_alone() -> None:
    image, mask = ramp()
    coloured = np.repeat(image, 3, axis=2)
    np.testing.assert_array_equal(
        inpaint_guided_patchmatch(coloured, mask, strength=0.0), inpaint_patchmatch(coloured, mask)
    )


def test_a_guide_is_smooth_inside_and_outside() -> None:
    """White noise of variance 1/12 falls to 1/12 / (4 pi 1.4^2) under a Gaussian of 1.4 px."""
    noise = np.random.default_rng(0).random((128, 128, 1)).astype(np.float32)
    smooth = guide_by(noise, 0.5)
    assert smooth.strength == 0.5
    assert smooth.picture.var() == pytest.approx(1 / 12 / (4 * np.pi * 1.4**2), rel=0.15)


def test_a_strength_out_of_range_is_refused() -> None:
    image, mask = ramp()
    with pytest.raises(InputError, match="strength must be 0 to 1, got -1"):
        inpaint_guided_patchmatch(image, mask, strength=-1.0)


def test_the_structure_of_an_area_sees_no_other_area() -> None:
    """0.2 to the left of column 32, 0.8 to the right; the areas meet in column 36 of the hole, and so the levels."""
    left = np.arange(64)[None, :] < 32
    image = np.where(left, 0.2, 0.8).astype(np.float32).repeat(64, axis=0)[:, :, None]
    mask = np.zeros((64, 64), bool)
    mask[20:44, 20:44] = True
    areas = np.where(left, 1, 2).repeat(64, axis=0)
    areas[mask] = np.where(np.arange(64) < 36, 1, 2)[None, :].repeat(64, axis=0)[mask]
    structure = coarse_structure(image, mask, areas=areas)
    expected = np.where(areas == 1, 0.2, 0.8)
    np.testing.assert_allclose(structure[mask, 0], expected[mask], atol=0.01)
    blurred = coarse_structure(image, mask)
    assert np.abs(blurred[mask, 0] - expected[mask]).max() > 0.3


def test_areas_of_another_shape_are_refused() -> None:
    image, mask = np.zeros((32, 32, 1), np.float32), np.eye(32, dtype=bool)
    with pytest.raises(InputError, match="areas and labels must have the mask's shape"):
        inpaint_guided_patchmatch(image, mask, areas=np.zeros((3, 3), int))
