"""Bertalmio's transport and curvature flow."""

from __future__ import annotations

import numpy as np
import pytest
from tests.classical.transport.pictures import arc

from retouch.arrays.types import Image
from retouch.classical.diffusion.harmonic import inpaint_harmonic
from retouch.classical.transport.bertalmio import flow_by_curvature, inpaint_bertalmio, transport, write_laplacian
from retouch.errors import InputError


def noise(n_channels: int = 2) -> Image:
    return np.asarray(255 * np.random.default_rng(3).random((9, 11, n_channels)), np.float32)


def padded_laplacian(u: Image) -> np.ndarray:
    p = np.pad(u, ((1, 1), (1, 1), (0, 0)), mode="edge").astype(np.float64)
    return np.asarray(p[2:, 1:-1] + p[:-2, 1:-1] + p[1:-1, 2:] + p[1:-1, :-2] - 4 * p[1:-1, 1:-1])


def plain_transport(u: Image, laplacian: np.ndarray) -> np.ndarray:
    """Do a step of transport at every pixel with whole arrays."""
    p, w = (np.pad(a, ((1, 1), (1, 1), (0, 0)), mode="edge").astype(np.float64) for a in (u, laplacian))
    here = p[1:-1, 1:-1]
    steps = [here - p[:-2, 1:-1], p[2:, 1:-1] - here, here - p[1:-1, :-2], p[1:-1, 2:] - here]
    gy, gx = (steps[0] + steps[1]) / 2, (steps[2] + steps[3]) / 2
    beta = (gx * (w[2:, 1:-1] - w[:-2, 1:-1]) - gy * (w[1:-1, 2:] - w[1:-1, :-2])) / np.hypot(gx, gy)
    falling, rising = [np.minimum(s, 0) ** 2 for s in steps], [np.maximum(s, 0) ** 2 for s in steps]
    forward, backward = falling[0] + rising[1] + falling[2] + rising[3], rising[0] + falling[1] + rising[2] + falling[3]
    return np.asarray(np.clip(0.1 * beta * np.sqrt(np.where(beta > 0, forward, backward)), -2, 2))


def test_the_laplacian_is_that_of_whole_arrays() -> None:
    u = noise()
    out = np.zeros_like(u)
    write_laplacian(u, np.argwhere(np.ones(u.shape[:2], bool)), out)
    np.testing.assert_allclose(out, padded_laplacian(u), atol=1e-3)


def test_transport_is_that_of_whole_arrays() -> None:
    u = np.asarray(noise() / 50, np.float32)  # so small that only some of the steps are cut off
    laplacian = padded_laplacian(u).astype(np.float32)
    sites = np.argwhere(np.ones(u.shape[:2], bool))
    change = np.zeros((len(sites), 2), np.float32)
    transport(u, laplacian, sites, change)
    np.testing.assert_allclose(change.reshape(u.shape), plain_transport(u, laplacian), atol=1e-4)
    assert 0 < (np.abs(change) == 2).mean() < 0.9


def test_a_cone_flows_by_the_curvature_of_its_circles() -> None:
    """The picture is the distance r to a point: its slope is 1 and its circles bend by 1 / r, here 1 / 20."""
    rows, columns = np.mgrid[:41, :41] - 20.0
    cone = np.hypot(rows + 20, columns)[:, :, None].astype(np.float32)
    change = np.zeros((1, 1), np.float32)
    flow_by_curvature(cone, np.array([[20, 20]]), change)
    assert change[0, 0] == pytest.approx(0.1 / 20, rel=0.01)


def test_the_curvature_flow_leaves_a_slanted_plane() -> None:
    rows, columns = np.mgrid[:9, :9]
    plane = (2.0 * rows + 3.0 * columns)[:, :, None].astype(np.float32)
    change = np.ones((1, 1), np.float32)
    flow_by_curvature(plane, np.array([[4, 4]]), change)
    assert change[0, 0] == 0


def test_without_any_step_the_fill_is_harmonic() -> None:
    image, mask = arc()
    filled = inpaint_bertalmio(image, mask, transport_steps=0, diffusion_steps=0)
    np.testing.assert_allclose(filled, inpaint_harmonic(image, mask), atol=1e-6)


@pytest.mark.parametrize("options", [{"rounds": 0}, {"transport_steps": -1}, {"diffusion_steps": -1}])
def test_senseless_options_are_refused(options: dict[str, int]) -> None:
    image, mask = arc()
    with pytest.raises(InputError, match="rounds must be at least 1"):
        inpaint_bertalmio(image, mask, **options)  # type: ignore[arg-type]
