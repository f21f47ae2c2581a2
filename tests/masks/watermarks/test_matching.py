"""A known mark is found where it was put, and not where it was not."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest
from skimage import data

from retouch.arrays.types import Image
from retouch.masks.watermarks.edge_matching import moved, similarity
from retouch.masks.watermarks.marks import Mark, mark_of, place_mark
from retouch.masks.watermarks.matching import find_mark


def logo() -> Mark:
    opacity = np.zeros((70, 140), np.uint8)
    cv2.circle(opacity, (32, 35), 24, 255, 6, cv2.LINE_AA)
    cv2.fillConvexPoly(opacity, np.array([[20, 48], [31, 18], [44, 48]]), 255, cv2.LINE_AA)
    cv2.putText(opacity, "RETOUCH", (62, 32), cv2.FONT_HERSHEY_DUPLEX, 0.5, 255, 1, cv2.LINE_AA)
    cv2.putText(opacity, "studio 26", (62, 52), cv2.FONT_HERSHEY_SIMPLEX, 0.5, 255, 1, cv2.LINE_AA)
    return mark_of(np.dstack([np.ones((70, 140, 3)), opacity / 255]).astype(np.float32))


def photo() -> Image:
    picture: Image = (data.astronaut()[:300, 60:420] / 255).astype(np.float32)
    return picture


def marked(opacity: float, scale: float, turn_deg: float) -> tuple[Image, np.ndarray]:
    homography = similarity(np.array([180, 150, math.log(scale), math.radians(turn_deg)]), (70, 140))
    placed = place_mark(logo(), homography, (300, 360))
    weight = (opacity * placed.opacity)[:, :, None]
    return ((1 - weight) * photo() + weight * placed.colour).astype(np.float32), homography


@pytest.mark.parametrize(("scale", "turn_deg"), [(1.0, 0.0), (1.3, 12.0), (0.8, -15.0)])
def test_an_opaque_mark_is_found_to_two_pixels(scale: float, turn_deg: float) -> None:
    picture, homography = marked(1.0, scale, turn_deg)
    corners = moved(homography, np.array([[0.0, 0], [139, 0], [139, 69], [0, 69]]))[:, ::-1]
    found = find_mark(picture, logo(), most_marks=1)
    assert np.linalg.norm(found.marks[0].corners - corners, axis=1).mean() < 2
    truth = place_mark(logo(), homography, (300, 360)).opacity > 0.05
    assert (found.mask & truth).sum() >= 0.99 * truth.sum()


def test_a_translucent_mark_is_found() -> None:
    picture, homography = marked(0.6, 1.0, 5.0)
    found = find_mark(picture, logo(), most_marks=1)
    np.testing.assert_allclose(found.marks[0].homography, homography / homography[2, 2], atol=2)


def test_two_marks_are_found() -> None:
    picture = photo()
    for left, top in ((20, 20), (200, 210)):
        placed = place_mark(logo(), np.array([[1.0, 0, left], [0, 1, top], [0, 0, 1]]), (300, 360))
        picture = np.where(placed.opacity[:, :, None] > 0.5, placed.colour, picture)
    tops = sorted(round(float(m.corners[0, 0])) for m in find_mark(picture, logo()).marks)
    assert tops == [20, 210]


def test_a_picture_without_the_mark_has_none_and_says_so() -> None:
    found = find_mark(photo(), logo())
    assert found.marks == ()
    assert not found.mask.any()
    assert "not found" in found.reason


def test_the_same_call_gives_the_same_bytes() -> None:
    picture, _ = marked(1.0, 1.1, 5.0)
    first, second = (find_mark(picture, logo(), most_marks=1).marks[0].homography for _ in range(2))
    assert first.tobytes() == second.tobytes()
