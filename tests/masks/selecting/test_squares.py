"""Squares of a picture: what is seen, where, and what comes back."""

from __future__ import annotations

import numpy as np
import pytest

from retouch.arrays.regions import Box
from retouch.masks.selecting.squares import Square, square_around


def test_an_inner_square_of_its_own_size_is_the_part_itself() -> None:
    picture = np.random.default_rng(0).random((20, 30, 3)).astype(np.float32)
    np.testing.assert_allclose(Square(4, 7, 8).cut(picture, 8), picture[4:12, 7:15], atol=1e-6)


def test_beyond_the_picture_its_border_goes_on() -> None:
    picture = np.arange(16, dtype=np.float32).reshape(4, 4)
    seen = Square(-2, 0, 4).cut(picture, 4)
    np.testing.assert_allclose(seen[:2], np.repeat(picture[:1], 2, axis=0))
    np.testing.assert_allclose(seen[2:], picture[:2])


def test_a_shrunken_square_holds_means() -> None:
    picture = np.arange(16, dtype=np.float32).reshape(4, 4)
    np.testing.assert_allclose(Square(0, 0, 4).cut(picture, 2), [[2.5, 4.5], [10.5, 12.5]])


def test_one_channel_stays_an_axis() -> None:
    assert Square(0, 0, 4).cut(np.zeros((4, 4, 1), np.float32), 2).shape == (2, 2, 1)


@pytest.mark.parametrize(("length", "side"), [(8, 8), (16, 8), (5, 10)])
def test_a_dot_is_seen_where_it_is_said_to_be(length: int, side: int) -> None:
    picture = np.zeros((40, 40), np.float32)
    picture[20, 22] = 1
    square = square_around(20, 22, length)
    row, col = square.to_seen(20, 22, side)
    seen = square.cut(picture, side)
    weights = seen / seen.sum()
    assert abs((weights.sum(axis=1) * np.arange(side)).sum() - row) < 0.51  # the middle of at most one shrunken pixel
    assert abs((weights.sum(axis=0) * np.arange(side)).sum() - col) < 0.51


def test_what_is_put_back_lies_where_it_was_cut() -> None:
    picture = np.random.default_rng(1).random((20, 30)).astype(np.float32)
    square = Square(-3, 25, 9)
    back = square.put_back(square.cut(picture, 9), (20, 30), -1.0)
    np.testing.assert_allclose(back[:6, 25:], picture[:6, 25:], atol=1e-6)
    assert (back[6:] == -1).all()
    assert (back[:, :25] == -1).all()


def test_boxes_are_scaled_clipped_and_never_empty() -> None:
    square = Square(10, 10, 20)
    assert square.box_to_seen((14, 16, 18, 40), 10) == Box(2, 3, 4, 10)
    assert square.box_to_seen((0, 0, 5, 5), 10) == Box(0, 0, 2, 2)


def test_half_of_a_square_beside_the_picture_is_outside() -> None:
    inside = Square(0, -4, 8).inside((8, 8), 4)
    assert inside[:, 2:].all()
    assert not inside[:, :2].any()
