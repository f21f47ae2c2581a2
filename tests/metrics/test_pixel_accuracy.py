"""Accuracy of label maps: counted by hand and by loops."""

from __future__ import annotations

import numpy as np
import pytest

from retouch.errors import InputError
from retouch.metrics.labels.pixel_accuracy import (
    MeanAccuracy,
    class_recall,
    confusion_matrix,
    mean_iou,
    mean_pixel_accuracy,
    normalised_rows,
    pixel_accuracy,
)

TRUTH = np.array([[0, 0, 0, 1], [1, 1, 2, 2]])
PREDICTED = np.array([[0, 0, 1, 1], [1, 2, 2, 0]])
ALL = np.ones((2, 4), bool)
NONE = np.zeros((2, 4), bool)


def test_accuracy_is_the_share_of_right_pixels() -> None:
    assert pixel_accuracy(TRUTH, PREDICTED) == 5 / 8


def test_accuracy_counts_inside_the_mask_only() -> None:
    right_half = np.array([[False, False, True, True], [False, False, True, True]])
    assert pixel_accuracy(TRUTH, PREDICTED, mask=right_half) == 0.5
    assert pixel_accuracy(TRUTH, PREDICTED, mask=~right_half) == 0.75


def test_accuracy_leaves_out_the_ignored_label_of_the_truth_only() -> None:
    # without the true 2s: 4 of 6; a predicted 2 is still a mistake
    assert pixel_accuracy(TRUTH, PREDICTED, ignore=2) == 4 / 6


def test_the_mean_is_over_pictures_not_over_pixels() -> None:
    # 1 of 1 and 5 of 8: 0.8125, where all pixels together would give 6/9
    one = NONE.copy()
    one[0, 0] = True
    assert mean_pixel_accuracy([(TRUTH, PREDICTED, one), (TRUTH, PREDICTED, ALL)]) == MeanAccuracy(0.8125, 2, 0)


def test_pictures_without_hole_pixels_are_skipped_and_counted() -> None:
    triples = [(TRUTH, PREDICTED, NONE), (TRUTH, PREDICTED, ALL), (np.full((2, 4), 255), PREDICTED, ALL)]
    assert mean_pixel_accuracy(triples, ignore=255) == MeanAccuracy(5 / 8, 1, 2)


def test_the_mean_takes_a_stream() -> None:
    assert mean_pixel_accuracy((TRUTH, TRUTH, ALL) for _ in range(3)) == MeanAccuracy(1.0, 3, 0)


def test_nothing_to_count_is_refused() -> None:
    with pytest.raises(InputError, match="no pixel is left to count"):
        pixel_accuracy(TRUTH, PREDICTED, mask=NONE)
    with pytest.raises(InputError, match="at least one picture must have a pixel to count, got none in 2"):
        mean_pixel_accuracy([(TRUTH, TRUTH, NONE)] * 2)


def test_the_confusion_matrix_by_hand() -> None:
    # true 0: 0 0 1; true 1: 1 1 2; true 2: 2 0
    np.testing.assert_array_equal(confusion_matrix(TRUTH, PREDICTED, 3), [[2, 1, 0], [0, 2, 1], [1, 0, 1]])


def test_the_confusion_matrix_equals_a_loop_over_pixels() -> None:
    rng = np.random.default_rng(0)
    truth, predicted = rng.integers(0, 7, (2, 30, 40)).astype(np.uint8)
    mask = rng.random((30, 40)) < 0.3
    expected = np.zeros((7, 7), int)
    for t, p, m in zip(truth.ravel(), predicted.ravel(), mask.ravel(), strict=True):
        expected[t, p] += int(m and t != 4)
    np.testing.assert_array_equal(confusion_matrix(truth, predicted, 7, mask=mask, ignore=4), expected)


def test_accuracy_is_the_trace_weighted_by_row_counts() -> None:
    rng = np.random.default_rng(1)
    truth, predicted = rng.integers(0, 5, (2, 50, 50))
    matrix = confusion_matrix(truth, predicted, 5)
    weights = matrix.sum(axis=1) / matrix.sum()
    assert (weights * class_recall(matrix)).sum() == pytest.approx(pixel_accuracy(truth, predicted), abs=1e-12)


def test_matrices_of_parts_add_up() -> None:
    left = ALL.copy()
    left[:, 2:] = False
    parts = confusion_matrix(TRUTH, PREDICTED, 3, mask=left) + confusion_matrix(TRUTH, PREDICTED, 3, mask=~left)
    np.testing.assert_array_equal(parts, confusion_matrix(TRUTH, PREDICTED, 3))


def test_an_ignored_label_may_lie_outside_the_classes() -> None:
    truth = np.where(TRUTH == 2, 255, TRUTH).astype(np.uint8)
    np.testing.assert_array_equal(
        confusion_matrix(truth, PREDICTED.astype(np.uint8), 3, ignore=255), [[2, 1, 0], [0, 2, 1], [0, 0, 0]]
    )


def test_nothing_counted_is_a_matrix_of_zeros() -> None:
    np.testing.assert_array_equal(confusion_matrix(TRUTH, PREDICTED, 3, mask=NONE), np.zeros((3, 3)))


def test_normalised_rows_sum_to_one_and_those_of_absent_classes_are_nan() -> None:
    rows = normalised_rows(confusion_matrix(TRUTH, PREDICTED, 4))
    np.testing.assert_allclose(rows[:3].sum(axis=1), 1, rtol=0, atol=1e-15)
    assert np.isnan(rows[3]).all()


def test_class_recall_by_hand() -> None:
    np.testing.assert_array_equal(class_recall(confusion_matrix(TRUTH, PREDICTED, 4)), [2 / 3, 2 / 3, 1 / 2, np.nan])


def test_mean_iou_leaves_out_absent_classes_and_counts_invented_ones() -> None:
    # 0: 2 of 2+1+1, 1: 2 of 2+1+1, 2: 1 of 1+1+1; class 3 is nowhere
    assert mean_iou(confusion_matrix(TRUTH, PREDICTED, 4)) == pytest.approx((2 / 4 + 2 / 4 + 1 / 3) / 3)
    invented = np.where(PREDICTED == 2, 3, PREDICTED)
    # 2 is never found, and 3 is not there: (1/2 + 1/2 + 0 + 0) / 4
    assert mean_iou(confusion_matrix(TRUTH, invented, 4)) == pytest.approx(0.25)


def test_mean_iou_of_nothing_is_refused() -> None:
    with pytest.raises(InputError, match="zeros only"):
        mean_iou(np.zeros((3, 3), int))


@pytest.mark.parametrize(
    ("truth", "predicted", "mask", "message"),
    [
        (TRUTH, PREDICTED[:1], None, r"of one shape, got \(2, 4\) and \(1, 4\)"),
        (TRUTH[0], PREDICTED[0], None, r"must be \(H, W\)"),
        (TRUTH / 2, PREDICTED, None, "must hold integers, got float64 and int64"),
        (TRUTH, PREDICTED, ALL[:, :3], r"mask must be \(2, 4\) bool"),
        (TRUTH, PREDICTED + 1, None, "labels must be 0 to 2, got 1 to 3"),
        (TRUTH - 1, PREDICTED, None, "labels must be 0 to 2, got -1 to 1"),
    ],
)
def test_maps_that_cannot_be_counted_are_refused(
    truth: np.ndarray, predicted: np.ndarray, mask: np.ndarray | None, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        confusion_matrix(truth, predicted, 3, mask=mask)
