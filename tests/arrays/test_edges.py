"""Canny edges: the maps of scikit-image, pixel for pixel, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
import skimage.color
import skimage.data
from skimage.feature import canny as rival

from retouch.arrays.edges import canny
from retouch.errors import InputError

NAMES = ["astronaut", "coffee", "chelsea", "camera", "coins", "page", "moon", "brick", "text", "checkerboard"]


def grey(name: str) -> np.ndarray:
    """Return a picture that comes with scikit-image as grey float64 in [0, 1]."""
    picture = getattr(skimage.data, name)()
    values: np.ndarray = skimage.color.rgb2gray(picture) if picture.ndim == 3 else picture / 255
    return values


@pytest.mark.parametrize("name", NAMES)
def test_edges_of_a_picture_are_those_of_scikit_image(name: str) -> None:
    expected = rival(grey(name))
    assert expected.any()
    np.testing.assert_array_equal(canny(grey(name)), expected)


@pytest.mark.parametrize(
    ("sigma", "low", "high"), [(0.0, 0.1, 0.2), (2.0, 0.05, 0.1), (0.7, 0.3, 0.3), (1.5, 0.0, 0.4)]
)
def test_edges_at_other_settings_are_those_of_scikit_image(sigma: float, low: float, high: float) -> None:
    picture = grey("coffee")
    expected = rival(picture, sigma=sigma, low_threshold=low, high_threshold=high)
    assert 100 < np.count_nonzero(expected) < expected.size / 2
    np.testing.assert_array_equal(canny(picture, sigma=sigma, low=low, high=high), expected)


def test_edges_around_a_hole_are_those_of_scikit_image_whose_mask_is_the_other_way_round() -> None:
    picture = grey("astronaut")
    hole = np.zeros(picture.shape, bool)
    hole[100:180, 90:260] = True
    hole[300:, 400] = True
    np.testing.assert_array_equal(canny(picture, mask=hole), rival(picture, mask=~hole))


def test_values_under_the_mask_are_never_read() -> None:
    picture = grey("camera")[:80, :80]
    hole = np.zeros(picture.shape, bool)
    hole[20:40, 30:60] = True
    garbage = np.where(hole, np.nan, picture)
    np.testing.assert_array_equal(canny(garbage, mask=hole), canny(picture, mask=hole))


def test_a_hole_and_its_neighbours_are_never_edges() -> None:
    # a bright hole in a dark picture: without the mask its outline is an edge
    picture, hole = np.zeros((40, 40)), np.zeros((40, 40), bool)
    hole[15:25, 15:25] = True
    picture[hole] = 1.0
    assert canny(picture).any()
    assert not canny(picture, mask=hole).any()


def test_a_weak_line_is_an_edge_only_where_it_hangs_on_a_strong_one() -> None:
    # A step has a gradient of 4 times its height: 0.16 is weak and 0.4 is strong.
    weak = np.zeros((40, 40))
    weak[:, 15:] = 0.04
    joined = weak.copy()
    joined[:20, 15:] = 0.1
    assert not canny(weak, sigma=0.0).any()
    assert canny(joined, sigma=0.0)[22:-1, 14:16].all()


def test_a_flat_picture_has_no_edges() -> None:
    assert not canny(np.full((20, 30), 0.7)).any()
    assert not canny(np.full((20, 30), 0.7), low=0.0, high=0.0, sigma=0.0).any()


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (2, 7), (3, 3)])
def test_tiny_pictures_have_a_map_of_their_size(shape: tuple[int, int]) -> None:
    assert canny(np.random.default_rng(0).random(shape)).shape == shape


def test_the_picture_is_not_changed() -> None:
    picture = grey("coins")
    canny(picture, mask=picture > 0.9)
    np.testing.assert_array_equal(picture, grey("coins"))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"sigma": -1.0}, "sigma must be 0 pixels or more, got -1.0"),
        ({"low": 0.3}, "low <= high, got low 0.3 and high 0.2"),
        ({"low": -0.1}, "0 <= low"),
        ({"mask": np.zeros((4, 4), bool)}, r"mask must be \(8, 8\) bool, got bool of shape \(4, 4\)"),
    ],
)
def test_impossible_options_are_refused(options: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        canny(np.zeros((8, 8)), **options)  # type: ignore[arg-type]


def test_known_pixels_that_are_not_numbers_are_refused() -> None:
    picture = np.zeros((8, 8))
    picture[3, 3] = np.nan
    with pytest.raises(InputError, match="known pixels must be finite"):
        canny(picture)


@pytest.mark.parametrize("picture", [np.zeros((8, 8, 3)), np.zeros((8, 8), np.uint8), np.zeros((0, 8))])
def test_what_is_not_a_grey_picture_of_floats_is_refused(picture: np.ndarray) -> None:
    with pytest.raises(InputError, match=r"grey picture, \(H, W\) float in \[0, 1\], got"):
        canny(picture)
