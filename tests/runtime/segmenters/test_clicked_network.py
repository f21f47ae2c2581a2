"""Things under clicks and in boxes by the network that ships, on shapes whose masks are known."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from retouch.arrays.regions import Box, bounding_box
from retouch.errors import InputError, WeightsError
from retouch.masks.selecting.growing import grow_mask
from retouch.masks.selecting.pointing import FOUND
from retouch.runtime.segmenters import clicked_network
from retouch.runtime.segmenters.clicked_network import open_prompted, segment_clicked

CENTRE = (110, 150)
SHAPES = ("ellipse", "rectangle", "triangle")
MOST_BYTES = 3_000_000


def scene(shape: str) -> tuple[np.ndarray, np.ndarray]:
    """Draw a noisy thing in one colour on a shaded ground; return also its mask."""
    drawn, (row, col) = np.zeros((240, 320), np.uint8), CENTRE
    if shape == "ellipse":
        cv2.ellipse(drawn, (col, row), (40, 25), 30, 0, 360, 1, -1)
    elif shape == "rectangle":
        cv2.rectangle(drawn, (col - 20, row - 45), (col + 20, row + 45), 1, -1)
    else:
        cv2.fillPoly(drawn, [np.array([[col, row - 40], [col - 35, row + 40], [col + 35, row + 40]])], 1)
    ground = np.array([0.3, 0.5, 0.4]) + np.linspace(-0.08, 0.08, 320)[None, :, None]
    picture = np.where(drawn[..., None] > 0, np.array([0.7, 0.3, 0.6]), ground)
    noisy = picture + np.random.default_rng(0).normal(0, 0.02, picture.shape)
    return np.clip(noisy, 0, 1).astype(np.float32), drawn > 0


def overlap(one: np.ndarray, other: np.ndarray) -> float:
    return float((one & other).sum() / (one | other).sum())


@pytest.mark.parametrize("shape", SHAPES)
def test_a_click_or_a_box_finds_the_shape(shape: str) -> None:
    picture, truth = scene(shape)
    clicked, boxed = segment_clicked(picture, [CENTRE]), segment_clicked(picture, [], box=bounding_box(truth))
    for found in (clicked, boxed):
        assert found.status == FOUND
        assert found.box == bounding_box(found.mask)
        assert overlap(found.mask, truth) > 0.9
        assert (grow_mask(found.mask) & truth).sum() > 0.95 * truth.sum()  # corners are rounded


def test_a_large_grey_picture_does_as_well() -> None:
    picture, truth = scene("ellipse")
    large = cv2.resize(picture[..., 0], (960, 720), interpolation=cv2.INTER_LINEAR)[..., None].astype(np.float32)
    whole = cv2.resize(truth.astype(np.uint8), (960, 720), interpolation=cv2.INTER_NEAREST) > 0
    assert overlap(segment_clicked(large, [(330, 450)]).mask, whole) > 0.9


def test_the_same_click_gives_the_same_mask_and_leaves_the_picture_alone() -> None:
    picture, _ = scene("triangle")
    before = picture.copy()
    np.testing.assert_array_equal(segment_clicked(picture, [CENTRE]).mask, segment_clicked(picture, [CENTRE]).mask)
    np.testing.assert_array_equal(picture, before)


def test_a_click_beside_the_thing_is_not_in_the_mask() -> None:
    picture, _ = scene("rectangle")
    assert not segment_clicked(picture, [CENTRE], [(110, 185)]).mask[110, 185]


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 9, 1), (7, 5, 3)])
def test_tiny_pictures_give_masks_of_their_size(shape: tuple[int, int, int]) -> None:
    picture = np.zeros(shape, np.float32)
    assert segment_clicked(picture, [(0, 0)]).mask.shape == shape[:2]
    assert segment_clicked(picture, [], box=Box(0, 0, *shape[:2])).mask.shape == shape[:2]


def test_what_says_nothing_is_refused() -> None:
    picture = np.zeros((6, 8, 3), np.float32)
    with pytest.raises(InputError, match="x,y = 8,0"):
        segment_clicked(picture, [(0, 8)])
    with pytest.raises(InputError, match="got neither"):
        segment_clicked(picture, [])
    with pytest.raises(InputError, match="share pixels"):
        segment_clicked(picture, [], box=Box(7, 0, 9, 2))


def test_a_missing_network_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(clicked_network, "_SHIPPED", tmp_path / "gone.onnx")
    with pytest.raises(WeightsError, match="install retouch again"):
        open_prompted()


def test_the_network_that_ships_is_small_and_says_what_it_is() -> None:
    net = open_prompted()
    assert net.path.stat().st_size < MOST_BYTES
    assert '"prompted_unet"' in net.facts["retouch"]
    assert net.path.with_suffix(".md").is_file()
