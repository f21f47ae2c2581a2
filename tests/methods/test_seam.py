"""The seam step: a level that does not fit is corrected, slopes and texture are left alone."""

from __future__ import annotations

import numpy as np

from retouch.arrays.types import Image, Mask
from retouch.methods.finishing.jumps import measure_jumps
from retouch.methods.finishing.seam import blend_seam

SHAPE = (80, 90)


def hole(depth: int = 20) -> Mask:
    mask = np.zeros(SHAPE, bool)
    mask[depth:-depth, depth:-depth] = True
    return mask


def slope() -> Image:
    rows, columns = np.mgrid[: SHAPE[0], : SHAPE[1]]
    return np.stack([0.2 + 0.003 * rows + 0.002 * columns] * 3, axis=2).astype(np.float32)


def grain(sigma: float, seed: int = 0) -> Image:
    return (sigma * np.random.default_rng(seed).standard_normal((*SHAPE, 3))).astype(np.float32)


def test_a_hole_that_is_too_bright_is_brought_down_to_its_surroundings() -> None:
    """All of the jump of 0.1 stands out on a slope without noise; a plane is what the window's model fits exactly."""
    mask, right = hole(), slope()
    filled = right + np.float32(0.1) * mask[:, :, None].astype(np.float32)
    np.testing.assert_allclose(blend_seam(filled, mask), right, atol=1e-3)


def test_a_slope_through_the_border_is_no_seam() -> None:
    np.testing.assert_allclose(blend_seam(slope(), hole()), slope(), atol=1e-5)


def test_a_jump_amid_noise_is_mostly_removed() -> None:
    mask = hole()
    filled = slope() + grain(0.02) + 0.1 * mask[:, :, None].astype(np.float32)
    left = (blend_seam(filled, mask) - slope())[mask].mean()
    assert 0 < left < 0.03


def test_noise_without_a_jump_is_hardly_touched() -> None:
    """The step may add at most a tenth of the noise that is there: 20 dB below it."""
    filled = slope() + grain(0.02)
    change = blend_seam(filled, hole()) - filled
    assert change.std() < 0.002


def test_known_pixels_stay_bit_equal() -> None:
    filled, mask = slope() + grain(0.05), hole()
    np.testing.assert_array_equal(blend_seam(filled, mask)[~mask], filled[~mask])


def test_the_result_stays_in_range() -> None:
    mask = hole()
    filled = np.zeros((*SHAPE, 3), np.float32)
    filled[mask] = 0.05
    blended = blend_seam(filled, mask)
    assert blended.min() >= 0
    assert blended.max() <= 1


def test_the_jump_is_measured_in_every_channel() -> None:
    mask = hole()
    filled = slope() + np.array([0.1, 0.0, -0.05], np.float32) * mask[:, :, None].astype(np.float32)
    jumps = measure_jumps(filled, mask, np.array([[19, 40], [60, 50]]))
    np.testing.assert_allclose(jumps, np.tile([0.1, 0.0, -0.05], (2, 1)), atol=2e-3)


def test_a_hole_in_the_corner_is_blended_as_well() -> None:
    mask = np.zeros(SHAPE, bool)
    mask[:30, :30] = True
    filled = slope() + np.float32(0.1) * mask[:, :, None].astype(np.float32)
    np.testing.assert_allclose(blend_seam(filled, mask), slope(), atol=2e-3)
