"""A detector's map becomes boxes and a mask: sizes by hand, a graph of one node, and the real file where it is."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest
from onnx import NodeProto, helper
from tests.runtime.segmenters.constant_nets import bright_is_text
from tests.tiny_graphs import write_net

from retouch.arrays.types import Image
from retouch.errors import MissingExtraError, WeightsError
from retouch.runtime.segmenters.text_network import (
    corners_of,
    grown_back,
    installed_detector,
    network_picture,
    open_text_network,
    parts_of,
)

SIDE = 736


def bar() -> Image:
    """Return a picture as large as the net's own with one bar, rows 300-340 and columns 100-500."""
    picture = np.zeros((SIDE, SIDE, 3), np.float32)
    picture[300:341, 100:501] = 1
    return picture


def test_a_bar_is_found_and_grown_by_what_its_area_and_outline_say(tmp_path: Path) -> None:
    """A' = 400 x 40, L' = 880, so D' = 1.6 x 18.18 = 29.1 px: rows 271-369, columns 71-529."""
    found = open_text_network(bright_is_text(tmp_path / "net.onnx")).find(bar(), whole_lines=True)
    rows, columns = np.nonzero(found.mask)
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (271, 369, 71, 529)
    assert len(found.lines) == 1
    assert found.lines[0].score == pytest.approx(1.0)
    np.testing.assert_allclose(sorted(found.lines[0].corners.tolist())[0], [271, 71], atol=1.0)


def test_the_mask_has_the_size_of_the_picture_and_the_box_its_pixels(tmp_path: Path) -> None:
    """At half the size the same bar covers half as many rows: 135.5-184.5 about."""
    small = np.ascontiguousarray(bar()[::2, ::2])
    found = open_text_network(bright_is_text(tmp_path / "net.onnx")).find(small, whole_lines=True)
    assert found.mask.shape == (SIDE // 2, SIDE // 2)
    np.testing.assert_allclose(found.lines[0].corners.min(axis=0), [135.5, 35.5], atol=1.5)


def test_weak_parts_are_dropped(tmp_path: Path) -> None:
    net = open_text_network(bright_is_text(tmp_path / "net.onnx"))
    assert not net.find(0.4 * bar(), whole_lines=True).lines  # above the threshold 0.3, below the score 0.5
    assert net.find(0.6 * bar(), whole_lines=True).lines


def test_what_is_higher_than_a_quarter_of_the_picture_is_no_line(tmp_path: Path) -> None:
    high = np.zeros((SIDE, SIDE, 3), np.float32)
    high[100:400, 100:501] = 1
    assert not open_text_network(bright_is_text(tmp_path / "net.onnx")).find(high, whole_lines=True).lines


def test_nothing_is_found_where_nothing_is(tmp_path: Path) -> None:
    found = open_text_network(bright_is_text(tmp_path / "net.onnx")).find(np.zeros((40, 60, 1), np.float32))
    assert not found.mask.any()
    assert found.lines == ()


def test_a_turned_part_has_a_turned_box() -> None:
    """A square of 20 x 20 standing on its corner has corners 14.1 px from its middle."""
    rows, columns = np.mgrid[:61, :61]
    part = np.abs(rows - 30) + np.abs(columns - 30) <= 20
    np.testing.assert_allclose(np.linalg.norm(corners_of(part) - 30, axis=1), 20, atol=0.1)


def test_parts_that_touch_at_a_corner_are_one() -> None:
    chances = np.zeros((10, 10), np.float32)
    chances[1:5, 1:5] = chances[5:9, 5:9] = 1
    assert len(parts_of(chances, 0.3)) == 1


def test_specks_are_no_parts() -> None:
    chances = np.zeros((10, 10), np.float32)
    chances[4:6, 1:9] = 1
    assert parts_of(chances, 0.3) == []


def test_a_part_of_one_row_is_not_grown() -> None:
    """Its outline holds no area."""
    part = np.zeros((9, 20), bool)
    part[4, 2:18] = True
    assert np.array_equal(grown_back(part, 1.6), part)


@pytest.mark.parametrize(("shape", "fitted"), [((100, 200, 1), (736, 1472)), ((100, 1000, 3), (160, 1536))])
def test_the_shorter_side_is_fitted_unless_the_longer_one_would_be_too_long(
    shape: tuple[int, ...], fitted: tuple[int, int]
) -> None:
    assert network_picture(np.zeros(shape, np.float32)).shape == (1, 3, *fitted)


def test_the_picture_goes_in_as_bgr_about_zero() -> None:
    red = np.zeros((4, 4, 3), np.float32)
    red[..., 0] = 1
    assert network_picture(red)[0, :, 0, 0].tolist() == [-1, -1, 1]


@pytest.mark.parametrize("outputs", [(1, 3, "h", "w"), (1, "n")])
def test_a_net_without_a_map_is_refused(tmp_path: Path, outputs: Sequence[int | str]) -> None:
    nodes: list[NodeProto] = [helper.make_node("Identity", ["image"], ["picture"])]
    if len(outputs) == 2:
        nodes = [helper.make_node("Flatten", ["image"], ["picture"])]
    path = write_net(tmp_path / "net.onnx", nodes, {"image": (1, 3, "h", "w")}, "", output=tuple(outputs))
    with pytest.raises(WeightsError, match=r"1x1x|another net"):
        open_text_network(path).find(bar())


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"none\.onnx"):
        open_text_network(tmp_path / "none.onnx")


def test_without_the_extra_the_install_line_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(MissingExtraError, match=r"pip install 'retouch\[text\]'"):
        installed_detector()


def has_detector() -> bool:
    try:
        return installed_detector().is_file()
    except MissingExtraError:
        return False


@pytest.mark.skipif(not has_detector(), reason="the extra 'text' is not installed")
def test_the_real_net_finds_a_line_and_its_letters() -> None:
    picture = np.full((240, 320, 3), 0.4, np.float32)
    letters = np.zeros((240, 320), np.uint8)
    cv2.putText(letters, "A quiet morning", (20, 180), cv2.FONT_HERSHEY_SIMPLEX, 1.0, 255, 2)
    picture[letters > 0] = 1
    found = open_text_network().find(picture)
    assert len(found.lines) == 1
    assert (found.mask & (letters > 0)).sum() >= 0.97 * (letters > 0).sum()
    assert found.mask.sum() <= 4 * (letters > 0).sum()
