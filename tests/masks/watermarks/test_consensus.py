"""Opacity and colour of a mark are told from pictures that share it, and taking it off restores them."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from retouch.arrays.types import Image
from retouch.errors import InputError
from retouch.masks.watermarks.consensus import estimate_mark
from retouch.masks.watermarks.unblending import unblend

COLOUR, OPACITY = np.array([0.9, 0.95, 1.0], np.float32), 0.5


def pictures(n: int) -> list[Image]:
    """Return smooth noise of pictures' contrast: neighbours are alike, and no two pictures are."""
    rng = np.random.default_rng(0)
    noise = ndimage.gaussian_filter(rng.standard_normal((n, 96, 96, 3)), (0, 6, 6, 0))
    return list((0.4 + 0.15 * noise / noise.std()).clip(0, 1).astype(np.float32))


def shape() -> np.ndarray:
    drawn = np.zeros((96, 96), np.float32)
    drawn[30:66, 25:37] = drawn[30:66, 55:67] = drawn[42:54, 37:55] = 1  # an H
    return drawn


def marked(clean: list[Image], opacity: float = OPACITY) -> list[Image]:
    weight = opacity * shape()[:, :, None]
    return [((1 - weight) * picture + weight * COLOUR).astype(np.float32) for picture in clean]


def test_opacity_and_colour_are_told() -> None:
    found = estimate_mark(marked(pictures(20)))
    assert abs(float(found.mark.opacity[40, 30]) - OPACITY) < 0.03
    np.testing.assert_allclose(found.mark.colour[40, 30], COLOUR, atol=0.05)
    assert found.mask[shape() > 0].all()


@pytest.mark.parametrize("opacity", [0.3, 0.5, 0.7])
def test_unblending_restores_32_db(opacity: float) -> None:
    clean = pictures(20)
    seen = marked(clean, opacity)
    found = estimate_mark(seen)
    errors = [
        (unblend(one, found.mark.colour, found.mark.opacity).image - truth)[shape() > 0]
        for one, truth in zip(seen, clean, strict=True)
    ]
    assert np.mean(np.square(errors)) < 10**-3.2


def test_a_soft_border_has_its_own_opacity() -> None:
    """Half of the full opacity in one row of pixels around the mark."""
    soft = 0.5 * (shape() + ndimage.binary_dilation(shape() > 0, np.ones((3, 3), bool)))
    weight = OPACITY * soft[:, :, None]
    seen = [((1 - weight) * picture + weight * COLOUR).astype(np.float32) for picture in pictures(20)]
    opacity = estimate_mark(seen).mark.opacity
    assert np.median(np.abs(opacity[soft == 0.5] - OPACITY / 2)) < 0.03


def test_pictures_without_a_mark_have_none_and_say_so() -> None:
    found = estimate_mark([p - p.mean(axis=(0, 1)) + 0.4 for p in pictures(12)], sensitivity=0.0)
    assert "no common mark" in found.reason
    assert not found.mask.any()


def test_too_few_pictures_are_refused() -> None:
    with pytest.raises(InputError, match="at least 8"):
        estimate_mark(pictures(7))
