"""Boxes: read from COCO, VOC and Stanford Cars, and kept on their things by every change of view."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from scipy.io import savemat
from tests.training.data.tasks.recipes import TRAINING, VALIDATION, noise, recipe_of, save

from retouch.errors import InputError, UsageError
from retouch.metrics.labels.voc_files import VOC_CLASSES
from retouch.training.data.samples import Draw, Maker
from retouch.training.data.tasks.annotations import read_coco, read_voc
from retouch.training.data.tasks.augmenting import (
    WHOLE,
    change_light,
    draw_view,
    look,
    middles_in,
    overlaps,
    seen_boxes,
    within,
)
from retouch.training.data.tasks.boxes import build_boxes, filled_up

RED = (255, 0, 0)


def red_square(height: int, width: int, box: tuple[int, int, int, int]) -> np.ndarray:
    """Return a black picture with a red rectangle (x1, y1, x2, y2)."""
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[box[1] : box[3], box[0] : box[2]] = RED
    return pixels


def write_coco(root: Path) -> None:
    save(root / "train2017" / "b.png", red_square(40, 80, (20, 10, 60, 30)))
    save(root / "train2017" / "a.png", red_square(40, 40, (0, 0, 20, 20)))
    save(root / "train2017" / "c.png", noise(8, 8, 0))
    box = {"image_id": 1, "category_id": 44, "bbox": [20, 10, 40, 20], "iscrowd": 0}
    whole = {
        "images": [
            {"id": 1, "file_name": "b.png", "width": 80, "height": 40},
            {"id": 2, "file_name": "a.png", "width": 40, "height": 40},
            {"id": 3, "file_name": "c.png", "width": 8, "height": 8},
        ],
        "categories": [{"id": 44, "name": "bottle"}, {"id": 1, "name": "person"}],
        "annotations": [
            box,
            {"image_id": 2, "category_id": 1, "bbox": [0, 0, 20, 20], "iscrowd": 0},
            {"image_id": 3, "category_id": 1, "bbox": [0, 0, 8, 8], "iscrowd": 1},
        ],
    }
    (root / "annotations").mkdir()
    (root / "annotations" / "instances_train2017.json").write_text(json.dumps(whole))


def write_voc(root: Path) -> None:
    for folder in ("Annotations", "ImageSets/Main", "JPEGImages"):
        (root / folder).mkdir(parents=True)
    save(root / "JPEGImages" / "7.png", red_square(40, 80, (20, 10, 60, 30)))
    (root / "JPEGImages" / "7.png").rename(root / "JPEGImages" / "7.jpg")  # kinds are told by content
    (root / "ImageSets/Main/trainval.txt").write_text("7\n")
    box = "<bndbox><xmin>21</xmin><ymin>11</ymin><xmax>60</xmax><ymax>30</ymax></bndbox>"
    thing = "<object><name>{}</name><difficult>{}</difficult>" + box + "</object>"
    things = thing.format("dog", 0) + thing.format("cat", 1)
    size = "<size><width>80</width><height>40</height></size>"
    (root / "Annotations" / "7.xml").write_text(f"<annotation>{size}{things}</annotation>")


def test_coco_boxes_are_corners_in_fractions_and_classes_go_by_id(tmp_path: Path) -> None:
    write_coco(tmp_path)
    found, names = read_coco(tmp_path / "annotations" / "instances_train2017.json", tmp_path / "train2017")
    assert names == ("person", "bottle")  # ids 1 and 44
    assert [boxed.entry.name for boxed in found] == ["train2017/a.png", "train2017/b.png"]  # crowds do not count
    assert found[1].boxes == ((0.25, 0.25, 0.75, 0.75),)
    assert found[1].classes == (1,)


def test_voc_boxes_count_pixels_from_one_and_include_the_last(tmp_path: Path) -> None:
    write_voc(tmp_path)
    found, names = read_voc(tmp_path)
    assert names == VOC_CLASSES
    assert found[0].boxes == ((0.25, 0.25, 0.75, 0.75),)
    assert found[0].classes == (VOC_CLASSES.index("dog"),)
    assert len(read_voc(tmp_path, with_difficult=True)[0][0].boxes) == 2


def test_only_some_classes_are_numbered_in_their_order(tmp_path: Path) -> None:
    write_voc(tmp_path)
    found, names = read_voc(tmp_path, only=("cat", "dog"))
    assert names == ("cat", "dog")
    assert found[0].classes == (1,)
    with pytest.raises(UsageError, match=r"did you mean 'dog'"):
        read_voc(tmp_path, only=("dogg",))


@pytest.mark.parametrize("text", ["{", '{"images": []}', "[]"])
def test_a_file_that_is_not_cocos_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "x.json").write_text(text)
    with pytest.raises(InputError, match=r"x.json must be a file of COCO's instances"):
        read_coco(tmp_path / "x.json", tmp_path)


def test_a_damaged_annotation_of_voc_is_named(tmp_path: Path) -> None:
    write_voc(tmp_path)
    (tmp_path / "Annotations" / "7.xml").write_text("<annotation><object>")
    with pytest.raises(InputError, match=r"7.xml must be an annotation of VOC"):
        read_voc(tmp_path)


@pytest.mark.parametrize("layout", ["coco", "voc"])
def test_a_sample_is_the_stretched_picture_with_its_boxes(tmp_path: Path, layout: str) -> None:
    (write_coco if layout == "coco" else write_voc)(tmp_path)
    maker = build_boxes(recipe_of("boxes", tmp_path, {"boxes": 3}, layout=layout, size_px=40))
    assert isinstance(maker, Maker)
    tensors = maker.make(len(maker.source) - 1, VALIDATION).tensors
    assert tensors["image"].shape == (3, 40, 40)
    np.testing.assert_allclose(tensors["boxes"], np.array([[0.25, 0.25, 0.75, 0.75], [0, 0, 0, 0], [0, 0, 0, 0]]))
    assert tensors["classes"][1:].tolist() == [-1, -1]
    assert red_box(tensors["image"]) == pytest.approx((0.25, 0.25, 0.75, 0.75), abs=0.03)


def red_box(image: np.ndarray) -> tuple[float, ...]:
    """Return where a picture (3, S, S) is red."""
    values = image.astype(int)
    redness = values[0] - values[1]
    rows, cols = np.nonzero(redness > redness.max() / 2)  # the mean around a view is a quarter as red
    side = image.shape[1]
    return cols.min() / side, rows.min() / side, (cols.max() + 1) / side, (rows.max() + 1) / side


def test_boxes_stay_on_their_thing_whatever_is_looked_at(tmp_path: Path) -> None:
    write_coco(tmp_path)
    maker = build_boxes(recipe_of("boxes", tmp_path, {"boxes": 2}, layout="coco", size_px=80))
    views = set()
    for number in range(40):
        tensors = maker.make(1, Draw((number,))).tensors
        box = tensors["boxes"][tensors["classes"] >= 0]
        assert len(box) == 1
        np.testing.assert_allclose(red_box(tensors["image"]), box[0], atol=0.04)
        views.add(tuple(box[0].round(2)))
    assert len(views) > 20


def test_a_detector_sees_whole_pictures_without_augmentation(tmp_path: Path) -> None:
    write_coco(tmp_path)
    options = {"boxes": 2, "augment": False}
    maker = build_boxes(recipe_of("boxes", tmp_path, options, layout="coco", size_px=40, flip=False))
    first, other = (maker.make(0, Draw((number,))).tensors["image"] for number in range(2))
    np.testing.assert_array_equal(first, other)


def test_the_largest_boxes_are_kept_in_their_order() -> None:
    boxes = np.array([[0, 0, 0.1, 0.1], [0, 0, 1, 1], [0, 0, 0.5, 0.5], [0.2, 0.2, 0.2, 0.9]], np.float32)
    kept = filled_up(boxes, np.array([5, 6, 7, 8]), 2)
    assert kept["classes"].tolist() == [6, 7]
    assert filled_up(boxes, np.array([5, 6, 7, 8]), 5)["classes"].tolist() == [5, 6, 7, -1, -1]  # one has no area


def test_no_boxes_leave_empty_rows() -> None:
    kept = filled_up(np.zeros((0, 4), np.float32), np.zeros(0, np.int64), 2)
    assert kept["classes"].tolist() == [-1, -1]


def test_drawn_shapes_are_boxes_too() -> None:
    maker = build_boxes(recipe_of("boxes", "synthetic:toy_shapes", {"boxes": 8, "pictures": 6}, size_px=48))
    for index in range(6):
        tensors = maker.make(index, TRAINING).tensors
        real = tensors["classes"] >= 0
        assert tensors["boxes"].shape == (8, 4)
        assert (tensors["boxes"][real, 2:] > tensors["boxes"][real, :2]).all()
        assert not tensors["boxes"][~real].any()


def test_a_view_within_a_larger_picture_is_framed_by_the_mean() -> None:
    pixels = np.full((10, 10, 3), 90, np.uint8)
    pixels[:5] = 110  # the mean is 100
    seen = look(pixels, (-1.0, -1.0, 1.0, 1.0), 20)
    assert (seen[:10] == 100).all()
    assert set(np.unique(seen[10:, 10:])) >= {90, 110}


def test_views_hold_the_middle_of_a_box_or_everything() -> None:
    boxes = np.array([[0.4, 0.4, 0.6, 0.6]], np.float32)
    for seed in range(60):
        view = draw_view(boxes, np.random.default_rng(seed))
        box = seen_boxes(boxes, view)[0]
        assert box[0] < box[2]
        assert box[1] < box[3]
        assert view == WHOLE or view[2] - view[0] != 1


def test_a_part_of_a_larger_picture_shows_boxes_where_both_steps_put_them() -> None:
    canvas, part = (-1.0, -0.5, 2.0, 2.5), (0.25, 0.25, 0.75, 1.0)
    boxes = np.array([[0.2, 0.3, 0.6, 0.9]], np.float32)
    at_once = seen_boxes(boxes, within(canvas, part))
    np.testing.assert_allclose(at_once, seen_boxes(seen_boxes(boxes, canvas), part), atol=1e-6)


def test_views_are_as_often_whole_larger_and_parts_as_drawn() -> None:
    """A half shows a larger picture, before parts of it are taken; one of seven wishes is the whole, 1/14 of all views.

    With the wishes that no part fulfils it is somewhat more.
    """
    boxes = np.array([[0.0, 0.0, 1.0, 1.0]], np.float32)
    views = [draw_view(boxes, np.random.default_rng(seed)) for seed in range(400)]
    assert 0.05 < np.mean([view == WHOLE for view in views]) < 0.25
    sides = np.array([(view[2] - view[0], view[3] - view[1]) for view in views])
    assert sides.max() <= 4
    assert sides.min() >= 0.3
    assert 0.2 < np.mean(sides.max(axis=1) > 1) < 0.5


def test_a_part_keeps_a_box_that_it_overlaps_enough() -> None:
    """Without the larger picture: some wishes ask for an overlap of 0.9, which a small box never has."""
    boxes = np.array([[0.45, 0.45, 0.55, 0.55]], np.float32)
    for seed in range(100):
        view = draw_view(boxes, np.random.default_rng(seed))
        assert middles_in(boxes, view).all()
    assert overlaps(boxes, (0.4, 0.4, 0.6, 0.6)) == pytest.approx(0.25)  # 0.01 of 0.04


def test_without_boxes_no_part_is_taken() -> None:
    views = [draw_view(np.zeros((0, 4), np.float32), np.random.default_rng(seed)) for seed in range(50)]
    assert all(view[0] <= 0 and view[1] <= 0 and view[2] >= 1 and view[3] >= 1 for view in views)


def test_light_changes_hue_saturation_and_brightness_within_bounds() -> None:
    """A pure red: turned by up to 18 degrees its green or blue rises to 18/60 = 0.3 of red, before contrast."""
    red = np.zeros((2, 2, 3), np.uint8)
    red[..., 0] = 200
    changed = np.array([change_light(red, np.random.default_rng(seed))[0, 0] for seed in range(200)], np.float64)
    assert len(np.unique(changed, axis=0)) > 100
    assert (changed[:, 1] > changed[:, 2] + 5).any()
    assert (changed[:, 2] > changed[:, 1] + 5).any()
    assert (changed[:, 0] >= changed[:, 1:].max(axis=1)).all()


def test_changed_light_keeps_grey_grey() -> None:
    grey = np.full((4, 4, 3), 128, np.uint8)
    for seed in range(10):
        changed = change_light(grey, np.random.default_rng(seed))
        assert np.ptp(changed, axis=2).max() <= 1


def test_cars_are_read_from_their_mat_file(tmp_path: Path) -> None:
    save(tmp_path / "cars_train" / "00001.png", red_square(40, 80, (20, 10, 60, 30)))
    (tmp_path / "cars_train" / "00001.png").rename(tmp_path / "cars_train" / "00001.jpg")
    kinds = [("bbox_x1", "O"), ("bbox_y1", "O"), ("bbox_x2", "O"), ("bbox_y2", "O"), ("class", "O"), ("fname", "O")]
    lines = np.array([[(21, 11, 60, 30, 14, "00001.jpg")]], dtype=kinds)
    (tmp_path / "devkit").mkdir()
    savemat(tmp_path / "devkit" / "cars_train_annos.mat", {"annotations": lines})
    maker = build_boxes(recipe_of("boxes", tmp_path, {"boxes": 1}, layout="cars", size_px=20))
    tensors = maker.make(0, VALIDATION).tensors
    np.testing.assert_allclose(tensors["boxes"], [[0.25, 0.25, 0.75, 0.75]])
    assert tensors["classes"].tolist() == [13]  # counted from 0


def test_a_layout_without_boxes_and_a_missing_annotation_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"unknown layout of boxes 'folder'"):
        build_boxes(recipe_of("boxes", tmp_path))
    with pytest.raises(InputError, match=r"annotations/instances_train"):
        build_boxes(recipe_of("boxes", tmp_path, layout="coco"))
    with pytest.raises(InputError, match=r"cars_train_annos.mat must be"):
        build_boxes(recipe_of("boxes", tmp_path, layout="cars"))
