"""The blend of kriging and membrane."""

from __future__ import annotations

import numpy as np

from retouch.classical.diffusion.harmonic import inpaint_harmonic
from retouch.classical.sparse.blended import EVEN_DEPTH_PX, inpaint_blended, kriging_weight
from retouch.classical.sparse.kriging import inpaint_kriging


def scene() -> tuple[np.ndarray, np.ndarray]:
    """Return waves with an edge, and a square hole of 24 px and a stroke of 3 px in it."""
    rows, columns = np.mgrid[:64, :64]
    picture = 0.5 + 0.2 * np.sin(rows / 3) * np.cos(columns / 4) + 0.2 * (rows > columns)
    mask = np.zeros((64, 64), bool)
    mask[20:44, 20:44] = True
    mask[4:7, 4:60] = True
    return picture[:, :, None].astype(np.float32), mask


def test_it_lies_between_both_by_the_stated_weight() -> None:
    """12 px deep: kriging counts 8 / (8 + 12) = 0.4."""
    image, mask = scene()
    kriging, membrane = inpaint_kriging(image, mask), inpaint_harmonic(image, mask)
    blended = inpaint_blended(image, mask)
    np.testing.assert_allclose(blended[31, 31], 0.4 * kriging[31, 31] + 0.6 * membrane[31, 31], atol=1e-4)
    low, high = np.minimum(kriging, membrane), np.maximum(kriging, membrane)
    assert (blended >= low - 1e-4).all()
    assert (blended <= high + 1e-4).all()


def test_kriging_counts_half_at_the_even_depth() -> None:
    mask = np.zeros((3, 20), bool)
    mask[:, 1:] = True
    assert kriging_weight(mask)[1, int(EVEN_DEPTH_PX)] == 0.5
    assert kriging_weight(mask)[1, 0] == 1


def test_known_pixels_stay_and_nothing_missing_gives_a_copy() -> None:
    image, mask = scene()
    np.testing.assert_array_equal(inpaint_blended(image, mask)[~mask], image[~mask])
    whole = inpaint_blended(image, np.zeros_like(mask))
    np.testing.assert_array_equal(whole, image)
    assert not np.shares_memory(whole, image)
