"""Biharmonic inpainting."""

from __future__ import annotations

import numpy as np
import pytest
from skimage import data
from skimage.restoration import inpaint_biharmonic as reference

from retouch.classical.diffusion import biharmonic
from retouch.classical.diffusion.biharmonic import inpaint_biharmonic
from retouch.classical.diffusion.harmonic import inpaint_harmonic


def paraboloid(height: int, width: int) -> np.ndarray:
    rows, columns = np.mgrid[:height, :width] / max(height, width)
    quadratic = 0.2 + 0.3 * rows**2 + 0.2 * rows * columns + 0.1 * columns - 0.25 * columns**2
    return np.asarray(quadratic, np.float32)[:, :, None]


def inner_hole(height: int, width: int) -> np.ndarray:
    mask = np.zeros((height, width), bool)
    mask[height // 4 : 3 * height // 4, width // 4 : 3 * width // 4] = True
    return mask


def test_a_quadratic_surface_is_reproduced() -> None:
    """Quadratics have a constant Laplacian, whose Laplacian is 0: only rounding may differ."""
    np.testing.assert_allclose(
        inpaint_biharmonic(paraboloid(40, 50), inner_hole(40, 50)), paraboloid(40, 50), atol=1e-6
    )


def test_a_quadratic_surface_is_reproduced_by_conjugate_gradients(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(biharmonic, "_DIRECT_PIXELS", 0)
    filled = inpaint_biharmonic(paraboloid(90, 110), inner_hole(90, 110))
    np.testing.assert_allclose(filled, paraboloid(90, 110), atol=1e-3)


def test_conjugate_gradients_and_factorisation_agree_on_a_ragged_mask(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tolerance 1e-4 of the residual: measured 4e-4 here, a tenth of a grey level of 8 bits."""
    image = data.chelsea()[60:180, 100:231].astype(np.float32) / 255
    mask = np.random.default_rng(5).random(image.shape[:2]) < 0.6
    direct = inpaint_biharmonic(image, mask)
    monkeypatch.setattr(biharmonic, "_DIRECT_PIXELS", 0)
    np.testing.assert_allclose(inpaint_biharmonic(image, mask), direct, atol=2e-3)


def test_small_holes_agree_with_scikit_image_also_at_the_picture_border() -> None:
    image = data.astronaut()[40:140, 180:290].astype(np.float32) / 255
    rng = np.random.default_rng(2)
    mask = np.zeros(image.shape[:2], bool)
    for _ in range(25):
        r, c = rng.integers(0, 95), rng.integers(0, 105)
        mask[r : r + rng.integers(1, 8), c : c + rng.integers(1, 8)] = True
    mask[0, 20:30] = mask[30:40, 0] = mask[96:, 100:] = True
    theirs = np.clip(reference(image.astype(np.float64), mask, channel_axis=2), 0, 1)
    np.testing.assert_allclose(inpaint_biharmonic(image, mask), theirs, atol=1e-4)


def test_thin_damage_on_a_photograph_is_repaired_better_than_by_harmonic() -> None:
    image = data.chelsea()[:200, :200].astype(np.float32) / 255
    mask = np.zeros((200, 200), bool)
    mask[20:180, 50:53] = mask[100:102, 10:190] = True
    errors = [np.mean((fill(image, mask)[mask] - image[mask]) ** 2) for fill in (inpaint_biharmonic, inpaint_harmonic)]
    assert errors[0] < errors[1]


def test_holes_at_a_stencils_distance_are_solved_together() -> None:
    """Two columns with one known column between them: solved apart, each would read the other's missing values."""
    mask = np.zeros((12, 14), bool)
    mask[2:10, 5] = mask[2:10, 7] = True
    np.testing.assert_allclose(inpaint_biharmonic(paraboloid(12, 14), mask), paraboloid(12, 14), atol=1e-6)
