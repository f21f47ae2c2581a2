"""Clicks, boxes and classes with a model that sees all things: the smallest one hit, its parts, its neighbours."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from tests.tasks.scenes import pair

from retouch.arrays.regions import Box, bounding_box
from retouch.arrays.types import Mask
from retouch.errors import UsageError, WeightsError
from retouch.io.pictures.picture import Picture
from retouch.runtime.segmenters.instances import Instance
from retouch.tasks.door import find_mask
from retouch.tasks.targeting.coco_classes import COCO_CLASSES
from retouch.tasks.targeting.reaching import reach_sides
from retouch.tasks.targeting.segmenting import check_classes
from retouch.tasks.targeting.target import Target
from retouch.tasks.targeting.targets import find_targets

DATA = Path(__file__).parents[4] / "shared" / "data"
NET = DATA / "models" / "yolox-nano" / "yolox_nano.onnx"
CLIP = DATA / "video" / "schoolgirls_orig.mp4"
needs_net = pytest.mark.skipif(not NET.exists() or not CLIP.exists(), reason=f"{NET} or {CLIP} is not there")


def seeing(**things: Mask) -> list[Instance]:
    """Return what a model sees that is told so."""
    return [Instance(mask, bounding_box(mask), name, 0.9) for name, mask in things.items()]


@pytest.fixture
def scene(monkeypatch: pytest.MonkeyPatch) -> tuple[Picture, Mask, Mask]:
    """Give a picture of a man and a dog that touch, the man with a bag, to a model that sees all three."""
    picture, man, dog = pair()
    bag = np.zeros_like(man)
    bag[60:70, 60:70] = True
    seen = seeing(person=man, dog=dog, bag=bag)
    monkeypatch.setattr("retouch.tasks.targeting.things.open_segmenter", lambda target: "a model")
    monkeypatch.setattr("retouch.tasks.targeting.things.all_things", lambda model, image: seen)
    return Picture.from_array(picture), man, dog


def found(picture: Picture, **what: object) -> Mask:
    return find_mask(picture, Target(model="model.onnx", grow_px=0, **what)).mask  # type: ignore[arg-type]


def test_the_smallest_thing_under_the_click_is_meant(scene: tuple[Picture, Mask, Mask]) -> None:
    assert found(scene[0], at=[(65, 65)]).sum() == 100
    np.testing.assert_array_equal(found(scene[0], at=[(45, 55)]), scene[1])


def test_a_click_beside_all_things_finds_nothing_and_says_so(scene: tuple[Picture, Mask, Mask]) -> None:
    targets = find_targets(scene[0], Target(model="model.onnx", at=[(5, 5)]))
    assert not targets.mask.any()
    assert "the model sees nothing there" in targets.status[0]


def test_a_class_takes_all_its_things_and_tells_score_and_area(scene: tuple[Picture, Mask, Mask]) -> None:
    targets = find_targets(scene[0], Target(model="model.onnx", classes=["person", "dog"], grow_px=0))
    np.testing.assert_array_equal(targets.mask, scene[1] | scene[2])
    assert [f.to_dict()["label"] for f in targets.findings] == ["person", "dog"]
    assert targets.findings[0].to_dict() == {
        "kind": "class",
        "label": "person",
        "box": {"x": 50, "y": 40, "width": 30, "height": 40},
        "score": 0.9,
        "area_px": 1200,
    }


def test_a_class_that_is_not_in_the_picture_says_what_is(scene: tuple[Picture, Mask, Mask]) -> None:
    targets = find_targets(scene[0], Target(model="model.onnx", classes=["cat"]))
    assert not targets.mask.any()
    assert targets.status == ("the model sees no cat in the picture; it sees person, dog, bag",)


def test_neighbours_that_the_model_sees_are_kept_but_for_their_rim(scene: tuple[Picture, Mask, Mask]) -> None:
    """Grown by 8 px the mask of the man would go 8 columns into the dog; its rim of 2 px may go, the rest stays."""
    picture, man, dog = scene
    wide = find_mask(picture, Target(model="model.onnx", at=[(45, 55)], grow_px=8))
    kept = find_mask(picture, Target(model="model.onnx", at=[(45, 55)], grow_px=8, protect_neighbours=True))
    inner = cv2.erode(dog.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    assert wide.mask[inner].any()
    assert not kept.mask[inner].any()
    assert kept.mask[man].all()  # the bag is a part of him, and no neighbour


def test_all_but_the_clicked_thing_goes_and_its_parts_stay_with_it(scene: tuple[Picture, Mask, Mask]) -> None:
    picture, man, dog = scene
    mask = found(picture, at=[(45, 55)], all_but=True)
    assert mask[dog].all()
    inner = cv2.erode(man.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    assert not mask[inner].any()


def test_all_but_what_nobody_sees_changes_nothing(scene: tuple[Picture, Mask, Mask]) -> None:
    targets = find_targets(scene[0], Target(model="model.onnx", at=[(5, 5)], all_but=True))
    assert not targets.mask.any()


def test_a_click_that_finds_nearly_half_the_picture_is_refused_unless_that_is_allowed() -> None:
    """A square of 60 x 80 in 90 x 120 px is 44 %, above the limit of 30 % for a click without a model."""
    picture = np.zeros((90, 120), np.uint8)
    picture[15:75, 20:100] = 200
    refused = find_mask(picture, Target(at=[(45, 60)]))
    assert not refused.mask.any()
    assert "click at x=60, y=45: what was found covers 44 %" in refused.status[0]
    assert find_mask(picture, Target(at=[(45, 60)], most_share=0.5)).mask.any()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "say what is meant"),
        ({"classes": ["person"]}, "a model is needed; give an exported YOLOX"),
        ({"classes": [" "], "model": "m"}, "the class is empty"),
        ({"at": [(1, 1)], "all_but": True}, "a model must see all"),
        ({"all_but": True, "model": "m"}, "click on the one that stays"),
        ({"find": ["txt"]}, "did you mean 'text'"),
        ({"find": "text"}, "must be a sequence"),
        ({"at": [(1, 1)], "labels": "l"}, "give the model too"),
        ({"at": [(1, 1)], "grow_px": -1}, "0 or more pixels"),
        ({"at": [(1, 1)], "sensitivity": 2.0}, "sensitivity must be 0"),
        ({"at": [(1, 1)], "most_share": 0.0}, "most_share must be above 0"),
        ({"boxes": [(9, 0, 9, 5)]}, "top < bottom"),
        ({"at": [(1, 1)], "region": (0, 5, 9, 5)}, "left < right"),
    ],
)
def test_a_target_that_no_picture_could_make_right_is_refused(given: dict[str, object], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        Target(**given)  # type: ignore[arg-type]


def test_an_unknown_class_is_answered_with_the_nearest() -> None:
    with pytest.raises(UsageError, match="did you mean 'person'"):
        check_classes(["persn"], COCO_CLASSES)


def test_a_model_that_is_missing_or_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "model.onnx").write_text("no network")
    for name in ("model.onnx", "absent.onnx"):
        with pytest.raises(WeightsError):
            find_mask(np.zeros((40, 40), np.uint8), Target(at=[(9, 9)], model=tmp_path / name))


def test_a_mask_that_ends_short_of_its_tight_box_is_continued_to_all_four_sides() -> None:
    """A square of 20 px in a box of 24 with 2 px to each side; each of its last 2 rows and columns is full."""
    mask = np.zeros((40, 50), bool)
    mask[10:30, 15:35] = True
    expected = mask.copy()
    expected[8:32, 15:35] = expected[10:30, 13:37] = True
    np.testing.assert_array_equal(reach_sides(mask, Box(8, 13, 32, 37)), expected)
    assert mask.sum() == 400


def test_a_box_that_is_not_tight_says_nothing_about_the_mask() -> None:
    mask = np.zeros((40, 50), bool)
    mask[10:30, 15:35] = True
    np.testing.assert_array_equal(reach_sides(mask, Box(0, 0, 40, 50)), mask)


@pytest.mark.shared
@needs_net
def test_the_real_net_takes_all_people_by_the_name_of_their_class() -> None:
    """Four people stand at about columns 115, 145, 197 and 290 of 432 in the first frame."""
    ok, bgr = cv2.VideoCapture(str(CLIP)).read()
    assert ok
    frame = np.ascontiguousarray(bgr[:, :, ::-1])
    everybody = find_mask(frame, Target(classes=["person"], model=NET))
    assert all(everybody.mask[:, column].any() for column in (115, 145, 197, 290))
    assert {finding.label for finding in everybody.findings} == {"person"}
    others = find_mask(frame, Target(at=[(125, 290)], classes=["person"], model=NET, all_but=True))
    assert not others.mask[:, 285:295].any()
    assert others.mask[:, 110:150].any()
    with pytest.raises(UsageError, match="did you mean 'person'"):
        find_mask(frame, Target(classes=["persn"], model=NET))
