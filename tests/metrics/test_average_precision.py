"""Average precision: three pictures worked out on paper, and random ones against pycocotools."""

from __future__ import annotations

import contextlib
import io
import math
from typing import Any

import numpy as np
import pytest

from retouch.errors import InputError
from retouch.metrics.labels.average_precision import CocoScores, coco_map, voc_average_precision, voc_map
from retouch.metrics.labels.detections import Detections, Objects, region_iou


def objects(boxes: list[list[float]], *, label: int = 1, ignored: list[bool] | None = None) -> Objects:
    regions = np.array(boxes, float).reshape(-1, 4)
    return Objects(regions, np.full(len(boxes), label), None if ignored is None else np.array(ignored, bool))


def detections(boxes: list[list[float]], scores: list[float], *, label: int = 1) -> Detections:
    return Detections(np.array(boxes, float).reshape(-1, 4), np.full(len(boxes), label), np.array(scores, float))


def paper_case() -> tuple[list[Objects], list[Detections]]:
    """Return three pictures with four objects to be found, an ignored one, and five detections.

    In falling order of score:
    0.95  third picture, on the ignored object: does not count
    0.9   first picture, exactly on its first object: a hit
    0.8   first picture, the same object again (IoU 80/100): false
    0.7   second picture, 50 of 100 pixels of its object (IoU 50/150): false
    0.6   third picture, one half of its object (IoU 100/200): a hit from 0.50 on, at 0.55 no more
    So at IoU 0.5: hit, false, false, hit: precisions 1, 1/2, 1/3, 1/2, falling 1, 1/2, 1/2, 1/2, recalls 1/4 and 2/4.
    """
    truth = [
        objects([[0, 0, 10, 10], [20, 20, 30, 30]]),
        objects([[0, 0, 10, 10]]),
        objects([[40, 40, 60, 60], [0, 0, 10, 20]], ignored=[True, False]),
    ]
    found = [
        detections([[0, 0, 10, 8], [0, 0, 10, 10]], [0.8, 0.9]),
        detections([[0, 5, 10, 15]], [0.7]),
        detections([[0, 0, 10, 10], [40, 40, 60, 60]], [0.6, 0.95]),
    ]
    return truth, found


def test_iou_of_boxes_by_hand() -> None:
    boxes = np.array([[0, 0, 10, 10], [0, 5, 10, 15], [10, 10, 20, 20], [2, 2, 4, 4]])
    third = 50 / 150
    expected = np.array([[1, third, 0, 0.04], [third, 1, 0, 0], [0, 0, 1, 0], [0.04, 0, 0, 1]])
    np.testing.assert_allclose(region_iou(boxes, boxes), expected, rtol=0, atol=1e-15)


def test_iou_of_boxes_equals_that_of_their_masks() -> None:
    rng = np.random.default_rng(0)
    corners = rng.integers(0, 20, (12, 2))
    boxes = np.concatenate([corners, corners + rng.integers(1, 12, (12, 2))], axis=1)
    rows, columns = np.indices((32, 32))
    masks = np.array([(t <= rows) & (rows < b) & (left <= columns) & (columns < r) for t, left, b, r in boxes])
    np.testing.assert_allclose(region_iou(boxes, boxes), region_iou(masks, masks), rtol=0, atol=1e-15)


def test_iou_with_a_crowd_is_the_share_that_lies_inside() -> None:
    small, crowd = np.array([[0, 0, 10, 10]]), np.array([[0, 5, 100, 100]])
    assert region_iou(small, crowd, np.array([True]))[0, 0] == 0.5


def test_voc_from_2010_on_is_the_area_under_the_falling_curve() -> None:
    # 1/4 x 1 + 1/4 x 1/2
    assert voc_average_precision(*paper_case(), 1) == pytest.approx(0.375, abs=1e-15)


def test_voc_2007_is_the_mean_at_eleven_recalls() -> None:
    # recalls 0, .1, .2: 1; .3, .4, .5: 1/2; .6 to 1: 0
    assert voc_average_precision(*paper_case(), 1, style="07") == pytest.approx(4.5 / 11, abs=1e-15)


def test_voc_at_another_overlap() -> None:
    # At 0.3 the second picture's detection is a hit as well: hit, false, hit, hit: falling 1, 3/4, 3/4, 3/4
    assert voc_average_precision(*paper_case(), 1, least_iou=0.3) == pytest.approx((1 + 3 / 4 + 3 / 4) / 4, abs=1e-15)


def test_coco_by_hand() -> None:
    # At 0.50: 26 recalls (0 to .25) of 1 and 25 (.26 to .50) of 1/2; above, one hit: 26 recalls of 1. All are small.
    truth, found = paper_case()
    at_50, above = 38.5 / 101, 26 / 101
    scores = coco_map(truth, found)
    assert scores[:4] == pytest.approx(((at_50 + 9 * above) / 10, at_50, above, (at_50 + 9 * above) / 10), abs=1e-12)
    assert math.isnan(scores.medium)
    assert math.isnan(scores.large)


def test_three_of_ten_objects_reach_the_recall_of_three_tenths() -> None:
    # In floats 3 x 0.1 is more than 3/10. Recalls 0, .1, .2, .3 of eleven.
    boxes = [[0, 20.0 * i, 10, 20.0 * i + 10] for i in range(10)]
    found = detections(boxes[:3], [0.9, 0.8, 0.7])
    assert voc_average_precision([objects(boxes)], [found], 1, style="07") == pytest.approx(4 / 11, abs=1e-15)


def test_the_map_is_the_mean_over_the_classes_that_are_there() -> None:
    # class 1: 0.375; class 2 is found exactly: 1; class 3 is only detected, class 4 only ignored: they do not count
    truth, found = paper_case()
    truth += [objects([[0, 0, 5, 5]], label=2), objects([[0, 0, 5, 5]], label=4, ignored=[True])]
    found += [detections([[0, 0, 5, 5]], [0.5], label=2), detections([[0, 0, 5, 5]], [0.99], label=3)]
    assert voc_map(truth, found) == pytest.approx((0.375 + 1) / 2, abs=1e-15)
    assert voc_map(truth, found, style="07") == pytest.approx((4.5 / 11 + 1) / 2, abs=1e-15)
    assert coco_map(truth, found).ap50 == pytest.approx((38.5 / 101 + 1) / 2, abs=1e-12)


def test_a_detection_of_another_class_is_no_hit() -> None:
    truth, found = [objects([[0, 0, 5, 5]])], [detections([[0, 0, 5, 5]], [0.5], label=2)]
    assert voc_map(truth, found) == 0
    assert coco_map(truth, found).ap == 0


def test_voc_gives_a_detection_to_its_nearest_object_and_coco_to_the_nearest_that_is_free() -> None:
    # Two objects that overlap; both detections are nearest to the first one, and the second detection has IoU
    # 80/120 with the other object.
    truth = [objects([[0, 0, 10, 10], [0, 2, 10, 12]])]
    found = [detections([[0, 0, 10, 10], [0, 0.5, 10, 10.5]], [0.9, 0.8])]
    assert voc_average_precision(truth, found, 1) == 0.5
    assert coco_map(truth, found).ap50 == pytest.approx(1, abs=1e-12)


def test_coco_takes_the_last_of_two_objects_that_overlap_equally() -> None:
    # The first detection has IoU 80/120 with both objects. The second is the second object itself, and has 60/140 with
    # the first: with the second one taken it is false, and one of two objects is found: 51 of 101 recalls.
    truth = [objects([[0, 0, 10, 10], [0, 4, 10, 14]])]
    found = [detections([[0, 2, 10, 12], [0, 4, 10, 14]], [0.9, 0.8])]
    assert coco_map(truth, found).ap50 == pytest.approx(51 / 101, abs=1e-12)


def test_coco_prefers_an_object_to_a_crowd_that_overlaps_more() -> None:
    # IoU 80/100 with the object, and the whole detection lies in the crowd
    truth = [objects([[0, 0, 10, 10], [0, 0, 50, 50]], ignored=[False, True])]
    assert coco_map(truth, [detections([[0, 0, 10, 8]], [0.9])]).ap50 == pytest.approx(1, abs=1e-12)


def test_a_difficult_object_takes_any_number_of_detections_without_harm() -> None:
    truth = [objects([[0, 0, 10, 10], [50, 50, 60, 60]], ignored=[True, False])]
    found = [detections([[0, 0, 10, 10], [0, 0, 10, 9], [50, 50, 60, 60]], [0.9, 0.8, 0.7])]
    assert voc_average_precision(truth, found, 1) == 1
    assert coco_map(truth, found).ap50 == 1


def test_coco_counts_a_hundred_detections_of_a_class_in_a_picture() -> None:
    # With 100 misses of higher scores the hit is number 101; with 99 it is the last to count, at a precision of 1/100.
    truth = [objects([[0, 0, 10, 10]])]
    misses = [[50.0, 0, 60, 10]] * 100
    scores = list(np.linspace(0.9, 0.5, 100))
    found = [detections([*misses, [0, 0, 10, 10]], [*scores, 0.1])]
    assert coco_map(truth, found).ap == 0
    assert coco_map(truth, [detections([*misses[1:], [0, 0, 10, 10]], [*scores[1:], 0.1])]).ap == pytest.approx(0.01)
    assert voc_average_precision(truth, found, 1) == pytest.approx(1 / 101)


def test_pictures_without_detections_or_without_objects_are_allowed() -> None:
    truth = [objects([[0, 0, 10, 10]]), objects([])]
    found = [detections([], []), detections([[0, 0, 10, 10]], [0.9])]
    assert voc_map(truth, found) == 0
    assert coco_map(truth, found)[:3] == (0, 0, 0)


def random_case(seed: int, *, n_pictures: int = 12) -> tuple[list[Objects], list[Detections]]:
    """Return pictures of 300 x 300: boxes of all sizes in whole pixels, tied scores, crowds, one overfull class."""
    rng = np.random.default_rng(seed)
    truth, found = [], []
    for index in range(n_pictures):
        n = int(rng.integers(0, 9))
        sides = np.exp(rng.uniform(np.log(8), np.log(180), (n, 2))).astype(int)
        corners = (rng.random((n, 2)) * (300 - sides)).astype(int)
        boxes = np.concatenate([corners, corners + sides], axis=1).astype(float)
        labels = rng.integers(1, 4, n)
        truth.append(
            Objects(boxes, labels, rng.random(n) < 0.15, np.round(sides.prod(axis=1) * rng.uniform(0.5, 1, n)))
        )
        copies = rng.integers(0, 3, n)
        shift = np.round(rng.normal(0, 0.08, (copies.sum(), 4)) * np.repeat(np.tile(sides, 2), copies, axis=0))
        moved = np.repeat(boxes, copies, axis=0) + shift
        moved[:, 2:] = np.maximum(moved[:, 2:], moved[:, :2] + 1)
        n_false = 130 if index == 3 else 3
        strays = rng.integers(0, 150, (n_false, 2)).astype(float)
        every = np.concatenate([moved, np.concatenate([strays, strays + rng.integers(5, 120, (n_false, 2))], axis=1)])
        called = np.concatenate([np.repeat(labels, copies), np.full(n_false, 1 + index % 3)])
        found.append(Detections(every, called, np.round(rng.random(len(every)), 1 if index % 2 else 4)))
    return truth, found


# ap, ap50, ap75, small, medium, large of random_case(seed) by pycocotools 2.0.11, so that this holds without it too
PYCOCOTOOLS = {
    0: (0.253795399869, 0.377702385483, 0.304341917708, 0.387275154679, 0.299696819897, 0.0),
    1: (0.164615534363, 0.288012149933, 0.146108386282, 0.246181034770, 0.168297245513, 0.5),
    2: (0.200525222686, 0.335366368510, 0.222946984525, 0.236058571195, 0.273008211506, 0.7),
}


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_coco_has_the_figures_that_pycocotools_had(seed: int) -> None:
    assert coco_map(*random_case(seed)) == pytest.approx(PYCOCOTOOLS[seed], abs=1e-9)


def as_masks(regions: np.ndarray) -> np.ndarray:
    """Return the ellipses that touch the boxes' sides, as masks of 320 x 320."""
    rows, columns = np.indices((320, 320)) + 0.5
    middles, sides = (regions[:, 2:] + regions[:, :2]) / 2, np.maximum(regions[:, 2:] - regions[:, :2], 1)
    parts = [
        ((rows - y) / h) ** 2 + ((columns - x) / w) ** 2 < 0.25 for (y, x), (h, w) in zip(middles, sides, strict=True)
    ]
    return np.array(parts, bool).reshape(-1, 320, 320)


def masked_case(seed: int) -> tuple[list[Objects], list[Detections]]:
    truth, found = random_case(seed, n_pictures=5)
    del truth[3], found[3]  # the overfull one: masks of 130 detections
    return [t._replace(regions=as_masks(t.regions)) for t in truth], [
        f._replace(regions=as_masks(f.regions)) for f in found
    ]


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_coco_equals_pycocotools_on_random_boxes(seed: int) -> None:
    truth, found = random_case(seed)
    assert coco_map(truth, found) == pytest.approx(by_pycocotools(truth, found), abs=1e-12, nan_ok=True)


def test_coco_equals_pycocotools_on_random_masks() -> None:
    truth, found = masked_case(3)
    assert coco_map(truth, found) == pytest.approx(by_pycocotools(truth, found), abs=1e-12, nan_ok=True)


def by_pycocotools(truth: list[Objects], found: list[Detections]) -> CocoScores:
    """Return the scores of COCO's own evaluation code, or skip where it is not installed."""
    coco: Any = pytest.importorskip("pycocotools.coco", reason="pycocotools is not installed")
    coco_eval: Any = pytest.importorskip("pycocotools.cocoeval")
    with contextlib.redirect_stdout(io.StringIO()):
        annotated = coco.COCO()
        annotated.dataset = {
            "images": [{"id": i, "height": 320, "width": 320} for i in range(len(truth))],
            "categories": [{"id": label} for label in (1, 2, 3)],
            "annotations": [entry for i, t in enumerate(truth) for entry in entries_of(i, t)],
            "info": {},
        }
        for number, entry in enumerate(annotated.dataset["annotations"], start=1):
            entry["id"] = number
        annotated.createIndex()
        results = [entry for i, f in enumerate(found) for entry in entries_of(i, f)]
        kind = "bbox" if found[0].regions.ndim == 2 else "segm"
        evaluation = coco_eval.COCOeval(annotated, annotated.loadRes(results), kind)
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    return CocoScores(*(float(x) if x >= 0 else math.nan for x in evaluation.stats[:6]))


def entries_of(index: int, picture: Objects | Detections) -> list[dict[str, Any]]:
    """Return the regions of a picture in COCO's form: boxes as x, y, width, height, masks as run lengths."""
    entries = []
    for k, region in enumerate(picture.regions):
        entry: dict[str, Any] = {"image_id": index, "category_id": int(picture.labels[k])}
        if region.ndim == 2:
            encoder: Any = pytest.importorskip("pycocotools.mask")
            entry["segmentation"] = encoder.encode(np.asfortranarray(region.astype(np.uint8)))
        else:
            top, left, bottom, right = map(float, region)
            entry["bbox"] = [left, top, right - left, bottom - top]
        if isinstance(picture, Objects):
            assert picture.ignored is not None
            assert picture.areas is not None
            entry |= {"iscrowd": int(picture.ignored[k]), "area": float(picture.areas[k])}
        else:
            entry["score"] = float(picture.scores[k])
        entries.append(entry)
    return entries


@pytest.mark.parametrize(
    ("truth", "found", "message"),
    [
        ([], [], "for the same pictures, one and up, got 0 and 0"),
        ([objects([])], [], "got 1 and 0"),
        ([objects([])], [detections([], [])], "at least one object must be there to be found"),
        ([Objects(np.zeros((2, 3)), np.zeros(2, int))], [detections([], [])], r"boxes \(N, 4\) or masks"),
        ([Objects(np.zeros((2, 5, 5)), np.zeros(2, int))], [detections([], [])], r"\(N, H, W\) bool, got float64"),
        ([objects([[5, 5, 4, 9]])], [detections([], [])], "finite and in this order, in picture 0"),
        ([objects([[5, 5, math.nan, 9]])], [detections([], [])], "finite and in this order, in picture 0"),
        ([Objects(np.zeros((2, 4)), np.zeros(3, int))], [detections([], [])], r"got \(3,\) for 2 in picture 0"),
        ([objects([[0, 0, math.inf, 9]])], [detections([], [])], "finite and in this order"),
        ([objects([[0, 0, 1, 1]])], [detections([[0, 0, 1, 1]], [math.nan])], "scores must be numbers"),
        ([Objects(np.ones((1, 4)), np.ones(1))], [detections([], [])], "labels must be integers, got float64"),
        ([Objects(np.ones((1, 4)), np.ones(1, int), np.zeros(1, int))], [detections([], [])], "ignored must be bool"),
        (
            [Objects(np.ones((1, 5, 5), bool), np.ones(1, int))],
            [detections([], [])],
            "must both be boxes, or masks of one size",
        ),
        (
            [Objects(np.ones((1, 5, 5), bool), np.ones(1, int))],
            [Detections(np.ones((1, 6, 5), bool), np.ones(1, int), np.ones(1))],
            "must both be boxes, or masks of one size",
        ),
    ],
)
def test_what_cannot_be_matched_is_refused(truth: list[Objects], found: list[Detections], message: str) -> None:
    for measure in (voc_map, coco_map):
        with pytest.raises(InputError, match=message):
            measure(truth, found)


def test_impossible_options_are_refused() -> None:
    with pytest.raises(InputError, match="unknown style of VOC '12'"):
        voc_map(*paper_case(), style="12")
    for least_iou in (0.0, 1.1, math.nan):
        with pytest.raises(InputError, match="least_iou must be above 0"):
            voc_map(*paper_case(), least_iou=least_iou)
    with pytest.raises(InputError, match="no object of class 9 is to be found"):
        voc_average_precision(*paper_case(), 9)
