"""Maps of labels: read as numbers, joined to classes, cut without new labels, with holes of three kinds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.training.data.tasks.recipes import TRAINING, VALIDATION, noise, recipe_of, save

from retouch.errors import InputError, UsageError
from retouch.training.data.samples import Draw, Maker
from retouch.training.data.synthetic.pictures.scenes import MOVING
from retouch.training.data.tasks.class_maps import CLASS_MAPS, NOBODY, ClassMap, find_class_map
from retouch.training.data.tasks.labels import LabelFiles, build_labels, draw_rectangle, read_label_map

SHARED = Path(__file__).parents[5] / "shared" / "data"


def write_maps(root: Path, count: int = 3) -> None:
    for number in range(count):
        labels = np.random.default_rng(number).choice([0, 3, 7, 9], (24, 32)).astype(np.uint8)
        save(root / "maps" / f"{number}.png", labels)
        save(root / "photos" / f"{number}.png", noise(24, 32, number))


def test_labels_are_the_numbers_of_the_file(tmp_path: Path) -> None:
    write_maps(tmp_path, 1)
    maker = build_labels(recipe_of("labels", tmp_path, {"maps": "maps", "holes": "rectangles"}, resize="none"))
    assert isinstance(maker, Maker)
    tensors = maker.make(0, TRAINING).tensors
    assert tensors["labels"].shape == (16, 16)
    assert tensors["labels"].dtype == np.int64  # 8 bits would be taken for a picture
    assert set(np.unique(tensors["labels"])) <= {0, 3, 7, 9}


def test_scaling_makes_no_new_labels(tmp_path: Path) -> None:
    write_maps(tmp_path)
    maker = build_labels(
        recipe_of("labels", tmp_path, {"maps": "maps", "holes": "rectangles"}, resize="stretch", size_px=10)
    )
    labels = np.concatenate([maker.make(index, TRAINING).tensors["labels"] for index in range(3)])
    assert set(np.unique(labels)) == {0, 3, 7, 9}


def test_map_and_picture_are_cut_alike(tmp_path: Path) -> None:
    """The picture's red channel is the map: it must be so in the sample."""
    labels = np.random.default_rng(0).integers(0, 20, (40, 40), dtype=np.uint8)
    save(tmp_path / "maps" / "a.png", labels)
    save(tmp_path / "photos" / "a.png", np.repeat(labels[..., None], 3, axis=2))
    options = {"maps": "maps", "images": "photos", "holes": "rectangles"}
    maker = build_labels(recipe_of("labels", tmp_path, options, resize="none"))
    for number in range(6):
        tensors = maker.make(0, Draw((number,))).tensors
        np.testing.assert_array_equal(tensors["image"][0], tensors["labels"])


def test_classes_are_joined_and_others_are_nobodys(tmp_path: Path) -> None:
    save(tmp_path / "a.png", np.array([[0, 3], [7, 9]], np.uint8))
    maker = build_labels(
        recipe_of("labels", tmp_path, {"classes": {"0": 1, "3": 1, "7": 0}, "holes": "rectangles"}, size_px=2)
    )
    assert maker.make(0, VALIDATION).tensors["labels"].tolist() == [[1, 1], [0, NOBODY]]


def test_a_palette_is_read_as_numbers_and_colours_are_refused(tmp_path: Path) -> None:
    image = Image.fromarray(np.array([[2, 5]], np.uint8)).convert("P")
    image.putpalette([255, 0, 0] * 256)
    image.save(tmp_path / "p.png")
    assert read_label_map((tmp_path / "p.png").read_bytes()).tolist() == [[2, 5]]
    save(tmp_path / "rgb.png", noise(4, 4, 0))
    with pytest.raises(InputError, match=r"one 8-bit channel or a palette, got mode RGB"):
        read_label_map((tmp_path / "rgb.png").read_bytes())
    with pytest.raises(InputError, match=r"cannot be read as a map"):
        read_label_map(b"nothing")


def test_a_map_without_its_picture_is_named(tmp_path: Path) -> None:
    write_maps(tmp_path)
    (tmp_path / "photos" / "1.png").unlink()
    with pytest.raises(InputError, match=r"got 1 without, such as maps/1.png"):
        build_labels(recipe_of("labels", tmp_path, {"maps": "maps", "images": "photos", "holes": "rectangles"}))


def test_a_map_of_another_size_than_its_picture_is_refused(tmp_path: Path) -> None:
    write_maps(tmp_path, 1)
    save(tmp_path / "photos" / "0.png", noise(10, 10, 0))
    options = {"maps": "maps", "images": "photos", "holes": "rectangles"}
    with pytest.raises(InputError, match=r"32x24 and, in photos/0.png, 10x10"):
        build_labels(recipe_of("labels", tmp_path, options)).make(0, TRAINING)


def test_rectangles_have_sides_up_to_a_half() -> None:
    masks = [draw_rectangle(32, np.random.default_rng(seed)) for seed in range(60)]
    sides = np.array([(mask.any(axis=1).sum(), mask.any(axis=0).sum()) for mask in masks])
    assert sides.min() >= 4
    assert sides.max() <= 16
    assert all(mask.sum() == high * wide for mask, (high, wide) in zip(masks, sides, strict=True))


def test_behind_what_moves_the_static_truth_is_asked_where_it_is_known() -> None:
    maker = build_labels(recipe_of("labels", "synthetic:toy_scenes", {"holes": "moving", "pictures": 8}, size_px=64))
    for index in range(8):
        tensors = maker.make(index, Draw((index,))).tensors
        assert not np.isin(tensors["labels"], MOVING).any()
        assert tensors["labels"].min() >= 0
        assert tensors["mask"].shape == (1, 64, 64)
        assert tensors["mask"].any()


def test_behind_what_moves_is_nobody_where_the_truth_is_unknown(tmp_path: Path) -> None:
    save(tmp_path / "a.png", np.array([[0, 8], [1, 1]], np.uint8))
    maker = build_labels(recipe_of("labels", tmp_path, {"holes": "moving", "moving": [8]}, size_px=2))
    tensors = maker.make(0, VALIDATION).tensors
    assert tensors["labels"].tolist() == [[0, NOBODY], [1, 1]]
    assert tensors["mask"][0].tolist() == [[False, True], [False, False]]


def test_holes_of_the_curriculum_have_its_groups() -> None:
    recipe = recipe_of("labels", "synthetic:toy_scenes", {"pictures": 4}, curriculum="families", size_px=32)
    maker = build_labels(recipe)
    assert maker.groups is not None
    group = maker.groups.training_groups(0, 1)[0]
    tensors = maker.make(0, Draw((0,), group=group)).tensors
    assert tensors["mask"].shape == (1, 32, 32)
    assert tensors["labels"].shape == (32, 32)


def test_shapes_are_told_apart_one_by_one_on_wish() -> None:
    options = {"pictures": 12, "holes": "rectangles"}
    kinds, things = (
        build_labels(recipe_of("labels", "synthetic:toy_shapes", options | {"of": of}, size_px=48))
        for of in ("classes", "instances")
    )
    assert max(int(kinds.make(i, TRAINING).tensors["labels"].max()) for i in range(12)) == 3  # disc, square, triangle
    assert max(int(things.make(i, TRAINING).tensors["labels"].max()) for i in range(12)) > 3


def test_holes_that_nobody_knows_are_refused(tmp_path: Path) -> None:
    write_maps(tmp_path)
    with pytest.raises(UsageError, match=r"holes"):
        build_labels(recipe_of("labels", tmp_path, {"holes": "squares"}))
    with pytest.raises(UsageError, match=r"needs to know what moves"):
        build_labels(recipe_of("labels", tmp_path, {"holes": "moving"}))


@pytest.mark.parametrize("line", CLASS_MAPS, ids=lambda line: line.name)
def test_class_maps_number_their_classes_without_gaps(line: ClassMap) -> None:
    table = find_class_map(line.name).table
    absent = {10} if line.name == "camvid_12" else set()  # CamVid tells no trucks from cars
    assert set(table.values()) | absent == set(range(max(table.values()) + 1))


def test_the_twelve_classes_agree_between_both_sets() -> None:
    cityscapes, camvid = find_class_map("cityscapes_12").table, find_class_map("camvid_12").table
    # road, pavement, building, sky, car, pedestrian by the ids of each set
    for ours, theirs in ((7, 3), (8, 4), (11, 1), (23, 0), (26, 8), (24, 9)):
        assert cityscapes[ours] == camvid[theirs]


@pytest.mark.shared
@pytest.mark.parametrize(
    ("folder", "class_map"), [("camvid-labels", "camvid_12"), ("cityscapes-labels", "cityscapes_12")]
)
def test_published_maps_are_joined_to_twelve_classes(folder: str, class_map: str) -> None:
    root = SHARED / folder
    if not root.is_dir():
        pytest.skip(f"needs {root}, which is not here")
    options = {"class_map": class_map, "holes": "rectangles"}
    maker = build_labels(recipe_of("labels", root, options, size_px=64))
    assert isinstance(maker.source, LabelFiles)
    for index in range(0, len(maker.source), max(1, len(maker.source) // 4)):
        labels = maker.make(index, Draw((index,))).tensors["labels"]
        assert labels.min() >= 0
        assert labels.max() <= 11
        assert (labels == 0).any() or (labels == 2).any()  # road or building in every street
