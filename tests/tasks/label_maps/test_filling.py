"""Label maps filled: what may be given, what stays, and what each method makes of plain streets."""

from __future__ import annotations

import numpy as np
import pytest

from retouch.errors import InputError, UsageError
from retouch.tasks.label_maps.classes import CAMVID, STREETS
from retouch.tasks.label_maps.filling import METHODS, SPREADING, fill_labels
from retouch.tasks.label_maps.learned import learn_prior
from retouch.training.data.synthetic.pictures.scenes import draw_scene

SKY, ROAD, CAR, PERSON = 0, 3, 8, 9


def street(seed: int, height: int = 48, width: int = 96) -> dict[str, np.ndarray]:
    return draw_scene(height, width, np.random.default_rng(seed))


@pytest.fixture(scope="module")
def prior():  # type: ignore[no-untyped-def]
    return learn_prior([street(seed)["labels"] for seed in range(20, 26)], STREETS)


@pytest.mark.parametrize("method", METHODS)
def test_nothing_that_moves_is_left_and_known_pixels_stay(method: str, prior) -> None:  # type: ignore[no-untyped-def]
    labels = street(3)["labels"]
    before = labels.copy()
    filled = fill_labels(labels, "streets", method=method, prior=None if method in SPREADING else prior)
    np.testing.assert_array_equal(filled.mask, labels >= 7)
    assert filled.labels.max() < 7
    np.testing.assert_array_equal(filled.labels[~filled.mask], labels[~filled.mask])
    np.testing.assert_array_equal(labels, before)
    assert filled.confidence.min() >= 0
    assert filled.confidence.max() <= 1
    assert (filled.confidence[~filled.mask] == 1).all()


def test_nearest_gives_a_label_at_the_least_distance() -> None:
    """Held against all pairs of pixels; where several are as near any of their labels will do."""
    rng = np.random.default_rng(0)
    for _ in range(50):
        labels = rng.choice([SKY, ROAD, 1, CAR], size=(40, 40), p=[0.02, 0.02, 0.01, 0.95]).astype(np.uint8)
        filled = fill_labels(labels, CAMVID, remove=["car"], method="nearest").labels
        known, holes = np.argwhere(labels != CAR), np.argwhere(labels == CAR)
        squares = ((holes[:, None] - known) ** 2).sum(axis=2)
        nearest = squares == squares.min(axis=1, keepdims=True)
        given = filled[tuple(holes.T)]
        assert (nearest & (labels[tuple(known.T)] == given[:, None])).any(axis=1).all()


def test_layout_believes_the_side_before_what_is_above() -> None:
    """A square hole with sky above and below and road on both sides: by symmetry the votes of its middle are even.

    At half the width the sides are nearer, so that the road wins there.
    """
    labels = np.full((13, 14), ROAD, np.uint8)
    labels[:2], labels[-2:], labels[2:-2, 2:-2] = SKY, SKY, CAR
    filled = fill_labels(labels, "camvid", method="layout")
    assert (filled.labels[6, 2:-2] == ROAD).all()
    assert filled.confidence[6, 6] > 0.6


def test_votes_are_the_chances_of_a_random_walk() -> None:
    """Between sky at 0 and road at 4 a walk from 1, 2, 3 ends in the road in 1/4, 1/2, 3/4 of the cases."""
    filled = fill_labels(np.array([[SKY, CAR, CAR, CAR, ROAD]]), "camvid", method="vote")
    assert filled.labels[0, [1, 3]].tolist() == [SKY, ROAD]
    np.testing.assert_allclose(filled.confidence[0, 1:4], [0.75, 0.5, 0.75], atol=1e-3)


def test_what_moves_and_stays_gives_no_label() -> None:
    labels = np.array([[PERSON, PERSON, CAR, SKY, ROAD]])
    filled = fill_labels(labels, "camvid", remove=["car"], method="nearest")
    assert filled.labels.tolist() == [[PERSON, PERSON, SKY, SKY, ROAD]]


def test_an_untrusted_pixel_stays_and_gives_no_label() -> None:
    labels, sure = np.array([[SKY, SKY, ROAD, CAR]]), np.array([[1.0, 1.0, 0.2, 1.0]])
    filled = fill_labels(labels, "camvid", method="nearest", confidence=sure)
    assert filled.labels.tolist() == [[SKY, SKY, ROAD, SKY]]


def test_a_static_class_can_be_removed() -> None:
    filled = fill_labels(np.array([[SKY, ROAD, ROAD]]), "camvid", remove=["road"])
    assert filled.labels.tolist() == [[SKY, SKY, SKY]]


def test_a_map_without_the_class_comes_back() -> None:
    filled = fill_labels(np.array([[SKY, ROAD]]), "camvid", remove=["car"])
    assert filled.labels.tolist() == [[SKY, ROAD]]
    assert filled.report.filled_px == 0


def test_the_report_counts_what_was_given() -> None:
    report = fill_labels(np.array([[SKY, CAR, ROAD, CAR]]), "camvid", remove=["car"], method="nearest").report
    assert report.to_dict()["filled_px"] == 2
    assert sum(report.given.values()) == 2
    assert report.share == 0.5


def test_the_prior_learns_where_classes_are() -> None:
    """In every lesson the sky is above and the road below; a car over half the map is filled so."""
    lesson = np.full((24, 32), SKY, np.uint8)
    lesson[12:] = ROAD
    lessons = []
    for left in range(2, 20, 3):
        one = lesson.copy()
        one[8:16, left : left + 6] = CAR
        lessons.append(one)
    covered = lesson.copy()
    covered[6:20, 6:26] = CAR
    filled = fill_labels(covered, "camvid", method="learned", prior=learn_prior(lessons, "camvid"))
    assert (filled.labels == lesson).mean() > 0.97


def test_the_same_maps_teach_the_same() -> None:
    maps = [street(seed)["labels"] for seed in range(4)]
    one, other = (learn_prior(maps, STREETS, seed=2) for _ in range(2))
    np.testing.assert_array_equal(one.weights, other.weights)


def test_an_unknown_class_suggests_the_nearest() -> None:
    with pytest.raises(UsageError, match="did you mean 'pedestrian'"):
        fill_labels(np.array([[SKY]]), "camvid", remove=["pedestrain"])


def test_an_unlisted_id_is_placed() -> None:
    with pytest.raises(InputError, match=r"got 40 in 1 pixels, the first at x=1, y=0"):
        fill_labels(np.array([[SKY, 40]]), "camvid")


def test_a_confidence_of_another_size_is_refused() -> None:
    with pytest.raises(InputError, match=r"\(1, 2\), got \(2, 2\)"):
        fill_labels(np.array([[SKY, CAR]]), "camvid", confidence=np.ones((2, 2)))


def test_a_map_of_moving_things_only_is_refused() -> None:
    with pytest.raises(InputError, match="static class must be left"):
        fill_labels(np.array([[CAR, PERSON]]), "camvid", remove=["car"])


@pytest.mark.parametrize("method", ["nearst", "learned"])
def test_a_method_that_cannot_run_is_refused(method: str) -> None:
    with pytest.raises(UsageError, match=r"nearest|--learn"):
        fill_labels(np.array([[SKY, CAR]]), "camvid", method=method)
