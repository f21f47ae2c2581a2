"""What was blended is taken apart again, and what cannot be is handed back to be filled."""

from __future__ import annotations

import numpy as np
import pytest

from retouch.errors import InputError
from retouch.masks.watermarks.unblending import unblend


def test_blending_and_unblending_give_the_picture_back() -> None:
    rng = np.random.default_rng(0)
    picture, colour = rng.random((2, 9, 11, 3)).astype(np.float32)
    opacity = (0.6 * rng.random((9, 11))).astype(np.float32)
    seen = opacity[:, :, None] * colour + (1 - opacity[:, :, None]) * picture
    result = unblend(seen, colour, opacity)
    visible = opacity > 0.004  # below a level of 8 bit the picture is left as it is
    np.testing.assert_allclose(result.image[visible], picture[visible], atol=1e-5)  # rounding, by 1 / (1 - 0.6)
    assert not result.to_fill.any()


def test_opaque_pixels_and_their_rim_are_to_be_filled() -> None:
    opacity = np.full((7, 7), 0.5, np.float32)
    opacity[3, 3] = 1
    to_fill = unblend(np.full((7, 7, 1), 0.5, np.float32), np.full((7, 7, 1), 0.5, np.float32), opacity).to_fill
    assert to_fill.sum() == 5  # the pixel and its four neighbours, 1 px away


def test_pixels_darker_than_the_mark_alone_are_to_be_filled() -> None:
    seen = np.full((1, 5, 1), 0.6, np.float32)
    seen[0, 2] = 0.3  # white at 0.5 over anything is 0.5 at least
    to_fill = unblend(seen, np.ones((1, 5, 1), np.float32), np.full((1, 5), 0.5, np.float32)).to_fill
    assert to_fill[0].tolist() == [False, True, True, True, False]


def test_clear_pixels_do_not_change_whatever_the_colour_there() -> None:
    seen = np.random.default_rng(1).random((4, 4, 3)).astype(np.float32)
    colour = np.full((4, 4, 3), np.nan, np.float32)
    np.testing.assert_array_equal(unblend(seen, colour, np.zeros((4, 4), np.float32)).image, seen)


def test_an_opacity_of_8_bit_is_refused() -> None:
    picture = np.zeros((2, 2, 1), np.float32)
    with pytest.raises(InputError, match="divide by 255"):
        unblend(picture, picture, np.full((2, 2), 128, np.float32))
