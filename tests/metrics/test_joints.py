"""WNJD by hand, and joints from JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from retouch.errors import InputError
from retouch.metrics.labels.joints import read_joints, wnjd

JOINTS = np.array([[10.0, 20.0], [50.0, 60.0], [200.0, 30.0], [150.0, 300.0]])


def test_equal_joints_have_no_distance() -> None:
    assert wnjd(JOINTS, JOINTS, (300, 400)) == 0


def test_a_shift_of_3_and_4_pixels_in_400_by_300_is_one_percent() -> None:
    assert wnjd(JOINTS, JOINTS + np.array([3, 4]), (300, 400)) == pytest.approx(5 / 500, abs=1e-15)


def test_distances_are_averaged_not_squared() -> None:
    # one of four joints is 10 px off: 10 / (4 x 500)
    moved = JOINTS.copy()
    moved[2, 0] += 10
    assert wnjd(JOINTS, moved, (300, 400)) == pytest.approx(0.005, abs=1e-15)


def test_joints_that_are_not_labelled_do_not_count() -> None:
    # 10 and 0 px in the two labelled ones: 5 / 500, whatever the others say
    original, moved = JOINTS.copy(), JOINTS + np.array([100, 0])
    original[1], original[3] = np.nan, np.nan
    moved[0], moved[2] = JOINTS[0] + [6, 8], JOINTS[2]
    assert wnjd(original, moved, (300, 400)) == pytest.approx(0.01, abs=1e-15)
    labelled = np.array([True, False, True, False])
    assert wnjd(JOINTS, moved, (300, 400), labelled=labelled) == pytest.approx(0.01, abs=1e-15)


def test_a_joint_that_the_estimator_did_not_find_is_refused_rather_than_forgiven() -> None:
    found = JOINTS.copy()
    found[1] = np.nan
    with pytest.raises(InputError, match="but 1 have none"):
        wnjd(JOINTS, found, (300, 400))
    labelled = np.array([True, False, True, True])
    assert wnjd(JOINTS, found, (300, 400), labelled=labelled) == 0


def test_joints_that_cannot_be_compared_are_refused() -> None:
    with pytest.raises(InputError, match="at least one joint must be labelled"):
        wnjd(np.full((3, 2), np.nan), np.zeros((3, 2)), (300, 400))
    with pytest.raises(InputError, match=r"got \(4, 2\) and \(3, 2\)"):
        wnjd(JOINTS, JOINTS[:3], (300, 400))
    with pytest.raises(InputError, match=r"must be \(N, 2\)"):
        wnjd(JOINTS.T, JOINTS.T, (300, 400))
    with pytest.raises(InputError, match="height and width above 0"):
        wnjd(JOINTS, JOINTS, (0, 400))
    with pytest.raises(InputError, match=r"labelled must be \(4,\) bool"):
        wnjd(JOINTS, JOINTS, (300, 400), labelled=np.ones(3, bool))


def written(folder: Path, content: Any) -> Path:
    path = folder / "joints.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def test_joints_are_read_as_rows_and_columns(tmp_path: Path) -> None:
    joints = [[20, 10.5], None, [3, 4, 1], [7, 8, 0]]
    points, size = read_joints(written(tmp_path, {"width": 400, "height": 300, "joints": joints, "image": "a.png"}))
    assert size == (300, 400)
    np.testing.assert_array_equal(points, [[10.5, 20], [np.nan, np.nan], [4, 3], [np.nan, np.nan]])


def test_joints_from_two_files_can_be_scored(tmp_path: Path) -> None:
    original = read_joints(written(tmp_path, {"width": 400, "height": 300, "joints": [[1, 2], None]}))
    moved = read_joints(written(tmp_path, {"width": 400, "height": 300, "joints": [[4, 6], [9, 9]]}))
    assert wnjd(original.points, moved.points, original.size) == pytest.approx(0.01, abs=1e-15)


def test_a_file_without_joints_gives_none(tmp_path: Path) -> None:
    assert read_joints(written(tmp_path, {"width": 4, "height": 3, "joints": []})).points.shape == (0, 2)


@pytest.mark.parametrize(
    "content",
    [
        [1, 2],
        {"joints": [[1, 2]]},
        {"width": 0, "height": 3, "joints": [[1, 2]]},
        {"width": 4.5, "height": 3, "joints": [[1, 2]]},
        {"width": 4, "height": 3, "joints": 5},
        {"width": 4, "height": 3, "joints": [[1]]},
        {"width": 4, "height": 3, "joints": [[1, 2, 1, 1]]},
        {"width": 4, "height": 3, "joints": [["a", "b"]]},
        '{"width": 4, "height": 3, "joints": [[NaN, 2]]}',
        '{"width": 4, "height": 3, "joints": [[1' + "0" * 400 + ", 2]]}",
    ],
    ids=str,
)
def test_json_of_another_form_is_refused_with_the_form(tmp_path: Path, content: Any) -> None:
    with pytest.raises(InputError, match=r"cannot read the joints in .*joints\.json; give them as \{"):
        read_joints(written(tmp_path, content))


@pytest.mark.parametrize("content", ["", "{", "[" * 100_000])
def test_a_file_that_is_not_json_is_refused(tmp_path: Path, content: str) -> None:
    with pytest.raises(InputError, match=r"cannot read .*joints\.json: ") as caught:
        read_joints(written(tmp_path, content))
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="No such file"):
        read_joints(tmp_path / "nothing.json")
