"""Edge measures: the edge ratio, and precision, recall and F1 of edges."""

from __future__ import annotations

import numpy as np
import pytest
import skimage.data
from scipy import ndimage
from skimage.feature import canny as rival

from retouch.errors import InputError
from retouch.metrics.texture.edge_f1 import EdgeAccuracy, edge_accuracy, edge_f1, edge_precision, edge_recall
from retouch.metrics.texture.edge_ratio import edge_ratio, edge_ratio_gap


def step_at(column: int, height: int = 10, width: int = 30) -> np.ndarray:
    """Return a black picture that is white from a column on: its edges are the two columns at the step."""
    picture = np.zeros((height, width), np.uint8)
    picture[:, column:] = 255
    return picture


def test_the_edge_ratio_is_the_share_of_scikit_images_edges_in_the_luma() -> None:
    picture = skimage.data.astronaut()
    luma = picture @ [0.299, 0.587, 0.114] / 255
    assert edge_ratio(picture) == pytest.approx(100 * rival(luma).mean(), abs=1e-9)


@pytest.mark.parametrize(("dtype", "white"), [(np.uint8, 255), (np.uint16, 65535), (np.float32, 1)])
def test_the_edge_ratio_of_a_step_is_two_columns_in_every_dtype(dtype: type, white: float) -> None:
    # 2 columns of 8 rows (the outermost rows have no edges) of 10 x 30 pixels
    picture = (step_at(15) // 255).astype(dtype) * dtype(white)
    assert edge_ratio(picture) == pytest.approx(100 * 16 / 300)


def test_the_edge_ratio_counts_inside_the_mask_only() -> None:
    # columns 10 to 19, rows 0 to 4: 2 x 4 edge pixels of 50
    mask = np.zeros((10, 30), bool)
    mask[:5, 10:20] = True
    assert edge_ratio(step_at(15), mask=mask) == pytest.approx(16)
    assert edge_ratio_gap(step_at(15), step_at(25), mask=mask) == pytest.approx(16)


def test_the_edge_ratio_does_not_see_the_rim_of_the_mask() -> None:
    mask = np.zeros((10, 30), bool)
    mask[3:7, 3:27] = True
    assert edge_ratio(np.full((10, 30), 200, np.uint8), mask=mask) == 0


def test_the_edge_ratio_gap_is_the_difference_either_way() -> None:
    picture = skimage.data.camera()
    soft = ndimage.gaussian_filter(picture, 2)
    gap = edge_ratio(picture) - edge_ratio(soft)
    assert gap > 5
    assert edge_ratio_gap(picture, soft) == edge_ratio_gap(soft, picture) == gap
    assert edge_ratio_gap(picture, picture) == 0


@pytest.mark.parametrize("measure", [edge_f1, edge_precision, edge_recall])
def test_a_picture_has_its_own_edges(measure: object) -> None:
    assert measure(skimage.data.camera(), skimage.data.camera()) == 1  # type: ignore[operator]


@pytest.mark.parametrize(
    ("shift", "tolerance_px", "expected"), [(2, 2, 1), (3, 2, 0.5), (4, 2, 0), (1, 0, 0.5), (2, 0, 0), (4, 3, 0.5)]
)
def test_an_edge_may_lie_as_far_off_as_the_tolerance(shift: int, tolerance_px: int, expected: float) -> None:
    # A step has two columns of edges, so one pixel beyond the tolerance one of the two still has a counterpart.
    pair = step_at(10), step_at(10 + shift)
    assert edge_precision(*pair, tolerance_px=tolerance_px) == expected
    assert edge_recall(*pair, tolerance_px=tolerance_px) == expected
    assert edge_f1(*pair, tolerance_px=tolerance_px) == expected


def test_tolerance_is_measured_as_a_straight_line() -> None:
    # The edges of a diagonal step are two diagonals, i + j = k - 1 and k. Three further on, the nearer two are
    # 2 / sqrt 2 = 1.4 px apart and the others 3 / sqrt 2 = 2.1 px (though only two rows and one column); four further
    # on it is 2.1 and 2.8 px.
    diagonal = np.add.outer(np.arange(40), np.arange(40))
    steps = [np.where(diagonal >= k, 255, 0).astype(np.uint8) for k in (38, 40, 41, 42)]
    inside = np.zeros((40, 40), bool)
    inside[10:30, 10:30] = True
    values = [edge_f1(steps[0], step, mask=inside) for step in steps[1:]]
    assert values == [1, pytest.approx(0.5, abs=0.02), 0]


def test_precision_falls_with_edges_too_many_and_recall_with_edges_too_few() -> None:
    two_steps = step_at(8) - step_at(20)
    assert edge_precision(step_at(8), two_steps) == 0.5
    assert edge_recall(step_at(8), two_steps) == 1
    assert edge_precision(two_steps, step_at(8)) == 1
    assert edge_recall(two_steps, step_at(8)) == 0.5
    assert edge_f1(two_steps, step_at(8)) == pytest.approx(2 / 3)


def test_edges_outside_the_mask_do_not_count() -> None:
    mask = np.zeros((10, 30), bool)
    mask[:, :15] = True
    assert edge_f1(step_at(8), step_at(8) - step_at(20), mask=mask) == 1
    assert edge_f1(step_at(8), step_at(8) - step_at(20), mask=~mask) == 0


def test_a_counterpart_may_lie_outside_the_mask() -> None:
    # Edges of the reference: columns 9 and 10, of the result: 11 and 12. The mask ends between 10 and 11.
    mask = np.zeros((10, 30), bool)
    mask[:, :11] = True
    assert edge_recall(step_at(10), step_at(12), mask=mask) == 1
    assert edge_precision(step_at(10), step_at(12), mask=mask) == 0  # none of the result's edges lies inside
    assert edge_f1(step_at(10), step_at(12), mask=mask) == 0


@pytest.mark.parametrize("measure", [edge_f1, edge_precision, edge_recall])
def test_without_any_edges_all_is_right_and_with_edges_in_one_picture_all_is_wrong(measure: object) -> None:
    flat = np.zeros((10, 30), np.uint8)
    assert measure(flat, flat + np.uint8(50)) == 1  # type: ignore[operator]
    assert measure(flat, step_at(15)) == 0  # type: ignore[operator]
    assert measure(step_at(15), flat) == 0  # type: ignore[operator]


def test_f1_falls_with_blur_and_with_noise() -> None:
    picture = skimage.data.camera()
    noise = np.random.default_rng(0).normal(size=picture.shape)
    soft = [edge_f1(picture, ndimage.gaussian_filter(picture, sigma)) for sigma in (0.5, 1, 2, 4)]
    noisy = [edge_f1(picture, (picture + sigma * noise).clip(0, 255).astype(np.uint8)) for sigma in (2, 5, 10, 20)]
    assert soft == sorted(soft, reverse=True)
    assert noisy == sorted(noisy, reverse=True)
    assert len(set(soft + noisy)) == 8


def test_edge_accuracy_counts_pixel_by_pixel_above_the_threshold() -> None:
    # found: 4 pixels, 2 of them true; true: 3
    truth = np.array([[1.0, 1.0, 1.0, 0.0, 0.0, 0.0]])
    predicted = np.array([[0.9, 0.51, 0.5, 0.6, 0.6, 0.1]])
    assert edge_accuracy(truth, predicted) == EdgeAccuracy(precision=0.5, recall=2 / 3)
    assert edge_accuracy(truth, predicted, threshold=0.55) == EdgeAccuracy(precision=1 / 3, recall=1 / 3)


def test_edge_accuracy_counts_in_the_hole_only() -> None:
    truth, predicted = np.array([[1, 1, 0, 0]]), np.array([[1, 0, 1, 0]])
    assert edge_accuracy(truth, predicted, mask=np.array([[True, False, False, True]])) == (1, 1)
    assert edge_accuracy(truth, predicted, mask=np.array([[False, True, True, False]])) == (0, 0)


def test_edge_accuracy_without_edges_is_one_and_with_edges_on_one_side_zero() -> None:
    none, some = np.zeros((2, 2)), np.eye(2)
    assert edge_accuracy(none, none) == (1, 1)
    assert edge_accuracy(none, some) == (0, 0)
    assert edge_accuracy(some, none) == (0, 0)


def test_what_cannot_be_compared_is_refused() -> None:
    with pytest.raises(InputError, match="same shape and dtype"):
        edge_f1(step_at(5), step_at(5)[:5])
    with pytest.raises(InputError, match="0 or more pixels, got -1"):
        edge_f1(step_at(5), step_at(5), tolerance_px=-1)
    with pytest.raises(InputError, match="mask is empty"):
        edge_ratio_gap(step_at(5), step_at(5), mask=np.zeros((10, 30), bool))
    with pytest.raises(InputError, match=r"edge maps must be \(H, W\)"):
        edge_accuracy(np.zeros((2, 2)), np.zeros((2, 3)))
    with pytest.raises(InputError, match=r"mask must be \(2, 2\) bool"):
        edge_accuracy(np.zeros((2, 2)), np.zeros((2, 2)), mask=np.zeros((2, 3), bool))
    with pytest.raises(InputError, match="got NaN"):
        edge_accuracy(np.zeros((2, 2)), np.full((2, 2), np.nan))
