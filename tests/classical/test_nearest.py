"""Nearest known pixel."""

from __future__ import annotations

import numpy as np

from retouch.classical.nearest import inpaint_nearest


def test_every_filled_pixel_is_at_the_least_distance_that_brute_force_finds() -> None:
    rng = np.random.default_rng(3)
    mask = rng.random((17, 23)) < 0.8
    # Each pixel's value is its own index, so the result tells which pixel was copied.
    image = np.arange(mask.size, dtype=np.float32).reshape(17, 23, 1)
    source = inpaint_nearest(image, mask)[:, :, 0].astype(int)
    rows, columns = np.nonzero(~mask)
    for r, c in zip(*np.nonzero(mask), strict=True):
        chosen = np.divmod(source[r, c], 23)
        assert not mask[chosen]
        squared = (chosen[0] - r) ** 2 + (chosen[1] - c) ** 2
        assert squared == ((rows - r) ** 2 + (columns - c) ** 2).min()


def test_a_half_picture_is_filled_with_its_border_column() -> None:
    image = np.zeros((6, 10, 3), np.float32)
    image[:, 4] = [0.2, 0.4, 0.6]
    mask = np.zeros((6, 10), bool)
    mask[:, 5:] = True
    assert (inpaint_nearest(image, mask)[:, 5:] == image[:, 4:5]).all()
