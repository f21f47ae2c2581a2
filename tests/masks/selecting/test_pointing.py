"""Things under clicks and in boxes, on shapes whose masks are known."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from retouch.arrays.regions import Box, bounding_box, dilate_mask
from retouch.errors import InputError
from retouch.masks.selecting.growing import grow_mask
from retouch.masks.selecting.palette import name_colours, to_lab
from retouch.masks.selecting.pointing import FOUND, segment_at, segment_box

CENTRE = (110, 150)
SHAPES = ("ellipse", "rectangle", "triangle")


def scene(shape: str, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Draw a noisy thing in one colour on a shaded ground; return also its mask."""
    rng = np.random.default_rng(seed)
    drawn = np.zeros((240, 320), np.uint8)
    row, col = CENTRE
    if shape == "ellipse":
        cv2.ellipse(drawn, (col, row), (40, 25), 30, 0, 360, 1, -1)
    elif shape == "rectangle":
        cv2.rectangle(drawn, (col - 20, row - 45), (col + 20, row + 45), 1, -1)
    else:
        cv2.fillPoly(drawn, [np.array([[col, row - 40], [col - 35, row + 40], [col + 35, row + 40]])], 1)
    ground = np.array([0.3, 0.5, 0.4]) + np.linspace(-0.08, 0.08, 320)[None, :, None]
    picture = np.where(drawn[..., None] > 0, np.array([0.7, 0.3, 0.6]), ground)
    noisy = picture + rng.normal(0, 0.02, picture.shape)
    return np.clip(noisy, 0, 1).astype(np.float32), drawn > 0


def overlap(one: np.ndarray, other: np.ndarray) -> float:
    return float((one & other).sum() / (one | other).sum())


@pytest.mark.parametrize("shape", SHAPES)
def test_a_click_in_the_middle_finds_the_shape(shape: str) -> None:
    picture, truth = scene(shape)
    found = segment_at(picture, [CENTRE])
    assert found.status == FOUND
    assert overlap(found.mask, truth) > 0.9
    assert found.box == bounding_box(found.mask)
    assert (grow_mask(found.mask) & truth).sum() >= 0.98 * truth.sum()


@pytest.mark.parametrize("shape", SHAPES)
def test_a_box_finds_the_shape_in_it(shape: str) -> None:
    picture, truth = scene(shape)
    assert overlap(segment_box(picture, bounding_box(truth)).mask, truth) > 0.95


def test_a_grey_and_a_large_picture_do_as_well() -> None:
    """Work on copies of at most 432 px, result in full size."""
    picture, truth = scene("ellipse")
    large = cv2.resize(picture[..., 0], (960, 720), interpolation=cv2.INTER_LINEAR)[..., None].astype(np.float32)
    whole = cv2.resize(truth.astype(np.uint8), (960, 720), interpolation=cv2.INTER_NEAREST) > 0
    assert overlap(segment_at(large, [(330, 450)]).mask, whole) > 0.9


def test_a_click_on_plain_ground_finds_nothing_and_says_so() -> None:
    picture, _ = scene("ellipse")
    found = segment_at(picture, [(220, 20)])
    assert not found.mask.any()
    assert found.box is None
    assert "no" in found.status


def test_a_negative_click_takes_its_thing_away() -> None:
    """Two squares of one colour, 4 px apart in one box of clicks; only the left one is wanted."""
    picture = np.full((120, 160, 3), 0.2, np.float32)
    picture[40:80, 40:78] = picture[40:80, 82:120] = 0.9, 0.5, 0.1
    found = segment_at(picture, [(60, 58)], [(60, 100)])
    assert found.mask[60, 58]
    assert not found.mask[60, 100]


def test_the_same_click_gives_the_same_mask_and_leaves_the_picture_alone() -> None:
    picture, _ = scene("triangle")
    before = picture.copy()
    np.testing.assert_array_equal(segment_at(picture, [CENTRE]).mask, segment_at(picture, [CENTRE]).mask)
    np.testing.assert_array_equal(picture, before)


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 9, 1), (7, 5, 3)])
def test_tiny_pictures_give_masks_of_their_size(shape: tuple[int, int, int]) -> None:
    picture = np.zeros(shape, np.float32)
    assert segment_at(picture, [(0, 0)]).mask.shape == shape[:2]
    assert segment_box(picture, Box(0, 0, *shape[:2])).mask.shape == shape[:2]


def test_what_is_outside_the_picture_is_refused() -> None:
    picture = np.zeros((6, 8, 3), np.float32)
    with pytest.raises(InputError, match="x,y = 8,0"):
        segment_at(picture, [(0, 8)])
    with pytest.raises(InputError, match="got none"):
        segment_at(picture, [])
    with pytest.raises(InputError, match="share pixels"):
        segment_box(picture, Box(7, 0, 9, 2))


def test_pixels_of_one_colour_have_one_name_and_others_another() -> None:
    picture = np.zeros((4, 6, 3), np.float32)
    picture[:, 3:] = 1
    names = name_colours(to_lab(picture))
    assert len(np.unique(names[:, :3])) == len(np.unique(names[:, 3:])) == 1
    assert names[0, 0] != names[0, 5]


def test_the_border_found_is_within_two_pixels_of_the_true_one() -> None:
    picture, truth = scene("rectangle")
    mask = segment_at(picture, [CENTRE]).mask
    assert (mask <= dilate_mask(truth, 2)).all()
    assert (truth <= dilate_mask(mask, 2)).mean() > 0.999
