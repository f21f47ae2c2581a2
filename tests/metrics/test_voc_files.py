"""Folders in VOC's layout: boxes that count from 0, difficult things, faults that are named."""

from __future__ import annotations

from pathlib import Path

import pytest

from retouch.errors import InputError
from retouch.metrics.labels.voc_files import objects_of, picture_path, read_annotation, read_split

BOX = "<bndbox><xmin>3</xmin><ymin>2</ymin><xmax>6</xmax><ymax>4</ymax></bndbox>"
THING = "<object><name>{}</name><difficult>{}</difficult>" + BOX + "</object>"


def write(file: Path, things: str) -> Path:
    file.write_text(f"<annotation><size><width>8</width><height>5</height></size>{things}</annotation>")
    return file


def test_pixels_3_to_6_are_columns_2_to_6_half_open(tmp_path: Path) -> None:
    found = read_annotation(write(tmp_path / "a.xml", THING.format("dog", 0)))
    assert (found.width, found.height) == (8, 5)
    assert found.things[0].corners == (2, 1, 6, 4)


def test_difficult_things_are_ignored_and_others_classes_left_out(tmp_path: Path) -> None:
    things = THING.format("cat", 1) + THING.format("cow", 0) + THING.format("dog", 0)
    objects = objects_of(read_annotation(write(tmp_path / "a.xml", things)), ("dog", "cat"))
    assert objects.labels.tolist() == [1, 0]
    assert objects.ignored is not None
    assert objects.ignored.tolist() == [True, False]
    assert objects.regions.tolist() == [[1, 2, 4, 6]] * 2


def test_a_picture_without_things_has_no_boxes(tmp_path: Path) -> None:
    assert objects_of(read_annotation(write(tmp_path / "a.xml", "")), ("dog",)).regions.shape == (0, 4)


def test_a_picture_may_have_another_ending(tmp_path: Path) -> None:
    (tmp_path / "JPEGImages").mkdir()
    (tmp_path / "JPEGImages" / "7.png").touch()
    assert picture_path(tmp_path, "7").name == "7.png"
    with pytest.raises(InputError, match=r"JPEGImages/8.jpg, which its list names"):
        picture_path(tmp_path, "8")


@pytest.mark.parametrize(
    "text", ["<annotation>", "<annotation/>", "<annotation><size><width>x</width></size></annotation>"]
)
def test_a_damaged_annotation_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.xml").write_text(text)
    with pytest.raises(InputError, match=r"a.xml must be an annotation of VOC"):
        read_annotation(tmp_path / "a.xml")


def test_a_missing_list_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"must hold ImageSets/Main/val.txt"):
        read_split(tmp_path, "val")
