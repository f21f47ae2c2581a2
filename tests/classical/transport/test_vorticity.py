"""Navier-Stokes inpainting by transport of vorticity."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage
from tests.classical.transport.pictures import arc, band, edge

from retouch.classical.diffusion.harmonic import inpaint_harmonic
from retouch.classical.transport.vorticity import Fluid, carried, inpaint_vorticity, laplacian_of, streams
from retouch.errors import InputError


def test_the_stream_runs_at_right_angles_to_the_gradient() -> None:
    """A slope of 0.03 to the east: v = (-0.03, 0) / (0.03 + 0.02), that is 0.6 of a pixel to the north."""
    ramp = np.tile(np.arange(30, dtype=np.float32) * 0.03, (30, 1))[:, :, None]
    np.testing.assert_allclose(streams(ramp, 1.0)[15, 15], [-0.6, 0], atol=1e-4)
    np.testing.assert_allclose(streams(ramp, -1.0)[15, 15], [0.6, 0], atol=1e-4)


def test_a_step_takes_the_vorticity_from_where_the_fluid_came() -> None:
    """On a field that is linear both ways, any place in between has the linear value; its mean around is its own."""
    rows, columns = np.mgrid[:9, :9].astype(np.float32)
    w, v = (2 * rows - 3 * columns)[:, :, None], np.tile(np.array([0.5, -0.25], np.float32), (9, 9, 1))
    sites = np.argwhere(np.ones((7, 7), bool)) + 1
    moved = carried(v, w, sites, Fluid(0.3, 0.2))[1:-1, 1:-1, 0]
    there = 0.7 * (w[1:-1, 1:-1, 0] - 2 * 0.5 + 3 * -0.25) + 0.3 * w[1:-1, 1:-1, 0]
    np.testing.assert_allclose(moved, 0.8 * there, atol=1e-5)


def test_a_step_is_that_of_whole_arrays() -> None:
    rng = np.random.default_rng(1)
    w, v = rng.random((8, 9, 1)).astype(np.float32), (2 * rng.random((8, 9, 2)) - 1).astype(np.float32)
    rows, columns = np.mgrid[:8, :9]
    places = [np.clip(rows - v[:, :, 0], 0, 7), np.clip(columns - v[:, :, 1], 0, 8)]
    there = ndimage.map_coordinates(w[:, :, 0], places, order=1)
    p = np.pad(w[:, :, 0], 1, mode="edge")
    around = (p[2:, 1:-1] + p[:-2, 1:-1] + p[1:-1, 2:] + p[1:-1, :-2]) / 4
    found = carried(v, w, np.argwhere(np.ones((8, 9), bool)), Fluid(0.3, 0.2))
    np.testing.assert_allclose(found[:, :, 0], 0.8 * (0.7 * there + 0.3 * around), atol=1e-5)


def test_only_the_given_places_change() -> None:
    rng = np.random.default_rng(0)
    w, v = rng.random((8, 8, 2)).astype(np.float32), rng.random((8, 8, 2)).astype(np.float32)
    changed = (carried(v, w, np.array([[3, 4]]), Fluid(0.1, 0.1)) != w).any(axis=2)
    assert np.argwhere(changed).tolist() == [[3, 4]]


def test_the_picture_belongs_to_the_vorticity_in_the_end() -> None:
    """Without viscosity and friction an edge's two sheets of vorticity, of opposite sign, are there in mid-gap."""
    image, mask = edge(45, 0.2, 0.8), band()
    w = laplacian_of(inpaint_vorticity(image, mask, viscosity=0.0, friction=0.0))[:, 31, 0]
    at_start = laplacian_of(inpaint_harmonic(image, mask))[:, 31, 0]
    assert np.abs(at_start).max() < 0.01
    assert w.max() > 0.05
    assert w.min() < -0.05


def test_full_friction_leaves_the_harmonic_fill() -> None:
    image, mask = arc()
    np.testing.assert_allclose(inpaint_vorticity(image, mask, friction=1.0), inpaint_harmonic(image, mask), atol=1e-4)


def test_the_negative_is_filled_with_the_negative() -> None:
    """Its stream runs the other way, and both ways are taken."""
    image, mask = edge(40, 0.2, 0.8), band()
    negative = inpaint_vorticity(1 - image, mask)
    np.testing.assert_allclose(1 - negative, inpaint_vorticity(image, mask), atol=1e-3)


@pytest.mark.parametrize("options", [{"rounds": 0}, {"viscosity": 1.1}, {"friction": -0.1}])
def test_senseless_options_are_refused(options: dict[str, float]) -> None:
    image, mask = arc()
    with pytest.raises(InputError, match="rounds must be at least 1"):
        inpaint_vorticity(image, mask, **options)  # type: ignore[arg-type]
