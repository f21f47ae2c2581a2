"""TV-Stokes: contours of least total variation in their direction."""

from __future__ import annotations

import numpy as np
import pytest
from tests.classical.transport.pictures import SIDE, arc, bar_with_gap, psnr

from retouch.arrays.types import AnyArray, Image, Mask
from retouch.classical.diffusion.total_variation import inpaint_total_variation
from retouch.classical.transport.tv_stokes import difference_rows, inpaint_tv_stokes, shrunk
from retouch.errors import InputError

ROWS, COLUMNS = np.mgrid[:SIDE, :SIDE]


def square() -> Mask:
    """Return a hole of 20x20 pixels."""
    mask = np.zeros((SIDE, SIDE), bool)
    mask[22:42, 22:42] = True
    return mask


def plane(values: AnyArray) -> Image:
    return np.asarray(values, np.float32)[:, :, None]


def variation_of_the_slope(u: AnyArray) -> float:
    """Return the energy over all places with whole arrays, without the trace of a membrane."""
    rr, cc, rc = np.zeros_like(u), np.zeros_like(u), np.zeros_like(u)
    rr[1:-1], cc[:, 1:-1] = np.diff(u, 2, axis=0), np.diff(u, 2, axis=1)
    rc[:-1, :-1] = np.diff(np.diff(u, axis=0), axis=1)
    return float(np.sqrt((rr**2 + cc**2 + 2 * rc**2).mean(axis=2)).sum())


@pytest.mark.parametrize(
    "values",
    [0.5 + 0.4 * np.cos(np.hypot(ROWS - 32, COLUMNS + 10) / 5), 0.2 + 0.3 * (ROWS**2 + COLUMNS**2) / SIDE**2],
    ids=["rings", "bowl"],
)
def test_rings_and_a_smooth_bowl_are_filled_better_than_by_total_variation_by_more_than_2_db(values: AnyArray) -> None:
    """Spec sheet, section 4: total variation makes stairs of slopes."""
    image, mask = plane(values), square()
    ours = psnr(inpaint_tv_stokes(image, mask), image, mask)
    assert ours > psnr(inpaint_total_variation(image, mask), image, mask) + 2


def test_a_slanted_plane_comes_back() -> None:
    image = plane((0.3 * ROWS + 0.7 * COLUMNS) / SIDE)
    np.testing.assert_allclose(inpaint_tv_stokes(image, square()), image, atol=1e-5)


def test_no_small_change_of_the_fill_lowers_the_energy() -> None:
    """The energy is convex; the trace of a membrane and the tolerance leave a thousandth."""
    rng = np.random.default_rng(0)
    image = rng.random((6, 6, 2)).repeat(4, axis=0).repeat(4, axis=1).astype(np.float32) * 0.3 + 0.3
    mask = np.zeros((24, 24), bool)
    mask[8:16, 7:17] = True
    filled = inpaint_tv_stokes(image, mask, iterations=2000, tolerance=1e-7).astype(np.float64)
    least = variation_of_the_slope(filled)
    for scale in (0.1, 0.01):
        for _ in range(20):
            changed = filled + scale * rng.standard_normal(filled.shape) * mask[:, :, None]
            assert variation_of_the_slope(changed) > least * 0.999
    assert least < variation_of_the_slope(inpaint_tv_stokes(image, mask, iterations=1))


def test_rows_of_differences_are_those_of_whole_arrays() -> None:
    u = np.random.default_rng(2).random((6, 7, 2)).astype(np.float32)
    mask = np.zeros((6, 7), bool)
    mask[0:3, 2:5] = True
    pixels = np.flatnonzero(mask)
    rows, known = difference_rows(u.reshape(-1, 2), mask, pixels)
    found = (rows @ u.reshape(-1, 2)[pixels] + known).reshape(5, -1, 2)
    # The 3x3 blocks around the hole: rows 0 to 3 and columns 1 to 5.
    rr, cc = np.zeros((6, 7, 2)), np.zeros((6, 7, 2))
    rr[1:-1], cc[:, 1:-1] = np.diff(u, 2, axis=0), np.diff(u, 2, axis=1)
    np.testing.assert_allclose(found[0], rr[0:4, 1:6].reshape(-1, 2), atol=1e-6)
    np.testing.assert_allclose(found[1], cc[0:4, 1:6].reshape(-1, 2), atol=1e-6)
    mixed = np.sqrt(2) * np.diff(np.diff(u, axis=0), axis=1)
    np.testing.assert_allclose(found[2], mixed[0:4, 1:6].reshape(-1, 2), atol=1e-6)


def test_shrinking_shortens_the_vector_of_a_place() -> None:
    """(3, 0, 4) has length 5 in one channel: less 1 it is 4/5 of itself; a vector below 1 becomes 0."""
    differences = np.array([[3.0], [0.1], [0.0], [0.2], [4.0], [0.3]])
    np.testing.assert_allclose(shrunk(differences, 1.0).ravel(), [2.4, 0, 0, 0, 3.2, 0])


def test_a_bar_is_not_joined_over_a_wide_gap() -> None:
    """Its known failure: slopes go on, but edges of a bar 10 pixels wide do not meet across 20."""
    assert inpaint_tv_stokes(*bar_with_gap(20))[30, 30, 0] < 0.5


def test_senseless_options_are_refused() -> None:
    image, mask = arc()
    with pytest.raises(InputError, match="iterations must be at least 1"):
        inpaint_tv_stokes(image, mask, iterations=0)
