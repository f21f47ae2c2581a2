"""What every fill that follows edges promises: a straight edge is joined, and better than by a membrane."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from tests.classical.transport.pictures import band, edge, psnr, ten_edges

from retouch.arrays.types import Image
from retouch.classical.diffusion.curvature_driven import inpaint_curvature_driven
from retouch.classical.diffusion.edge_enhancing import inpaint_edge_enhancing
from retouch.classical.diffusion.harmonic import inpaint_harmonic
from retouch.classical.transport.bertalmio import inpaint_bertalmio
from retouch.classical.transport.curvature_preserving import inpaint_curvature_preserving
from retouch.classical.transport.vorticity import inpaint_vorticity

Fill = Callable[..., Image]
FILLS: list[Fill] = [
    inpaint_bertalmio,
    inpaint_curvature_driven,
    inpaint_curvature_preserving,
    inpaint_edge_enhancing,
    inpaint_vorticity,
]
every_fill = pytest.mark.parametrize("fill", FILLS, ids=lambda f: f.__name__)


@every_fill
def test_each_of_ten_edges_is_filled_better_than_by_harmonic_by_more_than_1_db(fill: Fill) -> None:
    """Spec sheet, section 1."""
    mask = band()
    gains = [
        psnr(fill(image, mask), image, mask) - psnr(inpaint_harmonic(image, mask), image, mask) for image in ten_edges()
    ]
    assert min(gains) > 1


@every_fill
def test_filled_pixels_lie_within_the_range_of_the_known(fill: Fill) -> None:
    image, mask = np.random.default_rng(0).uniform(0.3, 0.6, (40, 40, 3)).astype(np.float32), np.zeros((40, 40), bool)
    mask[5:30, 8:33] = True
    filled, known = fill(image, mask), image[~mask]
    assert (filled >= known.min(axis=0) - 1e-6).all()
    assert (filled <= known.max(axis=0) + 1e-6).all()


@pytest.mark.parametrize("fill", [inpaint_edge_enhancing, inpaint_curvature_preserving], ids=lambda f: f.__name__)
def test_turning_the_picture_turns_the_fill(fill: Fill) -> None:
    """No direction of the grid is preferred; sums are rounded in another order."""
    image, mask = edge(40, 0.2, 0.8), band()
    image[:20] = image[:20, ::-1]
    turned = fill(np.ascontiguousarray(np.rot90(image, 2)), np.ascontiguousarray(np.rot90(mask, 2)))
    np.testing.assert_allclose(np.rot90(turned, 2), fill(image, mask), atol=0.02)
