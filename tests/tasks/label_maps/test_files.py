"""Label maps in files: every form comes back as it went, and what is no map of the classes is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image as PillowImage

from retouch.errors import InputError, UsageError
from retouch.tasks.label_maps.classes import CAMVID, CLASS_LISTS, STREETS, class_list
from retouch.tasks.label_maps.files import Form, encode_labels, one_hot, read_labels


@pytest.mark.parametrize(
    ("form", "suffix"), [("ids", ".png"), ("colours", ".png"), ("ids", ".npz"), ("one-hot", ".npz")]
)
def test_every_form_comes_back(form: Form, suffix: str, tmp_path: Path) -> None:
    labels = np.arange(12, dtype=np.uint8).reshape(3, 4)
    path = tmp_path / f"map{suffix}"
    path.write_bytes(encode_labels(labels, CAMVID, form, suffix))
    found = read_labels(path, CAMVID)
    np.testing.assert_array_equal(found.labels, labels)
    assert found.form == form


def test_an_indexed_png_is_read_by_its_colours(tmp_path: Path) -> None:
    """Index 0 is shown in the colour of the road, index 1 in that of the sky: 3 and 0 in CamVid."""
    picture = PillowImage.fromarray(np.array([[0, 1]], np.uint8))
    picture.putpalette([128, 64, 128, 128, 128, 128])
    picture.save(tmp_path / "map.png")
    assert read_labels(tmp_path / "map.png", CAMVID).labels.tolist() == [[3, 0]]


def test_another_palette_is_refused_with_the_first_wrong_colour(tmp_path: Path) -> None:
    (tmp_path / "map.png").write_bytes(encode_labels(np.array([[0, 7]], np.uint8), STREETS, "colours", ".png"))
    with pytest.raises(InputError, match=r"palette camvid.*\(220, 20, 60\) at x=1, y=0"):
        read_labels(tmp_path / "map.png", CAMVID)


def test_planes_with_two_classes_at_a_pixel_are_refused(tmp_path: Path) -> None:
    planes = one_hot(np.zeros((2, 2), np.uint8), CAMVID)
    planes[0, 0, 5] = 1
    np.savez(tmp_path / "map.npz", planes)
    with pytest.raises(InputError, match="a single 1 at each pixel"):
        read_labels(tmp_path / "map.npz", CAMVID)


def test_a_broken_npz_is_refused(tmp_path: Path) -> None:
    (tmp_path / "map.npz").write_bytes(b"PK no archive")
    with pytest.raises(InputError, match="cannot read"):
        read_labels(tmp_path / "map.npz", CAMVID)


def test_a_list_of_classes_comes_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "mine.json"
    path.write_text(
        '[{"name": "Lane", "id": 4, "colour": [1, 2, 3]}, {"name": "ox", "id": 5, "colour": [4, 5, 6], "moves": true}]'
    )
    found = class_list(path)
    assert (found.name, found.ids, found.static_ids) == ("mine", (4, 5), (4,))


def test_a_list_of_another_form_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "mine.json"
    path.write_text('[{"name": "lane"}]')
    with pytest.raises(InputError, match="cannot read the classes"):
        class_list(path)


def test_an_unknown_palette_suggests_the_nearest() -> None:
    with pytest.raises(UsageError, match="did you mean 'cityscapes'"):
        class_list("cityscape")


@pytest.mark.parametrize("classes", CLASS_LISTS.values(), ids=lambda one: one.name)
def test_every_list_has_one_id_and_name_for_each_class(classes) -> None:  # type: ignore[no-untyped-def]
    assert len(set(classes.ids)) == len({one.name for one in classes.classes}) == len(classes.classes)
