"""Poisson blending: what the equation says, and what OpenCV makes of it."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from scipy.sparse import lil_matrix
from scipy.sparse.linalg import spsolve

from retouch.arrays.poisson import blend_poisson
from retouch.arrays.types import Image, Mask
from retouch.errors import InputError

SHAPE = (24, 31)


def noise(seed: int, shape: tuple[int, int] = SHAPE, n_channels: int = 3) -> Image:
    return np.random.default_rng(seed).random((*shape, n_channels), dtype=np.float32)


def disc(shape: tuple[int, int] = SHAPE, radius: float = 8.0) -> Mask:
    rows, columns = np.ogrid[: shape[0], : shape[1]]
    return np.asarray((rows - shape[0] / 2) ** 2 + (columns - shape[1] / 2) ** 2 < radius**2)


def solve_directly(source: Image, target: Image, mask: Mask, *, mixed: bool) -> Image:
    """One equation per pixel, straight from Perez et al., Eq. 7: sum_q (f_p - f_q) = sum_q v_pq."""
    number = {(int(r), int(c)): i for i, (r, c) in enumerate(np.argwhere(mask))}
    matrix, right = lil_matrix((len(number), len(number))), np.zeros((len(number), source.shape[2]))
    for (r, c), i in number.items():
        for q in ((r - 1, c), (r + 1, c), (r, c - 1), (r, c + 1)):
            if not (0 <= q[0] < mask.shape[0] and 0 <= q[1] < mask.shape[1]):
                continue
            v, w = source[r, c].astype(float) - source[q], target[r, c].astype(float) - target[q]
            right[i] += np.where(np.abs(w) > np.abs(v), w, v) if mixed else v
            matrix[i, i] += 1
            if q in number:
                matrix[i, number[q]] -= 1
            else:
                right[i] += target[q]
    result = target.copy()
    result[mask] = spsolve(matrix.tocsr(), right).reshape(len(number), -1)
    return result


@pytest.mark.parametrize("mixed", [False, True])
def test_it_solves_the_equation_that_is_written_out_pixel_by_pixel(mixed: bool) -> None:
    source, target, mask = noise(1), noise(2), disc()
    expected = solve_directly(source, target, mask, mixed=mixed)
    np.testing.assert_allclose(blend_poisson(source, target, mask, mixed=mixed), expected, atol=1e-5)


def test_a_region_that_touches_the_border_has_no_condition_there() -> None:
    mask = np.zeros(SHAPE, bool)
    mask[:9, 20:] = True
    source, target = noise(1), noise(2)
    expected = solve_directly(source, target, mask, mixed=False)
    np.testing.assert_allclose(blend_poisson(source, target, mask), expected, atol=1e-5)


def test_a_source_that_is_the_target_changes_nothing() -> None:
    target = noise(3)
    np.testing.assert_allclose(blend_poisson(target, target, disc()), target, atol=1e-6)


def test_a_constant_added_to_the_source_is_removed() -> None:
    target = noise(3)
    np.testing.assert_allclose(blend_poisson(target + np.float32(0.3), target, disc()), target, atol=2e-6)


def test_pixels_outside_the_region_are_bit_equal() -> None:
    source, target, mask = noise(1), noise(2), disc()
    np.testing.assert_array_equal(blend_poisson(source, target, mask)[~mask], target[~mask])


def test_an_empty_region_gives_a_copy_of_the_target() -> None:
    target = noise(2)
    result = blend_poisson(noise(1), target, np.zeros(SHAPE, bool))
    np.testing.assert_array_equal(result, target)
    assert result is not target


@pytest.mark.parametrize("mixed", [False, True])
def test_a_region_without_boundary_keeps_the_mean_of_the_source(mixed: bool) -> None:
    source = noise(1)
    result = blend_poisson(source, noise(2), np.ones(SHAPE, bool), mixed=mixed)
    np.testing.assert_allclose(result.mean(axis=(0, 1)), source.mean(axis=(0, 1)), atol=1e-5)


def test_mixed_lets_the_stronger_texture_of_the_target_through() -> None:
    """A flat source has no differences, so every difference is the target's, and the target comes back."""
    target = noise(2)
    flat = np.full_like(target, 0.5)
    np.testing.assert_allclose(blend_poisson(flat, target, disc(), mixed=True), target, atol=2e-6)


def test_it_agrees_with_opencv_within_two_grey_levels() -> None:
    """OpenCV works in 8 bits and shrinks the mask by three pixels before it solves."""
    size = (96, 96)
    blurred = [cv2.GaussianBlur(noise(seed, size), (0, 0), 8) for seed in (1, 2)]
    source, target = (np.rint(255 * np.clip(4 * b - 1.5, 0, 1)).astype(np.uint8) for b in blurred)
    mask = disc(size, 25).view(np.uint8)  # its box is rows and columns 24 to 72, so its middle is 48
    theirs = cv2.seamlessClone(source, target, mask * 255, (48, 48), cv2.NORMAL_CLONE)
    shrunk = cv2.erode(mask, np.ones((3, 3), np.uint8), iterations=3).astype(bool)
    ours = blend_poisson(source.astype(np.float32) / 255, target.astype(np.float32) / 255, shrunk)
    assert np.abs(255 * np.clip(ours, 0, 1) - theirs)[shrunk].mean() < 2


def test_shapes_that_differ_are_refused() -> None:
    with pytest.raises(InputError, match="one shape"):
        blend_poisson(noise(1), noise(2)[:-1], disc())


def test_progress_rises_to_its_total() -> None:
    seen: list[tuple[int, int]] = []
    blend_poisson(noise(1), noise(2), disc(), progress=lambda done, total: seen.append((done, total)))
    assert seen == sorted(seen)
    assert seen[-1] == (100, 100)
