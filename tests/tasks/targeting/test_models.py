"""Models behind a target: which kind a file is, what each is asked, and what it is refused for."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from tests.runtime.segmenters.constant_nets import bright_is_text, write_detector, write_yolox
from tests.tasks.scenes import shapes

from retouch.arrays.types import AnyArray
from retouch.errors import MissingExtraError, UsageError, WeightsError
from retouch.runtime.segmenters import clicked_network
from retouch.tasks.door import find_mask
from retouch.tasks.targeting.coco_classes import COCO_CLASSES
from retouch.tasks.targeting.segmenting import open_detector
from retouch.tasks.targeting.target import Target

ROWS, COLUMNS = slice(180, 192), slice(40, 200)
INSTALL = r"pip install 'retouch\[text\]'"


def barred() -> AnyArray:
    """Return 240 x 320 px of a dark ground with one bright bar, which is text to a net that takes light for text."""
    picture = np.full((240, 320, 3), 20, np.uint8)
    picture[ROWS, COLUMNS] = 240
    return picture


def test_a_text_detector_finds_text_in_place_of_the_built_in_search(tmp_path: Path) -> None:
    """To the built-in search a bar is no line of letters."""
    assert not find_mask(barred(), Target(find=["text"])).mask.any()
    found = find_mask(barred(), Target(find=["text"], model=bright_is_text(tmp_path / "net.onnx")))
    assert found.mask[ROWS, COLUMNS].all()
    assert not found.mask[:150].any()
    assert [finding.kind for finding in found.findings] == ["text"]
    box = found.findings[0].box
    assert box.top < 180
    assert box.left < 40
    assert (box.bottom, box.right) > (192, 200)


def test_a_text_detector_keeps_to_region_share_and_sensitivity(tmp_path: Path) -> None:
    """A bar dimmed to 0.7 is above the least probability of sensitivity 0.5, 0.5, and below that of 0, 0.8."""
    model = bright_is_text(tmp_path / "net.onnx")
    assert not find_mask(barred(), Target(find=["text"], model=model, region=(0, 0, 150, 320))).mask.any()
    refused = find_mask(barred(), Target(find=["text"], model=model, most_share=0.001))
    assert "above the limit of 0 %" in refused.status[0]
    dim = (barred() * (0.7 * 255 / 240)).astype(np.uint8)
    assert find_mask(dim, Target(find=["text"], model=model)).mask.any()
    unsure = find_mask(dim, Target(find=["text"], model=model, sensitivity=0.0))
    assert "the model found no text" in unsure.status[0]


def test_a_click_beside_a_text_detector_goes_without_a_model(tmp_path: Path) -> None:
    scene = shapes()
    target = Target(at=[(60, 80)], find=["text"], model=bright_is_text(tmp_path / "net.onnx"))
    assert find_mask(scene.picture, target).mask[scene.thing].all()


@pytest.mark.parametrize("asked", [{"classes": ["person"]}, {"at": [(9, 9)]}])
def test_a_text_detector_is_asked_for_nothing_but_text(tmp_path: Path, asked: dict[str, object]) -> None:
    target = Target(model=bright_is_text(tmp_path / "net.onnx"), **asked)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="only gives a map, as text detectors do"):
        find_mask(barred(), target)


def test_a_model_that_finds_no_text_is_refused_where_text_alone_is_meant(tmp_path: Path) -> None:
    model = write_yolox(tmp_path / "net.onnx")
    with pytest.raises(UsageError, match="finds no text; leave --model out"):
        find_mask(barred(), Target(find=["text"], model=model))
    assert not find_mask(barred(), Target(find=["text"], at=[(9, 9)], model=model)).mask.any()


def test_without_the_extra_the_install_line_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(MissingExtraError, match=INSTALL):
        find_mask(barred(), Target(find=["text"], model="rapidocr"))


def test_an_ssd_gives_things_by_click_and_class(tmp_path: Path) -> None:
    """Its 3 classes have no names, so that the number of a class is its name."""
    picture = np.full((96, 96, 3), 50, np.uint8)
    picture[26:46, 14:34] = 230, 25, 25
    model = write_detector(tmp_path / "net.onnx", [(300, 1, (0.1, 0.2, 0.4, 0.55), 5.0)])
    for asked in (Target(at=[(36, 24)], model=model), Target(classes=["1"], model=model)):
        found = find_mask(picture, asked)
        assert found.mask[28:44, 16:32].all()
        assert not found.mask[70:].any()
        assert found.findings[0].label == "1"
    with pytest.raises(UsageError, match="Known: 0, 1, 2"):
        find_mask(picture, Target(classes=["person"], model=model))


def test_classes_have_the_names_given_or_those_that_their_number_tells(tmp_path: Path) -> None:
    labels = tmp_path / "labels.txt"
    labels.write_text("disc\nsquare\ntriangle")
    for model in (write_yolox(tmp_path / "yolox.onnx"), write_detector(tmp_path / "ssd.onnx", [])):
        assert open_detector(model, labels).labels == ("disc", "square", "triangle")
        assert open_detector(model).labels == ("0", "1", "2")
    assert open_detector(write_yolox(tmp_path / "coco.onnx", 80)).labels == COCO_CLASSES


def test_too_few_names_of_classes_are_refused(tmp_path: Path) -> None:
    labels = tmp_path / "labels.txt"
    labels.write_text("disc")
    for model in (write_yolox(tmp_path / "yolox.onnx"), write_detector(tmp_path / "ssd.onnx", [])):
        with pytest.raises(WeightsError, match="label for each of the 3 classes"):
            open_detector(model, labels)


def test_a_box_is_not_answered_otherwise_where_the_network_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clicked_network, "_SHIPPED", Path("absent.onnx"))
    with pytest.raises(WeightsError, match="install retouch again"):
        find_mask(shapes().picture, Target(boxes=[(40, 52, 80, 108)]))
