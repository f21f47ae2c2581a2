"""Fractional-order derivatives by Fourier transforms, and the fill by them."""

from __future__ import annotations

import numpy as np
import pytest
from tests.classical.transport.pictures import arc, band, edge, psnr

from retouch.classical.diffusion.fractional import apply_flow, conductance, derive, derive_back, inpaint_fractional
from retouch.classical.diffusion.harmonic import inpaint_harmonic
from retouch.errors import InputError


def cosine(axis: int) -> tuple[np.ndarray, np.ndarray, float]:
    """Return a wave that its mirror image continues, its quarter turn, and its frequency."""
    w = np.pi * 3 / 20
    phase = w * (np.arange(20) + 0.5)
    shape = (20, 1, 1) if axis == 0 else (1, 20, 1)
    return np.cos(phase).reshape(shape), np.sin(phase).reshape(shape), w


@pytest.mark.parametrize("axis", [0, 1])
def test_order_1_is_the_difference_over_half_a_step_either_way(axis: int) -> None:
    """Of cos: cos(p + w / 2) - cos(p - w / 2) = -2 sin(w / 2) sin(p)."""
    wave, turned, w = cosine(axis)
    half = np.split(derive(wave, axis, 1.0), 2, axis)[0]
    np.testing.assert_allclose(half, -2 * np.sin(w / 2) * turned, atol=1e-6)


@pytest.mark.parametrize("axis", [0, 1])
def test_order_2_is_the_second_difference(axis: int) -> None:
    u = np.random.default_rng(0).random((20, 20, 2))
    p = np.pad(u, [(1, 1) if a == axis else (0, 0) for a in range(3)], mode="edge")
    expected = np.diff(p, 2, axis=axis)
    np.testing.assert_allclose(np.split(derive(u, axis, 2.0), 2, axis)[0], expected, atol=1e-6)


def test_order_one_and_a_half_lies_between() -> None:
    """The symbol (2 j sin(w / 2))^1.5 turns a wave by 3/8 of a circle."""
    wave, turned, w = cosine(1)
    half = np.split(derive(wave, 1, 1.5), 2, 1)[0]
    expected = (2 * np.sin(w / 2)) ** 1.5 * (np.cos(0.75 * np.pi) * wave - np.sin(0.75 * np.pi) * turned)
    np.testing.assert_allclose(half, expected, atol=1e-6)


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("order", [1.0, 1.3, 2.0])
def test_the_way_back_is_the_adjoint(axis: int, order: float) -> None:
    """<D u, v> = <u, D* v>, to the digits of the symbol's 32-bit numbers, which both share."""
    rng = np.random.default_rng(1)
    u = rng.standard_normal((9, 12, 2))
    v = rng.standard_normal((18, 12, 2) if axis == 0 else (9, 24, 2))
    assert np.vdot(derive(u, axis, order), v) == pytest.approx(np.vdot(u, derive_back(v, axis, order)), abs=1e-8)


def test_the_linear_flow_of_order_1_is_twice_the_laplacian() -> None:
    """Once for the picture and once for its mirror image."""
    u = np.random.default_rng(2).random((8, 9, 1))
    p = np.pad(u, ((1, 1), (1, 1), (0, 0)), mode="edge")
    laplacian = p[2:, 1:-1] + p[:-2, 1:-1] + p[1:-1, 2:] + p[1:-1, :-2] - 4 * u
    np.testing.assert_allclose(apply_flow(u, np.ones((8, 9), np.float32), 1.0), -2 * laplacian, atol=1e-5)


def test_the_linear_fill_of_order_1_is_harmonic() -> None:
    image, mask = arc()
    filled = inpaint_fractional(image, mask, order=1.0, contrast=np.inf)
    np.testing.assert_allclose(filled, inpaint_harmonic(image, mask), atol=1e-4)


def test_a_mirrored_picture_has_the_mirrored_conductance() -> None:
    u = np.random.default_rng(4).random((10, 11, 1)).astype(np.float32)
    np.testing.assert_allclose(conductance(u[:, ::-1], 1.4, 0.2), conductance(u, 1.4, 0.2)[:, ::-1], atol=1e-5)


def test_an_edge_is_filled_better_than_by_harmonic() -> None:
    image, mask = edge(45, 0.2, 0.8), band()
    assert psnr(inpaint_fractional(image, mask), image, mask) > psnr(inpaint_harmonic(image, mask), image, mask) + 1


@pytest.mark.parametrize("options", [{"order": 0.9}, {"order": 2.1}, {"contrast": 0.0}, {"rounds": 0}])
def test_senseless_options_are_refused(options: dict[str, float]) -> None:
    image, mask = arc()
    with pytest.raises(InputError, match="order must be 1 to 2"):
        inpaint_fractional(image, mask, **options)  # type: ignore[arg-type]
