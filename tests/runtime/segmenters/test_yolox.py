"""YOLOX: its arithmetic by hand, and the real file where it is."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from retouch.arrays.regions import Box
from retouch.errors import InputError, WeightsError
from retouch.runtime.segmenters.instances import Instance, smallest_at
from retouch.runtime.segmenters.yolox import decode_grid, letterbox, open_yolox, suppress

DATA = Path(__file__).parents[4] / "shared" / "data"
NET = DATA / "models" / "yolox-nano" / "yolox_nano.onnx"
LABELS = NET.parent / "coco80_labels.txt"
CLIP = DATA / "video" / "schoolgirls_orig.mp4"
needs_net = pytest.mark.skipif(not NET.exists() or not CLIP.exists(), reason=f"{NET} or {CLIP} is not there")


def test_offsets_are_counted_in_strides_from_their_cell() -> None:
    """In 32 px: 16 cells of 8 px, then 4 of 16, then 1 of 32. Cell 17 is x = 1, y = 0 of stride 16."""
    raw = np.zeros((21, 6), np.float32)
    raw[17, :4] = 0.5, 0.25, np.log(2), 0
    np.testing.assert_allclose(decode_grid(raw, 32)[17, :4], [24 - 16, 4 - 8, 24 + 16, 4 + 8], atol=1e-5)


def test_a_grid_of_another_size_is_refused() -> None:
    with pytest.raises(WeightsError, match="21 predictions"):
        decode_grid(np.zeros((20, 6), np.float32), 32)


def test_the_picture_goes_in_as_bgr() -> None:
    red = np.zeros((4, 4, 3), np.float32)
    red[..., 0] = 1
    assert letterbox(red, 8)[0][0, :, 0, 0].tolist() == [0, 0, 255]


def test_doubles_go_and_other_kinds_stay() -> None:
    """Boxes 0 and 1 share 12 of 16 pixels."""
    boxes = np.array([[0, 0, 4, 4], [0, 0, 4, 3], [0, 0, 4, 4]], np.float32)
    scores = np.array([0.9, 0.8, 0.7], np.float32)
    assert suppress(boxes, scores, np.array([0, 0, 1]), 0.7) == [0, 2]
    assert suppress(boxes, scores, np.array([0, 0, 1]), 0.8) == [0, 1, 2]


def test_no_instance_is_hit_beside_all_masks() -> None:
    thing = Instance(np.eye(3, dtype=bool), Box(0, 0, 3, 3), "thing", 1.0)
    assert smallest_at([thing], (0, 1)) is None


@pytest.fixture(scope="module")
def frame() -> np.ndarray:
    ok, bgr = cv2.VideoCapture(str(CLIP)).read()
    assert ok
    return np.ascontiguousarray(bgr[..., ::-1], np.float32) / np.float32(255)


@pytest.mark.shared
@needs_net
def test_the_real_net_finds_the_four_people_in_the_first_frame(frame: np.ndarray) -> None:
    """At about columns 115, 145, 197 and 290 of 432, by eye."""
    people = [found for found in open_yolox(NET).detect(frame) if found.kind == 0]
    centres = [(found.box.left + found.box.right) / 2 for found in people]
    for column in (115, 145, 197, 290):
        assert min(abs(column - centre) for centre in centres) < 10


@pytest.mark.shared
@needs_net
def test_a_click_on_a_person_gives_that_person_and_one_on_the_sky_nothing(frame: np.ndarray) -> None:
    yolox = open_yolox(NET, LABELS)
    person = yolox.segment_at(frame, (125, 290))
    assert person is not None
    assert person.label == "person"
    assert person.mask[125, 290]
    assert yolox.segment_at(frame, (5, 5)) is None
    with pytest.raises(InputError, match="inside the picture"):
        yolox.segment_at(frame, (240, 0))
