"""Harmonic inpainting."""

from __future__ import annotations

import numpy as np
import pytest
from skimage import data

from retouch.classical.diffusion import membrane
from retouch.classical.diffusion.harmonic import fill_harmonic, inpaint_harmonic


def ramp(height: int, width: int) -> np.ndarray:
    rows, columns = np.mgrid[:height, :width]
    return np.asarray((rows + 2 * columns) / (height + 2 * width), np.float32)[:, :, None]


@pytest.fixture
def multigrid_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(membrane, "_DIRECT_PIXELS", 0)


def test_linear_ramp_is_reproduced() -> None:
    """A linear function solves the Laplace equation, so only float32 rounding may differ."""
    mask = np.zeros((40, 50), bool)
    mask[5:30, 8:40] = True
    np.testing.assert_allclose(inpaint_harmonic(ramp(40, 50), mask), ramp(40, 50), atol=1e-6)


@pytest.mark.usefixtures("multigrid_only")
def test_linear_ramp_is_reproduced_by_multigrid() -> None:
    """The residual falls by 1e-5; the ramp spans 1, so 1e-4 leaves room for the norm of the inverse."""
    mask = np.zeros((300, 257), bool)
    mask[20:280, 30:201] = True
    np.testing.assert_allclose(inpaint_harmonic(ramp(300, 257), mask), ramp(300, 257), atol=1e-4)


def test_multigrid_and_factorisation_agree_on_a_ragged_mask(monkeypatch: pytest.MonkeyPatch) -> None:
    image = data.astronaut()[100:261, 150:291].astype(np.float32) / 255
    mask = np.random.default_rng(5).random(image.shape[:2]) < 0.75
    direct = inpaint_harmonic(image, mask)
    monkeypatch.setattr(membrane, "_DIRECT_PIXELS", 0)
    np.testing.assert_allclose(inpaint_harmonic(image, mask), direct, atol=1e-4)


def test_each_filled_pixel_is_the_mean_of_its_neighbours_inside_the_picture() -> None:
    """The definition of the discrete harmonic function, checked at an inner pixel, an edge and a corner."""
    rng = np.random.default_rng(0)
    image = rng.random((9, 9, 2), dtype=np.float32)
    mask = np.zeros((9, 9), bool)
    mask[:5, :5] = True
    u = inpaint_harmonic(image, mask)
    np.testing.assert_allclose(u[2, 2], (u[1, 2] + u[3, 2] + u[2, 1] + u[2, 3]) / 4, atol=1e-6)
    np.testing.assert_allclose(u[0, 2], (u[1, 2] + u[0, 1] + u[0, 3]) / 3, atol=1e-6)
    np.testing.assert_allclose(u[0, 0], (u[1, 0] + u[0, 1]) / 2, atol=1e-6)


def test_a_missing_half_takes_the_mean_of_a_constant_border() -> None:
    """With no flux through the picture's border, a hole beside a constant column is that constant."""
    image = np.full((50, 60, 1), 0.3, np.float32)
    image[:, :20] = 0.9
    mask = np.zeros((50, 60), bool)
    mask[:, 30:] = True
    np.testing.assert_allclose(inpaint_harmonic(image, mask)[:, 30:], 0.3, atol=1e-6)


def test_separate_holes_do_not_influence_each_other() -> None:
    image = np.random.default_rng(1).random((20, 40, 3), dtype=np.float32)
    left, right = np.zeros((20, 40), bool), np.zeros((20, 40), bool)
    left[5:15, 4:16], right[3:12, 18:37] = True, True
    both = inpaint_harmonic(image, left | right)
    np.testing.assert_allclose(both[left], inpaint_harmonic(image, left)[left], atol=1e-6)
    np.testing.assert_allclose(both[right], inpaint_harmonic(image, right)[right], atol=1e-6)


def test_diagonal_neighbours_are_separate_groups() -> None:
    """The stencil does not reach diagonally: each pixel is the mean of its own four neighbours."""
    image = (np.arange(25.0).reshape(5, 5, 1) ** 2 / 576).astype(np.float32)
    mask = np.zeros((5, 5), bool)
    mask[1, 1] = mask[2, 2] = True
    u = inpaint_harmonic(image, mask)[:, :, 0]
    assert u[1, 1] == pytest.approx((1 + 25 + 49 + 121) / 4 / 576)  # pixels 1, 5, 7 and 11 squared
    assert u[2, 2] == pytest.approx((49 + 121 + 169 + 289) / 4 / 576)


@pytest.mark.usefixtures("multigrid_only")
def test_long_work_reports_its_progress_step_by_step() -> None:
    seen: list[int] = []
    mask = np.zeros((64, 64), bool)
    mask[4:60, 4:60] = True
    image = np.random.default_rng(2).random((64, 64, 3), dtype=np.float32)
    inpaint_harmonic(image, mask, progress=lambda done, _: seen.append(done))
    assert len(set(seen)) >= 5
    assert seen == sorted(seen)


def test_the_inner_function_returns_the_whole_picture_with_holes_filled() -> None:
    image = np.random.default_rng(3).random((30, 30, 3), dtype=np.float32)
    mask = np.random.default_rng(4).random((30, 30)) < 0.5
    assert np.array_equal(fill_harmonic(image, mask), inpaint_harmonic(image, mask))
