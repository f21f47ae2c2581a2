"""Subdivision: a circle is drawn sharply by a few answers."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from retouch.errors import InputError
from retouch.masks.selecting.subdivision import refine_by_points


def circle(at: np.ndarray) -> np.ndarray:
    """Logits of a circle of radius 0.3; steep, so that they are like those of a trained head."""
    logits: np.ndarray = (200 * (0.3 - np.hypot(at[:, 0] - 0.5, at[:, 1] - 0.5))).astype(np.float32)
    return logits


def sampled(side: int) -> np.ndarray:
    rows, cols = np.indices((side, side)).reshape(2, -1)
    return circle((np.stack([rows, cols], axis=1) + 0.5) / side).reshape(side, side)


def band(mask: np.ndarray) -> np.ndarray:
    """Return the pixels of a mask within 2 px of its border, as boundary IoU compares them."""
    depth = cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return (depth > 0) & (depth <= 2)


def test_a_circle_at_224_has_the_right_border_after_asking_few_points() -> None:
    """Five doublings from 7 px: 14 * 14 points are all there are in the first, then 784 at most in each."""
    fine = refine_by_points(sampled(7), circle, 224)
    ours, truth = band(fine.logits > 0), band(sampled(224) > 0)
    assert (ours & truth).sum() / (ours | truth).sum() > 0.97
    assert fine.n_asked == 196 + 4 * 784
    assert fine.n_asked < 0.12 * 224**2


def test_interpolation_alone_misses_the_border_that_answers_find() -> None:
    """So that the test above can fail."""
    truth = band(sampled(224) > 0)
    plain = band(cv2.resize(sampled(7), (224, 224), interpolation=cv2.INTER_LINEAR) > 0)
    assert (plain & truth).sum() / (plain | truth).sum() < 0.9


def test_nothing_is_asked_where_everybody_is_sure() -> None:
    fine = refine_by_points(np.full((2, 2), 9, np.float32), circle, 8, sure=5.0)
    assert fine.n_asked == 0
    assert (fine.logits == 9).all()


def test_a_map_of_the_wanted_size_comes_back_as_a_copy() -> None:
    coarse = np.zeros((4, 4), np.float32)
    fine = refine_by_points(coarse, circle, 4).logits
    assert fine is not coarse
    np.testing.assert_array_equal(fine, coarse)


@pytest.mark.parametrize(
    ("shape", "side", "n_points"), [((4, 4), 12, 9), ((4, 3), 8, 9), ((4, 4), 2, 9), ((4, 4), 8, 0)]
)
def test_what_cannot_be_reached_by_doubling_is_refused(shape: tuple[int, int], side: int, n_points: int) -> None:
    with pytest.raises(InputError, match="must be"):
        refine_by_points(np.zeros(shape, np.float32), circle, side, points_per_step=n_points)
