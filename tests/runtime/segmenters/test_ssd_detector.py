"""Exported single-shot detectors: what is made of their answers, beside torch and by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from tests.runtime.segmenters.constant_nets import write_detector

from retouch.arrays.regions import Box
from retouch.errors import InputError, WeightsError
from retouch.nets.detection.boxes import decode, detect
from retouch.nets.detection.priors import COCO_300, KNOWN_LAYOUTS, TINY_96, VOC_300, prior_boxes
from retouch.nets.detection.ssd import centre_picture
from retouch.runtime.segmenters.ssd_detector import decode_offsets, open_ssd, softmax, stretch
from retouch.runtime.segmenters.suppression import keep_apart

LEFT, RIGHT = (0.125, 0.25, 0.375, 0.5), (0.5, 0.5, 0.75, 1.0)
GREY = np.full((48, 96, 3), 0.5, np.float32)
rng = np.random.default_rng


def test_a_layout_counts_the_priors_it_makes() -> None:
    assert [layout.n_priors() for layout in KNOWN_LAYOUTS] == [len(prior_boxes(layout)) for layout in KNOWN_LAYOUTS]
    assert VOC_300.n_priors() == 8732


@pytest.mark.parametrize("shape", [(70, 113, 3), (40, 40, 3), (200, 96, 1)])
def test_the_picture_goes_in_as_in_training(shape: tuple[int, int, int]) -> None:
    image = rng(0).random(shape).astype(np.float32)
    planes = torch.from_numpy(image).permute(2, 0, 1).expand(3, -1, -1)[None]
    np.testing.assert_allclose(stretch(image, 96), centre_picture(planes.contiguous(), 96).numpy(), atol=0.01)


def test_offsets_are_decoded_as_in_torch() -> None:
    offsets = rng(1).normal(0, 2, (850, 4)).astype(np.float32)
    expected = decode(torch.from_numpy(offsets), torch.from_numpy(prior_boxes(TINY_96)))
    np.testing.assert_allclose(decode_offsets(offsets, prior_boxes(TINY_96)), expected.numpy(), atol=1e-5)


def test_overlapping_boxes_go_as_in_brute_force() -> None:
    low = rng(2).random((60, 2)) * 0.6
    corners = np.concatenate([low, low + 0.1 + 0.3 * rng(3).random((60, 2))], axis=1).astype(np.float32)
    kept: list[int] = []
    for i, (x1, y1, x2, y2) in enumerate(corners.tolist()):
        for j in kept:
            a1, b1, a2, b2 = corners[j].tolist()
            shared = max(min(x2, a2) - max(x1, a1), 0) * max(min(y2, b2) - max(y1, b1), 0)
            if shared / ((x2 - x1) * (y2 - y1) + (a2 - a1) * (b2 - b1) - shared) > 0.45:
                break
        else:
            kept.append(i)
    assert 1 < len(kept) < 60
    assert keep_apart(corners, 0.45).tolist() == kept


def test_no_boxes_leave_no_boxes() -> None:
    assert keep_apart(np.zeros((0, 4), np.float32), 0.5).tolist() == []


def test_everything_together_finds_what_torch_finds(tmp_path: Path) -> None:
    """Random answers: the boxes of all classes over 0.01, those of torch's `detect` sorted by score."""
    net = open_ssd(write_detector(tmp_path / "net.onnx", []))
    offsets, logits = rng(4).normal(0, 1, (850, 4)), rng(5).normal(0, 2, (850, 4))
    answers = {"offsets": offsets.astype(np.float32)[None], "scores": logits.astype(np.float32)[None]}
    net.net.run = lambda **_: answers  # type: ignore[method-assign]
    found = net.find(np.zeros((100, 50, 3), np.float32))
    probabilities = torch.from_numpy(softmax(answers["scores"][0]))[None]
    rows = detect(torch.from_numpy(answers["offsets"]), probabilities, torch.from_numpy(prior_boxes(TINY_96)))[0]
    kinds = torch.arange(4)[:, None].expand(4, 200)
    order = rows[..., 0].flatten().argsort(descending=True)[:200]
    expected = rows.flatten(0, 1)[order].numpy()
    np.testing.assert_allclose(found.scores, expected[:, 0], atol=1e-6)
    assert found.kinds.tolist() == (kinds.flatten()[order] - 1).tolist()
    sides = np.array([100, 50, 100, 50])
    np.testing.assert_allclose(found.boxes, np.clip(expected[:, [2, 1, 4, 3]], 0, 1) * sides, atol=1e-3)


def test_sure_boxes_are_offered_in_whole_pixels(tmp_path: Path) -> None:
    """A logit 5 above the three others: e^5 / (e^5 + 3) = 0.980; one at 0.1: 0.269, which is not offered."""
    things = [(300, 1, LEFT, 5.0), (400, 0, RIGHT, 0.1)]
    detector = open_ssd(write_detector(tmp_path / "net.onnx", things), ("disc", "square", "triangle"))
    (found,) = detector.detect(GREY)
    assert found.box == Box(12, 12, 24, 36)  # y 0.25-0.5 of 48, x 0.125-0.375 of 96
    assert found.kind == 1
    assert found.score == pytest.approx(0.980, abs=1e-3)
    assert detector.find(GREY).kinds.tolist() == [1, 0, 1, 2]  # and the others of that prior, each 1 / (e^0.1 + 3)


def test_a_double_goes_and_another_class_stays(tmp_path: Path) -> None:
    things = [(300, 1, LEFT, 5.0), (301, 1, LEFT, 6.0), (302, 2, LEFT, 4.0)]
    found = open_ssd(write_detector(tmp_path / "net.onnx", things)).detect(GREY)
    assert [each.kind for each in found] == [1, 2]
    assert found[0].score > 0.99


def test_a_click_gives_the_thing_under_it(tmp_path: Path) -> None:
    image = np.full((96, 96, 3), 0.2, np.float32)
    image[26:46, 14:34] = (0.9, 0.1, 0.1)
    things = [(300, 1, LEFT, 5.0)]
    detector = open_ssd(write_detector(tmp_path / "net.onnx", things), ("disc", "square", "triangle"))
    thing = detector.segment_at(image, (36, 24))
    assert thing is not None
    assert thing.label == "square"
    assert thing.mask[36, 24]
    assert not thing.mask[80, 80]
    assert detector.segment_at(image, (90, 90)) is None
    with pytest.raises(InputError, match="inside the picture 96x96, got x,y = 96,0"):
        detector.segment_at(image, (0, 96))


def test_a_class_without_a_name_is_its_number(tmp_path: Path) -> None:
    assert open_ssd(write_detector(tmp_path / "net.onnx", [])).label_of(2) == "2"


def test_other_files_labels_and_layouts_are_refused(tmp_path: Path) -> None:
    path = write_detector(tmp_path / "net.onnx", [])
    with pytest.raises(WeightsError, match="label for each of the 3 classes"):
        open_ssd(path, ("disc",))
    with pytest.raises(WeightsError, match="850 priors for 96 px, which is no known layout"):
        open_ssd(path, layout=COCO_300)
    with pytest.raises(WeightsError, match="name an ONNX file"):
        open_ssd(tmp_path / "none.onnx")
