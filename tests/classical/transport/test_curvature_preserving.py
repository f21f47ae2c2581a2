"""Line integral convolution along the structure tensor."""

from __future__ import annotations

import numpy as np
import pytest
from tests.classical.transport.pictures import arc, contrast_of_arc

from retouch.arrays.types import AnyArray, Image
from retouch.classical.diffusion.harmonic import inpaint_harmonic
from retouch.classical.transport.curvature_preserving import (
    convolve_along_lines,
    inpaint_curvature_preserving,
    root_of_tensor,
)
from retouch.errors import InputError


def bilinear(plane: AnyArray, y: float, x: float) -> AnyArray:
    top, left = int(y), int(x)
    bottom, right = min(top + 1, plane.shape[0] - 1), min(left + 1, plane.shape[1] - 1)
    upper = plane[top, left] * (1 - (x - left)) + plane[top, right] * (x - left)
    lower = plane[bottom, left] * (1 - (x - left)) + plane[bottom, right] * (x - left)
    return np.asarray(upper * (1 - (y - top)) + lower * (y - top))


def plain_convolution(u: Image, root: AnyArray, place: AnyArray, n_angles: int, length_px: float) -> AnyArray:
    """Walk both ways along the line of each angle by midpoint steps, one pixel's worth at a time."""
    total, weights, last = np.zeros(u.shape[2]), 0.0, np.array(u.shape[:2]) - 1.0
    for angle in np.pi * np.arange(2 * n_angles) / n_angles:
        at, way = place.astype(np.float64), np.array([np.sin(angle), np.cos(angle)])
        for step in range(int(2 * length_px) + 1):
            weight = np.exp(-0.5 * (step / length_px) ** 2) * (0.5 if step == 0 else 1)
            total, weights = total + weight * bilinear(u, *at), weights + weight
            speed_there = at
            for share in (0.5, 1.0):
                rr, rc, cc = bilinear(root, *speed_there)
                move = np.array([[rr, rc], [rc, cc]]) @ way
                speed_there = np.clip(at + share * move, 0, last)
            at = speed_there
    return np.asarray(total / weights)


def test_the_convolution_is_that_of_plain_walks() -> None:
    u = np.random.default_rng(1).random((14, 17, 2)).astype(np.float32)
    root, sites = root_of_tensor(u, 1.5, 0.2), np.array([[0, 0], [6, 7], [13, 16], [3, 12]])
    found = convolve_along_lines(u, root, sites, 4, np.float32(2.5))
    expected = [plain_convolution(u, root, place, 4, 2.5) for place in sites]
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_a_constant_is_conserved() -> None:
    u = np.full((12, 12, 3), 0.3, np.float32)
    root = root_of_tensor(np.random.default_rng(0).random((12, 12, 3)).astype(np.float32), 1.5, 2.0)
    found = convolve_along_lines(u, root, np.argwhere(np.ones((12, 12), bool)), 8, np.float32(4))
    np.testing.assert_allclose(found, 0.3, atol=1e-6)


def test_values_flow_along_an_edge_and_hardly_across() -> None:
    """A vertical ramp of 10 levels a row: T is 1 along the columns' direction, and (1 + 100)^-1 down the rows."""
    ramp = np.repeat(np.arange(20, dtype=np.float32)[:, None] * 10 / 255, 20, axis=1)[:, :, None]
    root = root_of_tensor(ramp, 1.0, 1.0)[10, 10]
    np.testing.assert_allclose(root, [np.sqrt(1 / 101), 0, 1], atol=1e-5)


def test_a_flat_picture_has_an_isotropic_tensor() -> None:
    np.testing.assert_array_equal(root_of_tensor(np.full((5, 5, 1), 0.5, np.float32), 1.0, 2.0)[2, 2], [1, 0, 1])


def test_a_thin_arc_under_a_stroke_keeps_more_than_half_of_its_contrast() -> None:
    """Spec sheet, section 5."""
    assert contrast_of_arc(inpaint_curvature_preserving(*arc())) > 0.5


def test_isotropic_flow_loses_that_arc() -> None:
    """Sharpness 0 makes T = 1: the same walks, in straight lines (the sheet asks for less than a fifth)."""
    assert contrast_of_arc(inpaint_curvature_preserving(*arc(), sharpness=0.0)) < 0.2


def test_the_arc_is_not_there_at_the_start() -> None:
    assert contrast_of_arc(inpaint_harmonic(*arc())) < 0.25


@pytest.mark.parametrize("options", [{"iterations": 0}, {"length_px": 0.1}, {"sigma_px": 0.0}, {"sharpness": -1.0}])
def test_senseless_options_are_refused(options: dict[str, float]) -> None:
    image, mask = arc()
    with pytest.raises(InputError, match="iterations must be at least 1"):
        inpaint_curvature_preserving(image, mask, **options)  # type: ignore[arg-type]
